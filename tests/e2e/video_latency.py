"""How fast the video widget feels in real JupyterLab with the embedded model: `python -m tests.e2e.video_latency`.

Times are taken in the page. *Scrub*: from the press on the timeline, at frames that were never shown, to a picture of
that very frame on the stage, and to the whole picture in place of a small one. *Cold* is right after opening, *warm*
once the kernel has had time to make its small pictures. *Step*: the arrow keys. *Click*: from letting go to the mask.
*Cancel*: from letting go of the button to the page saying that following has stopped. Memory is what the kernel's
process has in RAM, and what the page's JavaScript holds. Run it on a machine that does nothing else.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from sam2_notebook.media import write_video
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.latency import CHROMIUM, row
from tests.e2e.page import NotebookPage
from tests.e2e.server import JupyterServer
from tests.e2e.stage import Stage

MAKE = """
import time
from sam2_notebook import VideoSegmenter, open_video
start = time.perf_counter()
widget = VideoSegmenter({path!r}, autosave=False, height=760)
opened = time.perf_counter() - start
video = open_video({path!r})
size, count = video.size, len(video)
video.close()
"""
RSS = "int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20"
HOOK = """root => {
    const waits = (window.sam2nbWaits = { shown: [], whole: [], results: [], cancelled: [] });
    let [asked, up, first, heard, was] = [0, 0, true, root.dataset.results, root.dataset.shown];
    const ask = event => { asked = event.timeStamp; first = true; };
    document.addEventListener("pointerdown", ask, true);
    document.addEventListener("keydown", ask, true);
    document.addEventListener("pointerup", event => (up = event.timeStamp), true);
    const paint = then => requestAnimationFrame(() => requestAnimationFrame(() => then(performance.now())));
    new MutationObserver(changes => {
        const { shown, frame, track, detail, results } = root.dataset;
        const seen = new Set(changes.map(({ attributeName }) => attributeName));
        const start = asked;
        if (shown !== was && shown === frame && first) {
            first = false;
            paint(now => waits.shown.push(now - start));
        }
        was = shown;
        if (shown === frame && asked > 0 && Number(detail) >= window.sam2nbWhole) {
            asked = 0;
            paint(now => waits.whole.push(now - start));
        }
        const end = up;
        if (results !== heard) paint(now => waits.results.push(now - end));
        heard = results;
        if (seen.has("data-track") && track === "cancelled") paint(now => waits.cancelled.push(now - end));
    }).observe(root, { attributes: true });
}"""


def moving_scene(count: int) -> Iterator[np.ndarray]:
    """Frames of 1280 x 720: a fine texture that pans, and a red disc that goes its own way."""
    random = np.random.default_rng(3)
    coarse = random.integers(60, 190, (90, 160, 3)).repeat(16, axis=0).repeat(16, axis=1)
    ground = (coarse + random.integers(-25, 25, coarse.shape)).clip(0, 255).astype(np.uint8)
    y, x = np.mgrid[:120, :120]
    disc = np.hypot(x - 60, y - 60) < 58
    for i in range(count):
        top, left = i * 2 % 720, i * 3 % 1280
        frame = np.roll(ground, (-top, -left), (0, 1))[:720, :1280].copy()
        place = frame[round(300 + 200 * np.sin(i / 40)) :, round(600 + 400 * np.cos(i / 57)) :][:120, :120]
        place[disc] = (220, 30, 40)
        yield frame


def scrub(stage: Stage, places: list[float]) -> tuple[list[float], list[float]]:
    """Milliseconds to a picture, and to the whole picture, of presses on the timeline."""
    page = stage.page
    page.evaluate("() => { const w = window.sam2nbWaits; w.shown.length = 0; w.whole.length = 0; }")
    for number, place in enumerate(places):
        page.mouse.click(*stage.on_timeline(place))
        page.wait_for_function("count => window.sam2nbWaits.whole.length > count", arg=number)
        page.wait_for_timeout(60)
    return page.evaluate("[window.sam2nbWaits.shown, window.sam2nbWaits.whole]")


def steps(stage: Stage, count: int) -> list[float]:
    """Milliseconds from an arrow key to the next frame's picture, from the first frame on."""
    page = stage.page
    stage.press("Home")
    page.wait_for_timeout(1_000)
    page.evaluate("() => { const w = window.sam2nbWaits; w.shown.length = 0; w.whole.length = 0; }")
    for number in range(count):
        stage.press("ArrowRight")
        page.wait_for_function("count => window.sam2nbWaits.shown.length > count", arg=number)
        page.wait_for_timeout(40)
    return page.evaluate("window.sam2nbWaits.shown")


