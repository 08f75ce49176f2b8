"""What tests of the picture widget share: a picture of two discs, and what to expect of a view of it."""

import numpy as np

from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

WIDTH, HEIGHT = 320, 240
# Two discs with a shade on a soft ground: anything that segments finds them.
PIXELS = f"""
import numpy as np
y, x = np.mgrid[:{HEIGHT}, :{WIDTH}]
pixels = np.stack([90 + x / 8, 110 + y / 8, 100 + 0 * x], axis=-1)
for cx, cy, r, color in ((90, 120, 45, (220, 40, 40)), (230, 110, 50, (30, 60, 220))):
    far = np.hypot(x - cx, y - cy)
    pixels[far < r] = np.array(color) - far[far < r, None] / 2
pixels = pixels.astype(np.uint8)
"""
MAKE = f"""{PIXELS}
from sam2_notebook.widgets.image import ImageSegmenter
widget = ImageSegmenter(pixels)
"""
RED, BLUE = (90.5, 120.5), (230.5, 110.5)
GROUND = (160.5, 20.5)
READ_MASKS = """(canvas, [scale, left, top, width, height]) => {
    if (canvas.hidden) return Array(height).fill("0".repeat(width));
    const stage = canvas.getBoundingClientRect();
    const ratio = canvas.width / stage.width;
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const rows = [];
    for (let y = 0; y < height; y++) {
        let row = "";
        for (let x = 0; x < width; x++) {
            const column = Math.floor((left + (x + 0.5) * scale) * ratio);
            const line = Math.floor((top + (y + 0.5) * scale) * ratio);
            row += data[4 * (line * canvas.width + column) + 3] > 0 ? 1 : 0;
        }
        rows.push(row);
    }
    return rows;
}"""


def show(
    open_notebook: OpenNotebook, *more: str, make: str = MAKE, pixel_ratio: float = 1.0
) -> tuple[NotebookPage, Stage]:
    """A notebook that shows the widget, ready for clicks."""
    notebook = open_notebook([make, "widget", *more], pixel_ratio=pixel_ratio)
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    return notebook, stage


def expect_results(stage: Stage, count: int) -> None:
    """Wait until the page has had so many answers of the model, and is at rest."""
    stage.page.wait_for_function(
        "([root, count]) => Number(root.dataset.results) >= count && root.dataset.status === 'ready'",
        arg=[stage.root.element_handle(), count],
    )


def results(stage: Stage) -> int:
    return int(stage.root.get_attribute("data-results") or "0")


def drawn(stage: Stage) -> np.ndarray:
    """Which image pixels have a mask drawn over them, at their centres."""
    place = [float(stage.element.get_attribute(f"data-{n}") or "nan") for n in ("scale", "offset-x", "offset-y")]
    rows = stage.root.locator("canvas.sam2nb-masks").evaluate(READ_MASKS, [*place, WIDTH, HEIGHT])
    return np.array([[c == "1" for c in row] for row in rows])


def masks(notebook: NotebookPage) -> np.ndarray:
    """Which image pixels are in any mask, as the kernel says."""
    packed = notebook.kernel_value(
        "np.packbits(np.any([*widget.masks.values()], axis=0) if widget.masks else np.zeros((0, 0), bool)).tolist()"
    )
    bits = np.unpackbits(np.array(packed, dtype=np.uint8))
    return bits.reshape(HEIGHT, WIDTH).astype(bool) if len(packed) else np.zeros((HEIGHT, WIDTH), bool)


def check_agreement(notebook: NotebookPage, stage: Stage) -> np.ndarray:
    """Page and kernel show the same, but for the width of an outline."""
    seen, said = drawn(stage), masks(notebook)
    edge = said.copy()
    edge[1:-1, 1:-1] &= ~(said[:-2, 1:-1] & said[2:, 1:-1] & said[1:-1, :-2] & said[1:-1, 2:])
    grown = said.copy()
    grown[1:] |= said[:-1]
    grown[:-1] |= said[1:]
    grown[:, 1:] |= said[:, :-1]
    grown[:, :-1] |= said[:, 1:]
    outline = grown & ~said
    wrong = (seen != said) & ~outline
    assert wrong.mean() < 0.005, f"{wrong.sum()} pixels differ"
    return said
