"""The page of `ImageSegmenter` by itself, with a kernel made of TypeScript: quick enough to look at every control."""

import functools
import http.server
import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

REPOSITORY = Path(__file__).parents[2]
SHOTS = REPOSITORY / "js" / "dev" / "shots.py"
AXE = REPOSITORY / "js" / "node_modules" / "axe-core" / "axe.min.js"
SMALLEST = 24
# Everything that takes a click or a key, if it is shown; a label around a control is hit with it.
CONTROLS = """root => [...root.querySelectorAll("button, input, select, [role=slider]")]
    .map(node => node.closest("label") && node.matches("[type=checkbox]") ? node.closest("label") : node)
    .filter(node => node.checkVisibility())
    .map(node => {
        const { width, height } = node.getBoundingClientRect();
        return [node.getAttribute("aria-label") ?? node.title ?? node.textContent, width, height];
    })"""
PIXELS = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value, i) => (sum * 31 + value * (i % 97)) % 1000003, 7);
}"""
SENT = "() => window.kernel.received.filter(({ type }) => type === 'edit').flatMap(({ edits }) => edits)"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the harness is served."""
    spec = importlib.util.spec_from_file_location("shots", SHOTS)
    assert spec is not None
    assert spec.loader is not None
    shots = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shots)
    shots.build(REPOSITORY / "tests" / "data" / "shoes.jpg")
    handler = functools.partial(shots.Quiet, directory=str(shots.DIST))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/harness.html?classes=shoe,sole,lace"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """The widget, ready; errors of the page fail the test."""
    errors: list[str] = []
    context = browser.new_context(
        viewport={"width": 1040, "height": 820}, color_scheme=request.param, reduced_motion="reduce", has_touch=True
    )
    shown = context.new_page()
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.goto(address)
    shown.evaluate("() => { window.strays = []; document.addEventListener('keydown', e => strays.push(e.key)); }")
    expect(root(shown)).to_have_attribute("data-status", "ready", timeout=30_000)
    yield shown
    context.close()
    assert errors == []


in_the_light = pytest.mark.parametrize("page", ["light"], indirect=True)


def root(page: Page):
    return page.locator(".sam2nb")


def click(page: Page, x: float, y: float, **more: Any) -> None:
    """Click at a part of the stage's width and height."""
    box = page.locator(".sam2nb-stage").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"], **more)


def mark_two(page: Page) -> None:
    """Two objects with a mask, their rows open."""
    for n, x in enumerate((0.35, 0.6), start=1):
        if n > 1:
            page.keyboard.press("n")
        click(page, x, 0.5)
        expect(root(page)).to_have_attribute("data-results", str(n), timeout=30_000)


def open_rows(page: Page) -> None:
    for name in ("object 1", "object 2"):
        page.get_by_role("button", name=name, exact=True).click()
        page.locator(".sam2nb-selected").get_by_label("More").click()


def edits(page: Page, *kinds: str) -> list[dict[str, Any]]:
    """All edits of some kinds that have been sent, once no more come: a step waits for the answer to the one before."""
    sent, count = page.evaluate(SENT), -1
    while len(sent) > count:
        count = len(sent)
        page.wait_for_timeout(300)
        sent = page.evaluate(SENT)
    return [edit for edit in sent if edit["kind"] in kinds]


def names(page: Page) -> list[str]:
    return page.locator(".sam2nb-name").all_text_contents()


def test_nothing_is_smaller_to_hit_than_24_pixels(page: Page) -> None:
    mark_two(page)
    open_rows(page)
    page.get_by_label("Colour", exact=True).first.click()
    page.keyboard.press("w")
    seen: dict[str, tuple[float, float]] = {}
    for tool in ("v", "p", "s"):
        page.keyboard.press(tool)
        seen |= {label: (width, height) for label, width, height in root(page).evaluate(CONTROLS)}
    page.keyboard.press("?")
    seen |= {label: (width, height) for label, width, height in root(page).evaluate(CONTROLS)}
    assert len(seen) > 50
    small = {label: size for label, size in seen.items() if min(size) < SMALLEST}
    assert not small


def test_axe_finds_nothing(page: Page) -> None:
    mark_two(page)
    open_rows(page)
    page.add_script_tag(path=AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    for panel in ("", "w", "?"):
        if panel:
            page.keyboard.press(panel)
        report = page.evaluate("tags => axe.run('.sam2nb', { runOnly: tags })", tags)
        faults = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in report["violations"]]
        assert not faults, panel
        assert len(report["passes"]) > 10


