"""A real JupyterLab and a real Notebook 7 in a real Chromium: see README.md in this folder."""
