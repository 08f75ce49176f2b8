"""Which memories a frame recalls, and what the memory half promises beyond its numbers."""

from dataclasses import replace

import pytest
import torch

from sam2_notebook.model import (
    Memory,
    MemoryBank,
    PromptTensors,
    Recollection,
    Sam2,
    Sighting,
    choose_memories,
    unprompted,
)

from .conftest import SMALL


def chosen(
    frame: int, prompted: set[int], tracked: set[int], **options: int | bool
) -> tuple[dict[int, int], dict[int, int]]:
    """Slots of the maps and ages of the pointers, by frame."""
    choice = choose_memories(frame, prompted=prompted, tracked=tracked, **options)  # pyright: ignore[reportArgumentType]
    return dict(choice.maps), dict(choice.pointers)


def test_six_frames_back_is_the_last_map_and_fifteen_the_last_pointer():
    maps, pointers = chosen(30, {0}, set(range(1, 30)))
    assert maps == {0: 6, **{30 - step: step - 1 for step in range(1, 7)}}
    assert pointers == {0: 30, **{30 - age: age for age in range(1, 16)}}


def test_maps_and_pointers_have_separate_limits():
    maps, pointers = chosen(10, {0}, {2, 9})
    assert maps == {0: 6, 9: 0}
    assert pointers == {0: 10, 9: 1, 2: 8}


def test_missing_frames_are_skipped_and_nothing_takes_their_slot():
    maps, _ = chosen(8, {0}, {2, 5, 7})
    assert maps == {0: 6, 2: 5, 5: 2, 7: 0}


def test_prompted_frames_count_wherever_they_lie_but_point_only_backwards():
    maps, pointers = chosen(5, {0, 4, 20}, {3})
    assert maps == {0: 6, 4: 6, 20: 6, 3: 1}
    assert pointers == {0: 5, 4: 1, 3: 2}


def test_in_reverse_before_means_after():
    maps, pointers = chosen(5, {9, 2}, {6, 7, 4}, reverse=True)
    assert maps == {9: 6, 2: 6, 6: 0, 7: 1}
    assert pointers == {9: 4, 6: 1, 7: 2}


@pytest.mark.parametrize(
    ("frames", "oldest", "span"), [(None, 15, 15), (100, 15, 15), (16, 15, 15), (4, 3, 3), (1, 0, 1)]
)
def test_a_short_video_has_fewer_pointers_and_a_shorter_span(frames: int | None, oldest: int, span: int):
    choice = choose_memories(40, prompted={0}, tracked=set(range(1, 40)), frames=frames)
    assert max((age for f, age in choice.pointers if f), default=0) == oldest
    assert choice.span == span


def test_the_nearest_prompted_frames_are_kept_when_there_are_too_many():
    maps, pointers = chosen(10, {0, 6, 8, 11, 30}, set(), most_prompted=3)
    assert maps == {6: 6, 8: 6, 11: 6}
    assert pointers == {6: 4, 8: 2, 0: 10}


def test_a_prompted_frame_that_was_not_chosen_counts_as_an_ordinary_one():
    maps, pointers = chosen(10, {5, 9, 10}, set(), most_prompted=2)
    assert maps == {9: 6, 10: 6, 5: 4}
    assert pointers == {9: 1, 10: 0, 5: 5}


def test_fewer_than_two_prompted_frames_cannot_be_asked_for():
    with pytest.raises(ValueError, match="at least 2"):
        choose_memories(3, prompted={1}, tracked=set(), most_prompted=1)


def memory(number: float = 0) -> Memory:
    return Memory(map=torch.full((1, 16, 4, 4), float(number)), pointer=torch.full((1, 64), float(number)))


def test_far_memories_fall_out_of_the_bank():
    bank = MemoryBank().with_memory(0, memory(), prompted=True)
    for frame in range(1, 1000):
        bank = bank.with_memory(frame, memory(frame), prompted=False).kept_for(frame + 1)
    assert set(bank.prompted) == {0}
    assert set(bank.tracked) == set(range(985, 1000))
    assert {f for f, kept in bank.tracked.items() if kept.map is not None} == set(range(994, 1000))


def test_dropping_far_memories_changes_no_recollection():
    whole = slim = MemoryBank().with_memory(3, memory(), prompted=True)
    for frame in range(60, 3, -1):
        old, new = whole.recollect(frame, reverse=True), slim.recollect(frame, reverse=True)
        assert old is not None
        assert new is not None
        assert old.shape == new.shape
        assert all(torch.equal(a, b) for a, b in zip(old.maps, new.maps, strict=True))
        whole = whole.with_memory(frame, memory(frame), prompted=False)
        slim = slim.with_memory(frame, memory(frame), prompted=False).kept_for(frame - 1, reverse=True)


def test_a_bank_never_changes():
    bank = MemoryBank().with_memory(0, memory(), prompted=True)
    bank.with_memory(1, memory(), prompted=False).forget({0})
    assert (set(bank.prompted), set(bank.tracked)) == ({0}, set())


def test_prompting_a_tracked_frame_makes_it_a_prompted_one_and_tracking_cannot_undo_that():
    bank = MemoryBank().with_memory(0, memory(), prompted=True).with_memory(4, memory(1), prompted=False)
    bank = bank.with_memory(4, memory(2), prompted=True)
    assert (set(bank.prompted), set(bank.tracked)) == ({0, 4}, set())
    with pytest.raises(ValueError, match="frame 4 is prompted"):
        bank.with_memory(4, memory(3), prompted=False)


def test_nothing_is_recalled_before_anything_was_prompted():
    assert MemoryBank().with_memory(1, memory(), prompted=False).recollect(2) is None


