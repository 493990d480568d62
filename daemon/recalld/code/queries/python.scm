(function_definition name: (identifier) @name body: (block) @body) @definition.function
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(decorated_definition) @wrapper

; Assignments of the module and of classes, those under `if` and `try` too; a name in capitals is a constant.
(module (assignment left: (identifier) @name right: (_)? @body) @definition.variable)
(module [
  (if_statement [
    consequence: (block (assignment left: (identifier) @name right: (_)? @body) @definition.variable)
    alternative: (_ (block (assignment left: (identifier) @name right: (_)? @body) @definition.variable))
  ])
  (try_statement [
    body: (block (assignment left: (identifier) @name right: (_)? @body) @definition.variable)
    (_ (block (assignment left: (identifier) @name right: (_)? @body) @definition.variable))
  ])
])
(class_definition body: (block (assignment left: (identifier) @name right: (_)? @body) @definition.field))
(type_alias_statement left: (type [
  (identifier) @name
  (generic_type . (identifier) @name)
])) @definition.type

(comment) @comment
(line_continuation) @drop
(block . (string) @docstring)
(module . (comment)* . (string) @docstring)
(string) @string
(concatenated_string) @string
(block) @block

; Parentheses that formatters add and remove, and the comma that makes a tuple of one.
(tuple . (_) . "," @string . ")")
(class_definition superclasses: (argument_list . "(" @drop . ")" @drop .))
(import_from_statement "(" @drop ")" @drop)
(with_clause "(" @drop ")" @drop)
(with_item value: (parenthesized_expression "(" @drop ")" @drop))
(return_statement (parenthesized_expression "(" @drop ")" @drop))
(assignment right: (parenthesized_expression "(" @drop ")" @drop))
(augmented_assignment right: (parenthesized_expression "(" @drop ")" @drop))
(if_statement condition: (parenthesized_expression "(" @drop ")" @drop))
(elif_clause condition: (parenthesized_expression "(" @drop ")" @drop))
(while_statement condition: (parenthesized_expression "(" @drop ")" @drop))
(for_statement right: (parenthesized_expression "(" @drop ")" @drop))
(assert_statement (parenthesized_expression "(" @drop ")" @drop))

(import_statement name: [(dotted_name) @import (aliased_import name: (dotted_name) @import)])
(import_from_statement module_name: (_) @from name: [(dotted_name) @import (aliased_import name: (dotted_name) @import)])
(import_from_statement module_name: (_) @import (wildcard_import))
