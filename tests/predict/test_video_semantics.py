"""What other SAM 2 packages get wrong in videos, and this one must not. Each test is named after a failure."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch

from sam2_notebook.model import PromptTensors
from sam2_notebook.model.fast.image_encoder import FastImageEncoder
from sam2_notebook.model.fast.memory_attention import FastMemoryAttention
from sam2_notebook.model.fast.memory_encoder import FastMemoryEncoder
from sam2_notebook.predict import FrameResult, VideoPredictor, VideoSession
from sam2_notebook.predict.tensors import image_tensor
from sam2_notebook.values.masks import remove_islands

from .video_clips import FRAMES, clip, set_presence, video_model


@pytest.fixture
def session() -> Iterator[VideoSession]:
    with VideoPredictor(video_model(), device="cpu").open(clip()) as opened:
        yield opened


def logits_of(session: VideoSession, obj: int, frames: range) -> np.ndarray:
    found = [session.logits(frame, obj) for frame in frames]
    assert all(logits is not None for logits in found)
    return np.stack([logits for logits in found if logits is not None])


def test_a_correction_on_a_tracked_frame_survives_the_next_propagation_and_changes_later_frames(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    first = list(session.propagate())
    before = logits_of(session, 1, range(FRAMES))
    corrected = session.add(6, 1, points=[[50, 20]], labels=[0])
    assert corrected[1].counts != first[6][1].counts
    assert session.result(7)[1].stale
    second = list(session.propagate())
    assert second[6] == corrected
    assert second[6][1].prompted
    after = logits_of(session, 1, range(FRAMES))
    changed = np.abs(after - before).max(axis=(1, 2))
    assert (changed[7:] > 1e-3).all()
    assert not any(o.stale for result in second for o in result)


def test_a_second_click_on_the_first_frame_survives_the_next_propagation(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    first = list(session.propagate())
    before = logits_of(session, 1, range(FRAMES))
    clicked = session.add(0, 1, points=[[60, 40]], labels=[0])
    assert clicked[1].counts != first[0][1].counts
    second = list(session.propagate())
    assert second[0] == clicked
    after = logits_of(session, 1, range(FRAMES))
    assert (np.abs(after - before).max(axis=(1, 2))[1:] > 1e-4).all()
    assert len(session.prompts(1)[0].points) == 2


def test_a_new_object_leaves_the_results_of_others_unchanged_bit_for_bit(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    session.add(4, 2, box=[10, 10, 50, 40])
    first = {result.frame: result for result in session.propagate()}
    session.add(9, 7, points=[[60, 20]])
    second = {result.frame: result for result in session.propagate()}
    assert set(second) == set(range(FRAMES))
    for frame, result in second.items():
        assert result[1] == first[frame][1]
        assert result[2] == first[frame][2]
        assert 7 in result
    session.remove_object(7)
    assert [session.result(frame) for frame in range(FRAMES)] == list(first.values())


def test_an_object_added_late_is_tracked_as_if_it_had_been_there_from_the_start() -> None:
    predictor = VideoPredictor(video_model(), device="cpu")
    with predictor.open(clip()) as late, predictor.open(clip()) as early:
        late.add(0, 1, points=[[30, 30]])
        list(late.propagate())
        late.add(3, 2, points=[[60, 20]])
        list(late.propagate(start=3, objects=[2]))
        early.add(3, 2, points=[[60, 20]])
        list(early.propagate())
        for frame in range(3, FRAMES):
            assert late.result(frame)[2] == early.result(frame)[2]


def test_frames_that_see_only_future_prompts_are_tracked_in_fp32(session) -> None:
    session.add(10, 1, points=[[30, 30]])
    results = list(session.propagate(start=0))
    assert [result.frame for result in results] == list(range(FRAMES))
    assert np.isfinite(logits_of(session, 1, range(10))).all()
    assert results[3][1].score > 0


def test_n_frames_means_n_frames(session) -> None:
    session.add(5, 1, points=[[30, 30]])
    assert [r.frame for r in session.propagate(frames=1)] == [5]
    assert [r.frame for r in session.propagate(frames=4)] == [5, 6, 7, 8]
    assert [r.frame for r in session.propagate(direction="backward", frames=3)] == [5, 4, 3]
    assert [r.frame for r in session.propagate(direction="both", frames=2)] == [5, 6, 4, 3]
    assert [r.frame for r in session.propagate(start=22, frames=9)] == [22, 23]


def test_backward_from_frame_0_is_a_no_op(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    assert list(session.propagate(direction="backward")) == []
    assert list(session.propagate(start=0, direction="backward")) == []
    assert [r.frame for r in session.propagate(direction="both")] == list(range(FRAMES))


def test_both_directions_give_every_frame_once(session) -> None:
    session.add(9, 1, points=[[30, 30]])
    frames = [result.frame for result in session.propagate(direction="both")]
    assert frames == [*range(9, FRAMES), *range(8, -1, -1)]
    assert session.frames == tuple(range(FRAMES))


@pytest.mark.parametrize("hole_area", [0, 8])
def test_holes_are_filled_without_a_compiled_extension(hole_area: int) -> None:
    model = video_model()
    filled = 0
    with VideoPredictor(model, device="cpu", hole_area=hole_area).open(clip()) as session:
        plain = VideoPredictor(model, device="cpu", hole_area=0).open(clip())
        for index, (x, y) in enumerate([(10, 10), (30, 30), (70, 50), (40, 5), (5, 55)]):
            session.add(index, index, box=[x, y, x + 9, y + 4])
            plain.add(index, index, box=[x, y, x + 9, y + 4])
            ours, raw = session.logits(index, index), plain.logits(index, index)
            assert ours is not None
            assert raw is not None
            gaps = ours <= 0
            if hole_area:
                assert np.array_equal(gaps, remove_islands(gaps, hole_area + 1))
                assert np.array_equal(ours[ours != np.float32(0.1)], raw[ours != np.float32(0.1)])
            filled += int((ours != raw).sum())
    assert (filled > 0) == (hole_area > 0)


def test_memory_around_a_correction_can_be_cleared() -> None:
    outcomes = []
    for clear in (False, True):
        predictor = VideoPredictor(video_model(), device="cpu", clear_memory_around_prompts=clear)
        with predictor.open(clip()) as session:
            session.add(0, 1, points=[[30, 30]])
            list(session.propagate(frames=9))
            session.add(8, 1, points=[[50, 20]], labels=[0])
            list(session.propagate(start=9))
            outcomes.append((session.result(8)[1], logits_of(session, 1, range(9, 15))))
    assert outcomes[0][0] == outcomes[1][0]
    assert np.abs(outcomes[0][1] - outcomes[1][1]).max() > 1e-4


def test_an_object_whose_prompts_were_removed_is_left_out_and_can_come_back(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    session.add(0, 2, box=[10, 10, 50, 40])
    list(session.propagate())
    session.remove_prompt(0, 1)
    assert session.objects == (1, 2)
    assert 1 not in session.result(5)
    assert all(1 not in result for result in session.propagate())
    session.add(3, 1, points=[[30, 30]])
    assert 1 in next(session.propagate())


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_interrupted_and_resumed_equals_uninterrupted_byte_for_byte(direction) -> None:
    predictor = VideoPredictor(video_model(), device="cpu")

    def prompted() -> VideoSession:
        session = predictor.open(clip())
        session.add(8, 1, points=[[30, 30]])
        session.add(8, 2, box=[10, 10, 50, 40])
        session.add(12, 1, points=[[50, 20]], labels=[0])
        return session

    with prompted() as whole, prompted() as broken:
        wanted = list(whole.propagate(direction=direction))
        rng = np.random.default_rng(3)
        for way in range(8):
            for count, _ in enumerate(walk := broken.propagate(direction=direction)):
                if count == int(rng.integers(0, 12)):
                    if way % 2:
                        walk.close()
                    else:
                        broken.cancel()
        assert list(broken.propagate(direction=direction)) == wanted
        assert [broken.result(f) for f in whole.frames] == [whole.result(f) for f in whole.frames]


def test_resuming_at_the_next_frame_equals_uninterrupted(session) -> None:
    session.add(0, 1, points=[[30, 30]])
    done = list(session.propagate(frames=7))
    rest = list(session.propagate(start=7))
    with VideoPredictor(video_model(), device="cpu").open(clip()) as whole:
        whole.add(0, 1, points=[[30, 30]])
        assert done + rest == list(whole.propagate())


def test_a_keyboard_interrupt_leaves_no_object_ahead_of_another(session, monkeypatch) -> None:
    session.add(0, 1, points=[[30, 30]])
    session.add(2, 2, box=[10, 10, 50, 40])
    wanted_session = VideoPredictor(video_model(), device="cpu").open(clip())
    wanted_session.add(0, 1, points=[[30, 30]])
    wanted_session.add(2, 2, box=[10, 10, 50, 40])
    wanted = list(wanted_session.propagate())
    encode, calls = FastMemoryEncoder.__call__, []

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) in {5, 8, 9, 17}:
            raise KeyboardInterrupt
        return encode(*args, **options)

    monkeypatch.setattr(FastMemoryEncoder, "__call__", interrupted)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            list(session.propagate())
        done = [len(session.result(f)) for f in range(3, FRAMES)]
        assert set(done) <= {0, 2}
        assert all(a >= b for a, b in pairwise(done))
    assert list(session.propagate()) == wanted


def test_objects_in_a_batch_are_what_they_are_alone_and_share_one_encoding(monkeypatch) -> None:
    model = video_model()
    predictor = VideoPredictor(model, device="cpu")
    prompts = {
        1: {"points": [[30, 30]]},
        2: {"box": [10, 10, 50, 40]},
        5: {"points": [[60, 20], [5, 5]], "labels": [1, 0]},
    }
    alone: dict[int, np.ndarray] = {}
    for obj, prompt in prompts.items():
        with predictor.open(clip()) as session:
            session.add(0, obj, **prompt)
            list(session.propagate())
            alone[obj] = logits_of(session, obj, range(FRAMES))
    encoded, batches = [], []
    encode, attend = FastImageEncoder.__call__, FastMemoryAttention.__call__
    monkeypatch.setattr(FastImageEncoder, "__call__", lambda self, x: encoded.append(1) or encode(self, x))
    monkeypatch.setattr(
        FastMemoryAttention, "__call__", lambda self, x, r: batches.append(r.maps[0].shape[0]) or attend(self, x, r)
    )
    with predictor.open(clip()) as session:
        for obj, prompt in prompts.items():
            session.add(0, obj, **prompt)
        list(session.propagate())
        for obj in prompts:
            np.testing.assert_allclose(logits_of(session, obj, range(FRAMES)), alone[obj], atol=1e-4)
    assert len(encoded) == FRAMES
    assert batches == [3] * (FRAMES - 1)


def test_refinement_feeds_the_earlier_logits_clamped(session) -> None:
    model = video_model()
    session.add(2, 1, points=[[30, 30]])
    earlier = session.logits(2, 1)
    session.add(2, 1, points=[[60, 40]], labels=[0])
    with torch.inference_mode():
        features = model.recall(model.encode(image_tensor(clip()[2], 64)))
        points = torch.tensor([[[30.0, 30], [60, 40]]]) * torch.tensor([64 / 80, 64 / 60])
        prompts = PromptTensors(
            points=points, labels=torch.tensor([[1, 0]]), mask=torch.from_numpy(earlier)[None, None].clamp(-32, 32)
        )
        wanted = model.segment(features, prompts, multimask=False).logits[0, 0].numpy()
    ours = session.logits(2, 1)
    kept = ours != np.float32(0.1)
    np.testing.assert_allclose(ours[kept], wanted[kept], atol=1e-5)


def test_one_click_gives_the_best_of_three_and_a_box_the_single_mask(session) -> None:
    model = video_model()
    scale = torch.tensor([64 / 80, 64 / 60])
    with torch.inference_mode():
        features = model.recall(model.encode(image_tensor(clip()[0], 64)))
        click = PromptTensors(points=torch.tensor([[[30.0, 30]]]) * scale, labels=torch.tensor([[1]]))
        three = model.segment(features, click, multimask=True)
        box = PromptTensors(points=torch.tensor([[[10.0, 10], [50, 40]]]) * scale, labels=torch.tensor([[2, 3]]))
        one = model.segment(features, box, multimask=False)
    assert session.add(0, 1, points=[[30, 30]])[1].score == pytest.approx(float(three.iou.max()), abs=1e-6)
    assert session.add(0, 2, box=[10, 10, 50, 40])[2].score == pytest.approx(float(one.iou[0, 0]), abs=1e-6)


def test_a_mask_prompt_is_the_answer(session) -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:60] = True
    found = session.add(0, 1, mask=mask)[1]
    assert (found.mask ^ mask).sum() < 200  # edges only: low-resolution logits
    assert found.object_score == 10
    corrected = session.add(0, 1, points=[[70, 50]])
    assert session.prompts(1)[0].mask is None
    assert corrected[1].counts != found.counts


def test_an_absent_object_has_an_empty_mask() -> None:
    model = video_model(seed=1)
    with VideoPredictor(model, device="cpu").open(clip()) as session:
        session.add(0, 1, points=[[30, 30]])
        assert next(session.propagate())[1].present
        set_presence(model, -8.0)
        try:
            hidden: list[FrameResult] = list(session.propagate(start=1, frames=3))
        finally:
            set_presence(model, 8.0)
        assert [r[1].present for r in hidden] == [False] * 3
        assert [r[1].rle.area for r in hidden] == [0] * 3
        assert next(iter(session.propagate(start=4)))[1].present
