"""Sessions on disk: saved and loaded, written along, found again after a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import EditError, MediaError
from sam2_notebook.media import write_video
from sam2_notebook.values.classes import Attribute, LabelClass
from sam2_notebook.values.edits import SetAttribute
from sam2_notebook.widgets import video_leftovers
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.video_file import FORMAT, load_session
from sam2_notebook.widgets.video_leftovers import prune
from tests.widgets.videos import FRAMES, predictor, until, video


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("clips") / "blocks.mp4", video())


@pytest.fixture(scope="module")
def saved(clip_file: Path, tmp_path_factory) -> Path:
    widget = VideoSegmenter(clip_file, predictor(), autosave=False)
    widget.add_point(4, 30, 20, object=widget.add_object("cube 🧊", "toy"))
    widget.propagate(last=8).wait(60)
    widget.add_box(2, (10, 10, 50, 40), object=widget.add_object())
    widget.wait(60)
    path = widget.save(tmp_path_factory.mktemp("saved") / "work.sam2video")
    widget.close()
    return path


def test_a_session_comes_back_whole(saved: Path, clip_file: Path) -> None:
    first = VideoSegmenter(clip_file, predictor(), autosave=False)
    first.add_point(4, 30, 20, object=first.add_object("cube 🧊", "toy"))
    first.propagate(last=8).wait(60)
    again = VideoSegmenter.load(saved, model=predictor(), autosave=False)
    assert [(o.id, o.name, o.label, sorted(o.prompts)) for o in again.objects] == [
        (1, "cube 🧊", "toy", [4]),
        (2, "object 2", "", [2]),
    ]
    assert list(again.masks) == list(range(9))
    assert all(np.array_equal(again.masks[f][1], first.masks[f][1]) for f in range(9))
    assert (again.objects[0].stale, again.objects[0].missing) == (0, FRAMES - 9)
    assert again.memory(6)[1] == first.memory(6)[1]
    assert again.wait(60)
    assert again.notices == ()
    again.undo()
    assert again.objects == ()
    first.close()
    again.close()


def test_classes_come_back_with_their_objects(clip_file: Path, tmp_path) -> None:
    ripe = Attribute(name="ripe", choices=("yes", "no"))
    toy = LabelClass(name="toy", color="#102030", hotkey="y", attributes=(ripe,))
    widget = VideoSegmenter(clip_file, predictor(), classes=["person", toy], autosave=False)
    assert [c.name for c in widget.classes] == ["person", "toy"]
    with pytest.raises(EditError, match="nothing to undo"):
        widget.undo()
    widget.add_object("first")
    widget.classify(1, "toy")
    with pytest.raises(EditError, match="no class"):
        widget.classify(1, "car")
    with pytest.raises(EditError, match="give it another class first"):
        widget.classes = ["person"]
    widget._desk.edit(0, SetAttribute(object=1, name="ripe", value="no"))
    again = VideoSegmenter.load(widget.save(tmp_path / "c.sam2video"), model=predictor(), autosave=False)
    assert again.classes == widget.classes
    document = again._desk.history.document
    assert (document.current, document.object(1).label, document.object(1).attributes) == ("toy", "toy", {"ripe": "no"})
    for one in (widget, again):
        one.close()


def test_work_goes_on_where_it_was_saved(saved: Path) -> None:
    widget = VideoSegmenter.load(saved, model=predictor(), autosave=False)
    before = widget.masks[4][1]
    widget.propagate().wait(60)
    assert [o.state for o in widget.objects] == ["full", "full"]
    assert np.array_equal(widget.masks[4][1], before)
    widget.add_point(4, 5, 5, label=0, object=1)
    assert widget.wait(60)
    assert widget.objects[0].stale == FRAMES - 1
    widget.close()


def test_a_video_that_is_missing_is_told_and_the_masks_are_there(saved: Path, clip_file: Path, tmp_path) -> None:
    hidden = clip_file.rename(clip_file.with_suffix(".hidden"))
    try:
        widget = VideoSegmenter.load(saved, model=predictor(), autosave=False)
        assert widget.notices[0].startswith("the video blocks.mp4 is not where it was")
        widget.go_to(3)
        assert widget.wait(30)
        assert (widget.status, len(widget.notices)) == ("ready", 1)
        assert list(widget.masks) == list(range(9))
        with pytest.raises(MediaError, match="not where it was"):
            widget.snapshot(0)
        widget.export(tmp_path / "masks.json").wait(60)
        widget.close()
        found = VideoSegmenter.load(saved, hidden, predictor(), autosave=False)
        assert found.snapshot(0).size == (80, 60)
        found.close()
    finally:
        hidden.rename(clip_file)


def test_another_video_in_its_place_is_told(saved: Path) -> None:
    other = VideoSegmenter.load(saved, np.zeros((FRAMES, 60, 80, 3), np.uint8), predictor(), autosave=False)
    assert "not the very video" in other.notices[0]
    other.close()
    with pytest.raises(MediaError, match="80 x 60"):
        VideoSegmenter.load(saved, np.zeros((3, 9, 9, 3), np.uint8), predictor(), autosave=False)


def broken(saved: Path, target: Path, statement: str) -> Path:
    """A copy of the file in which something has been changed."""
    target.write_bytes(saved.read_bytes())
    database = sqlite3.connect(target, isolation_level=None)
    database.execute(statement)
    database.close()
    return target


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"PRAGMA user_version = {FORMAT + 1}", "newer"),
        ("PRAGMA application_id = 7", "no session"),
        ("DELETE FROM meta WHERE key = 'video'", "which video"),
        ("UPDATE meta SET value = '{\"objects\": 3}' WHERE key = 'document'", "objects cannot be read"),
        ("UPDATE meta SET value = 'nonsense' WHERE key = 'document'", "objects cannot be read"),
        ("CREATE VIEW evil AS SELECT * FROM masks", "holds code"),
        ("DROP TABLE masks", "no such table"),
    ],
)
def test_a_file_that_is_no_session_is_refused_in_words(saved: Path, tmp_path, statement: str, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        load_session(broken(saved, tmp_path / "broken.sam2video", statement))


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" + bytes(100), b"no database at all, but long enough to be looked at" * 9]
)
def test_other_files_are_refused_in_words(tmp_path, content: bytes) -> None:
    (tmp_path / "other.sam2video").write_bytes(content)
    with pytest.raises(MediaError):
        load_session(tmp_path / "other.sam2video")
    with pytest.raises(MediaError, match="no such file"):
        load_session(tmp_path / "nowhere.sam2video")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE meta ADD COLUMN later TEXT",
        "INSERT INTO meta VALUES ('later', 'something')",
        "CREATE TABLE later (a)",
        "UPDATE meta SET value = json_set(value, '$.objects[0].shape', 'new', '$.later', 1) WHERE key = 'document'",
    ],
)
def test_what_later_versions_add_is_passed_over(saved: Path, tmp_path, statement: str) -> None:
    if "ADD COLUMN" in statement:
        statement = "ALTER TABLE masks ADD COLUMN later TEXT"
    session = load_session(broken(saved, tmp_path / "later.sam2video", statement))
    assert len(session.document.objects) == 2
    assert len(session.masks) == 10


def test_damaged_masks_are_left_out_and_counted(saved: Path, tmp_path) -> None:
    path = broken(saved, tmp_path / "damaged.sam2video", "UPDATE masks SET rle = x'ffff' WHERE frame = 6")
    session = load_session(path)
    assert (session.damaged, len(session.masks)) == (1, 9)
    widget = VideoSegmenter.load(path, model=predictor(), autosave=False)
    assert "1 mask of" in widget.notices[0]
    assert widget.objects[0].missing == FRAMES - 8
    widget.close()


@pytest.mark.parametrize("name", ["no/such/folder/a.sam2video", "folder"])
def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(saved: Path, tmp_path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    widget = VideoSegmenter.load(saved, model=predictor(), autosave=False)
    with pytest.raises(MediaError):
        widget.save(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    widget.close()


def test_a_full_disk_is_told_in_words(saved: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    widget = VideoSegmenter.load(saved, model=predictor(), autosave=False)
    with pytest.raises(MediaError):
        widget.save("/dev/full/work.sam2video")
    widget.close()


def test_work_is_written_along_and_taken_up_again(clip_file: Path, tmp_path) -> None:
    folder = tmp_path / "sessions"
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    assert widget.autosave is None
    widget.add_point(3, 30, 20)
    widget.propagate().wait(60)
    widget.wait(60)
    assert widget.autosave is not None
    while_open = VideoSegmenter(clip_file, predictor(), autosave=folder)
    assert while_open.wait(60)
    assert while_open.notices == ()  # it is in use
    widget.close()
    while_open.close()
    again = VideoSegmenter(clip_file, predictor(), autosave=folder)
    again.wait(60)
    assert f"earlier work on {clip_file.name}: 1 object" in again.notices[0]
    assert again.objects == ()
    again.recover()
    assert (list(again.masks), again.objects[0].state) == (list(range(FRAMES)), "full")
    assert again.notices == ()
    again.undo()
    assert again.objects == ()
    again.redo()
    path = again.autosave
    again.close()
    assert list(folder.iterdir()) == [path]  # what was taken up lives on in the new file


def test_an_empty_session_leaves_no_file(clip_file: Path, tmp_path) -> None:
    widget = VideoSegmenter(clip_file, predictor(), autosave=tmp_path / "sessions")
    widget.add_point(3, 30, 20)
    widget.undo()
    widget.wait(60)
    widget.close()
    assert list((tmp_path / "sessions").iterdir()) == []


def test_a_disk_that_fails_is_told_and_the_session_stays(clip_file: Path, tmp_path) -> None:
    folder = tmp_path / "sessions"
    folder.write_text("this is no folder")
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    widget.add_point(3, 30, 20)
    widget.wait(60)
    saved = widget._desk.autosave.saved
    assert (saved.state, "Not written along" in saved.text) == ("failed", True)
    assert list(widget.masks) == [3]
    folder.unlink()
    widget.add_point(3, 5, 5, label=0)
    widget.wait(60)
    assert widget._desk.autosave.saved.state == "saved"
    widget.close()
    (left,) = folder.iterdir()
    assert [mask.frame for mask in load_session(left).masks] == [3]


KILLED = """
import sys, time
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import CLICK, NEW, TRACK, VideoPage, predictor
widget = VideoSegmenter(sys.argv[1], predictor(), autosave=sys.argv[2])
page = VideoPage(widget)
send = page.wire.send
def tell(content, buffers):
    send(content, buffers)
    if content["type"] == "ack":
        print("ack", content["rev"], flush=True)
    if content["type"] == "masks_changed":
        for mask in content["masks"]:
            print("mask", mask["frame"], mask["area"], flush=True)
