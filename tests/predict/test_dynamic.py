"""Objects shown in some pictures and found in others: banks per object, and the original's joint bank, re-derived."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.model import ImageFeatures, MaskPrediction, PromptTensors, Recollection, Sam2
from sam2_notebook.predict.dynamic import DynamicSession
from sam2_notebook.predict.dynamic_joint import JointDynamicSession
from sam2_notebook.predict.prompt_edits import one_prompt
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import iou
from tests.predict.conftest import random_model
from tests.predict.video_clips import clip, memory_of, video_model

SIZE = Size(height=60, width=80)
BOX, OTHER_BOX = [10, 10, 50, 40], [30, 5, 75, 55]


@pytest.fixture
def session() -> DynamicSession:
    return DynamicSession(video_model(), device="cpu", lookalikes=False)


def test_what_was_shown_is_looked_for_in_any_picture(session: DynamicSession) -> None:
    shown = session.remember(clip()[0], "cup", box=BOX)
    assert shown.mask.shape == (60, 80)
    found = session.find(clip()[9])
    assert [o.object for o in found] == ["cup"]
    assert found["cup"].score >= 0
    assert found["cup"].present
    assert session.memories("cup") == 1, "looking leaves no memory"


@pytest.mark.parametrize(
    "prompt", [{"points": [[30, 20]]}, {"points": [[30, 20], [5, 5]], "labels": [1, 0]}, {"box": BOX}, {}]
)
def test_every_kind_of_prompt_is_taken(session: DynamicSession, prompt: dict) -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:60] = True
    shown = session.remember(clip()[0], 1, **(prompt or {"mask": mask}))
    assert len(session.find(clip()[3])) == 1
    if not prompt:
        assert iou(shown.mask, mask) > 0.8


def test_one_object_may_be_named_alone(session: DynamicSession) -> None:
    session.remember(clip()[0], "goose", points=[[20, 20]])
    (found,) = session.find(clip()[1], objects="goose")
    assert found.object == "goose"


def test_showing_another_object_changes_nothing_for_the_first(session: DynamicSession) -> None:
    session.remember(clip()[0], 1, box=BOX)
    before = session.find(clip()[7])[1].logits
    session.remember(clip()[12], 2, box=OTHER_BOX)
    after = session.find(clip()[7])
    assert np.allclose(after[1].logits, before, atol=1e-5)
    session.forget(2)
    assert np.array_equal(session.find(clip()[7])[1].logits, before)


def test_showing_an_object_again_and_showing_that_it_is_absent_count(session: DynamicSession) -> None:
    session.remember(clip()[0], 1, box=BOX)
    before = session.find(clip()[7])[1].logits
    session.remember(clip()[5], 1, points=[[40, 30]])
    again = session.find(clip()[7])[1].logits
    assert not np.allclose(before, again)
    session.remember_absent(clip()[15], 1)
    assert session.memories(1) == 3
    assert not np.allclose(again, session.find(clip()[7])[1].logits)


def test_refining_with_memory_reads_the_prompt_in_its_light() -> None:
    def logits(*, with_memory: bool) -> np.ndarray:
        session = DynamicSession(video_model(), device="cpu", lookalikes=False)
        session.remember(clip()[0], 1, box=BOX)
        return session.remember(clip()[5], 1, points=[[40, 30]], with_memory=with_memory).logits

    assert not np.allclose(logits(with_memory=True), logits(with_memory=False))
    with pytest.raises(PromptError, match="no memory of object 1 from another picture"):
        DynamicSession(video_model(), device="cpu", lookalikes=False).remember(clip()[0], 1, box=BOX, with_memory=True)


def test_showing_it_again_in_a_picture_replaces_what_that_picture_said() -> None:
    once, twice = (DynamicSession(video_model(), device="cpu", lookalikes=False) for _ in range(2))
    once.remember(clip()[0], 1, box=BOX)
    twice.remember(clip()[0], 1, points=[[40, 30]])
    twice.remember(clip()[0], 1, box=BOX)
    assert twice.memories(1) == 1
    assert np.array_equal(once.find(clip()[5])[1].logits, twice.find(clip()[5])[1].logits)


def test_what_one_picture_said_can_be_forgotten() -> None:
    session, only = (DynamicSession(video_model(), device="cpu", lookalikes=False) for _ in range(2))
    session.remember(clip()[0], 1, box=BOX)
    session.remember(clip()[4], 1, box=BOX)
    only.remember(clip()[4], 1, box=BOX)
    session.forget(1, clip()[0])
    session.forget(1, clip()[9])
    assert np.array_equal(session.find(clip()[6])[1].logits, only.find(clip()[6])[1].logits)
    session.forget(1, clip()[4])
    assert session.objects == ()


def test_clicks_correct_an_earlier_answer_for_the_same_picture() -> None:
    session = DynamicSession(video_model(), device="cpu", lookalikes=False)
    first = session.remember(clip()[0], 1, box=BOX)
    corrected = session.correct(clip()[0], first, points=[[40, 30]], labels=[0])
    assert session.memories(1) == 1
    afresh = session.remember(clip()[0], 1, points=[[40, 30]], labels=[0])
    assert not np.allclose(corrected.logits, afresh.logits)
    absent = replace(first, object_score=-3.0)
    assert np.allclose(session.correct(clip()[0], absent, points=[[40, 30]], labels=[0]).logits, afresh.logits)


def test_only_the_last_memories_are_kept() -> None:
    limited, free = (
        DynamicSession(video_model(), device="cpu", lookalikes=False, most_memories=most) for most in (2, None)
    )
    for picture in (0, 4, 8):
        limited.remember(clip()[picture], 1, box=BOX)
    for picture in (4, 8):
        free.remember(clip()[picture], 1, box=BOX)
    assert limited.memories(1) == 2
    assert np.array_equal(limited.find(clip()[1])[1].logits, free.find(clip()[1])[1].logits)


def test_pictures_come_in_any_order(session: DynamicSession) -> None:
    for picture in (9, 2):
        session.remember(clip()[picture], 1, box=BOX)
    first = session.find(clip()[5])[1].logits
    session.find(clip()[20])
    assert np.array_equal(session.find(clip()[5])[1].logits, first)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda s: s.find(clip()[0]), "nothing to look for"),
        (lambda s: s.forget(7), "object 7 was never shown"),
        (lambda s: s.remember_absent(clip()[0], 7), "never shown"),
        (lambda s: s.remember(clip()[0], 1.5, box=BOX), "named by"),
        (lambda s: s.remember(clip()[0], 1), "nothing to segment"),
        (lambda s: s.remember(clip()[0], 1, points=[[900, 5]]), "outside"),
        (lambda s: [s.remember(clip()[0], i, box=BOX) for i in range(3)], "one more than the 2 allowed"),
        (lambda s: s.remember(clip()[0], 1, mask=np.ones((5, 5), bool)), "60 high and 80 wide"),
        (lambda _: DynamicSession(video_model(), most_memories=0), "most_memories"),
    ],
)
def test_mistakes_are_told(act: Callable[[DynamicSession], object], words: str) -> None:
    with pytest.raises(PromptError, match=words):
        act(DynamicSession(video_model(), device="cpu", lookalikes=False, most_objects=2))


def test_a_network_without_memory_is_refused() -> None:
    with pytest.raises(ModelError, match="no memory"):
        DynamicSession(random_model(0), device="cpu")


def test_clearing_forgets_everything(session: DynamicSession) -> None:
    session.remember(clip()[0], 1, box=BOX)
    session.clear()
    assert session.objects == ()


def test_masks_without_overlap_share_no_pixel(session: DynamicSession) -> None:
    for name, box in ((1, BOX), (2, OTHER_BOX), (3, [0, 0, 79, 59])):
        session.remember(clip()[0], name, box=box)
    found = session.find(clip()[2])
    parted = found.without_overlap()
    masks = np.stack([o.mask for o in parted])
    assert (masks.sum(axis=0) <= 1).all()
    assert np.array_equal(masks.any(axis=0), np.stack([o.mask for o in found]).any(axis=0)), "no pixel is lost"
    large = F.interpolate(torch.from_numpy(np.stack([o.logits for o in found]))[None], size=(60, 80), mode="bilinear")[
        0
    ]
    surest = large.numpy().argmax(axis=0) == np.arange(3)[:, None, None]  # the first of equals
    assert np.array_equal(masks, surest & (large.numpy() > 0))
    assert len(found.without_overlap().without_overlap()) == 3
    assert len(found.above(1.0)) == 0


# --- the original's numbers, from the facts alone: no session of ours takes part ------------------------------------


def single(prediction: MaskPrediction) -> tuple[torch.Tensor, torch.Tensor]:
    """Token 0's mask unless it is unstable, then the best of the others; -1024 where the object is absent."""
    masks, score = prediction.logits, prediction.object_score
    sure, maybe = ((masks[:, 0] > edge).flatten(1).sum(1).float() for edge in (0.05, -0.05))
    stable = torch.where(maybe > 0, sure / maybe.clamp(min=1), 1.0) >= 0.98
    best = 1 + prediction.iou[:, 1:].argmax(1)
    chosen = torch.where(stable[:, None, None], masks[:, 0], masks[torch.arange(len(masks)), best])
    return torch.where(score[:, None, None] > 0, chosen, -1024.0), score


