"""Picking among all masks of a picture in real JupyterLab, with a small random network."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook

pytestmark = pytest.mark.parametrize("host", ["lab"], indirect=True)

MAKE = """
import sys; sys.path.insert(0, {root!r})
import numpy as np, torch
torch.set_num_threads(1)
from sam2_notebook import AutomaticSettings, ImagePredictor, ImageSegmenter, Size, make_scene
from tests.predict.conftest import random_model
photo = make_scene(3, Size(height=120, width=180)).render().pixels
widget = ImageSegmenter(photo, ImagePredictor(random_model(0), device="cpu"))
few = AutomaticSettings(points_per_side=5, predicted_iou=0.0, stability=0.0, nms_iou=0.8)
widget._desk.sweep = lambda: widget.segment_everything(few)
"""


def test_look_pick_keep_and_undo(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([MAKE.format(root=str(Path(__file__).parents[2])), "widget"])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    stage.action("everything").click()
    panel = stage.root.locator(".sam2nb-everything")
    expect(panel.locator(".sam2nb-filters")).to_be_visible(timeout=60_000)
    x, y = notebook.kernel_value("[float(v) for v in np.argwhere(widget.proposals[0].mask)[0][::-1]]")
    stage.click(x + 0.5, y + 0.5)
    expect(panel.locator('[data-action="keep"]')).to_have_text("Keep 1")
    expect(panel).to_contain_text("1 picked")
    stage.drag((0.5, 0.5), (179.5, 119.5))
    stage.press("j")
    notebook.wait_for_kernel_value("len(widget.objects)", 1)
    expect(panel).not_to_contain_text("Keeping")
    stage.press("a")
    count = notebook.kernel_value("len(widget.proposals)")
    free = count - (1 if "1 kept" in panel.inner_text() else 0)  # what was picked may be one mask only
    expect(panel).to_contain_text(f"{free} picked")
    stage.press("Enter")
    notebook.wait_for_kernel_value("len(widget.objects)", 1 + free)
    expect(panel).to_contain_text(f"{count} kept")
    for key in ("a", "Enter", "Delete", "c", "1"):  # all are kept, and no object is changed unseen
        stage.press(key)
    stage.click(x + 0.5, y + 0.5)
    expect(panel.locator('[data-action="keep"]')).to_have_text("Keep")
    assert notebook.kernel_value("len(widget.objects)") == 1 + free
    stage.press("Control+z")
    stage.press("Control+z")
    notebook.wait_for_kernel_value("len(widget.objects)", 0)
    expect(panel).not_to_contain_text("kept")
    stage.click(x + 0.5, y + 0.5)
    expect(panel).to_contain_text("1 picked")
    stage.click(x + 0.5, y + 0.5, button="right")
    expect(panel).to_contain_text("0 picked")
    expect(stage.root.locator(".sam2nb-choice")).to_be_hidden()
    expect(stage.root.locator('[data-tool="prompt"]')).to_have_attribute("aria-pressed", "false")
    panel.locator('[data-filter="iou"]').evaluate(
        "input => { input.value = 100; input.dispatchEvent(new Event('input')); }"
    )
    expect(panel).to_contain_text("No mask passes the filters")
    stage.press("y")
    expect(panel).to_be_hidden()
    stage.click(40.5, 40.5)
    notebook.wait_for_kernel_value("len(widget.objects)", 1)
    assert notebook.errors == []
