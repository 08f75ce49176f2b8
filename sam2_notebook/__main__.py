"""`python -m sam2_notebook` is the command `sam2-notebook`."""

from sam2_notebook.cli import main

if __name__ == "__main__":
    main()
