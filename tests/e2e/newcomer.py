"""How long a newcomer needs for a whole video: `python -m tests.e2e.newcomer juggle.mp4`.

In real JupyterLab with the embedded model: open the video, draw a box around each of two objects, follow them to the
end, correct one in the middle, follow what that made stale, export a video with the masks. The hand rests after each
deed, as a person looks. The table says when each was done, in seconds since the first cell was run. Run it on a machine
that does nothing else.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.latency import CHROMIUM
from tests.e2e.page import NotebookPage
from tests.e2e.server import JupyterServer
from tests.e2e.stage import Stage

MAKE = "from sam2_notebook import VideoSegmenter\nwidget = VideoSegmenter({path!r}, autosave=False, height=700)\nwidget"
LOOK_MS = 1_000
LONG_MS = 600_000
# In juggle.mp4, 1280 x 720: the man, the ball in his hand, and the ball in a later frame.
MAN, BALL = (600.0, 45.0, 840.0, 672.0), (610.0, 282.0, 698.0, 366.0)
CORRECTED_AT, BALL_THEN = 150, (562.0, 348.0, 653.0, 438.0)


def mark(stage: Stage, box: tuple[float, float, float, float]) -> None:
    """Draw a box and wait for its mask."""
    before = stage.root.get_attribute("data-results")
    stage.drag(box[:2], box[2:])
    expect(stage.root).not_to_have_attribute("data-results", before or "", timeout=LONG_MS)
    stage.page.wait_for_timeout(LOOK_MS)


def follow(stage: Stage, key: str) -> None:
    """Follow, and wait for the end."""
    stage.press(key)
    expect(stage.root).to_have_attribute("data-track", "running", timeout=LONG_MS)
    expect(stage.root).to_have_attribute("data-track", "done", timeout=LONG_MS)
    stage.page.wait_for_timeout(LOOK_MS)


def correct(stage: Stage) -> None:
    """Go to a frame and say where the ball is there."""
    stage.press("g")
    stage.page.keyboard.type(str(CORRECTED_AT))
    stage.page.keyboard.press("Enter")
    expect(stage.root).to_have_attribute("data-shown", str(CORRECTED_AT), timeout=LONG_MS)
    mark(stage, BALL_THEN)


def export(stage: Stage, name: str) -> None:
    """Export a video with the masks, and wait for the file."""
    stage.press("e")
    stage.action("export-format").select_option("overlay")
    stage.action("export-name").fill(name)
    stage.action("export-start").click()
    expect(stage.root).to_have_attribute("data-exported", "done", timeout=LONG_MS)


def main() -> None:
    """Do it, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("video", help="juggle.mp4, of which the places are known")
    path = os.path.abspath(parser.parse_args().video)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        with JupyterServer("lab", Path(folder) / "lab") as server:
            notebook = NotebookPage.create(server, browser, [MAKE.format(path=path)])
            notebook.page.set_viewport_size({"width": 1500, "height": 1100})
            print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n\n| done | s |\n|---|---|")
            start = time.monotonic()

            def done(what: str) -> None:
                print(f"| {what} | {time.monotonic() - start:.1f} |", flush=True)

            notebook.run(0)
            stage = notebook.stage(cell=0)
            stage.expect_status("ready", timeout_ms=LONG_MS)
            done("the widget is ready")
            mark(stage, MAN)
            stage.press("n")
            mark(stage, BALL)
            done("two objects marked")
            follow(stage, "t")
            done(f"followed to the end, masks in {notebook.kernel_value('len(widget.masks)')} frames")
            notebook.screenshot("newcomer-followed")
            correct(stage)
            done(f"one corrected in frame {CORRECTED_AT}")
            follow(stage, "Shift+T")
            done("followed again where that made it stale")
            export(stage, "masks.mp4")
            size = (server.root / "masks.mp4").stat().st_size
            done(f"exported, {size / 1e6:.1f} MB")
            notebook.screenshot("newcomer-exported")
        browser.close()


if __name__ == "__main__":
    main()
