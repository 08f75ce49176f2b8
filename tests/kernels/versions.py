"""The ipykernels that the widgets promise to work with, each in a folder of its own on top of the same environment.

`python -m tests.kernels.versions` installs what is missing. Only ipykernel itself differs: a folder goes in front of
the import path of its kernel process, so that torch and the rest are not installed again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

OVERLAYS = Path(__file__).resolve().parents[2] / "build" / "kernels"


@dataclass(frozen=True)
class KernelVersion:
    """One supported line of ipykernel.

    `has_subshells`: the page may ask for a thread of its own for its messages. `routes_by_publisher`: whatever the page
    asked for, a comm's messages go to the shell that published on it last (7.4).
    """

    line: str
    has_subshells: bool
    routes_by_publisher: bool = False

    @property
    def requirements(self) -> tuple[str, ...]:
        """What pip installs into the overlay; both spellings of nest-asyncio serve all lines."""
        return (f"ipykernel=={self.line}.*", "nest-asyncio", "nest-asyncio2")

    @property
    def spec_name(self) -> str:
        """Name of the kernelspec, for `KernelManager` and for notebooks."""
        return f"ipykernel-{self.line}"


VERSIONS = (
    KernelVersion("6.30", has_subshells=False),
    KernelVersion("7.1", has_subshells=True),
    KernelVersion("7.3", has_subshells=True),
    KernelVersion("7.4", has_subshells=True, routes_by_publisher=True),
)


def overlay(version: KernelVersion) -> Path:
    """Folder that holds this ipykernel, installed with pip if it is not there yet."""
    folder = OVERLAYS / f"{version.line}-py{sys.version_info.major}.{sys.version_info.minor}"
    if not folder.exists():
        OVERLAYS.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=OVERLAYS))
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(unfinished)]
        subprocess.run([*pip, *version.requirements], check=True)
        try:
            unfinished.rename(folder)
        except OSError:  # another process was quicker
            shutil.rmtree(unfinished)
    return folder


def write_kernelspecs(folder: Path) -> Path:
    """Write a kernelspec for every version into `folder`/kernels and return that path.

    `folder` itself is what `JupyterServer(..., kernels=folder)` and JUPYTER_PATH take.
    """
    for version in VERSIONS:
        place = folder / "kernels" / version.spec_name
        place.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(filter(None, [str(overlay(version)), os.environ.get("PYTHONPATH")]))
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": f"ipykernel {version.line}",
            "language": "python",
            "env": {"PYTHONPATH": path},
        }
        (place / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return folder / "kernels"


if __name__ == "__main__":
    for each in VERSIONS:
        overlay(each)