@in_the_light
def test_a_whole_session_needs_no_mouse_and_no_key_leaves_the_widget(page: Page) -> None:
    page.keyboard.press("Tab")
    root(page).focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Space"):
        page.keyboard.press(key)
    expect(root(page)).to_have_attribute("data-results", "1", timeout=30_000)
    for key in ("n", "ArrowRight", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(root(page)).to_have_attribute("data-results", "2", timeout=30_000)
    page.keyboard.press("Shift+Digit2")
    page.keyboard.press("F2")
    page.keyboard.type("left one")
    page.keyboard.press("Enter")
    assert names(page) == ["object 1", "left one"]
    page.keyboard.press("PageDown")
    assert names(page) == ["left one", "object 1"]
    page.keyboard.press("Shift+BracketRight")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("j")
    assert names(page) == ["object 1"]
    page.keyboard.press("Control+z")
    expect(page.locator(".sam2nb-name")).to_have_text(["left one", "object 1"], timeout=30_000)
    labels = [edit["label"] for edit in edits(page, "classify_object")]
    assert labels == ["sole"]
    for key in ("l", "Delete", "l", "w", "k", "z", "o", "o", "o", "?", "Escape", "Escape"):
        page.keyboard.press(key)
    assert names(page) == ["left one", "object 1"]  # locked when it was to be removed
    strays = page.evaluate("() => strays")
    assert [key for key in strays if key != "Tab"] == []


@in_the_light
def test_classes_are_given_by_key_and_by_click_and_to_new_objects(page: Page) -> None:
    page.get_by_role("button", name="lace").click()
    mark_two(page)
    expect(page.locator(".sam2nb-object").first).to_contain_text("lace")
    page.locator(".sam2nb-object").first.click(modifiers=["Control"])
    page.get_by_role("button", name="shoe").click()
    for row in (0, 1):
        expect(page.locator(".sam2nb-object").nth(row)).to_contain_text("shoe")
    assert edits(page, "choose_class") == [{"kind": "choose_class", "label": "lace"}]
    assert {edit["object"] for edit in edits(page, "classify_object")} == {1, 2}


@in_the_light
def test_attributes_are_typed_by_the_class_and_free_beside_it(page: Page) -> None:
    mark_two(page)
    row = page.locator(".sam2nb-selected")
    row.get_by_label("More").click()
    row.get_by_label("size", exact=True).fill("42.5")
    row.get_by_label("size", exact=True).press("Enter")
    row.get_by_label("worn").select_option("yes")
    row.get_by_label("side").select_option("left")
    row.get_by_label("New note").fill("maker: Käse & Söhne")
    row.get_by_label("New note").press("Enter")
    expect(row.get_by_label("maker")).to_have_value("Käse & Söhne")
    noted = [(edit["name"], edit["value"]) for edit in edits(page, "set_attribute")]
    assert noted == [("size", 42.5), ("worn", True), ("side", "left"), ("maker", "Käse & Söhne")]
    row.get_by_label("worn").select_option("")
    assert edits(page, "set_attribute")[-1]["value"] is None


@in_the_light
def test_a_note_that_is_not_understood_is_told_what_is_wanted(page: Page) -> None:
    mark_two(page)
    row = page.locator(".sam2nb-selected")
    row.get_by_label("More").click()
    field = row.get_by_label("New note")
    for typed, wanted in (("colour", "a name, a colon and a value"), ("size: 3", "“size” is noted already")):
        field.fill(typed)
        field.press("Enter")
        expect(row.locator(".sam2nb-notes .sam2nb-hint")).to_contain_text(wanted)
    expect(field).to_have_value("size: 3")
    field.fill("colour: red")
    field.press("Enter")
    expect(row.get_by_role("textbox", name="colour")).to_have_value("red")
    expect(row.locator(".sam2nb-notes .sam2nb-hint")).to_be_hidden()


@in_the_light
def test_a_click_into_a_hidden_object_shows_it_again(page: Page) -> None:
    mark_two(page)
    eye = page.locator(".sam2nb-selected").get_by_label("Show", exact=True)
    page.keyboard.press("Shift+H")
    expect(eye).to_be_visible()
    click(page, 0.62, 0.52)
    expect(eye).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(eye).to_be_visible(timeout=30_000)


@in_the_light
def test_an_object_that_goes_while_it_is_named_takes_its_field_along(page: Page) -> None:
    mark_two(page)
    page.keyboard.press("F2")
    page.keyboard.type("half a na")
    page.evaluate(
        """() => window.kernel.take({ type: "edit", view: "a cell", seq: 1, rev: window.kernel.document.rev,
            edits: [{ kind: "remove_object", object: 2 }] })"""
    )
    expect(page.locator(".sam2nb-name")).to_have_text(["object 1"])
    expect(page.locator(".sam2nb-banner")).to_be_hidden()
    assert edits(page, "rename_object") == []
    assert page.evaluate("() => document.activeElement.classList.contains('sam2nb')")


@in_the_light
def test_a_message_lies_over_the_dialog_that_is_open(page: Page) -> None:
    mark_two(page)
    page.keyboard.press("l")
    click(page, 0.6, 0.3)
    page.keyboard.press("?")
    banner, close = page.locator(".sam2nb-banner"), page.locator(".sam2nb-help").get_by_label("Close")
    banner.get_by_text("is locked").click(trial=True)  # refused where something lies over it
    close.click(trial=True)
    banner.get_by_label("Dismiss").click()
    expect(banner).to_be_hidden()
    expect(page.locator(".sam2nb-help")).to_be_visible()


@in_the_light
def test_the_tone_changes_what_is_seen_and_neither_pixels_nor_messages(page: Page) -> None:
    mark_two(page)
    picture = page.locator(".sam2nb-picture")
    before, asked = picture.evaluate(PIXELS), page.evaluate("() => window.kernel.received.length")
    page.keyboard.press("w")
    for label, value in (("Brightness", "1.5"), ("Contrast", "0.7"), ("Gamma", "2")):
        page.get_by_label(label).fill(value)
    filtered = picture.evaluate("canvas => getComputedStyle(canvas).filter")
    assert "brightness(1.5) contrast(0.7)" in filtered
    assert picture.evaluate(PIXELS) == before
    page.get_by_role("button", name="Reset").click()
    assert picture.evaluate("canvas => getComputedStyle(canvas).filter") == "none"
    sent = page.evaluate("n => window.kernel.received.slice(n).map(({ type }) => type)", asked)
    assert [kind for kind in sent if kind != "ping"] == []


@in_the_light
def test_the_foot_says_what_lies_under_the_pointer(page: Page) -> None:
    mark_two(page)
    words = page.locator(".sam2nb-readout")
    page.mouse.move(500, 790)
    expect(words).to_have_text("")
    box = page.locator(".sam2nb-stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.5 * box["height"])
    expect(words).to_contain_text("rgb")
    expect(words).to_contain_text("object 1 · shoe")


def test_forced_colours_keep_every_control_in_sight(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1040, "height": 820}, forced_colors="active")
    page = context.new_page()
    page.goto(address)
    expect(root(page)).to_have_attribute("data-status", "ready", timeout=30_000)
    mark_two(page)
    line = page.locator(".sam2nb-selected").evaluate("node => getComputedStyle(node).outlineStyle")
    assert line == "solid"  # a background alone would not be seen
    context.close()


@in_the_light
def test_a_class_is_added_and_renamed_with_its_objects(page: Page) -> None:
    mark_two(page)
    page.get_by_role("button", name="Add a class").click()
    field = page.get_by_label("Class name")
    field.press_sequentially("heel")
    field.press("Enter")
    row = page.locator(".sam2nb-selected")
    expect(row).to_contain_text("heel")
    expect(page.locator("[data-class=heel]")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Rename the class").click()
    field.fill("shoe")
    field.press("Enter")
    expect(page.get_by_text('there is already a class "shoe"')).to_be_visible()
    expect(field).to_have_value("shoe")
    field.fill("tongue")
    field.press("Enter")
    expect(row).to_contain_text("tongue")
    expect(page.locator("[data-class]")).to_contain_text(["shoe", "sole", "lace", "tongue"])
    page.keyboard.press("Control+z")
    expect(row).to_contain_text("heel", timeout=30_000)


@in_the_light
def test_a_click_at_a_locked_object_is_told_of_gently(page: Page) -> None:
    mark_two(page)
    page.keyboard.press("l")
    click(page, 0.6, 0.3)
    banner = page.locator(".sam2nb-banner")
    expect(banner).to_contain_text("object 2 is locked; unlock it first (L)")
    expect(root(page)).to_have_attribute("data-status", "ready")
    page.keyboard.press("l")
    expect(banner).to_be_hidden()
