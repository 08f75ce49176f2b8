"""The page's types are the kernel's, written by a machine."""

import re
from typing import Any, Literal, get_args

import pytest

from sam2_notebook.labels import queue
from sam2_notebook.labels import schema as labels_schema
from sam2_notebook.protocol import __main__ as command
from sam2_notebook.protocol import label_views
from sam2_notebook.protocol.messages import ObjectView, Scores
from sam2_notebook.protocol.palette import PALETTE, Color, color_of
from sam2_notebook.protocol.typescript import render, schema, spell
from sam2_notebook.values.edits import Edit

SPELLINGS = [
    (str, "string", "text"),
    (int, "number", "int"),
    (float, "number", "float"),
    (bool, "boolean", "flag"),
    (int | None, "number | null", "[either, int, none]"),
    (Literal["a", "b"], '"a" | "b"', '[literal, "a", "b"]'),
    (tuple[int, ...], "ReadonlyArray<number>", "[list, int]"),
    (tuple[float, str], "readonly [number, string]", "[tuple, float, text]"),
    (Scores, "Scores", "ScoresSchema"),
    (tuple[ObjectView, ...], "ReadonlyArray<ObjectView>", "[list, ObjectViewSchema]"),
    (Scores | None, "Scores | null", "[either, ScoresSchema, none]"),
]


@pytest.mark.parametrize(("hint", "typescript", "checked"), SPELLINGS)
def test_what_json_carries_is_spelled(hint: object, typescript: str, checked: object) -> None:
    assert spell(hint, "Here.it") == typescript
    assert schema(hint, "Here.it") == checked


def test_a_union_with_a_name_is_spelled_by_it() -> None:
    assert spell(tuple[Edit, ...], "EditRequest.edits") == "ReadonlyArray<Edit>"


@pytest.mark.parametrize("hint", [bytes, object, list[int], dict[str, int], set[int], complex, Any, tuple])
def test_what_json_does_not_carry_is_refused_by_name(hint: object) -> None:
    for write in (spell, schema):
        with pytest.raises(TypeError, match=r"Here\.it"):
            write(hint, "Here.it")


def test_every_message_and_edit_is_rendered_with_its_words() -> None:
    text = render()
    for name in ("Hello", "Snapshot", "ObjectResult", "AddPoint", "DocumentView", "Buffer"):
        assert f"export interface {name} {{" in text
    assert "/** Undo or redo one step. */" in text


def test_requests_need_no_schema_because_the_page_never_reads_them() -> None:
    text = render()
    assert "const SnapshotSchema: Schema" in text
    assert "EditRequestSchema" not in text


def test_a_record_is_made_before_it_is_used() -> None:
    made: set[str] = set()
    for line in render().splitlines():
        used = set(re.findall(r"\w+Schema\b", line.split("Schema = ")[-1]))
        if line.startswith("const ") and "Schema: Schema" in line:
            made.add(line.split()[1].rstrip(":"))
        else:
            assert used <= made, line


def test_a_widget_holds_no_schema_of_the_other() -> None:
    pictures, videos, labels = (part.split("};")[0] for part in render().split("_WIRE: Wire = ")[1:])
    assert "ObjectResultSchema" in pictures
    assert "ObjectResultSchema" not in videos
    assert "MasksDataSchema" in videos
    assert "MasksDataSchema" not in pictures
    assert "ObjectResultSchema" in labels
    assert "RowsDataSchema" in labels
    assert "RowsDataSchema" not in pictures


def test_the_committed_file_is_fresh() -> None:
    assert command.main(["--check"]) == 0, "run python -m sam2_notebook.protocol, then npm run build in js/"


def test_a_stale_file_is_found_and_written_anew(tmp_path, monkeypatch, capsys) -> None:
    target = tmp_path / "messages.gen.ts"
    monkeypatch.setattr(command, "TARGET", target)
    assert command.main(["--check"]) == 1
    target.write_text("export const VERSION = 0;\n")
    assert command.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0


def test_the_palette_is_the_same_on_both_sides() -> None:
    text = render()
    for color in PALETTE:
        red, green, blue = color.rgb
        assert f'{{ name: "{color.name}", rgb: [{red}, {green}, {blue}] }}' in text


def test_the_palette_repeats() -> None:
    assert color_of(len(PALETTE) + 2) == PALETTE[2]


def test_a_colour_beyond_255_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        Color("too bright", (0, 256, 0))


def test_states_and_orders_are_those_of_the_labels() -> None:
    assert get_args(label_views.StateName) == labels_schema.STATES
    assert get_args(label_views.OrderName) == get_args(queue.Order)
