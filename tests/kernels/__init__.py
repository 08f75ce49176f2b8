"""Several versions of ipykernel side by side, driven without a browser: see README.md in this folder."""
