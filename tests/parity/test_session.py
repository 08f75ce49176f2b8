"""A whole VideoSession and transformers' inference session tell the same story of the same frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from sam2_notebook.predict import VideoPredictor, VideoSession
from tests.parity.networks import Original, seeded_video, video_oracle
from tests.parity.video import BOX, CLICK, CORRECTION, FRAMES, Said, Theirs, frames

TOLERANCE = 1e-4


@contextmanager
def refining(twin: Original, logits: np.ndarray) -> Iterator[None]:
    """A second prompt corrects the mask that is there, as in the original; transformers leaves that input empty."""
    plain = twin._single_frame_forward

    def with_mask(*args: object, **named: object) -> object:
        return plain(*args, **{**named, "input_masks": torch.from_numpy(logits)[None, None].clamp(-32, 32)})

    twin._single_frame_forward = with_mask
    try:
        yield
    finally:
        del twin._single_frame_forward


def say(session: VideoSession, obj: int, frame: int, said: Said) -> None:
    side = session.source.size.width
    points, labels = said.coordinates(side)
    if said is BOX:
        session.add(frame, obj, box=points.flatten().numpy())
    else:
        session.add(frame, obj, points=points[0].numpy(), labels=labels[0].numpy())


class Story:
    """Both sessions, side by side; every comparison adds to the worst error seen."""

    def __init__(self, version: Literal["2.0", "2.1"]) -> None:
        model = seeded_video(version)
        pixels = (frames(model.config.image_size) * 255).byte()
        self.ours = VideoPredictor(model, device="cpu", hole_area=0).open(pixels.permute(0, 2, 3, 1).numpy())
        self.theirs = Theirs(video_oracle(model), model, pixels.float() / 255)
        self.errors: dict[tuple[str, int, int], float] = {}
        self.present: list[bool] = []

    def compare(self, step: str, obj: int, frame: int) -> None:
        ours, stored = self.ours.logits(frame, obj), self.theirs.stored(obj, frame)
        assert ours is not None
        theirs: Tensor = stored["pred_masks"].reshape(ours.shape)
        self.errors[step, obj, frame] = float(np.abs(ours - theirs.numpy()).max())
        self.present.append(float(stored["object_score_logits"].flatten()) > 0)
        assert self.ours.result(frame)[obj].present == self.present[-1]

    def correct(self, obj: int, frame: int) -> float:
        """Correct a tracked object, and say by how much its mask's logits changed."""
        before = self.ours.logits(frame, obj)
        assert before is not None
        with refining(self.theirs.twin, before):
            self.theirs.say({obj: CORRECTION}, frame)
        say(self.ours, obj, frame, CORRECTION)
        self.compare("correction", obj, frame)
        after = self.ours.logits(frame, obj)
        assert after is not None
        return float(np.abs(after - before).max())

    def follow(self, step: str, order: range, direction: str) -> None:
        walk = self.ours.propagate(order[0], direction)  # pyright: ignore[reportArgumentType]
        for frame, result in zip(order, walk, strict=True):
            assert result.frame == frame
            self.theirs.twin(self.theirs.session, frame_idx=frame, reverse=order.step < 0)
            for obj in (1, 2):
                self.compare(step, obj, frame)


@torch.inference_mode()
@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_two_sessions_tell_the_same_story(version: Literal["2.0", "2.1"]) -> None:
    story = Story(version)
    say(story.ours, 1, 0, CLICK)
    say(story.ours, 2, 0, BOX)
    story.theirs.say({1: CLICK, 2: BOX}, 0)
    for obj in (1, 2):
        story.compare("prompt", obj, 0)
    story.follow("forward", range(FRAMES), "forward")
    changes = [story.correct(1, 3), story.correct(2, 1)]
    assert max(changes) > 100 * TOLERANCE
    story.follow("again", range(FRAMES), "forward")
    story.follow("backward", range(FRAMES - 1, -1, -1), "backward")
    assert max(story.errors.values()) <= TOLERANCE, story.errors
    assert len(set(story.present)) == 2, "occlusion should come and go"
