(function_item name: (_) @name body: (_) @body) @definition.function
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name body: (_)? @body) @definition.struct
(enum_item name: (_) @name body: (_) @body) @definition.enum
(union_item name: (_) @name body: (_) @body) @definition.union
(trait_item name: (_) @name body: (_) @body) @definition.trait
(impl_item type: [
  (type_identifier) @name
  (primitive_type) @name
  (generic_type type: [(type_identifier) @name (scoped_type_identifier name: (_) @name)])
  (scoped_type_identifier name: (_) @name)
  (reference_type type: [(type_identifier) @name (generic_type type: (type_identifier) @name)])
] body: (_) @body) @definition.scope
(mod_item name: (_) @name body: (_) @body) @definition.module
(type_item name: (_) @name type: (_) @body) @definition.type
(associated_type name: (_) @name) @definition.type
(macro_definition name: (_) @name (macro_rule) @body) @definition.macro
(const_item name: (_) @name value: (_)? @body) @definition.constant
(static_item name: (_) @name value: (_)? @body) @definition.variable
(attribute_item) @attribute

(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(raw_string_literal) @string
(char_literal) @string
(tuple_expression . (_) . "," @string . ")")
(tuple_type . (_) . "," @string . ")")

(use_declaration argument: (_) @import)
((mod_item name: (identifier) @import !body))
