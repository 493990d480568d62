(function_declaration name: (identifier) @name parameters: (_) @params body: (_) @body) @definition.function
(generator_function_declaration name: (identifier) @name parameters: (_) @params body: (_) @body) @definition.function
(function_signature name: (identifier) @name parameters: (_) @params) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(type_alias_declaration name: (_) @name value: (_) @body) @definition.type
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(internal_module name: (_) @name body: (_) @body) @definition.namespace
(module name: [(string) (identifier)] @name body: (_) @body) @definition.module
(method_definition name: (_) @name parameters: (_) @params body: (_) @body) @definition.method
(method_signature name: (_) @name parameters: (_) @params) @definition.method
(abstract_method_signature name: (_) @name parameters: (_) @params) @definition.method
(export_statement) @wrapper
(lexical_declaration) @statement
(variable_declaration) @statement
(ambient_declaration) @wrapper
(class_body (decorator) @attribute)

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
(public_field_definition name: (_) @name value: [
  (arrow_function body: (_) @body) (function_expression body: (_) @body)
]) @definition.method
(public_field_definition name: (_) @name value: (_)? @body) @definition.field

(program (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name value: (_)? @body) @definition.constant))
(program (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name value: (_)? @body) @definition.variable))
(program (variable_declaration (variable_declarator name: (identifier) @name value: (_)? @body) @definition.variable))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name value: (_)? @body) @definition.constant))
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant))
(ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable))

(comment) @comment
(hash_bang_line) @comment
(string) @string
(regex) @string
(template_string (string_fragment) @string)

; Parentheses that formatters add and remove.
(arrow_function parameters: (formal_parameters . "(" @drop . (required_parameter . (identifier) .) . ")" @drop .) !return_type !type_parameters)
(arrow_function body: (parenthesized_expression "(" @drop ")" @drop))
(return_statement (parenthesized_expression "(" @drop ")" @drop))
(variable_declarator value: (parenthesized_expression "(" @drop ")" @drop))
(assignment_expression right: (parenthesized_expression "(" @drop ")" @drop))

(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
((call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import) .)) (#eq? @_require "require"))
(call_expression function: (import) arguments: (arguments . (string (string_fragment) @import)))
