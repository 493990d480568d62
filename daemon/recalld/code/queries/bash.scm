(function_definition name: (word) @name body: (_) @body) @definition.function
(program (declaration_command "readonly" (variable_assignment name: (variable_name) @name value: (_) @body) @definition.constant))
(program (declaration_command (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable))
(program (variable_assignment name: (variable_name) @name value: (_)? @body) @definition.variable)
(program (declaration_command) @statement)

(comment) @comment
(string) @string
(raw_string) @string
(ansi_c_string) @string
(heredoc_body) @string
