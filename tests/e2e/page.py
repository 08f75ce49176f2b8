"""A notebook that is open in a browser, the same way for JupyterLab and for Notebook 7."""

import queue
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.e2e.kernel import KernelSide, NoAnswerError
from tests.e2e.server import JupyterServer
from tests.e2e.stage import Stage

OPEN_MS = 120_000
RUN_MS = 60_000
SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"

# The notebook panel, in both hosts; every script below starts with it. It need not be the shell's current widget: that
# one is null for moments while a page comes up.
PANEL = """const main = window.jupyterapp?.shell?.widgets?.("main") ?? [];
    const panel = [...main].find(widget => widget.context && widget.content?.widgets);"""
# What the hosts themselves complain about, whatever notebook is open; the last one is Notebook 7.6 starting up.
NOT_OURS = ("favicon", "ResizeObserver loop", "Failed to load resource", "reading 'schema'")


class NotebookPage:
    """One notebook, its browser tab and its kernel."""

    def __init__(self, server: JupyterServer, browser: Browser, name: str, pixel_ratio: float = 1.0) -> None:
        self.server = server
        self.name = name
        self.errors: list[str] = []
        self._kernel: KernelSide | None = None
        self._context = browser.new_context(
            viewport={"width": 1280, "height": 900}, device_scale_factor=pixel_ratio, reduced_motion="reduce"
        )
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(RUN_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._blame(str(error)))

    @classmethod
    def create(
        cls,
        server: JupyterServer,
        browser: Browser,
        cells: Sequence[str],
        *,
        kernel: str = "python3",
        pixel_ratio: float = 1.0,
    ) -> "NotebookPage":
        """Write a notebook with these code cells, open it and wait for its kernel."""
        name = f"t{uuid.uuid4().hex[:12]}.ipynb"
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(book, server.root / name)
        page = cls(server, browser, name, pixel_ratio)
        page.open()
        return page

    def open(self) -> None:
        """Show the notebook and wait until its kernel is idle."""
        self.page.goto(self.server.page_url(self.name), timeout=OPEN_MS)
        self._wait_until_open()

    def reload(self) -> None:
        """Save, then reload the tab; the kernel lives on."""
        self.save()
        self.page.reload(timeout=OPEN_MS)
        self._wait_until_open()

    def save(self) -> None:
        """Write the notebook to disk as Ctrl+S does."""
        self._evaluate("await panel.context.save();")

    def close(self, *, shut_down: bool = True) -> None:
        """Close the tab and, unless told otherwise, end the kernel."""
        self._hang_up()
        self._context.close()
        if shut_down:
            self.server.shut_down(self.name)

    # --- cells ---

    def start(self, cell: int) -> None:
        """Run a cell and return at once; `wait(cell)` waits for its end."""
        self._evaluate(
            """const book = panel.content;
            window.jupyterapp.shell.activateById(panel.id);
            book.deselectAll();
            book.activeCellIndex = cell;
            window.sam2nbRuns ??= {};
            window.sam2nbRuns[cell] = "running";
            const run = window.jupyterapp.commands.execute("notebook:run-cell");
            run.then(() => { window.sam2nbRuns[cell] = "done"; });""",
            cell,
        )

    def wait(self, cell: int, timeout_ms: float = RUN_MS) -> None:
        """Wait for the end of a cell that `start` has started."""
        self.page.wait_for_function("cell => window.sam2nbRuns?.[cell] === 'done'", arg=cell, timeout=timeout_ms)

    def run(self, *cells: int, timeout_ms: float = RUN_MS) -> None:
        """Run cells one after the other; an error in one fails the test with its traceback."""
        for cell in cells:
            self.start(cell)
            self.wait(cell, timeout_ms)
            for output in self.outputs(cell):
                if output["output_type"] == "error":
                    raise AssertionError(f"cell {cell}: {output['ename']}: {output['evalue']}")

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Outputs of a cell in nbformat's form."""
        return self._evaluate("return panel.content.widgets[cell].model.outputs.toJSON();", cell)

    def cell_count(self) -> int:
        """How many cells the notebook has: a shortcut that reached the notebook often changes it."""
        return self._evaluate("return panel.content.widgets.length;")

    def cell(self, index: int) -> Locator:
        """The element of a cell, its outputs included."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    # --- kernel ---

    def kernel_value(self, expression: str, setup: str = "", timeout_s: float = 60.0) -> Any:
        """Value of an expression in the notebook's own kernel, as JSON, asked past the page."""
        if self._kernel is None:
            self._kernel = KernelSide(self.server.connection_file(self.name))
        return self._kernel.evaluate(expression, setup, timeout_s)

    def wait_for_kernel_value(self, expression: str, wanted: object, timeout_ms: float = 30_000) -> None:
        """Ask until the kernel's answer is `wanted`; an error is an answer that is not there yet."""

        def ask() -> object:
            try:
                return self.kernel_value(expression)
            except NoAnswerError as error:
                return error

        waited = 0
        while (answer := ask()) != wanted:
            if waited >= timeout_ms:
                raise AssertionError(f"{expression} is {answer!r} after {waited} ms, wanted {wanted!r}")
            self.page.wait_for_timeout(50)
            waited += 50

    def restart_kernel(self) -> None:
        """Restart the kernel as its menu does, the question answered with yes."""
        old = self.kernel_value("__import__('os').getpid()")
        self._hang_up()
        self._evaluate("window.jupyterapp.shell.activateById(panel.id);")
        self._evaluate('void window.jupyterapp.commands.execute("notebook:restart-kernel");')
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)
        self._wait_until_idle()
        # The old kernel may still be there to take the question and end with it unanswered: then ask again.
        for _ in range(12):
            with suppress(queue.Empty):
                if self.kernel_value("__import__('os').getpid()", timeout_s=5.0) != old:
                    return
            self._hang_up()
            self.page.wait_for_timeout(250)
        raise AssertionError(f"the kernel did not restart: process {old} is still there, or none answers")

    def interrupt_kernel(self) -> None:
        """What the stop button does."""
        self._evaluate("await panel.context.sessionContext.session.kernel.interrupt();")

    # --- widget ---

    def stage(self, cell: int | None = None, nth: int = 0) -> Stage:
        """The picture of a widget: the nth in the output of `cell`, or in the whole page."""
        place = self.page.locator("body") if cell is None else self.cell(cell)
        return Stage(self.page, place.locator(".sam2nb").nth(nth))

    def screenshot(self, name: str) -> Path:
        """Picture of the tab, into build/screens, for people to look at."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{self.server.host}-{name}.png"
        self.page.screenshot(path=path)
        return path

    # --- inside ---

    def _evaluate(self, script: str, argument: object = None) -> Any:
        return self.page.evaluate(f"async cell => {{ {PANEL} {script} }}", argument)

    def _wait_until_open(self) -> None:
        self.page.wait_for_function(
            f"async () => {{ {PANEL} if (!panel?.context) return false; await panel.context.ready;"
            " await panel.context.sessionContext.ready; return panel.content.widgets.length > 0; }",
            timeout=OPEN_MS,
        )
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        self.page.wait_for_function(
            f"() => {{ {PANEL} return panel?.context.sessionContext.session?.kernel?.status === 'idle'; }}",
            timeout=OPEN_MS,
        )

    def _hang_up(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._blame(message.text)

    def _blame(self, words: str) -> None:
        if not any(word in words for word in NOT_OURS):
            self.errors.append(words)