widget._desk.channel.send = tell
page.post(type="video_edit", rev=0, frame=0, edits=[NEW, CLICK])
widget.wait(60)
page.post(**TRACK)
for _ in range(1000):
    page.post(type="video_edit", rev=widget.revision, frame=0, edits=[{**NEW, "object": 100 + page.seq}])
    time.sleep(0.02)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill like that")
def test_a_killed_kernel_loses_nothing_that_a_page_was_told(clip_file: Path, tmp_path) -> None:
    folder = tmp_path / "sessions"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(clip_file), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        told: list[list[str]] = []
        for line in process.stdout:
            told.append(line.split())
            if sum(words[0] == "mask" for words in told) >= 5 and sum(words[0] == "ack" for words in told) >= 8:
                break
        process.send_signal(signal.SIGKILL)
        told += [line.split() for line in process.stdout]
    assert process.returncode == -signal.SIGKILL, "it ended by itself before enough had been told"
    (left,) = [p for p in folder.iterdir() if p.suffix == ".sam2video"]
    session = load_session(left)
    edits = max(int(words[1]) for words in told if words[0] == "ack")
    assert len(session.document.objects) >= edits  # each edit added one object
    kept = {(mask.frame, mask.kept.mask.area) for mask in session.masks}
    assert {(int(words[1]), int(words[2])) for words in told if words[0] == "mask" and len(words) == 3} <= kept
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    widget.wait(60)
    assert "earlier work" in widget.notices[0]
    widget.recover()
    deadline = time.monotonic() + 20
    while not widget.masks and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 0 in widget.masks
    widget.close()


