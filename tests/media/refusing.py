"""How the tests ask for a refusal, and for what only a fresh process can measure."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.media import read_image

REPOSITORY = Path(__file__).parents[2]


def child(code: str, *arguments: str) -> str:
    """What a fresh Python prints: there, peak memory is its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(source: object, **options: float) -> str:
    """The words of the refusal, which has to come quickly."""
    started = time.perf_counter()
    with pytest.raises(MediaError) as caught:
        read_image(source, **options)  # pyright: ignore[reportArgumentType]
    assert time.perf_counter() - started < 1
    return str(caught.value)
