"""What every test gets: shapes checked at run time, few threads, no picture windows, no network caches of the user."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Must run before anything imports sam2_notebook.model. torch.compile cannot look through the checks: tests that compile
# run in a pytest call of their own with SAM2NB_SHAPE_CHECKS=0.
if os.environ.get("SAM2NB_SHAPE_CHECKS", "1") != "0":
    from jaxtyping import install_import_hook

    install_import_hook("sam2_notebook.model", "beartype.beartype")

# One thread, in the kernels that tests start too: on a busy machine two threads mostly wait for each other, and small
# products take a hundred times as long.
os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS") or "1"
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")

# A loaded machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

REPOSITORY = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    """Hold torch to that, should it have been imported already."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then kernels, browsers last: Playwright keeps an event loop running once it has started."""

    def cost(item: pytest.Item) -> int:
        return 2 * bool(item.get_closest_marker("e2e")) + bool(item.get_closest_marker("kernels"))

    items.sort(key=cost)
    for item in items:
        if cost(item):  # browsers and kernels on a machine that others use; a second try is told in the summary
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where a shell has started the tests in the background and ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """No test leaves this process with real-time priority: browsers and kernels would inherit it and starve others."""
    yield
    if sys.platform == "linux" and (policy := os.sched_getscheduler(0)) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail(
            f"something in this test gave the process the scheduling policy {policy}; it has the usual one again"
        )


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data() -> Path:
    """Small photos of tests/data, see CREDITS.md there."""
    return REPOSITORY / "tests" / "data"


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Chromium's executable: SAM2NB_CHROMIUM, else the first one on the PATH; a missing browser is a failure."""
    found = os.environ.get("SAM2NB_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found or not Path(found).exists():
        pytest.fail(f"no Chromium at {found or 'any of ' + ', '.join(BROWSERS)}: install it or set SAM2NB_CHROMIUM")
    return found
