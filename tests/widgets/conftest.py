"""What tests of widgets get."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sam2_notebook.widgets.label_answers import AnsweringDesk
from tests.widgets.labeling import session_on


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AnsweringDesk]:
    """A labelling session on four pictures."""
    made = session_on(tmp_path)
    yield made
    made.close()
