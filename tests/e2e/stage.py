"""The widget as a hand and an eye meet it: pointer and pixels in image coordinates.

It relies on what the widget promises in its DOM: the root `.sam2nb` says `data-status` and `data-rev`; the stage
`.sam2nb-stage` says in `data-scale` how many CSS pixels an image pixel has, and in `data-offset-x`, `data-offset-y`
where the image's corner lies inside the stage; the layers are canvases `.sam2nb-<layer>`.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from playwright.sync_api import FloatRect, Locator, Page, expect

Layer = Literal["picture", "masks", "prompts", "draft"]
Button = Literal["left", "middle", "right"]
Status = Literal["loading", "ready", "busy", "error", "lost"]

Color = tuple[int, int, int, int]

# image points -> the colours of the backing pixels that show them; canvases may be denser than CSS pixels, cover only
# a part of the stage, and are hidden while they show nothing
READ_PIXELS = """(root, [layer, points]) => {
    const canvas = root.querySelector(`canvas.sam2nb-${layer}`);
    const stage = root.querySelector(".sam2nb-stage");
    if (canvas.hidden) return points.map(() => [0, 0, 0, 0]);
    const [place, corner] = [canvas.getBoundingClientRect(), stage.getBoundingClientRect()];
    const [scale, left, top] = ["scale", "offsetX", "offsetY"].map(name => Number(stage.dataset[name]));
    const context = canvas.getContext("2d");
    return points.map(([x, y]) => {
        const column = (corner.left + left + x * scale - place.left) * canvas.width / place.width;
        const row = (corner.top + top + y * scale - place.top) * canvas.height / place.height;
        return Array.from(context.getImageData(Math.floor(column), Math.floor(row), 1, 1).data);
    });
}"""
GUTTER = 104  # of the timeline, see js/src/ui/timeline.ts


class Stage:
    """One view of a widget. Points are (x, y) in image pixels, continuous: a pixel's centre is at +0.5."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page = page
        self.root = root
        self.element = root.locator(".sam2nb-stage")

    # --- state ---

    def expect_status(self, status: Status, timeout_ms: float = 60_000) -> None:
        """Wait until the widget says it is in this state."""
        expect(self.root).to_have_attribute("data-status", status, timeout=timeout_ms)

    def expect_revision(self, revision: int, timeout_ms: float = 30_000) -> None:
        """Wait until this view shows this revision of the document."""
        expect(self.root).to_have_attribute("data-rev", str(revision), timeout=timeout_ms)

    def revision(self) -> int:
        """Revision of the document that this view shows."""
        return int(self.root.get_attribute("data-rev") or "-1")

    def action(self, name: str) -> Locator:
        """A button of the toolbar, by its `data-action`."""
        return self.root.locator(f'[data-action="{name}"]')

    def candidate(self, index: int) -> Locator:
        """A thumbnail of an ambiguous click."""
        return self.root.locator(f'.sam2nb-candidate[data-candidate="{index}"]')

    def object_row(self, object_id: int) -> Locator:
        """A row of the object list."""
        return self.root.locator(f'.sam2nb-object[data-object="{object_id}"]')

    # --- hand ---

    def click(self, x: float, y: float, button: Button = "left", modifiers: Sequence[str] = ()) -> None:
        """Click at an image point, with keys such as Alt or Shift held."""
        self._hold(modifiers, lambda: self.page.mouse.click(*self.on_screen(x, y), button=button))

    def hover(self, x: float, y: float) -> None:
        """Move the mouse to an image point."""
        self.page.mouse.move(*self.on_screen(x, y))

    def drag(
        self, start: tuple[float, float], end: tuple[float, float], modifiers: Sequence[str] = (), steps: int = 8
    ) -> None:
        """Press at one image point, move in steps, let go at another."""

        def pull() -> None:
            self.page.mouse.move(*self.on_screen(*start))
            self.page.mouse.down()
            self.page.mouse.move(*self.on_screen(*end), steps=steps)
            self.page.mouse.up()

        self._hold(modifiers, pull)

    def wheel(self, x: float, y: float, delta_y: float, modifiers: Sequence[str] = ()) -> None:
        """Turn the wheel over an image point; negative is away from the user."""
        self.hover(x, y)
        self._hold(modifiers, lambda: self.page.mouse.wheel(0, delta_y))

    def press(self, key: str) -> None:
        """Press a key while the widget has the focus, which it is given if it has not."""
        if not self.root.evaluate("root => root.contains(document.activeElement)"):
            self.root.focus()
        self.page.keyboard.press(key)

    # --- eye ---

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where in the tab an image point is shown, CSS pixels; the stage is scrolled into view first."""
        self.element.scroll_into_view_if_needed()
        place = self._place()
        scale, left, top = (
            float(self.element.get_attribute(f"data-{n}") or "nan") for n in ("scale", "offset-x", "offset-y")
        )
        return place["x"] + left + x * scale, place["y"] + top + y * scale

    def on_timeline(self, part: float) -> tuple[float, float]:
        """Where in the tab a part (0 to 1) of a video's timeline is, CSS pixels; scrolled into view first."""
        timeline = self.root.locator(".sam2nb-timeline")
        timeline.scroll_into_view_if_needed()
        place = timeline.bounding_box()
        assert place is not None, "there is no timeline"
        return place["x"] + GUTTER + (place["width"] - GUTTER - 8) * part, place["y"] + 30

    def pixel(self, layer: Layer, x: float, y: float) -> Color:
        """Red, green, blue and alpha (0 to 255) of a layer at an image point."""
        return self.pixels(layer, [(x, y)])[0]

    def pixels(self, layer: Layer, points: Sequence[tuple[float, float]]) -> list[Color]:
        """The same at many image points, all of one moment."""
        found: list[list[int]] = self.root.evaluate(READ_PIXELS, [layer, [list(point) for point in points]])
        return [(red, green, blue, alpha) for red, green, blue, alpha in found]

    def _place(self) -> FloatRect:
        place = self.element.bounding_box()
        assert place is not None, "the stage is not on the page"
        return place

    def _hold(self, modifiers: Sequence[str], act: Callable[[], object]) -> None:
        for key in modifiers:
            self.page.keyboard.down(key)
        try:
            act()
        finally:
            for key in modifiers:
                self.page.keyboard.up(key)
