"""The tools of `ImageSegmenter` in real JupyterLab (and, for keys, Notebook 7), with the embedded model."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.discs import (
    BLUE,
    GROUND,
    RED,
    check_agreement,
    drawn,
    expect_results,
    masks,
    results,
    show,
)
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Button, Stage

IN_LAB = pytest.mark.parametrize("host", ["lab"], indirect=True)
FIRST = "widget.objects[0]"


def settled(notebook: NotebookPage, stage: Stage, expression: str, wanted: object) -> None:
    """Wait until the kernel says so, and the page shows what it says."""
    notebook.wait_for_kernel_value(expression, wanted)
    stage.expect_revision(notebook.kernel_value("widget.revision"))
    stage.expect_status("ready")


def draw(stage: Stage, *places: tuple[float, float], button: Button = "left") -> None:
    """Press at the first place, move through the others, let go."""
    mouse = stage.page.mouse
    mouse.move(*stage.on_screen(*places[0]))
    mouse.down(button=button)
    for place in places[1:]:
        mouse.move(*stage.on_screen(*place), steps=6)
    mouse.up(button=button)


@IN_LAB
def test_what_a_click_would_find_is_shown_ahead_of_it(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.hover(*GROUND)
    stage.hover(RED[0] + 8, RED[1])
    stage.hover(*RED)
    stage.page.wait_for_function(
        "root => Number(root.dataset.foreseen) > 0 && root.dataset.status === 'ready'", arg=stage.root.element_handle()
    )
    stage.page.wait_for_timeout(300)
    assert stage.pixel("draft", RED[0] + 20, RED[1])[3] > 0
    assert stage.pixel("masks", *RED)[3] == 0
    notebook.wait_for_kernel_value("[len(widget.objects), widget.revision]", [0, 0])
    notebook.screenshot("hover")
    stage.click(*RED)
    expect_results(stage, 1)
    check_agreement(notebook, stage)
    asked = stage.root.get_attribute("data-foreseen")
    stage.hover(*BLUE)
    stage.page.wait_for_timeout(500)
    assert stage.pixel("draft", BLUE[0] + 20, BLUE[1])[3] == 0
    assert stage.root.get_attribute("data-foreseen") == asked
    assert notebook.errors == []


def test_a_scribble_by_its_key_marks_what_it_crosses(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    cells = notebook.cell_count()
    hint = stage.root.locator(".sam2nb-choice .sam2nb-hint")
    expect(hint).to_contain_text("Click on an object")
    stage.press("s")
    expect(hint).to_contain_text("Draw a line over the object")
    draw(stage, (70.5, 100.5), (90.5, 130.5), (110.5, 110.5))
    expect_results(stage, 1)
    notebook.wait_for_kernel_value(f"[[s.label, len(s.points_px) < 40] for s in {FIRST}.strokes]", [[1, True]])
    notebook.wait_for_kernel_value(f"len({FIRST}.points)", 0)
    said = check_agreement(notebook, stage)
    assert said[120, 90]
    assert stage.pixel("prompts", 90.5, 130.5)[3] > 0
    draw(stage, BLUE, (250.5, 120.5), button="right")
    expect_results(stage, 2)
    notebook.wait_for_kernel_value(f"[s.label for s in {FIRST}.strokes]", [1, 0])
    notebook.screenshot("scribbles")
    notebook.reload()
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    stage.page.wait_for_timeout(300)
    assert stage.pixel("prompts", 90.5, 130.5)[3] > 0
    stage.press("Control+z")
    settled(notebook, stage, f"len({FIRST}.strokes)", 1)
    assert notebook.cell_count() == cells
    assert notebook.errors == []


def test_paint_and_eraser_make_the_final_mask_until_the_model_is_asked(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    before = masks(notebook)
    stage.press("p")
    draw(stage, (90.5, 180.5), (200.5, 190.5))
    settled(notebook, stage, f"[{FIRST}.is_drawn, {FIRST}.kept]", [True, True])
    painted = check_agreement(notebook, stage)
    assert painted[185, 145]
    assert (painted & before).sum() == before.sum()
    stage.press("e")
    draw(stage, (150.5, 170.5), (150.5, 200.5))
    settled(notebook, stage, "bool(widget.masks[1][185, 150])", False)
    erased = check_agreement(notebook, stage)
    assert not erased[185, 150]
    assert erased[180, 100]
    notebook.screenshot("paint")
    stage.press("v")
    stage.click(*BLUE)
    expect(stage.root.locator(".sam2nb-banner")).to_contain_text("kept as it was drawn")
    assert (masks(notebook) == erased).all()
    stage.press("r")
    settled(notebook, stage, f"[{FIRST}.is_drawn, {FIRST}.kept]", [False, False])
    refined = check_agreement(notebook, stage)
    assert refined[120, 90]
    stage.press("r")
    settled(notebook, stage, f"{FIRST}.is_drawn", True)
    assert (check_agreement(notebook, stage) == erased).all()
    for _ in range(4):
        stage.press("Control+z")
    settled(notebook, stage, f"{FIRST}.is_drawn", False)
    assert (masks(notebook) == before).all()


@IN_LAB
def test_an_area_is_gone_around_by_a_drag_or_from_corner_to_corner(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.press("d")
    draw(stage, (40.5, 70.5), (140.5, 70.5), (140.5, 170.5), (40.5, 170.5))
    settled(notebook, stage, "[o.is_drawn for o in widget.objects]", [True])
    said = check_agreement(notebook, stage)
    assert said[75:165, 45:135].all()
    assert not said[:, 145:].any()
    stage.click(180.5, 60.5)
    stage.click(280.5, 60.5)
    stage.click(280.5, 160.5)
    notebook.screenshot("lasso")
    stage.press("Enter")
    settled(notebook, stage, "bool(widget.masks[1][70, 270])", True)
    said = check_agreement(notebook, stage)
    assert not said[150, 190]
    stage.press("Control+z")
    settled(notebook, stage, "bool(widget.masks[1][70, 270])", False)


GIVE = "mask = np.zeros((240, 320), bool); mask[80:160, 50:110] = True; given = widget.add_mask(mask)"


@IN_LAB
def test_a_mask_from_a_cell_is_shown_as_it_is_and_clicks_go_on_from_it(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, GIVE)
    notebook.run(2)
    settled(notebook, stage, "[o.is_drawn for o in widget.objects]", [True])
    given = check_agreement(notebook, stage)
    assert given.sum() == 80 * 60
    before = results(stage)
    stage.click(125.5, 120.5)
    expect_results(stage, before + 1)
    refined = check_agreement(notebook, stage)
    notebook.wait_for_kernel_value(f"[{FIRST}.is_drawn, len({FIRST}.points)]", [False, 1])
    assert (refined & given).sum() > given.sum() / 3
    stage.press("Control+z")
    settled(notebook, stage, f"{FIRST}.is_drawn", True)
    assert (check_agreement(notebook, stage) == given).all()


SLIDE = """(input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@IN_LAB
def test_the_edge_follows_the_slider_at_once_and_the_kernel_agrees_when_it_rests(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    loose = drawn(stage).sum()
    slider = stage.action("threshold")
    slider.evaluate(SLIDE, "3")
    stage.page.wait_for_timeout(100)
    tight = drawn(stage).sum()
    assert tight < loose
    notebook.wait_for_kernel_value(f"{FIRST}.threshold", 0)
    slider.evaluate("input => input.dispatchEvent(new Event('change', { bubbles: true }))")
    settled(notebook, stage, f"{FIRST}.threshold", 3)
    said = check_agreement(notebook, stage)
    assert abs(int(drawn(stage).sum()) - int(tight)) < 0.02 * tight
    stage.click(*BLUE, button="right")
    notebook.wait_for_kernel_value(f"[len({FIRST}.points), {FIRST}.threshold]", [2, 0])
    stage.press("Control+z")
    settled(notebook, stage, f"{FIRST}.threshold", 3)
    stage.page.wait_for_timeout(200)
    assert (check_agreement(notebook, stage) == said).all()


def test_candidates_come_in_the_order_of_what_the_model_thinks_of_them(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    order = notebook.kernel_value(f"sorted(range(3), key=lambda k: -{FIRST}.scores[k])")
    shown = stage.root.locator(".sam2nb-candidate")
    assert [int(shown.nth(i).get_attribute("data-candidate") or -1) for i in range(3)] == order
    for key in ("2", "3", "1"):
        stage.press(key)
        settled(notebook, stage, f"{FIRST}.candidate", order[int(key) - 1])
    stage.page.mouse.move(0, 0)
    seen = drawn(stage)
    shown.nth(1).hover()
    stage.page.wait_for_timeout(200)
    assert (drawn(stage) != seen).any()
    notebook.wait_for_kernel_value(f"{FIRST}.candidate", order[0])


@IN_LAB
def test_clicks_on_the_mask_take_away_when_that_is_wanted(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.click(*RED)
    expect_results(stage, 1)
    stage.press("a")
    said = masks(notebook)
    inside = next((x, y) for y in range(70, 170, 4) for x in range(50, 130, 4) if said[y, x] and abs(x - 90) > 20)
    outside = next((x, y) for y in range(10, 230, 4) for x in range(10, 310, 4) if not said[y, x])
    stage.click(inside[0] + 0.5, inside[1] + 0.5)
    expect_results(stage, 2)
    stage.press("Control+z")
    notebook.wait_for_kernel_value(f"len({FIRST}.points)", 1)
    stage.click(outside[0] + 0.5, outside[1] + 0.5)
    notebook.wait_for_kernel_value(f"[p.label for p in {FIRST}.points]", [1, 1])
    stage.press("Control+z")
    stage.press("Control+Shift+z")
    notebook.wait_for_kernel_value(f"len({FIRST}.points)", 2)


@IN_LAB
def test_holding_ctrl_gathers_clicks_and_scribbles_into_one_step(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook)
    stage.page.keyboard.down("Control")
    stage.click(*RED)
    stage.page.keyboard.up("Control")
    expect_results(stage, 1)
    stage.press("s")
    stage.page.keyboard.down("Control")
    draw(stage, (80.5, 100.5), (100.5, 140.5))
    draw(stage, (70.5, 120.5), (110.5, 125.5))
    notebook.wait_for_kernel_value(f"len({FIRST}.strokes)", 0)
    stage.page.keyboard.up("Control")
    settled(notebook, stage, f"len({FIRST}.strokes)", 2)
    stage.press("Control+z")
    settled(notebook, stage, f"len({FIRST}.strokes)", 0)
    assert np.array(masks(notebook)).any()
