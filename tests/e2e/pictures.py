"""The README's pictures, taken of the real widgets in a real JupyterLab: `python -m tests.e2e.pictures`."""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.latency import CHROMIUM
from tests.e2e.page import NotebookPage
from tests.e2e.server import JupyterServer

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "notebooks" / "media"
PHOTO = REPOSITORY.parent / "shared" / "media" / "fruits_nuts.jpg"  # MIT, see the README; no photo of training
CLICKS = ((640, 300, "date"), (460, 305, "fig"), (550, 440, "date"), (280, 180, "acorn"))
WIDTH = 1500  # of a saved picture, pixels
QUALITY = 86


def widget_picture(browser: Browser, server: JupyterServer) -> bytes:
    """A few things clicked, named and classed; of the last click all that it can mean."""
    shutil.copy(PHOTO, server.root / PHOTO.name)
    made = f'ImageSegmenter("{PHOTO.name}", classes=["acorn", "date", "fig"])'
    notebook = NotebookPage.create(
        server, browser, [f"from sam2_notebook import ImageSegmenter\n\nwidget = {made}\nwidget"], pixel_ratio=2
    )
    notebook.run(0)
    stage = notebook.stage(cell=0)
    stage.expect_status("ready")
    for number, (x, y, kind) in enumerate(CLICKS):
        if number:
            stage.press("n")
        stage.click(x, y)
        stage.page.wait_for_timeout(500)
        stage.expect_status("ready")
        notebook.kernel_value(f"widget.classify({number + 1}, '{kind}')")
    expect(stage.candidate(2)).to_be_visible()
    stage.page.wait_for_timeout(1000)
    picture = notebook.cell(0).screenshot()
    notebook.close()
    return picture


def save(name: str, picture: bytes) -> None:
    """Smaller than taken: it is in the repository for good."""
    with Image.open(BytesIO(picture)) as shot:
        size = (WIDTH, round(shot.height * WIDTH / shot.width))
        small = shot.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.save(FOLDER / name, quality=QUALITY, optimize=True, progressive=True)


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        with JupyterServer("lab", Path(folder) / "lab") as server:
            save("image_segmenter.jpg", widget_picture(browser, server))
        browser.close()


if __name__ == "__main__":
    main()
