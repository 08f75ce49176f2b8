"""A Jupyter server of our own: free loopback port, its own folders, its log kept."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Literal

HostName = Literal["lab", "notebook"]
START_SECONDS = 90.0
STOP_SECONDS = 15.0
# Lab asks on its first start whether it may fetch news; nobody is there to answer, and the tests have no network.
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}


class JupyterServer:
    """One `jupyter lab` or `jupyter notebook` process; use it as a context manager.

    Notebooks lie under `root`; nothing is read from or written to the user's own Jupyter folders. Extra kernelspecs
    are found in `kernels` (a folder that holds a `kernels/` folder), if given.
    """

    def __init__(self, host: HostName, folder: Path, kernels: Path | None = None) -> None:
        self.host: HostName = host
        self.root = folder / "root"
        self.log = folder / "server.log"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self._runtime = folder / "runtime"
        self._folder = folder
        self._kernels = kernels
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def page_url(self, notebook: str) -> str:
        """Address at which this host shows `notebook`, a path under `root`."""
        place = f"lab/tree/{notebook}" if self.host == "lab" else f"notebooks/{notebook}"
        return f"{self.url}/{place}?token={self.token}" + ("&reset" if self.host == "lab" else "")

    def __enter__(self) -> "JupyterServer":
        """Start the process and wait until it answers."""
        self.root.mkdir(parents=True)
        self._runtime.mkdir()
        self._write_settings()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=self.root, env=self._environment(), stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process, and with it its kernels."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)

    def api(self, method: str, path: str) -> Any:
        """Answer of the server's REST interface, read from JSON; None when it says nothing."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=STOP_SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def connection_file(self, notebook: str) -> Path:
        """Where the kernel of `notebook` says how to reach it."""
        return self._runtime / f"kernel-{self._session(notebook)['kernel']['id']}.json"

    def shut_down(self, notebook: str) -> None:
        """End the kernel of `notebook`, if it has one."""
        if any(session["path"] == notebook for session in self.api("GET", "sessions")):
            self.api("DELETE", f"sessions/{self._session(notebook)['id']}")

    def _session(self, notebook: str) -> dict[str, Any]:
        sessions = [session for session in self.api("GET", "sessions") if session["path"] == notebook]
        if len(sessions) != 1:
            raise LookupError(f"{notebook} has {len(sessions)} sessions, wanted one")
        return sessions[0]

    def _command(self) -> list[str]:
        module = "jupyterlab" if self.host == "lab" else "notebook"
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.root,
            "ServerApp.allow_root": True,
            "ServerApp.open_browser": False,
            "IdentityProvider.token": self.token,
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", module, "--expose-app-in-browser", *arguments]

    def _environment(self) -> dict[str, str]:
        own = {
            "HOME": self._folder,
            "IPYTHONDIR": self._folder / "ipython",
            "JUPYTER_CONFIG_DIR": self._folder / "config",
            "JUPYTER_DATA_DIR": self._folder / "data",
            "JUPYTER_RUNTIME_DIR": self._runtime,
            "JUPYTERLAB_SETTINGS_DIR": self._folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": self._folder / "workspaces",
            "JUPYTER_PATH": self._kernels or "",
        }
        inherited = {
            name: value for name, value in os.environ.items() if name not in {"MPLBACKEND", "PYTEST_CURRENT_TEST"}
        }
        return inherited | {name: str(value) for name, value in own.items()}

    def _write_settings(self) -> None:
        folder = self._folder / "settings" / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True)
        (folder / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS), "utf-8")

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                self.api("GET", "status")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"jupyter {self.host} did not start:\n{self.log.read_text('utf-8', 'replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
