"""A session's doors: results as values, edits, bad input, threads, memory that runs out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import MediaError, ModelError, PromptError
from sam2_notebook.media import open_video, write_video
from sam2_notebook.model.fast.memory_attention import FastMemoryAttention
from sam2_notebook.predict import VideoPredictor, VideoSession
from sam2_notebook.predict.tracker import FILLED_LOGIT
from sam2_notebook.values.masks import Rle

from .video_clips import SIZE, clip, video_model

SHORT = clip()[:6]


@pytest.fixture
def predictor() -> VideoPredictor:
    return VideoPredictor(video_model(), device="cpu")


@pytest.fixture
def session(predictor: VideoPredictor) -> VideoSession:
    return predictor.open(SHORT)


def snapshot(session: VideoSession) -> list[object]:
    """All a user can see of a session."""
    prompts = [
        (i, frame, p.points.tolist(), p.labels.tolist(), p.box)
        for i in session.objects
        for frame, p in session.prompts(i).items()
    ]
    return [session.objects, session.frames, [session.result(f) for f in session.frames], prompts]


def test_results_are_small_frozen_values(session) -> None:
    result = session.add(2, 7, box=[10, 10, 50, 40])
    assert (result.frame, len(result), result.size) == (2, 1, SIZE)
    assert result.time_s == pytest.approx(2 / 25)
    found = result[7]
    assert found.mask.shape == (60, 80)
    assert found.rle == Rle.from_mask(found.mask)
    assert found.prompted
    assert 0 <= found.score <= 1
    assert np.array_equal(result.masks[7], found.mask)
    assert 7 in result
    with pytest.raises(PromptError, match="no result for object 8"):
        result[8]
    with pytest.raises(AttributeError):
        found.score = 1


def test_a_model_of_pictures_only_is_refused_in_words(model) -> None:
    with pytest.raises(ModelError, match="segments pictures only"):
        VideoPredictor(model)


def test_the_embedded_model_follows() -> None:
    with VideoPredictor().open(SHORT) as session:
        session.add(0, 1, points=[[30, 30]])
        assert [result.frame for result in session.propagate(frames=2)] == [0, 1]


@pytest.mark.parametrize("frame", [-1, 6, 2**40, None, 1.5, float("nan"), "0", True])
def test_unknown_frames_are_refused(session, frame) -> None:
    session.add(0, 1, points=[[30, 30]])
    before = snapshot(session)
    for call in (
        lambda: session.add(frame, 1, points=[[1, 1]]),
        lambda: session.result(frame),
        lambda: session.clear(frame, 1),
        lambda: session.propagate(start=frame) if frame is not None else session.add(None, 1, points=[[1, 1]]),
    ):
        with pytest.raises(PromptError, match="frames 0 to 5"):
            call()
    assert snapshot(session) == before


@pytest.mark.parametrize("obj", [-1, 2**31, None, 1.5, float("nan"), "1", False])
def test_ids_of_objects_are_whole_numbers(session, obj) -> None:
    with pytest.raises(PromptError, match="id of an object"):
        session.add(0, obj, points=[[1, 1]])
    assert session.objects == ()
    assert session.add(0, 2**31 - 1, points=[[1, 1]])[2**31 - 1].object == 2**31 - 1


def test_unknown_objects_and_prompts_are_refused(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    before = snapshot(session)
    for call in (
        lambda: session.remove_object(2),
        lambda: session.prompts(2),
        lambda: session.clear(0, 2),
        lambda: session.propagate(objects=[1, 2]),
    ):
        with pytest.raises(PromptError, match="no object 2"):
            call()
    with pytest.raises(PromptError, match="no prompt in frame 3"):
        session.clear(3, 1)
    with pytest.raises(PromptError, match="no point 5"):
        session.remove_prompt(0, 1, 5)
    with pytest.raises(PromptError, match="no box"):
        session.remove_prompt(0, 1, kind="box")
    assert snapshot(session) == before


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ({}, "nothing to segment"),
        ({"points": [[float("nan"), 3]]}, "not finite"),
        ({"points": [[90, 3]]}, "outside"),
        ({"points": [[1, 1]], "labels": [2]}, "label"),
        ({"box": [10, 10, 5, 40]}, "left, top, right, bottom"),
        ({"points": [[[1, 1]], [[2, 2]]]}, "one object at a time"),
        ({"mask": np.ones((60, 80), bool), "points": [[1, 1]]}, "give it alone"),
        ({"mask": np.ones((60, 80), np.uint8)}, "bool mask"),
        ({"mask": np.full((16, 16), np.nan, np.float32)}, "bool mask"),
    ],
)
def test_bad_prompts_change_nothing(session, prompt, words) -> None:
    session.add(0, 1, points=[[30, 30]])
    before = snapshot(session)
    with pytest.raises(PromptError, match=words):
        session.add(0, 1, **prompt)
    assert snapshot(session) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "nothing to follow"),
        ({"objects": []}, "nothing to follow"),
        ({"direction": "sideways"}, "direction"),
        ({"frames": 0}, "at least 1"),
        ({"frames": 1.5}, "at least 1"),
    ],
)
def test_propagation_without_prompts_or_sense_is_refused_at_once(session, options, words) -> None:
    with pytest.raises(PromptError, match=words):
        session.propagate(**options)


def test_objects_without_prompts_are_named(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    session.clear(0, 1)
    assert session.objects == (1,)
    with pytest.raises(PromptError, match="nothing to follow"):
        session.propagate()
    with pytest.raises(PromptError, match=r"\[1\] have no prompt"):
        session.propagate(objects=[1])


def test_removing_a_click_gives_what_the_others_alone_give(predictor) -> None:
    with predictor.open(SHORT) as session, predictor.open(SHORT) as other:
        session.add(0, 1, box=[10, 10, 50, 40])
        session.add(0, 1, points=[[30, 30], [60, 10]], labels=[1, 0])
        session.remove_prompt(0, 1, index=0)
        session.remove_prompt(0, 1)
        assert session.result(0) == other.add(0, 1, box=[10, 10, 50, 40])
        assert session.prompts(1)[0].box is not None


def test_clearing_a_correction_brings_the_tracked_mask_back(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    tracked = list(session.propagate())[3]
    session.add(3, 1, points=[[70, 10]], labels=[0])
    back = session.clear(3, 1)
    assert back[1].counts == tracked[1].counts
    assert back[1].stale  # prompts have changed in between, though they are the same again
    assert list(session.propagate())[3] == tracked


def test_an_edit_or_a_newer_propagation_ends_the_one_under_way(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    for edit in (
        lambda: session.add(4, 1, points=[[50, 20]]),
        lambda: session.clear(4, 1),
        session.propagate,
        session.cancel,
    ):
        walk = session.propagate()
        assert next(walk).frame == 0
        edit()
        assert list(walk) == []


def test_another_thread_may_cancel(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    walk = session.propagate()
    next(walk)
    canceller = threading.Thread(target=session.cancel)
    canceller.start()
    canceller.join(10)
    assert list(walk) == []
    assert len(session.frames) == 1


def test_two_sessions_share_a_predictor_from_two_threads(predictor) -> None:
    def run(x: int) -> list[object]:
        with predictor.open(SHORT) as session:
            session.add(0, 1, points=[[x, 30]])
            return list(session.propagate())

    wanted = [run(20), run(50)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [20, 50])) == wanted


def test_memory_that_runs_out_is_explained_and_the_session_goes_on(predictor, monkeypatch) -> None:
    attend = FastMemoryAttention.__call__
    with predictor.open(SHORT) as session, predictor.open(SHORT) as untroubled:
        for opened in (session, untroubled):
            opened.add(0, 1, points=[[30, 30]])
            opened.add(0, 2, box=[10, 10, 50, 40])
        wanted = list(untroubled.propagate())
        calls = []

        def starved(self, x, recollection):
            calls.append(recollection.maps[0].shape[0])
            if len(calls) in {3, 4, 5}:
                raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes")
            return attend(self, x, recollection)

        monkeypatch.setattr(FastMemoryAttention, "__call__", starved)
        seen = []
        with pytest.raises(ModelError, match="not enough memory to follow 2 objects to frame 3"):
            seen += [result.frame for result in session.propagate()]
        assert len(session.frames) == 3
        assert list(session.propagate()) == wanted


def test_a_batch_too_large_for_the_memory_is_taken_apart(predictor, monkeypatch) -> None:
    attend = FastMemoryAttention.__call__

    def starved(self, x, recollection):
        if recollection.maps[0].shape[0] > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return attend(self, x, recollection)

    with predictor.open(SHORT) as session:
        session.add(0, 1, points=[[30, 30]])
        session.add(0, 2, box=[10, 10, 50, 40])
        monkeypatch.setattr(FastMemoryAttention, "__call__", starved)
        assert [len(result) for result in session.propagate()] == [2] * 6


def test_other_errors_of_the_network_are_not_mistaken_for_memory(session, monkeypatch) -> None:
    session.add(0, 1, points=[[30, 30]])

    def broken(*_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(FastMemoryAttention, "__call__", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(session.propagate())


def test_a_damaged_frame_ends_the_propagation_and_the_rest_stays(predictor, tmp_path: Path) -> None:
    pictures: list[object] = list(SHORT)
    pictures[3] = tmp_path / "gone.png"
    with predictor.open(pictures) as session:
        session.add(0, 1, points=[[30, 30]])
        with pytest.raises(MediaError, match=r"gone\.png"):
            list(session.propagate())
        assert session.frames == (0, 1, 2)


def test_files_streams_and_open_videos_are_sources(predictor, tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", SHORT)
    with predictor.open(path) as session:
        session.add(0, 1, points=[[30, 30]])
        assert len(list(session.propagate())) == 6
    with pytest.raises(MediaError, match="closed"):
        session.source.frame(5)
    assert len(session.frames) == 6
    video = open_video(path)
    with predictor.open(video) as session:
        assert session.source is video
    assert video.frame(0).shape == (60, 80, 3)  # not ours to close


def test_a_stream_is_followed_to_its_end(predictor) -> None:
    with predictor.open(iter(SHORT)) as session, predictor.open(SHORT) as known:
        for opened in (session, known):
            opened.add(0, 1, points=[[30, 30]])
        assert [r.frame for r in session.propagate()] == [r.frame for r in known.propagate()]


def test_mistakes_in_the_middle_of_a_video_do_not_end_it(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    walk = session.propagate()
    next(walk)
    with pytest.raises(PromptError):
        session.add(3, 1, points=[[1000, 1]])
    assert [result.frame for result in walk] == [1, 2, 3, 4, 5]


def test_the_candidate_chosen_of_a_click_is_what_is_refined_and_remembered(predictor) -> None:
    follow: dict[int | None, list[float]] = {}
    for candidate in (None, 0, 1, 2):
        session = predictor.open(SHORT)
        session.add(1, 1, points=[[30, 30]], candidate=candidate)
        offered = session.candidates(1, 1)
        assert offered is not None
        index = int(offered.scores.argmax()) if candidate is None else candidate
        assert session.result(1)[1].score == pytest.approx(float(offered.scores[index]))
        logits = session.logits(1, 1)
        assert logits is not None
        filled = logits == np.float32(FILLED_LOGIT)  # small gaps are closed in what is kept
        assert np.array_equal(logits[~filled], offered.logits[index][~filled])
        list(session.propagate(frames=3))
        seen = session.logits(3, 1)
        assert seen is not None
        session.add(1, 1, points=[[50, 40]], labels=[0])
        assert session.candidates(1, 1) is None
        corrected = session.logits(1, 1)
        assert corrected is not None
        follow[candidate] = [float(seen.sum()), float(corrected.sum())]
    best = int(offered.scores.argmax())
    assert follow[best] == follow[None]
    assert len({tuple(sums) for sums in follow.values()}) == 3
    assert len({sums[1] for sums in follow.values()}) == 3


@pytest.mark.parametrize(
    ("prompt", "candidate", "words"),
    [
        ({"points": [[30, 30]]}, 3, "0, 1 and 2"),
        ({"points": [[30, 30]]}, True, "0, 1 and 2"),
        ({"points": [[30, 30], [40, 40]]}, 1, "only a lone click"),
        ({"box": [10, 10, 50, 40]}, 1, "only a lone click"),
    ],
)
def test_a_choice_where_there_is_none_changes_nothing(session, prompt, candidate, words) -> None:
    with pytest.raises(PromptError, match=words):
        session.add(2, 1, **prompt, candidate=candidate)
    assert session.objects == ()


def test_an_object_is_reminded_of_the_frames_before(predictor: VideoPredictor, session: VideoSession) -> None:
    session.add(0, 1, points=[[30, 30]])
    told = {r.frame: r[1].mask for r in session.propagate(frames=4)}
    on = next(iter(session.propagate(start=4)))[1]
    assert on.memory is not None
    with predictor.open(session.source) as anew:
        anew.add(0, 1, points=[[30, 30]])
        anew.remind(1, {frame: told[frame] for frame in range(1, 4)})
        again = next(iter(anew.propagate(start=4)))[1]
        assert again.memory is not None
        assert (again.memory.recent, again.memory.prompted) == (on.memory.recent, (0,)) == ((3, 2, 1), (0,))
        anew.remind(1, {4: ~told[3]})  # what was followed here is not changed
        assert anew.result(4)[1] == again
        with pytest.raises(PromptError, match="no object 2"):
            anew.remind(2, {3: told[3]})
