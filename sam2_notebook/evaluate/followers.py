"""Who is measured on clips: a SAM 2 model with memory, masks warped by dense optical flow, a mask that stays put."""

from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.metrics import deepest_click
from sam2_notebook.predict.video import VideoPredictor
from sam2_notebook.values.masks import bounding_box

PromptKind = Literal["mask", "box", "click"]
Frames = npt.NDArray[np.uint8]
Masks = npt.NDArray[np.bool_]


class Follower(Protocol):
    """Something that follows objects through a clip from its first frame."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def follow(self, frames: Frames, first: Masks) -> Masks:
        """Masks (frames, objects, height, width), when `first` (objects, height, width) is the truth of frame 0."""
        ...


class ModelFollower:
    """A SAM 2 model; in the first frame it is given each object's mask, or only its box or one click."""

    def __init__(self, predictor: VideoPredictor, prompt: PromptKind = "mask", name: str = "model") -> None:
        self.predictor = predictor
        self.prompt: PromptKind = prompt
        self.name = name if prompt == "mask" else f"{name}, {prompt}"

    def follow(self, frames: Frames, first: Masks) -> Masks:
        """What the model finds."""
        found = np.zeros((len(frames), *first.shape), np.bool_)
        with self.predictor.open(frames) as session:
            for index, mask in enumerate(first):
                click = deepest_click(mask)
                if click is None:
                    raise ValueError(f"object {index} cannot be seen in the first frame, so it cannot be followed")
                session.add(
                    0,
                    index,
                    mask=mask if self.prompt == "mask" else None,
                    box=bounding_box(mask) if self.prompt == "box" else None,
                    points=[[click.x, click.y]] if self.prompt == "click" else None,
                )
            for result in session.propagate():
                for each in result:
                    found[result.frame, each.object] = each.mask if each.present else False
        return found


class FlowFollower:
    """The first frame's true masks, carried from frame to frame by OpenCV's DIS optical flow."""

    name = "optical flow"

    def follow(self, frames: Frames, first: Masks) -> Masks:
        """Every pixel of a frame looks up where it was in the frame before; a mask that has gone stays gone."""
        height, width = frames.shape[1:3]
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        soft = first.astype(np.float32)
        grey = cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY)
        found = [first]
        for frame in frames[1:]:
            now = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
            back = dis.calc(now, grey, np.zeros((height, width, 2), np.float32))
            at = x + back[..., 0], y + back[..., 1]
            soft = np.stack([cv2.remap(plane, *at, cv2.INTER_LINEAR) for plane in soft])
            found.append(soft > 0.5)
            grey = now
        return np.stack(found)


class Stay:
    """The first frame's true masks, left where they were: what any tracker must beat."""

    name = "stay"

    def follow(self, frames: Frames, first: Masks) -> Masks:
        """The same masks in every frame."""
        return np.repeat(first[None], len(frames), axis=0)
