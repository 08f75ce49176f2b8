"""The kernel's side of a notebook that is open in a browser: asked directly, past the page and the server."""

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_core.utils import ensure_event_loop

ANSWER_SECONDS = 60.0


class NoAnswerError(RuntimeError):
    """The expression raised in the kernel, as `masks[2]` does before there is a second mask."""


class KernelSide:
    """Evaluates expressions among a kernel's variables, without a trace in its history or in the notebook.

    A thread of its own talks to the kernel: Playwright keeps an event loop running in the thread that tests use.
    """

    def __init__(self, connection_file: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "kernel-side")
        self._client = self._thread.submit(_connect, connection_file).result()

    def evaluate(self, expression: str, setup: str = "", timeout_s: float = ANSWER_SECONDS) -> Any:
        """Value of `expression` after `setup` ran, both in the user's namespace; it must be JSON."""
        return self._thread.submit(_evaluate, self._client, expression, setup, timeout_s).result()

    def close(self) -> None:
        """Hang up; the kernel lives on."""
        self._thread.submit(_hang_up, self._client).result()
        self._thread.shutdown()


def _connect(connection_file: Path) -> BlockingKernelClient:
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
    return client


def _evaluate(client: BlockingKernelClient, expression: str, setup: str, timeout_s: float) -> Any:
    wanted = {"answer": f"__import__('json').dumps({expression})"}
    request = client.execute(setup, silent=True, store_history=False, user_expressions=wanted, allow_stdin=False)
    while True:
        reply = client.get_shell_msg(timeout=timeout_s)
        if reply["parent_header"].get("msg_id") == request:
            break
    content = reply["content"]
    if content["status"] != "ok":
        raise RuntimeError(f"{content.get('ename')}: {content.get('evalue')} while running {setup!r}")
    answer = content["user_expressions"]["answer"]
    if answer["status"] != "ok":
        raise NoAnswerError(f"{answer['ename']}: {answer['evalue']} in {expression!r}")
    return json.loads(ast.literal_eval(answer["data"]["text/plain"]))


def _hang_up(client: BlockingKernelClient) -> None:
    client.stop_channels()
    client.context.destroy()
    ensure_event_loop().close()  # the one that jupyter_client made for this thread and leaves open
