(class_definition name: (_) @name body: (_)? @body) @definition.class
(object_definition name: (_) @name body: (_)? @body) @definition.object
(package_object name: (_) @name body: (_)? @body) @definition.object
(trait_definition name: (_) @name body: (_)? @body) @definition.trait
(enum_definition name: (_) @name body: (_)? @body) @definition.enum
(given_definition name: (_) @name body: (_)? @body) @definition.object
(function_definition name: (_) @name parameters: (_)? @params body: (_) @body) @definition.function
(function_declaration name: (_) @name parameters: (_)? @params) @definition.function
(type_definition name: (_) @name) @definition.type
(val_definition pattern: (identifier) @name value: (_) @body) @definition.constant
(val_declaration name: (identifier) @name) @definition.constant
(var_definition pattern: (identifier) @name value: (_) @body) @definition.variable

(comment) @comment
(block_comment) @comment
(string) @string
(interpolated_string_expression) @string
(character_literal) @string
(indented_block) @block
