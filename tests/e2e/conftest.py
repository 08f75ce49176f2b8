"""One browser and one server per host for the whole run; one tab, one notebook and one kernel per test."""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.page import NotebookPage
from tests.e2e.server import HostName, JupyterServer

# A machine that does much else at the same time takes its time for everything.
expect.set_options(timeout=20_000)

# Without these Chromium looks up hosts of its maker all the time, which a closed network refuses one by one.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is an e2e test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser(browser_path: str) -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[HostName], JupyterServer]]:
    """`server_of("lab")`: the one server of that host, started when first asked for."""
    running: dict[HostName, JupyterServer] = {}
    with ExitStack() as stack:

        def server_of(host: HostName) -> JupyterServer:
            if host not in running:
                running[host] = stack.enter_context(JupyterServer(host, tmp_path_factory.mktemp(host)))
            return running[host]

        yield server_of


@pytest.fixture(scope="session", params=["lab", "notebook"])
def host(request: pytest.FixtureRequest) -> HostName:
    """JupyterLab, then Notebook 7: a test that asks for it runs in both."""
    return request.param


class OpenNotebook(Protocol):
    """What the fixture `open_notebook` is."""

    def __call__(self, cells: Sequence[str], *, kernel: str = "python3", pixel_ratio: float = 1.0) -> NotebookPage:
        """Open a new notebook with these code cells, none of them run yet."""
        ...


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def open_notebook(
    host: HostName, server_of: Callable[[HostName], JupyterServer], browser: Browser, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """Opens notebooks in tabs of their own, in JupyterLab and in Notebook 7.

    For one host only: `@pytest.mark.parametrize("host", ["lab"], indirect=True)`. Tabs are closed and kernels ended
    after the test; when it failed, a picture of each tab is kept in build/screens.
    """
    pages: list[NotebookPage] = []

    def open_one(cells: Sequence[str], *, kernel: str = "python3", pixel_ratio: float = 1.0) -> NotebookPage:
        pages.append(NotebookPage.create(server_of(host), browser, cells, kernel=kernel, pixel_ratio=pixel_ratio))
        return pages[-1]

    yield open_one
    failed = request.node.stash.get(FAILED, False)
    for number, page in enumerate(pages):
        if failed:
            page.screenshot(f"failed-{re.sub(r'[^A-Za-z0-9]+', '-', request.node.name)}-{number}")
        page.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures whether the test itself failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
