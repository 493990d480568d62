(class_declaration "enum" "class" (type_identifier) @name (enum_class_body)? @body) @definition.enum
(class_declaration "interface" (type_identifier) @name (class_body)? @body) @definition.interface
(class_declaration "class" (type_identifier) @name [(class_body) (enum_class_body)]? @body) @definition.class
(object_declaration (type_identifier) @name (class_body)? @body) @definition.object
(companion_object (type_identifier) @name (class_body)? @body) @definition.object
(enum_entry (simple_identifier) @name (class_body) @body) @definition.scope
(function_declaration receiver: [
  (receiver_type (user_type . (type_identifier) @scope))
  (receiver_type (nullable_type (user_type . (type_identifier) @scope)))
]? (simple_identifier) @name (function_value_parameters) @params (function_body)? @body) @definition.function
(secondary_constructor "constructor" @name (function_value_parameters) @params (statements)? @body) @definition.constructor
(type_alias (type_identifier) @name) @definition.type
((property_declaration (modifiers (property_modifier) @_const) (variable_declaration (simple_identifier) @name) . "="? . (_)? @body) @definition.constant (#eq? @_const "const"))
(property_declaration (variable_declaration (simple_identifier) @name) . "="? . (_)? @body) @definition.property

(line_comment) @comment
(multiline_comment) @comment
(string_literal) @string
(character_literal) @string

(import_header (identifier) @import)
