"""Kernels of every supported version; everything in this folder carries the marker `kernels`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernels.kernel import KernelUnderTest
from tests.kernels.versions import VERSIONS, KernelVersion, write_kernelspecs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a test of kernels."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.kernels)


@pytest.fixture(scope="session")
def kernelspecs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of kernelspecs, one per version."""
    return write_kernelspecs(tmp_path_factory.mktemp("kernelspecs"))


@pytest.fixture(params=VERSIONS, ids=lambda version: version.line)
def kernel_version(request: pytest.FixtureRequest) -> KernelVersion:
    """Each supported line of ipykernel in turn."""
    return request.param


@pytest.fixture
def kernel(kernel_version: KernelVersion, kernelspecs: Path, tmp_path: Path) -> Iterator[KernelUnderTest]:
    """A fresh kernel of that version, ended after the test."""
    with KernelUnderTest(kernel_version, kernelspecs, tmp_path) as kernel:
        yield kernel
