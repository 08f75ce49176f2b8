"""Floor 4: how fast and how small we are, next to transformers; run `python -m sam2_notebook.bench`."""
