"""What a page does with a video beyond clicking and tracking: candidates, exports, streams, fingers, and bad news."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.clips import FRAMES, RED, expect_frame, expect_mask, expect_track, show
from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

ROOT = str(Path(__file__).parents[2])
STREAM = f"""
import sys; sys.path.insert(0, {ROOT!r})
import threading, numpy as np
from sam2_notebook import VideoPredictor, VideoSegmenter
from tests.predict.video_clips import video_model
y, x = np.mgrid[:120, :160]
more = threading.Semaphore(6)
def camera():
    for i in range(24):
        more.acquire()
        frame = np.full((120, 160, 3), 100, np.uint8)
        frame[np.hypot(x - 40 - i, y - 60) < 20] = (220, 40, 40)
        frame[:16] = i % 50 * 5
        yield frame
widget = VideoSegmenter(camera(), VideoPredictor(video_model(), device="cpu"), autosave=False, height=640)
"""
FILES = f"""
import sys; sys.path.insert(0, {ROOT!r})
import os, numpy as np
from sam2_notebook import VideoPredictor, VideoSegmenter, write_video
from tests.predict.video_clips import video_model
clip = np.zeros((40, 120, 160, 3), np.uint8)
for i, frame in enumerate(clip):
    frame[:] = (60 + i, 90, 120)
write_video("clip.mp4", clip)
model = VideoPredictor(video_model(), device="cpu")
"""


def clicked(open_notebook: OpenNotebook, *more: str) -> tuple[NotebookPage, Stage]:
    """A short clip with one object in every frame."""
    notebook, stage = show(open_notebook, FRAMES, *more)
    stage.click(*RED)
    expect_mask(stage, *RED)
    stage.press("t")
    expect_track(stage, "done")
    return notebook, stage


def export(stage: Stage, format: str, name: str, state: str = "done") -> None:
    """Export as a user does, and wait until it has ended so."""
    if stage.root.locator(".sam2nb-export").is_hidden():
        stage.press("e")
    stage.action("export-format").select_option(format)
    stage.action("export-name").fill(name)
    stage.action("export-start").click()
    expect(stage.root.locator(".sam2nb-export .sam2nb-words")).to_contain_text(name, timeout=60_000)
    expect(stage.root).to_have_attribute("data-exported", state, timeout=60_000)


def test_a_click_offers_what_it_can_mean(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES)
    cells = notebook.cell_count()
    stage.press("ArrowRight")
    expect_frame(stage, 1)
    stage.click(*RED)
    offered = stage.root.locator(".sam2nb-candidate")
    expect(offered.nth(2)).to_be_visible()
    ranks = [int(offered.nth(place).get_attribute("data-candidate") or "-1") for place in range(3)]
    candidate = "widget._desk.history.document.object(1).at(1).candidate"
    stage.press("3")
    notebook.wait_for_kernel_value(candidate, ranks[2])
    expect(offered.nth(2)).to_have_attribute("aria-pressed", "true")
    offered.nth(1).click()
    notebook.wait_for_kernel_value(candidate, ranks[1])
    difference = f"round(float(widget.scores(1)[1] - found.scores[{ranks[1]}]), 2)"
    notebook.wait_for_kernel_value(f"[{difference} for found in [widget.candidates(1, 1)] if found]", [0.0])
    stage.press("ArrowRight")
    expect_frame(stage, 2)
    expect(offered.first).to_be_hidden()
    stage.press("ArrowLeft")
    expect(offered.first).to_be_visible()
    stage.click(100.5, 90.5, button="right")
    expect(offered.first).to_be_hidden()
    notebook.wait_for_kernel_value(candidate, ranks[1])
    assert notebook.cell_count() == cells
    assert notebook.errors == []


def test_masks_and_a_video_are_exported_from_the_page(open_notebook: OpenNotebook) -> None:
    notebook, stage = clicked(open_notebook)
    export(stage, "davis", "out-davis")
    export(stage, "ytvis", "out.json")
    export(stage, "overlay", "out.mp4")
    notebook.screenshot("video-export")
    notebook.kernel_value("None", "import glob, json; from sam2_notebook import open_video")
    notebook.wait_for_kernel_value("len(glob.glob('out-davis/**/*.png', recursive=True))", FRAMES)
    notebook.wait_for_kernel_value("len(json.load(open('out.json'))['annotations'])", 1)
    notebook.wait_for_kernel_value("len(open_video('out.mp4'))", FRAMES)
    assert notebook.errors == []


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_narrow_or_wide_dialogs_lie_over_all_and_messages_over_dialogs(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES)
    stage.press("e")
    stage.action("export-start").click()
    told = stage.root.locator(".sam2nb-banner").get_by_text("nothing to export")
    told.click(trial=True)  # refused where something lies over it
    stage.root.locator(".sam2nb-banner").get_by_label("Dismiss").click()
    stage.root.locator(".sam2nb-export").get_by_label("Close").click()
    notebook.page.set_viewport_size({"width": 640, "height": 1000})
    stage.press("?")
    rows = stage.root.locator(".sam2nb-help-body dt")
    for place in range(rows.count()):
        rows.nth(place).click(trial=True)
    assert notebook.errors == []


def test_a_full_disk_is_told_and_the_session_stays(open_notebook: OpenNotebook) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))"
    notebook, stage = clicked(open_notebook, limit.format(200), limit.format("resource.RLIM_INFINITY"))
    notebook.run(2)  # no file may be larger than 200 bytes
    export(stage, "npz", "full.npz", state="failed")
    notebook.screenshot("video-full-disk")
    notebook.run(3)
    notebook.wait_for_kernel_value("__import__('os').path.exists('full.npz')", False)
    export(stage, "npz", "full.npz")
    notebook.wait_for_kernel_value("len(widget.masks)", FRAMES)


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_a_stream_is_played_and_followed_while_it_comes(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([STREAM, "widget", "more.release(18)"])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    count = stage.root.locator(".sam2nb-count")
    expect(count).to_contain_text("of 0+")
    stage.click(*RED)
    expect_mask(stage, *RED)
    stage.press("Space")
    expect_frame(stage, 5)
    expect(count).to_contain_text("of 5+")
    notebook.screenshot("video-stream-playing")
    expect(stage.action("play")).to_have_attribute("aria-label", "Pause")  # it waits for what comes next
    stage.press("Space")
    stage.press("t")
    notebook.wait_for_kernel_value("len(widget.masks)", 6, timeout_ms=30_000)
    expect_track(stage, "running")
    notebook.run(2)
    expect_track(stage, "done")
    expect(count).to_contain_text("of 23")
    stage.press("End")
    expect_frame(stage, 23)
    notebook.screenshot("video-stream")
    notebook.wait_for_kernel_value("sorted(widget.masks)", list(range(24)))
    assert notebook.errors == []


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_fingers_and_pens_move_on_the_timeline(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES)
    wire = stage.page.context.new_cdp_session(stage.page)

    def at(frame: int) -> dict[str, float]:
        x, y = stage.on_timeline((frame + 0.5) / FRAMES)
        return {"x": x, "y": y}

    def touch(kind: str, *frames: int) -> None:
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at(frame) for frame in frames]})

    def pen(kind: str, frame: int, pressed: int) -> None:
        held = {"button": "left", "buttons": pressed, "clickCount": 1} if kind != "mouseMoved" else {"buttons": pressed}
        wire.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", **held, **at(frame)})

    touch("touchStart", 3)
    expect_frame(stage, 3)
    for frame in (4, 6, 9):
        touch("touchMove", frame)
    expect_frame(stage, 9)
    touch("touchEnd")
    pen("mouseMoved", 12, 0)
    pen("mousePressed", 12, 1)
    expect_frame(stage, 12)
    pen("mouseMoved", 2, 1)
    pen("mouseReleased", 2, 0)
    expect_frame(stage, 2)
    assert notebook.errors == []


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_a_range_plays_round_and_round_and_is_all_that_is_tracked(open_notebook: OpenNotebook) -> None:
    notebook, stage = show(open_notebook, FRAMES)
    stage.click(*RED)
    expect_mask(stage, *RED)
    for keys in ("g", "3", "Enter", "Shift+Home", "g", "6", "Enter", "Shift+End"):
        stage.page.keyboard.press(keys)
    expect(stage.action("range")).to_have_text("frames 3 to 6")
    stage.press(" ")
    for frame in (6, 3, 6, 3):
        expect(stage.root).to_have_attribute("data-frame", str(frame), timeout=20_000)
    stage.press(" ")
    stage.press("t")
    expect_track(stage, "done")
    assert set(range(3, 7)) <= set(notebook.kernel_value("sorted(widget.masks)"))
    assert 8 not in notebook.kernel_value("sorted(widget.masks)")
    stage.press("u")
    expect(stage.root).to_have_attribute("data-frame", "7")
    stage.press("Shift+P")
    expect(stage.root).to_have_attribute("data-frame", "0")


BAD_NEWS = {
    "a file that was cut": (
        """data = open("clip.mp4", "rb").read()
