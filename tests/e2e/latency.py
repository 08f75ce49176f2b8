"""How fast the picture widget feels in real JupyterLab with the embedded model: `python -m tests.e2e.latency`.

Times are taken in the page. *Click*: from the press of the button to the first frame with the mask in it. *Candidate*
and *edge*: the work between the key, or the slider's step, and the end of the frame that shows it; waiting for that
frame is not counted. *Hover*: masks shown per second under a mouse that does not rest. *Pan and zoom*: how long apart
frames are, and how long one takes to draw. Run it on a machine that does nothing else; the table says how busy it was.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.page import NotebookPage
from tests.e2e.server import JupyterServer
from tests.e2e.stage import Stage

CHROMIUM = os.environ.get("SAM2NB_CHROMIUM", "/usr/bin/chromium")
MAKE = """
import numpy as np
from PIL import Image
from sam2_notebook.widgets.image import ImageSegmenter
{picture}
widget = ImageSegmenter(pixels, height=900)
"""
PHOTO = "pixels = np.asarray(Image.open({path!r}).convert('RGB').resize(({width}, {height})))"
# A picture made here, so that no file is needed: blobs of many sizes on a shaded ground.
MADE = """y, x = np.mgrid[:{height}, :{width}].astype(np.float32)
pixels = np.stack([90 + x / {width} * 80, 110 + y / {height} * 60, 120 + 0 * x], axis=-1)
random = np.random.default_rng(5)
for _ in range(40):
    cx, cy, r = random.random() * {width}, random.random() * {height}, (0.02 + 0.05 * random.random()) * {width}
    rows, columns = slice(int(max(cy - r, 0)), int(cy + r)), slice(int(max(cx - r, 0)), int(cx + r))
    inside = np.hypot(x[rows, columns] - cx, y[rows, columns] - cy) < r
    pixels[rows, columns][inside] = random.integers(20, 235, 3)
