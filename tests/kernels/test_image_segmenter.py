"""`ImageSegmenter` in every supported kernel, without a browser: who answers when, while cells run."""

import random
import time
import uuid

import pytest

from tests.kernels.kernel import CellError, Heard, KernelUnderTest

MAKE = """
import json, threading, time
import numpy as np
from sam2_notebook import ImageSegmenter
widget = ImageSegmenter(np.full((120, 160, 3), 90, np.uint8))
widget.wait(60)
"""
NEW = {"kind": "add_object", "object": 1}
CLICK = {"kind": "add_point", "object": 1, "x": 60, "y": 40, "label": 1}
CELL_SECONDS = 4.0


class Page:
    """A widget, and a page that has said hello twice, as ours does: its first message lacks the subshell."""

    def __init__(self, kernel: KernelUnderTest, make: str = MAKE) -> None:
        self.kernel, self.view, self.seq = kernel, uuid.uuid4().hex, 0
        self.comm = kernel.open_widget(make)
        self.ask(subshell=False, type="hello", version=1)
        self.ask(type="hello", version=1)

    def post(self, *, subshell: bool = True, **body: object) -> int:
        """Send a request and return its seq."""
        self.seq += 1
        self.kernel.send_custom(self.comm, {"view": self.view, "seq": self.seq, **body}, subshell=subshell)
        return self.seq

    def ask(self, *, subshell: bool = True, **body: object) -> dict:
        """Send a request and wait for its answer."""
        seq = self.post(subshell=subshell, **body)
        wanted = (self.view, seq)
        return said(self.kernel.wait_for(lambda m: (said(m).get("view"), said(m).get("seq")) == wanted))

    def value(self, expression: str) -> str:
        """What an expression prints."""
        return self.kernel.run(f"print({expression})").strip()


def said(message: Heard) -> dict:
    """The content of a widget's custom message, or nothing."""
    content = message.comm_data.get("content")
    return content if message.kind == "comm_msg" and isinstance(content, dict) else {}


def test_a_click_is_acknowledged_and_answered_with_a_mask(kernel: KernelUnderTest) -> None:
    page = Page(kernel)
    assert page.ask(type="edit", rev=0, edits=[NEW, CLICK])["type"] == "ack"
    result = kernel.wait_for(lambda m: said(m).get("type") == "result")
    assert (said(result)["object"], len(result.buffers)) == (1, 2)
    assert page.value("widget.wait(30), list(widget.masks), widget.session.last_error") == "True [1] None"


@pytest.mark.parametrize(
    "cell",
    ["", "widget.add_object()", "widget.add_point(9, 9); widget.wait()"],
    ids=["that sleeps", "that edits", "that waits"],
)
def test_a_message_during_a_cell_is_answered_at_once_where_the_kernel_can(kernel: KernelUnderTest, cell: str) -> None:
    page = Page(kernel)
    request = kernel.execute(f"{cell}\nprint('begun', flush=True)\ntime.sleep({CELL_SECONDS})")
    kernel.wait_for(lambda m: m.parent == request and m.kind == "stream")
    for _ in range(3):
        assert page.ask(type="ping")["type"] == "pong"
    # kernels without subshells answer at the cell's end; the docs say so
    assert kernel.has_ended(request) == (not kernel.version.has_subshells)
    kernel.wait_for_cell(request)


def test_waiting_in_a_cell_can_be_interrupted_and_nothing_is_lost(kernel: KernelUnderTest) -> None:
    page = Page(kernel)
    kernel.run("hold = threading.Event(); worker = widget._desk.inference._worker")
    kernel.run("worker.submit('test', 'hold', lambda: hold.wait(30)); widget.add_point(60, 40)")
    request = kernel.execute("print('begun', flush=True)\nwidget.wait()")
    kernel.wait_for(lambda m: m.parent == request and m.kind == "stream")
    kernel.interrupt()
    with pytest.raises(CellError, match="KeyboardInterrupt"):
        kernel.wait_for_cell(request, timeout_s=20)  # without the interrupt it would wait for 30 s
    kernel.recover()
    kernel.run("hold.set()")
    assert page.value("widget.wait(60), list(widget.masks)") == "True [1]"


def test_no_request_is_overlooked_while_there_is_a_widget(kernel: KernelUnderTest) -> None:
    kernel.open_widget(MAKE)
    client, rng = kernel.client, random.Random(1)
    for _ in range(250):  # of 7.1 and 7.3, without `widgets/awake.py`, one in about forty is never read
        wanted = set()
        for _ in range(2):  # the second comes while the first is answered
            wanted.add(client.kernel_info())
            time.sleep(rng.uniform(0, 0.004))
        while wanted:  # not by `wait_for`, which would wake the kernel itself
            wanted.discard(client.get_shell_msg(timeout=10)["parent_header"].get("msg_id"))


def test_garbage_from_a_page_leaves_kernel_and_widget_well(kernel: KernelUnderTest) -> None:
    page = Page(kernel)
    deep: list = []
    for _ in range(50):
        deep = [deep]
    rubbish = [None, 3, "x", [], {}, {"type": "edit"}, deep, {"type": "ping", "view": "v", "seq": "1"}, "y" * 300_000]
    for content in rubbish:
        kernel.send(page.comm, {"method": "custom", "content": content})
        kernel.send(page.comm, {"method": content})
    kernel.send(page.comm, {"method": "update", "state": {"_esm": "evil", "revision": 7}, "buffer_paths": []})
    assert page.ask(type="ping")["type"] == "pong"
    assert page.value("widget.revision, widget.session.last_error, 'evil' in widget._esm") == "0 None False"
