"""`DynamicSegmenter` in real JupyterLab: show in one picture, find in the others, correct, reload, look twice."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.parametrize("host", ["lab"], indirect=True)

# A red disc before other backgrounds, in other places; pictures of two sizes, and one without the disc.
MAKE = """
import sys; sys.path.insert(0, {root!r})
import numpy as np, torch
torch.set_num_threads(1)
from sam2_notebook import DynamicSegmenter, VideoPredictor
from tests.predict.video_clips import set_presence, video_model
def picture(x, y, height=120, width=160, ground=90):
    rows, columns = np.mgrid[:height, :width]
    made = np.stack([ground + columns / 8, ground + 20 + rows / 8, 100 + 0 * rows], -1)
    made[np.hypot(columns - x, rows - y) < 20] = (220, 40, 40)
    return made.astype(np.uint8)
pictures = [picture(40, 60), picture(90, 50, 90), picture(70, 70, ground=150)]
pictures += [picture(60, 40, 120, 100), picture(-99, 0)]
set_presence(video_model(), 1.0)  # about 76 % sure of everything
predictor = VideoPredictor(video_model(), device="cpu")
widget = DynamicSegmenter(pictures, predictor, lookalikes=False, autosave="saved", height=640)
"""


def show(open_notebook: OpenNotebook, *more: str) -> tuple[NotebookPage, Stage]:
    """A notebook that shows the widget, ready for clicks."""
    make = MAKE.format(root=str(Path(__file__).parents[2]))
    notebook = open_notebook([make, "widget", *more])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    return notebook, stage


def cell(stage: Stage, picture: int) -> Locator:
    """A picture of the strip."""
    return stage.root.locator(f'.sam2nb-cell[data-picture="{picture}"]')


def expect_words(stage: Stage, picture: int, words: str) -> None:
    expect(cell(stage, picture)).to_have_attribute("aria-label", re.compile(words), timeout=30_000)


def expect_picture(stage: Stage, picture: int) -> None:
    expect(stage.root).to_have_attribute("data-shown", str(picture), timeout=30_000)


def test_show_find_correct_and_look_again(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, "widget")
    expect(stage.root.locator(".sam2nb-cell")).to_have_count(5)
    stage.action("by-itself").uncheck()
    stage.drag((20.5, 40.5), (60.5, 80.5))
    notebook.wait_for_kernel_value("sorted(widget.masks)", [0])
    expect_words(stage, 0, "object 1 shown here")
    expect_words(stage, 3, "not looked for")
    stage.press("t")
    expect(stage.root).to_have_attribute("data-track", "done", timeout=60_000)
    notebook.wait_for_kernel_value("sorted(widget.masks)", [0, 1, 2, 3, 4])
    for picture in (1, 2, 3, 4):
        expect_words(stage, picture, "object 1 (found|not there)")

    stage.press("ArrowRight")
    expect_picture(stage, 1)
    scale = float(stage.element.get_attribute("data-scale") or "nan")
    assert scale * 90 <= 640, "the stage takes the size of the picture that is shown"
    stage.click(90.5, 50.5)
    expect_words(stage, 1, "object 1 shown here")
    expect_words(stage, 2, "out of date")
    notebook.wait_for_kernel_value("widget.masks[1][1].shape", [90, 160])
    assert stage.pixel("prompts", 90.5, 50.5)[3] > 0

    cell(stage, 4).click()
    expect_picture(stage, 4)
    stage.object_row(1).locator('[aria-label="Not in this picture"]').click()
    notebook.wait_for_kernel_value("bool(widget.masks[4][1].any())", False)
    expect_words(stage, 4, "object 1 not there")
    stage.press("Control+z")
    notebook.wait_for_kernel_value("len(widget.objects[0].prompts)", 2)
    for picture in (2, 3, 4):
        expect_words(stage, picture, "out of date")

    stage.action("by-itself").check()
    cell(stage, 2).click()
    expect_picture(stage, 2)
    stage.click(70.5, 70.5)
    notebook.wait_for_kernel_value("len(widget.objects[0].prompts)", 3)
    for picture in (3, 4):
        expect_words(stage, picture, "% sure$")

    notebook.run(2)
    second = notebook.stage(cell=2)
    second.expect_status("ready")
    expect_words(second, 1, "object 1 shown here")
    notebook.reload()
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    expect_words(stage, 1, "object 1 shown here")
    assert notebook.errors == []


def test_everything_can_be_done_without_a_mouse(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.press("End")
    expect_picture(stage, 4)
    stage.press("Home")
    expect_picture(stage, 0)
    stage.press("k")
    stage.press("Space")
    notebook.wait_for_kernel_value("sorted(widget.masks)", [0, 1, 2, 3, 4])  # the others are looked through by itself
    for picture in (1, 2, 3, 4):
        expect_words(stage, picture, "object 1 found")
    stage.press("Escape")
    stage.press("ArrowRight")
    expect_picture(stage, 1)
    slider = stage.action("confidence")
    slider.focus()
    slider.press("End")
    expect(slider).to_have_js_property("value", "100")
    for picture in (2, 3, 4):
        expect_words(stage, picture, "object 1 not there")
    expect_picture(stage, 1)  # the slider's keys move no picture
    slider.press("Home")
    expect_words(stage, 2, "object 1 found")
    assert notebook.errors == []