pixels = pixels.astype(np.uint8)"""

# Wraps requestAnimationFrame so that the time its callbacks take is known, and waits for results in the page.
HOOK = """root => {
    const known = { frames: [], spent: 0, clicks: [] };
    window.sam2nbBench = known;
    const plain = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = call => plain(time => {
        const start = performance.now();
        call(time);
        known.spent += performance.now() - start;
    });
    let pressed = 0;
    root.addEventListener("pointerdown", event => { pressed = event.timeStamp; }, { capture: true });
    new MutationObserver(() => plain(() => plain(() => {
        if (pressed > 0) known.clicks.push(performance.now() - pressed);
        pressed = 0;
    }))).observe(root, { attributeFilter: ["data-results"] });
}"""
WORK = """async ([root, steps]) => {
    const known = window.sam2nbBench;
    const work = [];
    for (const [selector, kind, value] of steps) {
        const node = selector === "" ? root : root.querySelector(selector);
        known.spent = 0;
        const start = performance.now();
        if (kind === "key") node.dispatchEvent(new KeyboardEvent("keydown", { key: value, code: `Digit${value}`,
            bubbles: true }));
        else { node.value = value; node.dispatchEvent(new Event("input", { bubbles: true })); }
        const handled = performance.now() - start;
        await new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)));
        work.push(handled + known.spent);
    }
    return work;
}"""
MOVE = """async ([root, seconds]) => {
    const stage = root.querySelector(".sam2nb-stage");
    const known = window.sam2nbBench;
    const place = stage.getBoundingClientRect();
    const [gaps, work] = [[], []];
    let last = 0;
    const start = performance.now();
    while (performance.now() - start < seconds * 1000) {
        const now = await new Promise(done => requestAnimationFrame(done));
        if (last > 0) gaps.push(now - last);
        last = now;
        await new Promise(done => setTimeout(done, 0));
        work.push(known.spent);
        known.spent = 0;
        const turn = (now - start) / 300;
        stage.dispatchEvent(new WheelEvent("wheel", { deltaY: 40 * Math.sin(turn), ctrlKey: true, bubbles: true,
            cancelable: true, clientX: place.left + place.width * (0.5 + 0.2 * Math.cos(turn)),
            clientY: place.top + place.height / 2 }));
    }
    return [gaps, work.slice(1)];
}"""


def quantiles(values: list[float]) -> str:
    """Median and 95th percentile."""
    if not values:
        return "-"
    return f"{statistics.median(values):.1f} | {float(np.percentile(values, 95)):.1f}"


def row(what: str, values: list[float], goal: str) -> None:
    """One line of the table."""
    print(f"| {what} | {len(values)} | {quantiles(values)} | {goal} |", flush=True)


def clicks(notebook: NotebookPage, stage: Stage, count: int, size: tuple[int, int]) -> list[float]:
    """Milliseconds from press to mask, each on a new object."""
    random = np.random.default_rng(11)
    for number in range(count):
        stage.press("n")
        x, y = random.random(2) * 0.8 + 0.1
        stage.click(x * size[0], y * size[1])
        stage.page.wait_for_function("count => window.sam2nbBench.clicks.length >= count", arg=number + 1)
        stage.expect_status("ready")
    return notebook.page.evaluate("window.sam2nbBench.clicks")


def hovered(stage: Stage, seconds: float, size: tuple[int, int]) -> float:
    """Masks shown per second under a moving mouse."""
    stage.press("n")
    foreseen = lambda: int(stage.root.get_attribute("data-foreseen") or 0)  # noqa: E731
    stage.hover(size[0] / 2, size[1] / 2)
    stage.page.wait_for_timeout(1_000)
    before, start = foreseen(), stage.page.evaluate("performance.now()")
    left, top = stage.on_screen(size[0] * 0.1, size[1] * 0.1)
    right, bottom = stage.on_screen(size[0] * 0.9, size[1] * 0.9)
    step = 0
    while stage.page.evaluate("performance.now()") - start < seconds * 1000:
        part = (step % 200) / 200
        stage.page.mouse.move(left + (right - left) * part, top + (bottom - top) * (0.5 + 0.4 * np.sin(step / 9)))
        step += 1
    return (foreseen() - before) / ((stage.page.evaluate("performance.now()") - start) / 1000)


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--photo", help="a picture to use instead of a made one")
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--megapixels", type=float, default=12.0, help="of the picture for pan and zoom")
    arguments = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| what | n | ms p50 | p95 | goal |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        with JupyterServer("lab", Path(folder) / "lab") as server:
            large = int((arguments.megapixels * 1e6 * 4 / 3) ** 0.5)
            for size in ((1500, 1000), (large, large * 3 // 4)):
                fill = {"path": arguments.photo, "width": size[0], "height": size[1]}
                picture = (PHOTO if arguments.photo else MADE).format(**fill)
                notebook = NotebookPage.create(server, browser, [MAKE.format(picture=picture), "widget"])
                notebook.page.set_viewport_size({"width": 1700, "height": 1200})
                notebook.run(0, 1)
                stage = notebook.stage(cell=1)
                stage.expect_status("ready", timeout_ms=120_000)
                measure(notebook, stage, size, arguments.clicks)
                notebook.close()
        browser.close()
    print(f"\nload after: {os.getloadavg()[0]:.1f}")


def measure(notebook: NotebookPage, stage: Stage, size: tuple[int, int], count: int) -> None:
    """All figures for one picture."""
    root = stage.root.element_handle()
    notebook.page.evaluate(f"({HOOK})(document.querySelector('.sam2nb'))")
    title = f"{size[0]} x {size[1]}"
    width = stage.element.bounding_box()
    print(f"| **{title}**, shown {width['width'] if width else 0:.0f} px wide | | | | |")
    row("click to mask pixels", clicks(notebook, stage, count, size), "<= 150")
    rate = hovered(stage, 5, size)
    print(f"| hover: {rate:.1f} masks per second | | | | >= 15 |", flush=True)
    stage.click(size[0] / 2, size[1] / 2)
    stage.page.wait_for_timeout(1_500)
    keys = [("", "key", str(1 + i % 3)) for i in range(30)]
    row("candidate, work in the page", notebook.page.evaluate(WORK, [root, keys]), "<= 16")
    edges = [('[data-action="threshold"]', "input", str(-4 + i / 4)) for i in range(33)]
    row("edge slider, work in the page", notebook.page.evaluate(WORK, [root, edges]), "<= 16")
    gaps, work = notebook.page.evaluate(MOVE, [root, 4])
    row("pan and zoom: between frames", gaps, "16.7 at 60 Hz")
    row("pan and zoom: drawing a frame", work, "<= 16")
    notebook.save()
    print(f"| saved notebook: {(notebook.server.root / notebook.name).stat().st_size / 1000:.0f} kB | | | | < 200 |")


if __name__ == "__main__":
    main()