def decode(model: Sam2, coarse: torch.Tensor, raw: ImageFeatures, prompts: PromptTensors) -> MaskPrediction:
    middle, fine = (skip.expand(len(coarse), -1, -1, -1) for skip in (raw.middle, raw.fine))
    return model.decode(ImageFeatures(coarse=coarse, middle=middle, fine=fine), prompts)


def letterboxed(pixels: np.ndarray, side: int) -> torch.Tensor:
    """A wide picture at the top of a square, grey 114 below; in floats, as OpenCV is a level off in bytes."""
    square = np.full((side, side, 3), 114, np.uint8)
    height = side * SIZE.height // SIZE.width
    square[:height] = cv2.resize(pixels.astype(np.float32), (side, height), interpolation=cv2.INTER_LINEAR) + 0.5
    return torch.from_numpy(square).permute(2, 0, 1)[None] / 255


@torch.inference_mode()
def rederived(
    model: Sam2, slots: int, shown: list[tuple[np.ndarray, dict[int, list[float]]]], query: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (slots, side, side) and scores (slots,) of a query after boxes were shown, as the facts have it."""
    side, memory = model.config.image_size, memory_of(model)
    scale = side / SIZE.width
    bank = []
    for picture, boxes in shown:
        raw = model.encode(letterboxed(picture, side))
        masks = torch.full((slots, 1, side // 4, side // 4), -1024.0)
        scores = torch.full((slots,), -32.0)
        for slot, box in boxes.items():
            corners = torch.tensor(box).reshape(1, 2, 2) * scale
            said = PromptTensors(points=corners.float(), labels=torch.tensor([[2, 3]]))
            mask, score = single(decode(model, raw.coarse + model.no_memory[:, None, None], raw, said))
            masks[slot, 0], scores[slot] = mask[0], score[0]
        full = F.interpolate(masks, size=(side, side), mode="bilinear", align_corners=False)
        encoder = memory.encoder
        mixed = encoder.feature_projection(raw.coarse) + encoder.mask_downscaling(full.sigmoid() * 20 - 10)
        remembered = encoder.projection(encoder.fuser(mixed))
        if encoder.absent is not None:
            remembered = remembered + (scores <= 0)[:, None, None, None] * encoder.absent[:, None, None]
        bank.append(remembered)
    raw = model.encode(letterboxed(query, side))
    recalled = Recollection(maps=tuple(bank), slots=(6,) * len(bank), pointers=(), ages=(), span=1)
    coarse = memory.attention(raw.coarse, recalled)
    nothing = PromptTensors(points=torch.zeros(slots, 1, 2), labels=torch.full((slots, 1), -1))
    logits, scores = single(decode(model, coarse, raw, nothing))
    rows = logits.shape[-1] * SIZE.height // SIZE.width  # those of the picture, without the grey below
    return logits[:, :rows].numpy(), (scores / 32).clamp(min=0).numpy()


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_the_joint_session_gives_the_originals_numbers(version: str) -> None:
    model = video_model(version)
    shown: list[tuple[np.ndarray, dict[int, list[float]]]] = [
        (clip()[0], {1: [10.0, 10.0, 50.0, 40.0]}),
        (clip()[12], {0: [30.0, 5.0, 75.0, 55.0], 1: [5.0, 5.0, 20.0, 30.0]}),
    ]
    session = JointDynamicSession(model, slots=3, device="cpu")
    for picture, boxes in shown:
        session.remember(picture, {s: one_prompt(None, None, np.array(box), None, SIZE) for s, box in boxes.items()})
    found = session.find(clip()[5])
    logits, scores = rederived(model, 3, shown, clip()[5])
    assert np.allclose(np.stack([o.logits for o in found]), logits, atol=1e-4)
    assert np.allclose([o.score for o in found], [*scores[:2], 0.0], atol=1e-5)
    assert session.objects == (0, 1)


def test_in_the_joint_session_another_object_does_change_the_first() -> None:
    session = JointDynamicSession(video_model(), slots=2, device="cpu")
    session.remember(clip()[0], {0: one_prompt(None, None, np.array(BOX), None, SIZE)})
    before = session.find(clip()[7])[0].logits
    session.remember(clip()[12], {1: one_prompt(None, None, np.array(OTHER_BOX), None, SIZE)})
    assert not np.allclose(session.find(clip()[7])[0].logits, before)
    with pytest.raises(PromptError, match="the objects are 0 to 1"):
        session.remember(clip()[0], {2: one_prompt(None, None, np.array(BOX), None, SIZE)})
    session.clear()
    with pytest.raises(PromptError, match="nothing to look for"):
        session.find(clip()[0])