def dragged(stage: Stage, seconds: float) -> float:
    """Pictures shown per second while the playhead is dragged to and fro."""
    page = stage.page
    page.evaluate("window.sam2nbWaits.shown.length = 0")
    page.evaluate(
        """root => { window.sam2nbSeen = 0; let was = root.dataset.shown; new MutationObserver(() => {
            if (root.dataset.shown !== was) window.sam2nbSeen += 1; was = root.dataset.shown;
        }).observe(root, { attributeFilter: ["data-shown"] }); }""",
        stage.root.element_handle(),
    )
    (left, y), (right, _) = stage.on_timeline(0), stage.on_timeline(1)
    page.mouse.move(left + 0.3 * (right - left), y)
    page.mouse.down()
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        page.mouse.move(left + (0.5 - 0.2 * np.cos(now * 1.5)) * (right - left), y)
        page.wait_for_timeout(8)
    page.mouse.up()
    return page.evaluate("window.sam2nbSeen") / (time.monotonic() - start)


def follow(notebook: NotebookPage, stage: Stage) -> None:
    """Click, follow, cancel, and what that took."""
    page = stage.page
    stage.press("Home")
    page.wait_for_timeout(1_000)
    width, height = notebook.kernel_value("[size.width, size.height]")
    random = np.random.default_rng(4)
    for number in range(20):
        x, y = random.random(2) * 0.8 + 0.1
        stage.click(x * width, y * height)
        page.wait_for_function("count => window.sam2nbWaits.results.length > count", arg=number)
        stage.expect_status("ready")
    row("click to mask", page.evaluate("window.sam2nbWaits.results"), "<= 150")
    rate = 0.0
    for number in range(4):
        before, start = notebook.kernel_value("len(widget.masks)"), time.monotonic()
        stage.press("t")
        page.wait_for_timeout(2_500 if number else 8_000)
        stage.root.locator('[data-action="cancel-track"]').click()
        page.wait_for_function("count => window.sam2nbWaits.cancelled.length > count", arg=number)
        if number == 0:
            rate = (notebook.kernel_value("len(widget.masks)") - before) / (time.monotonic() - start)
    row("cancel", page.evaluate("window.sam2nbWaits.cancelled"), "one frame")
    print(f"| followed, one object: {rate:.1f} frames per second | | | | >= 10 |", flush=True)


def measure(notebook: NotebookPage, stage: Stage, jumps: int) -> None:
    """All figures of one video."""
    page = stage.page
    count = notebook.kernel_value("count")
    print(
        f"| opened in the kernel: {notebook.kernel_value('opened'):.2f} s, {count} frames | | | | < 2 s |", flush=True
    )
    whole = notebook.kernel_value("size.width")
    shown = int(stage.root.get_attribute("data-detail") or "0")
    page.evaluate(f"window.sam2nbWhole = {min(whole, shown)}")
    stage.root.evaluate(HOOK)
    places = list(np.random.default_rng(6).permutation(2 * jumps) / (2 * jumps) + 0.2 / jumps)
    for name, part in (("cold", places[:jumps]), ("warm", places[jumps:])):
        first, full = scrub(stage, part)
        row(f"scrub {name}, picture of the frame", first, "<= 150")
        row(f"scrub {name}, whole picture", full, "")
        if name == "cold":
            page.wait_for_timeout(30_000)
    row("step by key", steps(stage, 40), "")
    print(f"| drag: {dragged(stage, 5):.1f} pictures per second | | | | |", flush=True)
    follow(notebook, stage)
    print(f"| kernel: {notebook.kernel_value(RSS):.0f} MiB in RAM | | | | |")
    page.evaluate("window.gc?.()")
    heap = page.evaluate("performance.memory.usedJSHeapSize / 2**20")
    print(f"| page: {heap:.0f} MiB of JavaScript | | | | |", flush=True)


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--videos", nargs="*", default=[], help="files to measure too, or instead with --frames 0")
    parser.add_argument("--frames", type=int, default=10_000, help="of the 720p video that is made here")
    parser.add_argument("--jumps", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        videos = [os.path.abspath(video) for video in arguments.videos]
        if arguments.frames:
            videos = [str(write_video(Path(folder) / "scene.mp4", moving_scene(arguments.frames), 25.0)), *videos]
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        print("| what | n | ms p50 | p95 | goal |\n|---|---|---|---|---|")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        )
        with JupyterServer("lab", Path(folder) / "lab") as server:
            for video in videos:
                print(f"| **{Path(video).name}** | | | | |")
                notebook = NotebookPage.create(server, browser, [MAKE.format(path=video), "widget"])
                notebook.page.set_viewport_size({"width": 1500, "height": 1100})
                notebook.run(0, 1)
                stage = notebook.stage(cell=1)
                stage.expect_status("ready", timeout_ms=120_000)
                stage.page.wait_for_timeout(1_500)
                measure(notebook, stage, arguments.jumps)
                notebook.close()
        browser.close()
    print(f"\nload after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
