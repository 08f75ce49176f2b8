"""`ImageSegmenter` in real JupyterLab and Notebook 7, with the embedded model, on a picture made here."""

import json
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.discs import (
    BLUE,
    GROUND,
    HEIGHT,
    MAKE,
    RED,
    WIDTH,
    check_agreement,
    drawn,
    expect_results,
    results,
    show,
)


def test_a_click_shows_the_mask_that_the_kernel_has(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "widget.masks, widget.objects")
    assert stage.pixel("masks", *RED)[3] == 0
    stage.click(*RED)
    expect_results(stage, 1)
    assert stage.pixel("masks", *RED)[3] > 0
    assert stage.pixel("prompts", *RED)[3] > 0
    said = check_agreement(notebook, stage)
    assert said[120, 90]
    x, y, label = notebook.kernel_value(
        "[widget.objects[0].points[0].x, widget.objects[0].points[0].y, widget.objects[0].points[0].label]"
    )
    assert (x, y, label) == (pytest.approx(90, abs=0.4), pytest.approx(120, abs=0.4), 1)
    notebook.run(2)
    assert notebook.errors == []
    notebook.screenshot("click")


def test_right_click_and_alt_click_take_away_and_no_menu_comes(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    stage.click(*BLUE, button="right")
    expect_results(stage, 2)
    stage.click(*GROUND, modifiers=["Alt"])
    expect_results(stage, 3)
    notebook.wait_for_kernel_value("[p.label for p in widget.objects[0].points]", [1, 0, 0])
    assert notebook.page.locator(".lm-Menu:visible, .jp-ContextMenu:visible").count() == 0
    said = check_agreement(notebook, stage)
    assert not said[20, 160]
    stage.click(*GROUND)
    notebook.wait_for_kernel_value("len(widget.objects[0].points)", 2)
    assert notebook.errors == []


def test_a_drag_makes_a_box_and_the_mask_of_what_is_in_it(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.drag((40.5, 70.5), (140.5, 170.5))
    expect_results(stage, 1)
    box = notebook.kernel_value("list(widget.objects[0].box.as_tuple())")
    assert box == pytest.approx([40, 70, 140, 170], abs=1)
    said = check_agreement(notebook, stage)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = np.hypot(x - 90, y - 120) < 45
    assert (said & disc).sum() / (said | disc).sum() > 0.5
    notebook.screenshot("box")


def test_another_candidate_is_shown_at_once_and_taken_by_the_kernel(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    best = notebook.kernel_value("widget.objects[0].candidate")
    for candidate in [k for k in range(3) if k != best]:
        before = results(stage)
        stage.candidate(candidate).click()
        notebook.wait_for_kernel_value("widget.objects[0].candidate", candidate)
        expect_results(stage, before + 1)
        check_agreement(notebook, stage)
    notebook.screenshot("candidates")
    assert notebook.errors == []


def test_undo_and_redo_by_button_by_key_and_from_a_cell(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "widget.undo()", "widget.redo(); widget.redo()")
    areas = []
    for i, point in enumerate([RED, (110.5, 100.5), BLUE]):
        stage.click(*point)
        expect_results(stage, i + 1)
        areas.append(notebook.kernel_value("widget.objects[0].area"))
    stage.action("undo").click()
    notebook.wait_for_kernel_value("widget.objects[0].area", areas[1])
    stage.press("Control+z")
    notebook.wait_for_kernel_value("widget.objects[0].area", areas[0])
    notebook.run(2)
    notebook.wait_for_kernel_value("len(widget.objects)", 0)
    stage.expect_revision(notebook.kernel_value("widget.revision"))
    assert not drawn(stage).any()
    notebook.run(3)
    notebook.wait_for_kernel_value("widget.objects[0].area", areas[1])
    stage.press("Control+Shift+z")
    notebook.wait_for_kernel_value("widget.objects[0].area", areas[2])
    stage.expect_revision(notebook.kernel_value("widget.revision"))
    expect_results(stage, results(stage))
    check_agreement(notebook, stage)


def test_two_objects_have_masks_and_colours_of_their_own(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    stage.action("new-object").click()
    stage.click(*BLUE)
    expect_results(stage, 2)
    notebook.wait_for_kernel_value("sorted(widget.masks)", [1, 2])
    notebook.wait_for_kernel_value("[bool(widget.masks[1][120, 90]), bool(widget.masks[2][110, 230])]", [True, True])
    assert stage.pixel("masks", *RED)[:3] != stage.pixel("masks", *BLUE)[:3]
    check_agreement(notebook, stage)
    stage.object_row(1).click()
    notebook.wait_for_kernel_value("widget.session.document.selected", 1)
    notebook.screenshot("two-objects")


def test_keys_do_not_reach_the_notebook(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    cells = notebook.cell_count()
    stage.click(*RED)
    expect_results(stage, 1)
    for key in "abcdfhlmnorsvxyz0123[]?":
        stage.press(key)
    for key in ("Escape", "d", "d", "a", "Enter", "Delete", "Shift+m", "Control+z"):
        stage.press(key)
    assert notebook.cell_count() == cells
    # A button that was clicked keeps the focus; Notebook 7 asks the focused element itself before its parents.
    for name in ("zoom-in", "fit", "new-object"):
        stage.action(name).click()
        for key in ("d", "d", "x", "a", "b", "Shift+m"):
            stage.page.keyboard.press(key)
        assert notebook.cell_count() == cells, name
    assert notebook.errors == []


def test_a_reloaded_page_shows_everything_again(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    stage.candidate(0).click()
    notebook.wait_for_kernel_value("widget.objects[0].candidate", 0)
    stage.action("new-object").click()
    stage.click(*BLUE)
    expect_results(stage, 2)
    revision = notebook.kernel_value("widget.revision")
    notebook.reload()
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    stage.expect_revision(revision)
    stage.page.wait_for_timeout(300)
    check_agreement(notebook, stage)
    expect(stage.root.locator(".sam2nb-object")).to_have_count(2)
    stage.action("undo").click()
    notebook.wait_for_kernel_value("len(widget.masks)", 1)


def test_a_restarted_kernel_is_noticed(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    notebook.restart_kernel()
    stage.expect_status("lost", timeout_ms=20_000)
    assert stage.pixel("masks", *RED)[3] > 0
    notebook.screenshot("lost")


def test_two_views_agree(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "widget")
    notebook.run(2)
    other = notebook.stage(cell=2)
    other.expect_status("ready")
    stage.click(*RED)
    expect_results(other, 1)
    assert other.pixel("masks", *RED)[3] > 0
    other.click(*GROUND, button="right")
    notebook.wait_for_kernel_value("len(widget.objects[0].points)", 2)
    expect_results(stage, 2)
    assert (drawn(stage) != drawn(other)).mean() < 0.01


BROKEN = (
    MAKE
    + """
from sam2_notebook import ImagePredictor
from sam2_notebook.errors import ModelError
class Tired(ImagePredictor):
    awake = False
    def segment(self, *args, **kwargs):
        if not self.awake:
            raise ModelError("the model is asleep; wake it up: /home/ann/weights/tiny.pt <b>now</b>")
        return super().segment(*args, **kwargs)
tired = Tired()
widget = ImageSegmenter(pixels.astype(np.uint8), tired)
"""
)


def test_an_error_is_shown_in_words_and_the_next_click_works(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, make=BROKEN)
    stage.click(*RED)
    stage.expect_status("error")
    expect(stage.root.locator(".sam2nb-banner")).to_contain_text("the model is asleep; wake it up: tiny.pt <b>now</b>")
    notebook.screenshot("error")
    assert "Traceback" in notebook.kernel_value("widget.session.last_error")
    notebook.kernel_value("setattr(tired, 'awake', True)")
    stage.root.locator(".sam2nb-banner button").click()
    stage.click(110.5, 100.5)
    expect_results(stage, 1)
    assert stage.pixel("masks", *RED)[3] > 0


def test_clicks_are_answered_while_a_cell_runs(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "import time; time.sleep(6)", "widget.add_object(); time.sleep(6)")
    stage.page.wait_for_timeout(1_000)  # the page's second message carries the subshell
    for i, cell in enumerate((2, 3)):
        notebook.start(cell)
        stage.page.wait_for_timeout(1_000)
        start = time.monotonic()
        stage.click(*(RED, BLUE)[i])
        expect_results(stage, i + 1)
        waited = time.monotonic() - start
        notebook.wait(cell)
        assert waited < 3.0, f"cell {cell}: a click waited {waited:.1f} s for the cell"


def test_the_saved_notebook_is_small_and_has_a_picture_in_it(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "widget", "widget.snapshot()")
    stage.click(*RED)
    expect_results(stage, 1)
    notebook.run(2, 3)
    notebook.save()
    path = notebook.server.root / notebook.name
    assert path.stat().st_size < 200_000
    book = json.loads(path.read_text("utf-8"))
    assert "widgets" not in book["metadata"]
    for cell in (1, 2, 3):
        assert len(book["cells"][cell]["outputs"][0]["data"]["image/png"]) > 500


@pytest.mark.parametrize("pixel_ratio", [1.0, 2.0])
def test_masks_lie_where_they_belong_at_every_density_and_zoom(open_notebook: OpenNotebook, pixel_ratio: float) -> None:
    notebook, stage = show(open_notebook, pixel_ratio=pixel_ratio)
    stage.click(*BLUE)
    expect_results(stage, 1)
    check_agreement(notebook, stage)
    notebook.screenshot(f"density-{pixel_ratio:g}")
