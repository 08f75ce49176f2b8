"""Floor 4: the only code that knows Jupyter."""