@pytest.mark.parametrize("autosave", [None, 3, ""])
def test_a_place_to_write_along_that_is_none_is_refused_in_words(clip_file: Path, autosave: object) -> None:
    with pytest.raises(MediaError, match=r"True .*False .*folder"):
        VideoSegmenter(clip_file, predictor(), autosave=autosave)  # pyright: ignore[reportArgumentType]


def left_behind(clip_file: Path, folder: Path, saved: Path | None, *, and_more: bool = False) -> Path:
    """A session that was written along, saved perhaps, changed afterwards perhaps, and closed."""
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    widget.add_point(0, 30, 20)
    widget.wait()
    until(lambda: widget._desk.autosave.saved.rev == widget.revision and not widget._desk.channel.is_busy)
    if saved is not None:
        widget.save(saved)
    if and_more:
        widget.rename(1, "changed since")
    path = widget.autosave
    assert path is not None
    widget.close()
    assert path.exists()
    return path


def test_only_copies_of_saved_work_are_pruned(clip_file: Path, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "sessions"
    monkeypatch.setattr(video_leftovers, "COPIES_MOST", 0)
    unsaved = left_behind(clip_file, folder, None)
    copy = left_behind(clip_file, folder, tmp_path / "kept.sam2video")
    changed = left_behind(clip_file, folder, tmp_path / "kept2.sam2video", and_more=True)
    orphan = left_behind(clip_file, folder, tmp_path / "gone.sam2video")
    (tmp_path / "gone.sam2video").unlink()
    (folder / "broken.sam2video").write_bytes(b"no session")
    in_use = VideoSegmenter(clip_file, predictor(), autosave=folder)
    in_use.add_object()
    in_use.save(tmp_path / "in-use.sam2video")
    leftovers = prune(folder)
    names = {path.name for path in folder.glob("*.sam2video")}
    assert in_use.autosave is not None
    assert names == {p.name for p in (unsaved, changed, orphan, in_use.autosave)} | {"broken.sam2video"}
    assert not copy.exists()
    assert (leftovers.count, leftovers.words) == (3, "")
    in_use.close()


def test_copies_stay_for_a_while_and_much_unsaved_work_is_told(clip_file: Path, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "sessions"
    copies = [left_behind(clip_file, folder, tmp_path / f"{i}.sam2video") for i in range(3)]
    for age, path in enumerate(copies):
        when = time.time() - age * 86400
        os.utime(path, (when, when))
    prune(folder)
    assert all(path.exists() for path in copies)
    monkeypatch.setattr(video_leftovers, "COPIES_DAYS", 1.5)
    prune(folder)
    assert [path.exists() for path in copies] == [True, True, False]
    monkeypatch.setattr(video_leftovers, "COPIES_BYTES", copies[0].stat().st_size + 1)
    prune(folder)
    assert [path.exists() for path in copies] == [True, False, False]
    left_behind(clip_file, folder, None)
    monkeypatch.setattr(video_leftovers, "UNSAVED_MOST", 0)
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    until(lambda: len(widget.notices) == 2)
    assert f"Unsaved sessions in {folder}: 1, " in widget.notices[0]
    widget.close()
