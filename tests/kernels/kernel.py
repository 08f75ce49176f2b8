"""One kernel process and a client that talks to it as a notebook page does."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.kernels.versions import KernelVersion

START_SECONDS = 90.0
RUN_SECONDS = 60.0
KNOCK_SECONDS = 4.0


@dataclass(frozen=True)
class Heard:
    """A message that the kernel published."""

    kind: str
    content: dict[str, Any]
    buffers: tuple[bytes, ...]
    parent: str

    def ends(self, request: str) -> bool:
        """Whether it says that a request is done with."""
        return self.parent == request and self.content.get("execution_state") == "idle"

    @property
    def comm_data(self) -> dict[str, Any]:
        """What a comm message carries; for a widget's custom message, see its `content`."""
        return self.content.get("data", {})


class CellError(AssertionError):
    """A cell that a test ran to its end raised."""


class KernelUnderTest:
    """A kernel of one ipykernel version; use it as a context manager.

    `subshell=True` where a message is sent means what JupyterLab does: the message names a subshell, made on first use.
    On kernels without subshells it is ignored, as it is by JupyterLab.
    """

    def __init__(self, version: KernelVersion, kernelspecs: Path, folder: Path) -> None:
        self.version = version
        self.heard: list[Heard] = []
        self._kernelspecs = kernelspecs
        self._folder = folder
        self._manager: KernelManager | None = None
        self._client: BlockingKernelClient | None = None
        self._subshell: str | None = None

    # --- life ---

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self._manager = KernelManager(
            kernel_name=self.version.spec_name,
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(self._kernelspecs)], ensure_native_kernel=False),
            connection_file=str(self._folder / f"kernel-{uuid.uuid4().hex}.json"),
        )
        self._manager.start_kernel(cwd=str(self._folder))
        self._client = client = self._manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=START_SECONDS)
        self.heard.clear()
        self._subshell = None

    def stop(self) -> None:
        """End the process and hang up."""
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager is not None:
            self._manager.shutdown_kernel(now=True)
            self._manager.cleanup_resources()
            self._manager = None

    def restart(self) -> None:
        """A new process in the place of the old one; what was heard is forgotten."""
        self.stop()
        self.start()

    def interrupt(self) -> None:
        """What the stop button does."""
        self.manager.interrupt_kernel()

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.manager.is_alive()

    def __enter__(self) -> "KernelUnderTest":
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    # --- cells ---

    def execute(self, code: str) -> str:
        """Start a cell and return its request's id at once."""
        return self.client.execute(code, allow_stdin=False)

    def wait_for_cell(self, request: str, timeout_s: float = RUN_SECONDS) -> None:
        """Wait until a cell has ended; raises CellError with its error."""
        self.wait_for(lambda m: m.ends(request), timeout_s)
        for message in self.heard:
            if message.parent == request and message.kind == "error":
                raise CellError("\n".join(message.content["traceback"]))

    def run(self, code: str, timeout_s: float = RUN_SECONDS) -> str:
        """Run a cell to its end and return what it printed."""
        request = self.execute(code)
        self.wait_for_cell(request, timeout_s)
        streams = (m for m in self.heard if m.parent == request and m.kind == "stream")
        return "".join(m.content["text"] for m in streams if m.content["name"] == "stdout")

    def has_ended(self, request: str) -> bool:
        """Whether a cell's end is among the messages read so far: they are read one by one, in the kernel's order."""
        return any(m.ends(request) for m in self.heard)

    def recover(self, timeout_s: float = RUN_SECONDS) -> None:
        """Wait until cells run again after one has raised: for a while a kernel throws away what it is sent."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            request = self.execute("pass")
            self.wait_for_cell(request, timeout_s)
            if any(m.parent == request and m.kind == "execute_input" for m in self.heard):
                return
        raise TimeoutError(f"after an error the kernel ran no cell for {timeout_s} s")

    # --- comms ---

    def open_comm(self, target: str, data: dict[str, Any] | None = None, *, subshell: bool = False) -> str:
        """Open a comm from the page's side and return its id."""
        comm = uuid.uuid4().hex
        self._send_shell("comm_open", {"comm_id": comm, "target_name": target, "data": data or {}}, (), subshell)
        return comm

    def open_widget(self, code: str) -> str:
        """Run a cell that makes a widget and return the id of the last anywidget model it opened."""
        start = len(self.heard)
        self.run(code)
        for message in reversed(self.heard[start:]):
            state = message.comm_data.get("state", {}) if message.kind == "comm_open" else {}
            if state.get("_model_module") == "anywidget":
                return message.content["comm_id"]
        raise AssertionError("the cell opened no anywidget model")

    def send(self, comm: str, data: dict[str, Any], buffers: Sequence[bytes] = (), *, subshell: bool = True) -> str:
        """Send a comm message and return its id; `send_custom` wraps for a widget's `on_msg`."""
        return self._send_shell("comm_msg", {"comm_id": comm, "data": data}, buffers, subshell)

    def send_custom(
        self, comm: str, content: dict[str, Any], buffers: Sequence[bytes] = (), *, subshell: bool = True
    ) -> str:
        """What `model.send(content, undefined, buffers)` sends in a page."""
        return self.send(comm, {"method": "custom", "content": content}, buffers, subshell=subshell)

    # --- listening ---

    def wait_for(self, wanted: Callable[[Heard], bool], timeout_s: float = RUN_SECONDS, since: int = 0) -> Heard:
        """First message that is `wanted`, among those heard (from position `since` on) and those that come."""
        position, end = since, time.monotonic() + timeout_s
        while True:
            for message in self.heard[position:]:
                if wanted(message):
                    return message
            position = len(self.heard)
            if not self._listen(end - time.monotonic()):
                raise TimeoutError(
                    f"nothing wanted came in {timeout_s} s; heard {[m.kind for m in self.heard[since:]]}"
                )

    def reply(
        self, comm: str, request: dict[str, Any], answer: Callable[[dict[str, Any]], bool], *, subshell: bool = True
    ) -> "Reply":
        """Send a message on a comm and wait for the comm message whose data is the `answer`."""
        since = len(self.heard)
        self.send(comm, request, subshell=subshell)
        message = self.wait_for(
            lambda m: m.kind == "comm_msg" and m.content["comm_id"] == comm and answer(m.comm_data), since=since
        )
        return Reply(message.comm_data, message.buffers)

    # --- inside ---

    @property
    def client(self) -> BlockingKernelClient:
        """jupyter_client's own client, for what is missing here."""
        assert self._client is not None, "the kernel is not started"
        return self._client

    @property
    def manager(self) -> KernelManager:
        """jupyter_client's own manager of the process."""
        assert self._manager is not None, "the kernel is not started"
        return self._manager

    def _listen(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            try:
                raw = self.client.get_iopub_msg(timeout=max(0.0, min(left, KNOCK_SECONDS)))
                break
            except Empty:
                if left <= KNOCK_SECONDS:
                    return False
                self._knock()
        buffers = tuple(bytes(buffer) for buffer in raw.get("buffers", ()))
        parent = raw["parent_header"].get("msg_id", "")
        self.heard.append(Heard(raw["msg_type"], raw["content"], buffers, parent))
        return True

    def _knock(self) -> None:
        """Connect once more: before 7.4 a kernel may overlook a request until then (see `widgets/awake.py`)."""
        self.client.connect_shell().close()

    def _send_shell(self, kind: str, content: dict[str, Any], buffers: Sequence[bytes], subshell: bool) -> str:
        client = self.client
        message = client.session.msg(kind, content)
        if subshell and self.version.has_subshells:
            message["header"]["subshell_id"] = self._own_subshell()
        client.session.send(client.shell_channel.socket, message, buffers=[memoryview(b) for b in buffers])
        return message["header"]["msg_id"]

    def _own_subshell(self) -> str:
        if self._subshell is None:
            client = self.client
            request = client.session.msg("create_subshell_request", {})
            client.control_channel.send(request)
            while True:
                answer = client.get_control_msg(timeout=RUN_SECONDS)
                if answer["parent_header"].get("msg_id") == request["header"]["msg_id"]:
                    break
            self._subshell = str(answer["content"]["subshell_id"])
        return self._subshell


@dataclass(frozen=True)
class Reply:
    """Answer to one message."""

    data: dict[str, Any]
    buffers: tuple[bytes, ...]
