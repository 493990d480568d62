(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(enum_constant name: (_) @name body: (_) @body) @definition.scope
(method_declaration name: (_) @name parameters: (_) @params body: (_)? @body) @definition.method
(annotation_type_element_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name parameters: (_) @params body: (_) @body) @definition.constructor
(compact_constructor_declaration name: (_) @name body: (_) @body) @definition.constructor

(field_declaration (modifiers "static" "final") declarator: (variable_declarator name: (_) @name value: (_)? @body) @definition.constant)
(constant_declaration declarator: (variable_declarator name: (_) @name value: (_)? @body) @definition.constant)
(field_declaration declarator: (variable_declarator name: (_) @name value: (_)? @body) @definition.field)
[(field_declaration) (constant_declaration)] @statement

(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(character_literal) @string

(import_declaration (scoped_identifier) @import)
