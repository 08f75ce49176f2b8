"""`Labeler` in real JupyterLab: a folder labelled by mouse and keyboard alone, and what survives."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.parametrize("host", ["lab"], indirect=True)
PHOTOS = 30
WIDTH, HEIGHT = 320, 240


def spot(number: int) -> tuple[int, int]:
    """Where the disc of a photo is."""
    return 60 + (number * 53) % 200, 60 + (number * 37) % 120


MAKE = f"""
import tempfile, pathlib
import numpy as np
from PIL import Image
from sam2_notebook import Labeler, LabelStore
folder = pathlib.Path(tempfile.mkdtemp())
y, x = np.mgrid[:{HEIGHT}, :{WIDTH}]
for number in range({PHOTOS}):
    cx, cy = 60 + (number * 53) % 200, 60 + (number * 37) % 120
    pixels = np.stack([90 + x / 8, 110 + y / 8, 100 + 0 * x], axis=-1)
    far = np.hypot(x - cx, y - cy)
    pixels[far < 38] = np.array((220, 40, 40) if number % 2 else (30, 60, 220)) - far[far < 38, None] / 2
    Image.fromarray(pixels.astype(np.uint8)).save(folder / f"photo_{{number:02}}.png")
labeler = Labeler(folder, ["red", "blue"], store=LabelStore(folder / "labels.db", author="ann"))
"""
AGAIN = """
from sam2_notebook import Labeler, LabelStore
labeler = Labeler(r'{folder}', store=LabelStore(r'{folder}/labels.db', author='{author}'))
"""


def show(open_notebook: OpenNotebook, make: str = MAKE) -> tuple[NotebookPage, Stage]:
    """A notebook with the labeler, ready for clicks."""
    notebook = open_notebook([make, "labeler"])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    return notebook, stage


def expect_photo(stage: Stage, number: int) -> None:
    """Wait until this photo is there, clickable."""
    expect(stage.root.locator(".sam2nb-image-name")).to_have_text(f"photo_{number:02}.png", timeout=30_000)
    stage.expect_status("ready")
    stage.page.wait_for_function(
        "([root, number]) => root.dataset.picture === number",
        arg=[stage.root.element_handle(), f"photo_{number:02}.png"],
    )


def expect_objects(stage: Stage, count: int) -> None:
    expect(stage.root.locator(".sam2nb-object")).to_have_count(count, timeout=30_000)


def expect_mask(stage: Stage, x: float, y: float) -> None:
    """Wait until a mask is drawn there, and saved."""
    for _ in range(200):
        if stage.pixel("masks", x, y)[3] > 0:
            break
        stage.page.wait_for_timeout(50)
    assert stage.pixel("masks", x, y)[3] > 0
    stage.expect_status("ready")


def test_a_reload_and_a_restart_lose_nothing(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    expect_photo(stage, 0)
    stage.click(*spot(0))
    expect_mask(stage, *spot(0))
    notebook.reload()
    stage = notebook.stage(cell=1)
    expect_photo(stage, 0)
    expect_mask(stage, *spot(0))
    folder = notebook.kernel_value("str(folder)")
    notebook.restart_kernel()
    again = AGAIN.format(folder=folder, author="ann")
    notebook.kernel_value("0", setup=again)
    notebook.run(1)
    stage = notebook.stage(cell=1)
    expect_photo(stage, 0)
    expect_mask(stage, *spot(0))
    stage.press("Control+z")
    expect_objects(stage, 0)
    assert notebook.kernel_value("len(labeler.store.image(1).labels.annotations)") == 0
    stage.press("Control+Shift+z")
    expect_mask(stage, *spot(0))
    assert notebook.kernel_value("len(labeler.store.image(1).labels.annotations)") == 1


def test_empty_pictures_are_asked_about_and_the_strip_leads_anywhere(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    expect_photo(stage, 0)
    stage.press("Control+Enter")
    question = stage.root.locator(".sam2nb-question")
    expect(question).to_contain_text("Nothing is marked in this picture")
    notebook.screenshot("labeler-question")
    stage.page.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    stage.press("Control+Enter")
    expect(question).to_be_visible()
    stage.page.keyboard.press("Enter")
    expect_photo(stage, 1)
    stage.press("Shift+Enter")
    expect_photo(stage, 2)
    stage.root.locator('.sam2nb-tile[data-place="5"]').click()
    expect_photo(stage, 5)
    stage.press("t")
    stage.page.keyboard.press("ArrowRight")
    stage.page.keyboard.press("Enter")
    expect_photo(stage, 6)
    states = notebook.kernel_value("{s.name: s.state for s in labeler.store.summaries() if s.state != 'new'}")
    assert states == {"photo_00.png": "submitted", "photo_01.png": "skipped"}
    assert notebook.errors == []


def test_suggestions_are_accepted_and_rejected_in_the_page(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    expect_photo(stage, 0)
    stage.press("u")
    bar = stage.root.locator(".sam2nb-suggestions")
    expect(bar).to_be_visible(timeout=60_000)
    notebook.screenshot("labeler-suggestions")
    count = notebook.kernel_value("len(labeler.store.image(1).labels.annotations)")
    expect_objects(stage, count)
    stage.press("i")
    stage.press("Shift+I")
    expect(bar).not_to_be_visible()
    assert notebook.kernel_value("sum(a.proposed for a in labeler.store.image(1).labels.annotations)") == 0
    stage.press("Control+z")
    expect(bar).to_be_visible()
    bar.locator('[data-action="reject-all"]').click()
    expect(bar).not_to_be_visible()


def test_panels_filter_look_and_export(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    for number in range(2):
        expect_photo(stage, number)
        stage.click(*spot(number))
        expect_mask(stage, *spot(number))
        stage.press("Control+Enter")
    expect_photo(stage, 2)
    root = stage.root
    root.locator('[data-panel="queue"]').click()
    root.locator('[data-action="queue-to-review"]').click()
    expect(root.locator(".sam2nb-panel")).to_contain_text("2 pictures in the queue")
    notebook.screenshot("labeler-queue")
    root.locator('[data-panel="data"]').click()
    root.locator('[data-action="survey"]').click()
    root.locator('[data-action="figure-sheet"]').click()
    expect(root.locator(".sam2nb-figure")).to_be_visible(timeout=60_000)
    notebook.screenshot("labeler-data")
    root.locator('[data-panel="files"]').click()
    target = notebook.kernel_value("str(folder / 'out')")
    root.get_by_label("Folder to write to").fill(target)
    root.locator('[data-action="export"]').click()
    expect(root.locator(".sam2nb-job")).to_have_text(re.compile("2 annotations of 2 images"), timeout=60_000)
    root.locator('[data-action="export"]').click()
    expect(root.locator(".sam2nb-question")).to_contain_text("is not empty")
    root.locator(".sam2nb-question button", has_text="Leave it").click()
    found = notebook.kernel_value("sorted(p.name for p in (folder / 'out').iterdir() if not p.name.startswith('.'))")
    assert found == ["README.md", "annotations", "images"]
    assert notebook.errors == []
