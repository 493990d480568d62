(function_definition declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator (function_declarator declarator: (identifier) @name))
  (pointer_declarator (pointer_declarator (function_declarator declarator: (identifier) @name)))
] @head) @definition.function
(struct_specifier name: (type_identifier) @name body: (_) @body) @definition.struct
(union_specifier name: (type_identifier) @name body: (_) @body) @definition.union
(enum_specifier name: (type_identifier) @name body: (_) @body) @definition.enum
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.union
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator (type_identifier) @name)
  (array_declarator (type_identifier) @name)
  (function_declarator declarator: (parenthesized_declarator (pointer_declarator (type_identifier) @name)))
]) @definition.type
(preproc_def name: (identifier) @name value: (_)? @body) @definition.macro
(preproc_function_def name: (identifier) @name value: (_)? @body) @definition.macro

; Prototypes and `extern` are no definitions.
((declaration (type_qualifier) @_const declarator: (init_declarator declarator: [
  (identifier) @name
  (array_declarator declarator: (identifier) @name)
  (pointer_declarator [(identifier) @name (array_declarator declarator: (identifier) @name)])
] value: (_) @body) @definition.constant) (#eq? @_const "const"))
(declaration declarator: (init_declarator declarator: [
  (identifier) @name
  (array_declarator declarator: (identifier) @name)
  (pointer_declarator [(identifier) @name (array_declarator declarator: (identifier) @name)])
] value: (_) @body) @definition.variable)
(declaration) @statement

(comment) @comment
(string_literal) @string
(char_literal) @string
(system_lib_string) @string

(preproc_include path: (string_literal (string_content) @import))
