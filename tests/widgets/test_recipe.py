"""Which earlier masks go into a mask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam2_notebook.values.drawing import Drawing
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.strokes import Stroke
from sam2_notebook.widgets.recipe import Choice, Recipe, Step

A, B, C, D = (Point(10.0 * i, 5.0) for i in range(4))
BOX = Box(1, 2, 30, 40)


LINE, AREA = Stroke.along([(1, 1), (9, 9)], 3), Stroke.along([(1, 1), (9, 1), (9, 9)], label=0)
DRAWING = Drawing(strokes=(LINE,))
FIRST = Choice()


def after(*states: Prompts, choice: Choice = FIRST, drawing: Drawing | None = None) -> Recipe:
    recipe = Recipe(drawing=drawing)
    for prompts in states:
        recipe = recipe.with_prompts(prompts, choice)
    return recipe


def clicks(*points: Point, box: Box | None = None, strokes: tuple[Stroke, ...] = ()) -> Prompts:
    return Prompts(points, box, strokes)


def test_every_click_takes_the_mask_before_it_as_a_hint() -> None:
    recipe = after(clicks(A), clicks(A, B), clicks(A, B, C), choice=Choice(2, 1.5))
    assert recipe == Recipe(clicks(A, B, C), (Step(1, Choice(2, 1.5)), Step(2, Choice(2, 1.5))))
    assert recipe.hint == (after(clicks(A), clicks(A, B), choice=Choice(2, 1.5)), Choice(2, 1.5))


@pytest.mark.parametrize(
    ("states", "like"),
    {
        "removing the last click goes back": ((clicks(A), clicks(A, B), clicks(A)), (clicks(A),)),
        "removing the first starts afresh": ((clicks(A), clicks(A, B), clicks(B)), (clicks(B),)),
        "removing one in between starts before it": (
            (clicks(A), clicks(A, B), clicks(A, B, C), clicks(A, C)),
            (clicks(A), clicks(A, C)),
        ),
        "moving one starts before it": (
            (clicks(A), clicks(A, B), clicks(A, D)),
            (clicks(A), clicks(A, D)),
        ),
        "a box starts afresh": ((clicks(A), clicks(A, B), clicks(A, B, box=BOX)), (clicks(A, B, box=BOX),)),
        "taking the box away too": ((clicks(box=BOX), clicks(A, box=BOX), clicks(A)), (clicks(A),)),
        "a scribble taken back": (
            (clicks(A), clicks(A, strokes=(LINE,)), clicks(A, B, strokes=(LINE,)), clicks(A, B)),
            (clicks(A), clicks(A, B)),
        ),
        "the last click after a scribble": (
            (clicks(strokes=(LINE,)), clicks(A, strokes=(LINE,)), clicks(strokes=(LINE,))),
            (clicks(strokes=(LINE,)),),
        ),
        "nothing is no hint": ((clicks(A), clicks(), clicks(A)), (clicks(A),)),
    }.values(),
)
def test_an_edit_keeps_the_masks_it_leaves_valid(states: tuple[Prompts, ...], like: tuple[Prompts, ...]) -> None:
    assert after(*states) == after(*like)


def test_a_click_on_a_box_takes_the_mask_of_the_box_as_a_hint() -> None:
    recipe = after(clicks(box=BOX), clicks(A, box=BOX))
    assert recipe.hint == (Recipe(clicks(box=BOX)), Choice())


@given(st.lists(st.lists(st.sampled_from([A, B, C, D]), max_size=4, unique=True), min_size=1, max_size=8))
def test_hints_lead_back_to_a_mask_without_one(history: list[list[Point]]) -> None:
    recipe = after(*(clicks(*points) for points in history))
    lengths = [len(recipe.prompts.points)]
    while recipe.hint is not None:
        earlier, _ = recipe.hint
        assert earlier.prompts.points == recipe.prompts.points[: len(earlier.prompts.points)]
        recipe = earlier
        lengths.append(len(recipe.prompts.points))
    assert lengths == sorted(set(lengths), reverse=True)


def test_scribbles_are_painted_into_the_first_mask_that_does_not_know_them() -> None:
    scribbled = after(clicks(A), clicks(A, strokes=(LINE,)), clicks(A, strokes=(LINE, AREA)))
    assert scribbled.fresh_strokes == (AREA,)
    assert scribbled.hint is not None
    assert scribbled.hint[0].fresh_strokes == (LINE,)
    clicked = scribbled.with_prompts(clicks(A, B, strokes=(LINE, AREA)), Choice())
    assert clicked.fresh_strokes == ()


def test_a_drawing_is_what_the_first_prompts_go_on_from() -> None:
    recipe = after(clicks(A), clicks(A, B), drawing=DRAWING)
    assert recipe.hint == (after(clicks(A), drawing=DRAWING), Choice())
    assert after(clicks(A), drawing=DRAWING).hint == (Recipe(drawing=DRAWING), Choice())
    assert Recipe(drawing=DRAWING).hint is None
    assert recipe.with_prompts(clicks(A, B, box=BOX), Choice()).hint == (Recipe(drawing=DRAWING), Choice())