@pytest.fixture(scope="module", params=["2.0", "2.1"])
def tracker(request: pytest.FixtureRequest) -> Sam2:
    torch.manual_seed(0)
    model = Sam2(replace(SMALL, memory_layers=2, memory_dim=16, version=request.param)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def sighting(batch: int, score: float = 1.0) -> Sighting:
    noise = torch.Generator().manual_seed(3)
    return Sighting(
        logits=torch.randn(batch, 1, 16, 16, generator=noise),
        iou=torch.ones(batch),
        object_score=torch.full((batch,), score),
        pointer=torch.randn(batch, 64, generator=noise),
    )


def recollection(batch: int) -> Recollection:
    noise = torch.Generator().manual_seed(4)
    return Recollection(
        maps=tuple(torch.randn(batch, 16, 4, 4, generator=noise) for _ in range(3)),
        slots=(6, 1, 0),
        pointers=tuple(torch.randn(batch, 64, generator=noise) for _ in range(2)),
        ages=(4, 1),
        span=15,
    )


def one(recalled: Recollection, index: int) -> Recollection:
    row = slice(index, index + 1)
    return replace(
        recalled, maps=tuple(m[row] for m in recalled.maps), pointers=tuple(p[row] for p in recalled.pointers)
    )


@torch.inference_mode()
def test_an_object_recalls_alone_what_it_recalls_among_others(tracker: Sam2, pixels: torch.Tensor):
    raw = tracker.encode(pixels[:1])
    together = tracker.recall(raw, recollection(3))
    assert together.fine.shape[0] == 3
    for i in range(3):
        alone = tracker.recall(raw, one(recollection(3), i))
        assert torch.allclose(alone.coarse, together.coarse[i : i + 1], atol=1e-5)


@torch.inference_mode()
def test_joined_recollections_are_a_batch(tracker: Sam2, pixels: torch.Tensor):
    parts = [one(recollection(3), i) for i in range(3)]
    joined = Recollection.join(parts)
    assert all(torch.equal(a, b) for a, b in zip(joined.maps, recollection(3).maps, strict=True))
    with pytest.raises(ValueError, match="of one shape"):
        Recollection.join([parts[0], replace(parts[1], slots=(6, 2, 0))])


@torch.inference_mode()
def test_an_object_is_remembered_alone_as_among_others(tracker: Sam2, pixels: torch.Tensor):
    raw, seen = tracker.encode(pixels[:1]), sighting(2)
    together = tracker.remember(raw, seen, prompted=False).map
    assert together is not None
    for i in range(2):
        part = Sighting(
            **{name: getattr(seen, name)[i : i + 1] for name in ("logits", "iou", "object_score", "pointer")}
        )
        alone = tracker.remember(raw, part, prompted=False).map
        assert alone is not None
        assert torch.allclose(alone, together[i : i + 1], atol=1e-5)


@torch.inference_mode()
def test_only_the_newer_version_marks_the_memory_of_an_absent_object(tracker: Sam2, pixels: torch.Tensor):
    raw = tracker.encode(pixels[:1])
    there = tracker.remember(raw, sighting(1, 0.5), prompted=False).map
    gone = tracker.remember(raw, sighting(1, -0.5), prompted=False).map
    assert there is not None
    assert gone is not None
    assert torch.equal(there, gone) == (tracker.config.version == "2.0")


@torch.inference_mode()
def test_an_absent_object_has_an_empty_mask_and_a_pointer_of_its_own(tracker: Sam2, pixels: torch.Tensor):
    features = tracker.recall(tracker.encode(pixels[:1]))
    click = PromptTensors(points=torch.full((2, 1, 2), 30.0), labels=torch.ones(2, 1, dtype=torch.long))
    prediction = tracker.segment(features, click, multimask=True)
    seen = tracker.locate(replace(prediction, object_score=torch.tensor([0.3, 0.0])))
    assert tracker.memory is not None
    assert torch.equal(seen.pointer[1], tracker.memory.no_pointer)
    assert not torch.equal(seen.pointer[0], seen.pointer[1])
    assert seen.logits[1].unique().tolist() == [-1024]
    best = int(prediction.iou[0].argmax())
    assert torch.equal(seen.logits[0, 0], prediction.logits[0, best])


@torch.inference_mode()
def test_a_mask_prompt_is_taken_as_it_is(tracker: Sam2, pixels: torch.Tensor):
    mask = torch.zeros(2, 1, 64, 64)
    mask[0, 0, 16:48, 8:40] = 1
    seen = tracker.adopt(tracker.encode(pixels[:1]), mask)
    assert torch.allclose(seen.logits[0, 0, 5:11, 3:9], torch.tensor(10.0))
    assert torch.allclose(seen.logits[1], torch.tensor(-10.0))
    assert seen.object_score.tolist() == [10, -10]
    assert tracker.memory is not None
    assert torch.equal(seen.pointer[1], tracker.memory.no_pointer)


@torch.inference_mode()
def test_a_network_of_pictures_says_that_it_has_no_memory(small: Sam2, pixels: torch.Tensor):
    raw = small.encode(pixels[:1])
    prediction = small.segment(small.recall(raw), unprompted(1), multimask=True)
    for ask in (
        lambda: small.recall(raw, recollection(1)),
        lambda: small.locate(prediction),
        lambda: small.adopt(raw, torch.zeros(1, 1, 64, 64)),
        lambda: small.remember(raw, sighting(1), prompted=True),
    ):
        with pytest.raises(ValueError, match="has no memory"):
            ask()


def test_memory_adds_parameters_and_renames_none():
    with torch.device("meta"):
        pictures, videos = Sam2(SMALL).state_dict(), Sam2(replace(SMALL, memory_layers=1)).state_dict()
    assert {name for name in videos if not name.startswith("memory.")} == set(pictures)
