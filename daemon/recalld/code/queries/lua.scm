(function_declaration name: (_) @name parameters: (_) @head) @definition.function
(variable_declaration (assignment_statement
  (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition parameters: (_) @head) .))) @definition.function
(chunk (assignment_statement
  (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition parameters: (_) @head) .)) @definition.function)
(field name: [(identifier) (string)] @name value: (function_definition parameters: (_) @head)) @definition.function

(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name attribute: (attribute)) (expression_list) @body)) @definition.constant)
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name) (expression_list) @body)) @definition.variable)
(chunk (assignment_statement (variable_list . name: (_) @name) (expression_list) @body) @definition.variable)

(comment) @comment
(hash_bang_line) @comment
(string) @string
