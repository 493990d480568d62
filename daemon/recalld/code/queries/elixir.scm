((call target: (identifier) @_define (arguments . (alias) @name) @head) @definition.module
  (#eq? @_define "defmodule"))
((call target: (identifier) @_define (arguments . (alias) @scope (keywords (pair value: (alias) @name))) @head) @definition.module
  (#eq? @_define "defimpl"))
((call target: (identifier) @_define (arguments . (alias) @name) @head) @definition.interface
  (#eq? @_define "defprotocol"))
((call target: (identifier) @_define (arguments . [
    (identifier) @name @head
    (call target: (identifier) @name) @head
    (binary_operator left: (call target: (identifier) @name) operator: "when") @head
    (binary_operator left: (identifier) operator: _ @name right: (identifier)) @head
  ])) @definition.function
  (#any-of? @_define "def" "defp" "defdelegate"))
((call target: (identifier) @_define (arguments . [
    (call target: (identifier) @name) @head
    (binary_operator left: (call target: (identifier) @name) operator: "when") @head
  ])) @definition.macro
  (#any-of? @_define "defmacro" "defmacrop" "defguard" "defguardp"))
((call target: (identifier) @_define (arguments . (string) @name) @head) @definition.function
  (#any-of? @_define "test" "describe"))
((unary_operator operator: "@" operand: (call target: (identifier) @_define (arguments (binary_operator left: [
    (identifier) @name (call target: (identifier) @name)
  ])))) @definition.type
  (#any-of? @_define "type" "typep" "opaque"))
((unary_operator operator: "@" operand: (call target: (identifier) @name (arguments . [(integer) (float) (string) (atom) (list) (map) (tuple) (boolean) (sigil) (charlist)] .) @body)) @definition.constant
  (#not-match? @name "^(doc|moduledoc|typedoc|shortdoc|impl|spec|behaviour|deprecated|derive|tag|moduletag|describetag|since|compile|dialyzer|enforce_keys)$"))

(comment) @comment
((unary_operator operator: "@" operand: (call target: (identifier) @_doc)) @docstring
  (#any-of? @_doc "doc" "moduledoc" "typedoc" "shortdoc"))
(string) @string
(charlist) @string
(sigil) @string
