(function_definition declarator: [
  (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (operator_name) (destructor_name)] @name parameters: (_) @params)
  (pointer_declarator (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (operator_name)] @name parameters: (_) @params))
  (pointer_declarator (pointer_declarator (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier)] @name parameters: (_) @params)))
  (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (operator_name)] @name parameters: (_) @params))
] @head) @definition.function
(function_definition declarator: (operator_cast) @name body: (_) @body) @definition.function

; Members that a class declares and defines elsewhere; free prototypes are no definitions.
(field_declaration declarator: [
  (function_declarator declarator: [(field_identifier) (operator_name)] @name parameters: (_) @params)
  (pointer_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name parameters: (_) @params))
  (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name parameters: (_) @params))
]) @definition.method
(field_declaration_list (declaration declarator: (function_declarator declarator: [(identifier) (destructor_name)] @name parameters: (_) @params)) @definition.method)

(class_specifier name: (_) @name body: (_) @body) @definition.class
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.union
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(namespace_definition name: (_) @name body: (_) @body) @definition.namespace
(concept_definition name: (_) @name) @definition.type
(alias_declaration name: (_) @name type: (_) @body) @definition.type
(template_declaration) @wrapper
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.union
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator (type_identifier) @name)
  (function_declarator declarator: (parenthesized_declarator (pointer_declarator (type_identifier) @name)))
]) @definition.type
(preproc_def name: (identifier) @name value: (_)? @body) @definition.macro
(preproc_function_def name: (identifier) @name value: (_)? @body) @definition.macro

((declaration (type_qualifier) @_const declarator: (init_declarator declarator: [
  (identifier) @name
  (qualified_identifier) @name
  (array_declarator declarator: (identifier) @name)
  (pointer_declarator [(identifier) @name (array_declarator declarator: (identifier) @name)])
] value: (_) @body) @definition.constant) (#any-of? @_const "const" "constexpr"))
(declaration declarator: (init_declarator declarator: [
  (identifier) @name
  (qualified_identifier) @name
  (array_declarator declarator: (identifier) @name)
  (pointer_declarator [(identifier) @name (array_declarator declarator: (identifier) @name)])
] value: (_) @body) @definition.variable)
(declaration) @statement
((field_declaration (type_qualifier) @_const declarator: (field_identifier) @name default_value: (_) @body) @definition.constant
  (#any-of? @_const "const" "constexpr"))

(comment) @comment
(string_literal) @string
(raw_string_literal) @string
(char_literal) @string
(system_lib_string) @string

(preproc_include path: (string_literal (string_content) @import))
