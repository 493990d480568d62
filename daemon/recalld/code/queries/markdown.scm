; How far a section reaches follows from the levels: the grammar makes none of underlined headings.
(atx_heading [
  (atx_h1_marker) (atx_h2_marker) (atx_h3_marker) (atx_h4_marker) (atx_h5_marker) (atx_h6_marker)
] @level heading_content: (inline) @name) @head @definition.heading
(setext_heading heading_content: (paragraph) @name @head [(setext_h1_underline) (setext_h2_underline)] @level) @definition.heading

(html_block) @string
(code_fence_content) @string
(indented_code_block) @string
