"""`VideoSegmenter` in real JupyterLab and Notebook 7, with a small random network, on a clip that says its frame."""

import pytest
from playwright.sync_api import expect

from tests.e2e.clips import FRAMES, RED, expect_agreement, expect_frame, expect_mask, expect_track, show
from tests.e2e.conftest import OpenNotebook

MANY = 1200


def test_click_track_correct_and_track_again(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES)
    cells = notebook.cell_count()
    expect_frame(stage, 0)
    stage.click(*RED)
    expect_mask(stage, *RED)
    expect_agreement(notebook, stage, 0)
    badge = stage.root.locator(".sam2nb-badge")
    expect(badge).to_have_attribute("data-standing", "required")
    stage.press("t")
    expect_track(stage, "done")
    expect(badge).to_have_attribute("data-standing", "full")
    notebook.wait_for_kernel_value("sorted(widget.masks)", list(range(FRAMES)))
    for key, frame in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("End", FRAMES - 1), ("Shift+ArrowLeft", 5)):
        stage.press(key)
        expect_frame(stage, frame)
    expect_agreement(notebook, stage, 5)
    stage.click(120.5, 90.5, button="right")
    expect(badge).to_have_attribute("data-standing", "stale")
    notebook.wait_for_kernel_value("[f.frame for f in widget._desk.history.document.objects[0].frames]", [0, 5])
    notebook.screenshot("video-stale")
    stage.press("Shift+T")
    expect(badge).to_have_attribute("data-standing", "full", timeout=30_000)
    stage.press("Home")
    expect_frame(stage, 0)
    stage.press("Control+z")  # goes back to where the click was
    expect_frame(stage, 5)
    notebook.wait_for_kernel_value("[f.frame for f in widget._desk.history.document.objects[0].frames]", [0])
    for key in ("a", "d", "d", "m", "x", "p", "u", "i", "Shift+m"):
        stage.press(key)
    assert notebook.cell_count() == cells
    assert notebook.errors == []


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_scrub_play_and_cancel_while_a_cell_runs(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, MANY, "import time; time.sleep(4)")
    page = stage.page
    for i in range(24):
        before = stage.root.get_attribute("data-shown")
        page.mouse.click(*stage.on_timeline(((i * 7 + 3) % 24 + 0.5) / 24))
        page.wait_for_function(
            "([root, before]) => root.dataset.shown === root.dataset.frame && root.dataset.shown !== before",
            arg=[stage.root.element_handle(), before],
        )
    stage.press("g")
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    expect_frame(stage, 123)
    stage.press(" ")
    page.wait_for_timeout(1_500)
    stage.press(" ")
    played = int(stage.root.get_attribute("data-frame") or "0") - 123
    assert played > 5
    stage.press("Home")
    expect_frame(stage, 0)
    stage.click(*RED)
    expect_mask(stage, *RED)
    notebook.start(2)  # a cell is busy meanwhile
    stage.press("t")
    expect_track(stage, "running")
    page.wait_for_timeout(300)
    stage.root.locator('[data-action="cancel-track"]').click()
    expect_track(stage, "cancelled", timeout_ms=10_000)
    assert stage.root.evaluate("root => root.contains(document.activeElement)"), "the keyboard has left the widget"
    notebook.wait(2)
    kept = notebook.kernel_value("len(widget.masks)")
    assert 1 < kept < MANY
    expect(stage.root.locator(".sam2nb-badge")).to_have_attribute("data-standing", "partial")
    notebook.screenshot("video-cancelled")
    assert notebook.errors == []


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_two_views_a_reload_and_a_restart(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES, "widget", "widget.go_to(7)")
    notebook.run(2)
    other = notebook.stage(cell=2)
    other.expect_status("ready")
    stage.click(*RED)
    expect_mask(other, *RED)
    stage.press("t")
    expect_track(other, "done")
    notebook.run(3)
    for view in (stage, other):
        expect_frame(view, 7)
    expect_agreement(notebook, other, 7)
    revision = notebook.kernel_value("widget.revision")
    notebook.reload()
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    stage.expect_revision(revision)
    expect_frame(stage, 7)
    expect_agreement(notebook, stage, 7)
    expect(stage.root.locator(".sam2nb-badge")).to_have_attribute("data-standing", "full")
    notebook.restart_kernel()
    stage.expect_status("lost", timeout_ms=20_000)
    notebook.run(0, 1)  # the same video: the earlier work is offered, and taken up
    stage = notebook.stage(cell=1)
    stage.root.locator('[data-action="recover"]').click()
    notebook.wait_for_kernel_value("len(widget.masks)", FRAMES)
    expect(stage.root.locator(".sam2nb-object")).to_have_count(1)
    notebook.screenshot("video-recovered")
