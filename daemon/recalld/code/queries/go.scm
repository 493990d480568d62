(function_declaration name: (identifier) @name body: (_)? @body) @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: [
  (type_identifier) @scope
  (generic_type type: (type_identifier) @scope)
  (pointer_type [(type_identifier) @scope (generic_type type: (type_identifier) @scope)])
])) name: (field_identifier) @name body: (_)? @body) @definition.method
(method_elem name: (field_identifier) @name) @definition.method

(type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (type_identifier) @name type: (interface_type "{" @body)) @definition.interface
(type_spec name: (type_identifier) @name type: (_) @body) @definition.type
(type_alias name: (type_identifier) @name type: (_) @body) @definition.type

(source_file (const_declaration (const_spec name: (identifier) @name value: (_)? @body) @definition.constant))
(source_file (var_declaration [
  (var_spec name: (identifier) @name value: (_)? @body) @definition.variable
  (var_spec_list (var_spec name: (identifier) @name value: (_)? @body) @definition.variable)
]))
(source_file [(const_declaration) (var_declaration)] @statement)
(type_declaration) @statement

(comment) @comment
(interpreted_string_literal) @string
(raw_string_literal) @string
(rune_literal) @string

(import_spec path: (interpreted_string_literal (interpreted_string_literal_content) @import))
