"""What the product is about: workspaces, memories, anchors and their verdicts, search, contexts."""
