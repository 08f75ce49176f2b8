"""`python -m sam2_notebook.protocol` writes the protocol's TypeScript; `--check` only says whether it is fresh."""

import argparse
import sys
from pathlib import Path

from sam2_notebook.protocol.typescript import render

TARGET = Path(__file__).parents[2] / "js" / "src" / "protocol" / "messages.gen.ts"


def main(arguments: list[str] | None = None) -> int:
    """Write or check the file; the exit status is 1 when it is stale."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.protocol", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the file is stale")
    check = parser.parse_args(arguments).check
    if not TARGET.parent.is_dir():
        parser.error(f"{TARGET.parent} does not exist; run this in a checkout of the repository")
    text = render()
    if check:
        fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
        if not fresh:
            sys.stderr.write(f"{TARGET} is stale; run python -m sam2_notebook.protocol\n")
        return 0 if fresh else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
