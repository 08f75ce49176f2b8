"""What hands do on the canvas beyond clicks: grab prompts, order objects, pinch, draw; and the plain canvas."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.discs import (
    BLUE,
    GROUND,
    HEIGHT,
    MAKE,
    PIXELS,
    RED,
    WIDTH,
    check_agreement,
    drawn,
    expect_results,
    masks,
    show,
)
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.parametrize("host", ["lab"], indirect=True)
FIRST = "widget.objects[0]"
SIMPLE = f"""{PIXELS}
from sam2_notebook.widgets.simple import SimpleSegmenter
simple = SimpleSegmenter(pixels)
"""
AREAS = "[int(m.sum()) for m in widget.masks.values()]"


def painted(open_notebook: OpenNotebook, *shapes: tuple[int, int, int, int]) -> tuple[NotebookPage, Stage]:
    """A notebook whose objects are rectangles (x0, y0, x1, y1) that came from a cell."""
    fill = "".join(
        f"\nmask = np.zeros(({HEIGHT}, {WIDTH}), bool); mask[{y0}:{y1}, {x0}:{x1}] = True; widget.add_mask(mask)"
        for x0, y0, x1, y1 in shapes
    )
    notebook, stage = show(open_notebook, make=MAKE + fill)
    expect(stage.root.locator(".sam2nb-object")).to_have_count(len(shapes))
    return notebook, stage


def nearer(stage: Stage) -> int:
    """Which of the two objects of the ordering test has more of its colour where both lie."""
    one, two, both = (np.array(stage.pixel("masks", x, 110.5)[:3]) for x in (60.5, 180.5, 120.5))
    return 1 if np.abs(both - one).sum() < np.abs(both - two).sum() else 2


def deed(stage: Stage, object_id: int, label: str) -> None:
    """Press a button in the details of an object's row."""
    row = stage.object_row(object_id)
    if not row.locator(".sam2nb-details").is_visible():
        row.get_by_label("More").click()
    row.locator(".sam2nb-details").get_by_label(label).click()


