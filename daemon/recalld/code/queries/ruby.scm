(method name: (_) @name parameters: (_) @head) @definition.function
(method name: (_) @name @head !parameters) @definition.function
(singleton_method name: (_) @name parameters: (_) @head) @definition.function
(singleton_method name: (_) @name @head !parameters) @definition.function
(class name: (_) @name body: (_) @body) @definition.class
(class name: (_) @name superclass: (_) @head !body) @definition.class
(class name: (_) @name @head !body !superclass) @definition.class
(module name: (_) @name body: (_) @body) @definition.module
(module name: (_) @name @head !body) @definition.module
(assignment left: (constant) @name right: (_) @body) @definition.constant

(comment) @comment
(string) @string
(regex) @string
(subshell) @string
(heredoc_body) @string
(string_array) @string
(symbol_array) @string
(delimited_symbol) @string

((call method: (identifier) @_require arguments: (argument_list . (string (string_content) @import) .)) (#any-of? @_require "require" "require_relative"))
