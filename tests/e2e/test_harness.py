"""The harness itself, on a tiny widget that keeps the DOM contract of the real one."""

import pytest

from tests.e2e.conftest import OpenNotebook
from tests.e2e.counter import DEFINE


def test_a_click_reaches_the_kernel_at_the_image_point_it_was_made(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([DEFINE, "counter"])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    assert stage.revision() == 0
    stage.click(20.5, 30.5)
    notebook.wait_for_kernel_value("counter.count", 1)
    x, y, button, alt = notebook.kernel_value("counter.last")
    assert (x, y) == pytest.approx((20.5, 30.5), abs=0.34)
    assert (button, alt) == (0, False)
    stage.click(70.5, 10.5, button="right", modifiers=["Alt"])
    notebook.wait_for_kernel_value("counter.last[2:]", [2, True])
    assert notebook.page.locator(".lm-Menu:visible, .jp-ContextMenu:visible").count() == 0
    assert notebook.errors == []


@pytest.mark.parametrize("pixel_ratio", [1.0, 2.0])
def test_pixels_of_every_layer_are_read_in_image_coordinates(open_notebook: OpenNotebook, pixel_ratio: float) -> None:
    notebook = open_notebook([DEFINE, "counter"], pixel_ratio=pixel_ratio)
    notebook.run(0, 1)
    stage = notebook.stage()
    assert stage.pixel("picture", 49.5, 25.5) == (255, 0, 0, 255)
    assert stage.pixel("picture", 50.5, 25.5) == (0, 0, 255, 255)
    assert stage.pixel("masks", 20.5, 30.5) == (0, 0, 0, 0)
    stage.click(20.5, 30.5)
    stage.expect_revision(1)
    assert stage.pixel("masks", 20.5, 30.5) == (0, 255, 0, 255)
    assert stage.pixel("masks", 22.5, 30.5) == (0, 0, 0, 0)


def test_keys_stay_in_the_widget_and_out_of_the_notebook(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([DEFINE, "counter"])
    notebook.run(0, 1)
    cells = notebook.cell_count()
    stage = notebook.stage()
    stage.click(10.5, 10.5)
    for key in "abdd":  # insert above, insert below, delete: what these keys do to a notebook
        stage.press(key)
    notebook.wait_for_kernel_value("counter.pressed", list("abdd"))
    assert notebook.cell_count() == cells


def test_a_trait_set_in_python_reaches_every_view(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([DEFINE, "counter", "counter", "counter.count = 41"])
    notebook.run(0, 1, 2, 3)
    first, second = notebook.stage(cell=1), notebook.stage(cell=2)
    first.expect_revision(41)
    second.expect_revision(41)
    second.click(5.5, 5.5)
    first.expect_revision(42)
    assert first.pixel("masks", 5.5, 5.5) == (0, 0, 0, 0)
    assert second.pixel("masks", 5.5, 5.5) == (0, 255, 0, 255)


def test_the_kernel_outlives_a_reload_of_the_page(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([DEFINE, "counter"])
    notebook.run(0, 1)
    notebook.stage().click(5.5, 5.5)
    notebook.wait_for_kernel_value("counter.count", 1)
    notebook.reload()
    notebook.stage(cell=1).expect_revision(1)
    notebook.wait_for_kernel_value("counter.count", 1)


def test_a_restarted_kernel_has_forgotten(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([DEFINE, "counter"])
    notebook.run(0, 1)
    notebook.restart_kernel()
    notebook.wait_for_kernel_value("'counter' in globals()", False)
    notebook.run(0, 1)
    notebook.stage(cell=1).click(5.5, 5.5)
    notebook.wait_for_kernel_value("counter.count", 1)


def test_a_failing_cell_fails_the_test_with_its_error(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(["1 / 0", "print('alive')"])
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        notebook.run(0)
    notebook.run(1)
    (output,) = notebook.outputs(1)
    assert output["text"] == "alive\n"


def test_a_running_cell_can_be_watched_and_interrupted(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(["started = True\nimport time\nwhile True: time.sleep(0.05)"])
    notebook.start(0)
    notebook.page.wait_for_timeout(500)
    notebook.interrupt_kernel()
    notebook.wait(0, timeout_ms=10_000)
    notebook.wait_for_kernel_value("started", True)
    with pytest.raises(RuntimeError, match="NameError"):
        notebook.kernel_value("no_such_name")
