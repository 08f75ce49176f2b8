"""Floor 0: geometry, prompts, masks and the document. Numpy only, frozen, pure."""