cut = open("cut.mkv", "wb")
import av
with av.open("clip.mp4") as a, av.open("long.mkv", "w") as b:
    stream = b.add_stream_from_template(a.streams.video[0])
    for packet in a.demux(a.streams.video[0]):
        if packet.dts is not None:
            packet.stream = stream
            b.mux(packet)
data = open("long.mkv", "rb").read()
cut.write(data[: len(data) * 6 // 10]); cut.close()
widget = VideoSegmenter("cut.mkv", model, autosave=False)""",
        ".sam2nb-notice",
        "frames expected",
    ),
    "a video that is gone": (
        """first = VideoSegmenter("clip.mp4", model, autosave=False)
first.add_point(2, 80, 60); first.wait(); first.save("kept.sam2video"); first.close(); os.rename("clip.mp4", "x.mp4")
widget = VideoSegmenter.load("kept.sam2video", model=model, autosave=False)""",
        ".sam2nb-stage-note",
        "is not where it was",
    ),
}


@pytest.mark.parametrize("host", ["lab"], indirect=True)
@pytest.mark.parametrize("name", BAD_NEWS)
def test_bad_news_is_told_in_the_widget(open_notebook: OpenNotebook, name: str) -> None:
    make, where, words = BAD_NEWS[name]
    notebook = open_notebook([FILES, make, "widget"])
    notebook.run(0, 1, 2)
    stage = notebook.stage(cell=2)
    stage.expect_status("ready", timeout_ms=60_000)
    expect(stage.root.locator(where).first).to_contain_text(words)
    notebook.screenshot(f"video-{name.replace(' ', '-')}")
    if name == "a video that is gone":
        notebook.wait_for_kernel_value("len(widget.masks)", 1)


@pytest.mark.parametrize("host", ["lab"], indirect=True)
def test_what_is_no_video_is_refused_in_words(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([FILES, 'open("notes.mp4", "w").write("hello")\nVideoSegmenter("notes.mp4", model)'])
    notebook.run(0)
    notebook.start(1)
    notebook.wait(1)
    (error,) = [output for output in notebook.outputs(1) if output["output_type"] == "error"]
    assert error["ename"] == "MediaError"
    assert "notes.mp4" in json.dumps(error["evalue"])
