(class_declaration name: (_) @name body: (_)? @body) @definition.class
(record_declaration name: (_) @name body: (_)? @body) @definition.class
(struct_declaration name: (_) @name body: (_)? @body) @definition.struct
(interface_declaration name: (_) @name body: (_)? @body) @definition.interface
(enum_declaration name: (_) @name body: (_)? @body) @definition.enum
(delegate_declaration name: (_) @name) @definition.type
(method_declaration name: (_) @name parameters: (_) @params body: (_)? @body) @definition.method
(local_function_statement name: (_) @name parameters: (_) @params body: (_)? @body) @definition.function
(constructor_declaration name: (_) @name parameters: (_) @params body: (_)? @body) @definition.constructor
(destructor_declaration "~" @name body: (_)? @body) @definition.method
(operator_declaration "operator" @name parameters: (_) @params body: (_)? @body) @definition.method
(conversion_operator_declaration "operator" @name parameters: (_) @params body: (_)? @body) @definition.method
(indexer_declaration "this" @name parameters: (_) @params) @definition.property
(property_declaration name: (_) @name accessors: (_) @body) @definition.property
(property_declaration name: (_) @name value: (arrow_expression_clause) @body) @definition.property
(event_declaration name: (_) @name accessors: (_)? @body) @definition.property
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name) @definition.field))
(field_declaration (modifier) @_const (variable_declaration (variable_declarator name: (_) @name . "=" . (_) @body) @definition.constant) (#eq? @_const "const"))
(field_declaration (variable_declaration (variable_declarator name: (_) @name . "="? . (_)? @body) @definition.field))
[(field_declaration) (event_field_declaration)] @statement

(comment) @comment
(string_literal) @string
(verbatim_string_literal) @string
(raw_string_literal) @string
(interpolated_string_expression) @string
(character_literal) @string
