"""The wire of a video, from raw messages to answers: nothing but messages goes in and comes out."""

import io
import threading
import time

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.protocol.codecs import decode_rle
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import CLICK, FRAMES, NEW, TRACK, VideoPage, frames_request, predictor, until, video

SIZE = Size(height=60, width=80)


@pytest.fixture
def widget(tmp_path):
    made = VideoSegmenter(video(), predictor(), autosave=tmp_path / "sessions")
    yield made
    made.close()


@pytest.fixture
def page(widget: VideoSegmenter) -> VideoPage:
    return VideoPage(widget)


def ended(page: VideoPage, job: int, seconds: float = 60) -> dict:
    """The last that is told of a job."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        views = [m["job"] for m in page.wire.of("job") if m["job"]["id"] == job]
        if views and views[-1]["state"] in ("done", "cancelled", "failed"):
            return views[-1]
        time.sleep(0.01)
    raise AssertionError(f"job {job} has not ended within {seconds} s")


def test_a_snapshot_says_what_the_video_is_and_brings_no_pictures(page: VideoPage) -> None:
    info = page.snapshot["video"]
    assert (info["width"], info["height"], info["frames"], info["fps"]) == (80, 60, FRAMES, 25.0)
    assert (info["complete"], info["live"], info["oldest"], info["note"]) == (True, False, 0, "")
    assert (page.snapshot["version"], page.snapshot["document"]["objects"], page.lanes) == (VERSION, [], [])
    assert page.snapshot["saved"]["state"] == "saved"


def test_a_click_is_acknowledged_and_its_mask_follows(page: VideoPage) -> None:
    ack = page.edit(3, NEW, CLICK)
    assert (ack["type"], ack["rev"]) == ("ack", 1)
    page.widget.wait(60)
    types = [content["type"] for content, _ in page.wire.sent]
    assert types.index("ack") < types.index("video_document") < types.index("masks_changed")
    content, buffers = next(m for m in page.wire.sent if m[0]["type"] == "masks_changed")
    (mask,) = content["masks"]
    assert (mask["frame"], mask["object"], mask["rev"], mask["prompted"], mask["stale"]) == (3, 1, 1, True, False)
    assert int(decode_rle(buffers[0], SIZE).sum()) == mask["area"]
    said = page.wire.of("video_document")[-1]["document"]["objects"][0]["frames"]
    assert [(f["frame"], len(f["points"]), f["mask"]) for f in said] == [(3, 1, False)]


def test_frames_come_as_jpeg_at_the_size_asked_for(page: VideoPage) -> None:
    content, buffers = page.ask(**frames_request([7, 0]))
    assert (content["frames"], content["missing"], content["key"]) == ([7, 0], [], page.snapshot["video"]["key"])
    pictures = [np.asarray(PillowImage.open(io.BytesIO(data))).astype(int) for data in buffers]
    assert [p.shape for p in pictures] == [(30, 40, 3)] * 2
    full = page.ask(**frames_request([7], width=4000, quality=95))[1][0]
    difference = np.abs(np.asarray(PillowImage.open(io.BytesIO(full))).astype(int) - video()[7]).mean()
    assert difference < 4


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (frames_request([]), "invalid", "1 to 64 frames"),
        (frames_request([0] * 65), "invalid", "1 to 64 frames"),
        (frames_request([0], quality=0), "invalid", "quality"),
        (frames_request([0], width=0), "invalid", "1 pixel wide"),
        ({"type": "masks", "frames": list(range(257))}, "invalid", "256 frames"),
        (TRACK, "invalid", "no object has a prompt"),
        ({**TRACK, "objects": [4]}, "invalid", "no object 4"),
        ({"type": "export", "format": "png", "name": "x", "objects": None}, "invalid", "nothing to export"),
        ({"type": "export", "format": "png", "name": "../x", "objects": None}, "invalid", "no folders"),
        ({"type": "recover", "accept": True}, "invalid", "no earlier work"),
        ({"type": "video_edit", "rev": 0, "frame": 99, "edits": [NEW]}, "invalid", "no frame 99"),
        ({"type": "video_edit", "rev": 0, "frame": 0, "edits": [CLICK]}, "invalid", "no object 1"),
        ({"type": "video_edit", "rev": 9, "frame": 0, "edits": [CLICK]}, "conflict", "revision 9"),
        (
            {
                "type": "video_edit",
                "rev": 0,
                "frame": 0,
                "edits": [NEW, {"kind": "set_mask", "object": 1, "counts": "!"}],
            },
            "invalid",
            "not the run lengths",
        ),
        ({"type": "edit", "rev": 0, "edits": [NEW]}, "malformed", "type"),
        ({"type": "export", "format": "exe", "name": "x", "objects": None}, "malformed", "format"),
    ],
)
def test_nonsense_is_answered_in_words(page: VideoPage, request_: dict, code: str, words: str) -> None:
    content, _ = page.ask(**request_)
    assert (content["type"], content["code"]) == ("failure", code)
    assert words in content["message"]
    assert page.widget.revision == 0


def test_frames_that_are_not_there_are_named_beside_those_that_are(page: VideoPage) -> None:
    content, buffers = page.ask(**frames_request([0, 99]))
    assert (content["frames"], len(buffers)) == ([0], 1)
    assert content["missing"][0]["frame"] == 99
    assert "99" in content["missing"][0]["text"]


def test_a_newer_generation_makes_older_requests_void(page: VideoPage, monkeypatch) -> None:
    gate = threading.Event()
    source = page.widget._desk.frames.source
    frame = source.frame
    monkeypatch.setattr(source, "frame", lambda index: gate.wait(30) and frame(index), raising=False)
    blocking = page.post(**frames_request([1], purpose="ahead"))
    old = page.post(**frames_request([2], generation=1))
    new = page.post(**frames_request([3], generation=2))
    time.sleep(0.1)
    gate.set()
    assert page.wire.answer(page.view, old)[0]["code"] == "cancelled"
    assert page.wire.answer(page.view, new)[0]["frames"] == [3]
    assert page.wire.answer(page.view, blocking)[0]["frames"] == [1]


def test_tracking_streams_masks_lanes_and_progress(page: VideoPage) -> None:
    page.edit(4, NEW, CLICK)
    page.widget.wait(60)
    started, _ = page.ask(**TRACK)
    assert (started["type"], started["job"]["kind"], started["job"]["objects"]) == ("job_started", "track", [1])
    last = ended(page, started["job"]["id"])
    assert (last["state"], last["done"], last["total"]) == ("done", FRAMES - 1, FRAMES - 1)
    page.widget.wait(60)
    streamed = {m["frame"] for message in page.wire.of("masks_changed") for m in message["masks"]}
    assert streamed == set(range(FRAMES))
    content, _ = next(m for m in reversed(page.wire.sent) if m[0]["type"] == "lanes")
    assert content["lanes"][-1]["state"] == "full"
    assert (content["lanes"][-1]["stale"], content["lanes"][-1]["missing"]) == (0, 0)
    fresh = page.ask(type="hello", version=VERSION)
    states, scores = np.frombuffer(fresh[1][0], np.uint8).reshape(2, -1)
    assert states.tolist() == [1] * FRAMES
    assert (scores <= 254).all()


def test_pieces_of_lanes_add_up_to_the_whole(page: VideoPage, monkeypatch) -> None:
    monkeypatch.setattr("sam2_notebook.widgets.video_news.PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("sam2_notebook.widgets.pace.NEWS_SECONDS", 0.0)
    page.edit(4, NEW, CLICK)
    page.widget.wait(60)
    job = page.ask(**TRACK)[0]["job"]["id"]
    ended(page, job)
    page.widget.wait(60)
    held = np.zeros((2, FRAMES), np.uint8)
    for content, buffers in page.wire.sent:
        if content["type"] == "lanes":
            for lane, data in zip(content["lanes"], buffers, strict=True):
                piece = np.frombuffer(data, np.uint8).reshape(2, -1)
                held[:, lane["first"] : lane["first"] + piece.shape[1]] = piece
    assert held[0].tolist() == [1] * FRAMES


def test_a_run_can_be_stopped_and_asking_again_starts_no_second(page: VideoPage, monkeypatch) -> None:
    page.edit(0, NEW, CLICK)
    page.widget.wait(60)
    gate = threading.Event()
    keep = page.widget._desk.tracking._keep
    monkeypatch.setattr(page.widget._desk.tracking, "_keep", lambda job, r: (keep(job, r), gate.wait(30)))
    seq = page.post(**TRACK)
    job = page.wire.answer(page.view, seq)[0]["job"]["id"]
    page.widget._desk.channel.receive({"view": page.view, "seq": seq, **TRACK})  # sent again: answered as before
    assert page.ask(type="cancel", job=job)[0]["type"] == "ack"
    assert {m[0]["job"]["id"] for m in page.wire.answers(page.view, seq)} == {job}
    gate.set()
    last = ended(page, job)
    assert last["state"] == "cancelled"
    assert last["done"] <= 2
    assert 1 <= len(page.widget.masks) < FRAMES


def test_prompts_taken_back_take_their_mask_along(page: VideoPage) -> None:
    page.edit(2, NEW, CLICK)
    page.widget.wait(60)
    page.edit(2, {"kind": "clear_prompts", "object": 1})
    page.widget.wait(60)
    assert [2, 1] in [pair for message in page.wire.of("masks_changed") for pair in message["gone"]]
    assert page.masks(2) == {}


def test_the_memory_of_a_frame_is_told(page: VideoPage) -> None:
    page.edit(0, NEW, CLICK)
    ended(page, page.ask(**TRACK)[0]["job"]["id"])
    (seen,) = page.ask(type="memory", frame=5)[0]["objects"]
    assert (seen["source"], seen["prompted"], seen["recent"]) == ("forward", [0], [4, 3, 2, 1])
    assert seen["presence"] > 0.9
    (said,) = page.ask(type="memory", frame=0)[0]["objects"]
    assert (said["source"], said["recent"]) == ("prompt", [])


def test_an_id_given_anew_is_another_generation(page: VideoPage) -> None:
    page.edit(0, NEW, CLICK)
    page.widget.wait(60)
    page.edit(0, {"kind": "remove_object", "object": 1})
    page.edit(1, NEW)
    page.widget.wait(60)
    generations = [lane["generation"] for message in page.wire.of("lanes") for lane in message["lanes"]]
    assert len(set(generations)) == 2
    assert page.masks(0, 1) == {}


REMOVE = {"type": "video_edit", "rev": 1, "frame": 0, "edits": [{"kind": "remove_object", "object": 1}]}
UNDO = {"type": "history", "direction": "undo"}
REDO = {"type": "history", "direction": "redo"}


@pytest.mark.parametrize("is_slow", [True, False], ids=["slowly", "at once"])
@pytest.mark.parametrize("steps", [(REMOVE, UNDO), (UNDO, REDO)], ids=["undo of removing", "redo of adding"])
def test_the_lane_of_an_object_that_comes_back_is_told_again(
    page: VideoPage, steps: tuple[dict, ...], is_slow: bool
) -> None:
    page.edit(0, NEW, CLICK)
    ended(page, page.ask(**TRACK)[0]["job"]["id"])
    page.widget.wait(60)
    time.sleep(0.2)  # until the last news is told
    del page.wire.sent[:]
    for step in steps:
        assert page.ask(**step)[0]["type"] == "ack"
        if is_slow:
            rev = page.widget.revision
            until(lambda rev=rev: any(m["document"]["rev"] == rev for m in page.wire.of("video_document")))
    until(lambda: bool(page.wire.of("lanes")))
    content, (states, *_) = next(m for m in reversed(page.wire.sent) if m[0]["type"] == "lanes")
    assert [(lane["object"], lane["first"], lane["state"]) for lane in content["lanes"]] == [(1, 0, "full")]
    assert np.frombuffer(states, np.uint8)[:FRAMES].tolist() == [1] * FRAMES


def test_where_a_view_rests_is_known_and_cells_can_move_it(page: VideoPage) -> None:
    assert page.ask(type="look", frame=7)[0]["type"] == "ack"
    assert page.widget.frame == 7
    page.widget.go_to(2)
    page.widget.wait(60)
    assert [m["frame"] for m in page.wire.of("go_to")] == [2]


def test_two_views_see_the_same(page: VideoPage) -> None:
    other = VideoPage(page.widget, "other", page.wire)
    page.edit(1, NEW, CLICK)
    other.edit(1, {**CLICK, "x": 40.0, "label": 0})
    page.widget.wait(60)
    assert (
        page.ask(type="hello", version=VERSION)[0]["document"]
        == other.ask(type="hello", version=VERSION)[0]["document"]
    )
    assert page.masks(1) == other.masks(1)
    content, _ = other.ask(type="history", direction="undo")
    assert (content["type"], len(page.widget.objects[0].prompts[1].points)) == ("ack", 1)


def test_a_page_that_was_reloaded_gets_everything_back(page: VideoPage) -> None:
    page.edit(4, NEW, CLICK)
    job = page.ask(**TRACK)[0]["job"]["id"]
    ended(page, job)
    page.ask(type="look", frame=9)
    fresh = VideoPage(page.widget, "reloaded", page.wire)
    assert fresh.snapshot["frame"] == 9
    assert [j["state"] for j in fresh.snapshot["jobs"]] == ["done"]
    assert fresh.snapshot["lanes"][0]["state"] == "full"
    assert set(fresh.masks(*range(FRAMES))) == {(f, 1) for f in range(FRAMES)}


def test_a_page_can_export_beside_the_notebook(page: VideoPage, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    page.edit(0, NEW, CLICK)
    page.widget.wait(60)
    job = page.ask(type="export", format="ytvis", name="blocks", objects=None)[0]["job"]["id"]
    last = ended(page, job)
    assert last["state"] == "done"
    assert "blocks.json" in last["text"]
    assert (tmp_path / "blocks.json").is_file()


def test_an_export_that_fails_says_why_and_the_session_stays(page: VideoPage, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    page.edit(0, NEW, CLICK)
    page.widget.wait(60)
    job = page.ask(type="export", format="png", name="taken", objects=None)[0]["job"]["id"]
    last = ended(page, job)
    assert (last["state"], "exists already" in last["text"]) == ("failed", True)
    assert page.edit(1, CLICK)["type"] == "ack"


def test_what_a_stream_has_let_go_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sam2_notebook.widgets.video_source.PAGE_CACHE_BYTES", 4 * 60 * 80 * 3)
    widget = VideoSegmenter((pixels for pixels in video()), predictor(), autosave=False)
    page = VideoPage(widget)
    assert (page.snapshot["video"]["live"], page.snapshot["video"]["complete"]) == (True, False)
    page.edit(0, NEW, CLICK)
    ended(page, page.ask(**{**TRACK, "direction": "forward"})[0]["job"]["id"])
    widget.wait(60)
    info = page.wire.of("video")[-1]["video"]
    assert (info["frames"], info["complete"], info["oldest"], info["live"]) == (FRAMES, True, FRAMES - 4, True)
    content, _ = page.ask(**frames_request([0, FRAMES - 1]))
    assert content["frames"] == [FRAMES - 1]
    assert "gone by" in content["missing"][0]["text"]
    widget.close()


def test_the_candidate_of_a_lone_click_is_chosen_refined_and_kept(page: VideoPage, tmp_path) -> None:
    widget = page.widget
    page.edit(4, NEW, CLICK)
    assert widget.wait(30)
    data, (logits,) = page.ask(type="frame_candidates", frame=4, object=1)
    assert (data["frame"], data["object"], len(data["scores"])) == (4, 1, 3)
    (buffer,) = data["buffers"]
    assert len(logits) == np.prod(buffer["shape"])
    best = int(np.argmax(data["scores"]))
    other = (best + 1) % 3
    assert widget.propagate().wait(30)
    assert page.edit(4, {"kind": "choose_candidate", "object": 1, "candidate": other})["type"] == "ack"
    assert widget.wait(30)
    assert page.masks(4)[4, 1]["score"] == pytest.approx(data["scores"][other])
    assert widget.objects[0].stale == FRAMES - 1
    said = page.wire.of("video_document")[-1]["document"]["objects"][0]["frames"][0]
    assert said["candidate"] == other
    chosen = widget.masks[4][1]
    page.edit(4, {"kind": "add_point", "object": 1, "x": 60.0, "y": 40.0, "label": 0})
    assert widget.wait(30)
    refined = widget.masks[4][1]
    assert page.ask(type="frame_candidates", frame=4, object=1)[0]["buffers"] == []
    late = {"kind": "choose_candidate", "object": 1, "candidate": 0}
    assert "lone click" in page.edit(4, late)["message"]
    widget.undo()
    assert widget.wait(30)
    assert np.array_equal(widget.masks[4][1], chosen)
    widget.redo()
    assert widget.wait(30)
    assert np.array_equal(widget.masks[4][1], refined)
    loaded = VideoSegmenter.load(widget.save(tmp_path / "s.sam2video"), video(), predictor(), autosave=False)
    assert loaded._desk.history.document.object(1).at(4).candidate == other
    loaded.close()


def test_a_page_may_ask_for_the_candidates_of_what_has_none(page: VideoPage) -> None:
    assert page.ask(type="frame_candidates", frame=4, object=9)[0]["code"] == "invalid"
    page.edit(4, NEW)
    assert page.ask(type="frame_candidates", frame=4, object=1)[0]["scores"] == []