def test_points_and_boxes_are_grabbed_moved_and_taken_away(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    before = masks(notebook)
    stage.drag(RED, BLUE)
    notebook.wait_for_kernel_value(f"[len({FIRST}.points), round({FIRST}.points[0].x)]", [1, 230])
    expect_results(stage, 2)
    moved = check_agreement(notebook, stage)
    assert moved[110, 230]
    assert not (moved & before).any()
    stage.click(BLUE[0] + 25, BLUE[1] + 25)
    notebook.wait_for_kernel_value(f"len({FIRST}.points)", 2)
    stage.click(*BLUE)  # on the point itself: it goes
    notebook.wait_for_kernel_value(f"[round(p.x) for p in {FIRST}.points]", [255])
    stage.press("n")
    stage.drag((40.5, 70.5), (140.5, 170.5))
    notebook.wait_for_kernel_value("widget.objects[1].box is not None", True)
    expect_results(stage, 5)
    stage.drag((140.5, 170.5), (120.5, 150.5))  # by its corner
    notebook.wait_for_kernel_value("[round(v) for v in widget.objects[1].box.as_tuple()]", [40, 70, 120, 150])
    stage.drag((40.5, 110.5), (50.5, 115.5))  # by its left side, which moves across only
    notebook.wait_for_kernel_value("[round(v) for v in widget.objects[1].box.as_tuple()]", [50, 70, 120, 150])
    notebook.screenshot("grabbed-box")
    for _ in range(2):
        stage.press("Control+z")
    notebook.wait_for_kernel_value("[round(v) for v in widget.objects[1].box.as_tuple()]", [40, 70, 140, 170])
    assert notebook.errors == []


def test_objects_are_ordered_cut_merged_split_hidden_and_locked(open_notebook: OpenNotebook) -> None:
    notebook, stage = painted(open_notebook, (40, 60, 140, 160), (100, 60, 200, 160))
    assert nearer(stage) == 2
    deed(stage, 1, "Draw over the next (Page up)")
    notebook.wait_for_kernel_value("[o.id for o in widget.objects]", [2, 1])
    stage.expect_status("ready")
    stage.page.wait_for_timeout(200)
    assert nearer(stage) == 1
    deed(stage, 1, "Cut it out of the others")
    notebook.wait_for_kernel_value(f"sorted({AREAS})", [6000, 10000])
    stage.press("Control+z")
    notebook.wait_for_kernel_value(f"sorted({AREAS})", [10000, 10000])
    stage.object_row(2).locator(".sam2nb-name").click()
    stage.object_row(1).locator(".sam2nb-name").click(modifiers=["Control"])
    stage.press("j")
    notebook.wait_for_kernel_value(AREAS, [16000])
    notebook.screenshot("merged")
    stage.press("Control+z")
    notebook.wait_for_kernel_value("len(widget.objects)", 2)
    stage.object_row(1).get_by_label("Hide").click()
    notebook.wait_for_kernel_value("[o.visible for o in widget.objects if o.id == 1]", [False])
    stage.page.wait_for_timeout(200)
    assert stage.pixel("masks", 60.5, 110.5)[3] == 0
    stage.object_row(1).get_by_label("Show").click()
    deed(stage, 2, "Lock: keep as it is")
    stage.object_row(2).locator(".sam2nb-name").click()
    stage.click(*GROUND)
    stage.page.wait_for_timeout(300)
    notebook.wait_for_kernel_value("[len(o.points) for o in widget.objects]", [0, 0])
    assert notebook.errors == []


def test_parts_of_a_mask_become_objects(open_notebook: OpenNotebook) -> None:
    notebook, stage = painted(open_notebook, (40, 60, 90, 160), (200, 60, 260, 160))
    stage.object_row(1).locator(".sam2nb-name").click()
    stage.object_row(2).locator(".sam2nb-name").click(modifiers=["Control"])
    stage.press("j")
    notebook.wait_for_kernel_value(AREAS, [11000])
    stage.press("Shift+J")
    notebook.wait_for_kernel_value(f"sorted({AREAS})", [5000, 6000])
    expect(stage.root.locator(".sam2nb-object")).to_have_count(2)
    stage.press("Control+z")
    notebook.wait_for_kernel_value(AREAS, [11000])
    assert notebook.errors == []


def test_masks_are_filled_outlined_or_solid_and_the_picture_fits_or_is_one_to_one(open_notebook: OpenNotebook) -> None:
    notebook, stage = painted(open_notebook, (40, 60, 140, 160))
    inside, edge = (90.5, 110.5), (40.5, 110.5)
    filled = stage.pixel("masks", *inside)[3]
    assert 0 < filled < 255
    stage.press("o")
    stage.page.wait_for_timeout(200)
    assert stage.pixel("masks", *inside)[3] == 0
    assert stage.pixel("masks", *edge)[3] > 0
    stage.press("w")
    stage.root.get_by_label("Masks", exact=True).select_option("solid")
    stage.page.wait_for_timeout(200)
    assert stage.pixel("masks", *inside)[3] == 255
    notebook.screenshot("solid")
    stage.root.get_by_label("Masks", exact=True).select_option("filled")
    stage.root.get_by_label("Opacity").fill("0.1")
    stage.page.wait_for_timeout(200)
    assert 0 < stage.pixel("masks", *inside)[3] < filled
    stage.press("w")
    fitted = stage.element.get_attribute("data-scale")
    stage.press("Shift+F")
    expect(stage.element).to_have_attribute("data-scale", "1")
    stage.hover(*inside)
    stage.press("z")
    stage.press("k")
    stage.page.wait_for_timeout(200)
    notebook.screenshot("loupe-and-cross")
    stage.press("f")
    expect(stage.element).to_have_attribute("data-scale", str(fitted))
    assert notebook.errors == []


def test_fingers_click_and_pinch_and_a_pen_draws(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    wire = stage.page.context.new_cdp_session(stage.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pen(kind: str, place: tuple[float, float], pressed: int) -> None:
        x, y = stage.on_screen(*place)
        held = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
        wire.send(
            "Input.dispatchMouseEvent",
            {"type": kind, "pointerType": "pen", "x": x, "y": y, "buttons": pressed, "force": 0.5, **held},
        )

    touch("touchStart", stage.on_screen(*RED))
    touch("touchEnd")
    expect_results(stage, 1)
    notebook.wait_for_kernel_value(f"[[round(p.x), round(p.y)] for p in {FIRST}.points]", [[90, 120]])
    before = float(stage.element.get_attribute("data-scale") or "nan")
    x, y = stage.on_screen(*BLUE)
    touch("touchStart", (x - 40, y), (x + 40, y))
    for spread in (50, 60, 70, 80):
        touch("touchMove", (x - spread, y), (x + spread, y))
    touch("touchEnd")
    stage.page.wait_for_timeout(200)
    after = float(stage.element.get_attribute("data-scale") or "nan")
    assert after / before == pytest.approx(2, rel=0.15)
    assert stage.on_screen(*BLUE) == (
        pytest.approx(x, abs=12),
        pytest.approx(y, abs=12),
    )  # it stayed between the fingers
    notebook.wait_for_kernel_value(f"len({FIRST}.points)", 1)  # two fingers make no prompts
    stage.press("f")
    stage.press("n")
    stage.press("p")
    pen("mouseMoved", (200.5, 100.5), 0)
    pen("mousePressed", (200.5, 100.5), 1)
    for step in range(1, 6):
        pen("mouseMoved", (200.5 + 10 * step, 100.5), 1)
    pen("mouseReleased", (250.5, 100.5), 0)
    notebook.wait_for_kernel_value("bool(widget.masks[2][100, 225])", True)
    stage.expect_revision(notebook.kernel_value("widget.revision"))
    stage.expect_status("ready")
    assert drawn(stage)[100, 225]
    assert notebook.errors == []


def test_the_plain_canvas_answers_clicks_and_boxes(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([SIMPLE, "simple"])
    notebook.run(0, 1)
    canvas = notebook.cell(1).locator("canvas").first
    expect(canvas).to_have_css("width", f"{WIDTH}px")
    notebook.cell(1).get_by_role("button", name="on the object").click()  # Lab scrolls to a cell when it is pressed
    notebook.wait_for_kernel_value("simple.wait(60)", True)
    canvas.click(position={"x": RED[0], "y": RED[1]})
    notebook.wait_for_kernel_value("[bool(m[120, 90]) for m in simple.masks.values()]", [True])
    before = notebook.kernel_value("int(simple.masks[1].sum())")
    notebook.cell(1).get_by_role("button", name="Other candidate").click()
    notebook.wait_for_kernel_value(f"int(simple.masks[1].sum()) != {before}", True)
    notebook.cell(1).get_by_role("button", name="New object").click()
    place = canvas.bounding_box()
    assert place is not None
    mouse = notebook.page.mouse
    mouse.move(place["x"] + 180, place["y"] + 60)
    mouse.down()
    mouse.move(place["x"] + 281, place["y"] + 161, steps=5)
    mouse.up()
    notebook.wait_for_kernel_value("[bool(m[110, 230]) for m in simple.masks.values()]", [False, True])
    notebook.page.wait_for_timeout(500)
    notebook.screenshot("simple")
    shown = canvas.evaluate("c => [...c.getContext('2d').getImageData(230, 110, 1, 1).data].slice(0, 3)")
    assert abs(np.array(shown) - [30, 60, 220]).max() > 20, "no mask is drawn over the blue disc"
    assert notebook.errors == []
