"""The cases by which vitest checks the page's `apply` are what our `Document.apply` says today."""

import json

from tests.protocol import golden_edits


def test_golden_edits_are_fresh() -> None:
    assert golden_edits.FILE.read_text(encoding="utf-8") == golden_edits.text(), (
        "Document.apply has changed: run python tests/protocol/golden_edits.py, and mend js/src/state/document.ts"
    )


def test_golden_edits_hold_every_kind_of_edit_both_taken_and_refused() -> None:
    cases = json.loads(golden_edits.text())["cases"]
    kinds = {edit.__dataclass_fields__["kind"].default for edit in golden_edits.d.Edit.__args__}
    never_refused = {"show_object"}  # but for an unknown object, which other kinds show
    assert {case["edit"]["kind"] for case in cases if case["after"] is not None} == kinds
    assert {case["edit"]["kind"] for case in cases if case["after"] is None} == kinds - never_refused
