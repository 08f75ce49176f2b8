"""`VideoSegmenter` in every supported kernel, without a browser: following is stopped while a cell runs."""

import pytest

from tests.kernels.kernel import CellError, KernelUnderTest
from tests.kernels.test_image_segmenter import CELL_SECONDS, CLICK, NEW, Page, said

MAKE = """
import time
import numpy as np
import torch
from sam2_notebook import VideoPredictor, VideoSegmenter
from sam2_notebook.model import Sam2, Sam2Config
torch.set_num_threads(1)  # threads that wait for one another on a busy machine make frames of seconds
small = dict(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32, memory_layers=1)
predictor = VideoPredictor(Sam2(Sam2Config(**small, memory_dim=16)), device="cpu")
widget = VideoSegmenter(np.zeros((400, 60, 80, 3), np.uint8), predictor, autosave=False)
keep = widget._desk.tracking._keep
widget._desk.tracking._keep = lambda job, result: (keep(job, result), time.sleep(0.1))
widget.wait(60)
"""
TRACK = {"type": "track", "direction": "both", "objects": None, "start": None, "first": None, "last": None}


def clicked(kernel: KernelUnderTest) -> Page:
    page = Page(kernel, MAKE)
    assert page.ask(type="video_edit", rev=0, frame=0, edits=[NEW, CLICK])["type"] == "ack"
    kernel.wait_for(lambda m: said(m).get("type") == "masks_changed")
    return page


def test_following_can_be_stopped_while_a_cell_runs(kernel: KernelUnderTest) -> None:
    page = clicked(kernel)
    job = page.ask(**TRACK)["job"]["id"]
    request = kernel.execute(f"print('begun', flush=True)\ntime.sleep({CELL_SECONDS})")
    kernel.wait_for(lambda m: m.parent == request and m.kind == "stream")
    page.ask(type="cancel", job=job)
    ended = ("done", "cancelled", "failed")
    kernel.wait_for(lambda m: said(m).get("job", {}).get("id") == job and said(m)["job"]["state"] in ended)
    if kernel.version.has_subshells:
        assert not kernel.has_ended(request)
    kernel.wait_for_cell(request)
    assert page.value("widget._desk.tracking.job.state, 0 < len(widget.masks) < 400") == "cancelled True"


def test_masks_come_while_a_cell_waits_and_its_interrupt_stops_and_keeps_them(kernel: KernelUnderTest) -> None:
    clicked(kernel)
    request = kernel.execute("print('begun', flush=True)\njob = widget.propagate()\njob.wait()")
    kernel.wait_for(lambda m: m.parent == request and m.kind == "stream")
    since = len(kernel.heard)
    for _ in range(3):
        kernel.wait_for(lambda m: said(m).get("type") == "masks_changed", since=since)
        since = len(kernel.heard)
    kernel.interrupt()
    with pytest.raises(CellError, match="KeyboardInterrupt"):
        kernel.wait_for_cell(request, timeout_s=20)  # without the interrupt it would wait for 40 s and more
    kernel.recover()
    assert kernel.run("job.has_ended or job.wait(5); print(job.state, 2 < len(widget.masks) < 400)").strip() == (
        "cancelled True"
    )
