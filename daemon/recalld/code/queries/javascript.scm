(function_declaration name: (identifier) @name body: (_) @body) @definition.function
(generator_function_declaration name: (identifier) @name body: (_) @body) @definition.function
(class_declaration name: (identifier) @name body: (_) @body) @definition.class
(method_definition name: (_) @name body: (_) @body) @definition.method
(export_statement) @wrapper
(lexical_declaration) @statement
(variable_declaration) @statement

; Functions that get their name from what they are bound to.
(variable_declarator name: (identifier) @name value: [
  (arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)
]) @definition.function
(expression_statement (assignment_expression left: [(member_expression) (identifier)] @name right: [
  (arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)
])) @definition.function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @definition.class
(pair key: [(property_identifier) (string)] @name value: [
  (arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)
]) @definition.method
(field_definition property: (_) @name value: [
  (arrow_function body: (_) @body) (function_expression body: (_) @body)
]) @definition.method
(field_definition property: (_) @name value: (_)? @body) @definition.field

(program (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name value: (_) @body) @definition.constant))
(program (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name value: (_)? @body) @definition.variable))
(program (variable_declaration (variable_declarator name: (identifier) @name value: (_)? @body) @definition.variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name value: (_)? @body) @definition.constant)))

(comment) @comment
(hash_bang_line) @comment
(string) @string
(regex) @string
(template_string (string_fragment) @string)

; Parentheses that formatters add and remove.
(arrow_function parameters: (formal_parameters . "(" @drop . (identifier) . ")" @drop .))
(arrow_function body: (parenthesized_expression "(" @drop ")" @drop))
(return_statement (parenthesized_expression "(" @drop ")" @drop))
(variable_declarator value: (parenthesized_expression "(" @drop ")" @drop))
(assignment_expression right: (parenthesized_expression "(" @drop ")" @drop))

(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
((call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import) .)) (#eq? @_require "require"))
(call_expression function: (import) arguments: (arguments . (string (string_fragment) @import)))
