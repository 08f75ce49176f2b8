"""What is timed: the same deeds by our predictors and by transformers, with the same weights on the same picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from sam2_notebook.model import PromptTensors, Sam2
from sam2_notebook.model.image_encoder import MEAN, STD
from sam2_notebook.predict import EmbeddingCache, ImagePredictor, VideoPredictor
from sam2_notebook.predict.image import CPU_BATCH
from sam2_notebook.predict.precision import Precision
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.weights import PRESETS
from sam2_notebook.weights.names import published_name

PHOTO, CLIP = Size(height=1200, width=1800), Size(height=720, width=1280)
NAME = "sam2.1_hiera_tiny"
CLICK = (900.0, 600.0)
GRID_PART = CPU_BATCH  # prompts of the grid that are asked together, as `AutomaticMasker` does
Pixels = npt.NDArray[np.uint8]
Track = Callable[[int, int], Iterator[object]]
Peer = TypeVar("Peer", bound=torch.nn.Module)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do the deeds; each call does one once.

    `click` answers one click on the encoded photo with one mask at its full size; `grid` answers `GRID_PART` prompts of
    a grid, from a given one on, with low-resolution masks; `track` yields after every frame of a clip in which so many
    objects are followed, `track_pooled` with the predictor's pooled memory.
    """

    name: str
    encode: Callable[[], object]
    click: Callable[[], npt.NDArray[np.bool_]]
    grid: Callable[[int], object]
    track: Track | None
    track_pooled: Track | None = None


def photo() -> Pixels:
    """A generated scene."""
    return make_scene(3, PHOTO).render().pixels


def clip(frames: int) -> Pixels:
    """A generated scene in motion, (frames, height, width, 3)."""
    scene = make_scene(5, CLIP, things=5)
    return np.stack([scene.render(i / 8).pixels for i in range(frames)])


def clicks(objects: int, size: Size) -> list[tuple[float, float]]:
    """One place per object, in image pixels."""
    return [(size.width * (i + 1) / (objects + 1), size.height * (0.4 + 0.05 * i)) for i in range(objects)]


def random_tiny() -> Sam2:
    """True sizes, random weights: they do not change how long anything takes."""
    torch.manual_seed(0)
    return Sam2(PRESETS[NAME]).eval()


def ours(name: str, model: Sam2 | None, precision: Precision, pixels: Pixels, video: Pixels | None = None) -> Contender:
    """Our predictors, the cache of embeddings switched off; `video` are the frames to follow, if they are there yet."""
    predictor = ImagePredictor(model, device="cpu", cache=EmbeddingCache(max_bytes=0), precision=precision)
    encoded = predictor.encode(pixels)
    side = predictor.model.config.image_size

    def grid(first: int) -> object:
        points = _grid(first, side)[:, None]
        prompts = PromptTensors(points=points, labels=torch.ones(len(points), 1, dtype=torch.long))
        return predictor.network.segment(encoded.features, prompts, multimask=True)

    def track(objects: int, frames: int, *, pooled: bool = False) -> Iterator[object]:
        tracker = VideoPredictor(predictor.model, device="cpu", precision=precision, pooled_memory=pooled)
        with tracker.open(_frames(video, frames)) as session:
            for number, place in enumerate(clicks(objects, CLIP), start=1):
                session.add(0, number, points=[place])
            yield from session.propagate()

    return Contender(
        name=f"{name}, {predictor.precision}",
        encode=lambda: predictor.encode(pixels),
        click=lambda: predictor.segment(encoded, [CLICK], multimask=True).best.masks[0],
        grid=grid,
        track=track if predictor.model.memory is not None else None,
        track_pooled=partial(track, pooled=True) if predictor.model.memory is not None else None,
    )


def transformers(model: Sam2 | None, pixels: Pixels, video: Pixels | None = None) -> Contender:
    """The peer, in float32, as it comes. What surrounds its network is plain torch; only the best mask is enlarged."""
    from transformers import Sam2Config, Sam2Model, Sam2VideoConfig, Sam2VideoModel
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    network = _with_weights(Sam2Model(Sam2Config()).eval(), model)
    side = PRESETS[NAME].image_size
    labels = torch.ones(1, 1, 1, dtype=torch.int)

    @torch.inference_mode()
    def encode() -> list[Tensor]:
        return network.get_image_embeddings(_normal(pixels[None], side))

    embeddings = encode()
    place = torch.tensor(CLICK) / torch.tensor([PHOTO.width, PHOTO.height]) * side

    @torch.inference_mode()
    def click() -> npt.NDArray[np.bool_]:
        answer = network(image_embeddings=embeddings, input_points=place.view(1, 1, 1, 2), input_labels=labels)
        best = answer.pred_masks[0, 0, answer.iou_scores[0, 0].argmax()]
        size = (PHOTO.height, PHOTO.width)
        return (F.interpolate(best[None, None], size=size, mode="bilinear", align_corners=False)[0, 0] > 0).numpy()

    @torch.inference_mode()
    def grid(first: int) -> object:
        points = _grid(first, side)[None, :, None]
        return network(
            image_embeddings=embeddings, input_points=points, input_labels=labels.expand(1, points.shape[1], 1)
        ).pred_masks

    @torch.inference_mode()
    def follow(objects: int, frames: int) -> Iterator[object]:
        tracker = _with_weights(Sam2VideoModel(Sam2VideoConfig()).eval(), model)
        session = Sam2VideoInferenceSession(
            video=_normal(_frames(video, frames), side),
            video_height=CLIP.height,
            video_width=CLIP.width,
            dtype=torch.float32,
        )
        for number, (x, y) in enumerate(clicks(objects, CLIP), start=1):
            at = torch.tensor([x / CLIP.width, y / CLIP.height]) * side
            inputs = {"point_coords": at.view(1, 1, 1, 2), "point_labels": labels}
            session.add_point_inputs(session.obj_id_to_idx(number), 0, inputs)
            session.obj_with_new_inputs.append(number)
        for answer in tracker.propagate_in_video_iterator(session, start_frame_idx=0):
            assert answer.pred_masks is not None
            full = F.interpolate(answer.pred_masks, size=(CLIP.height, CLIP.width), mode="bilinear")
            yield (full > 0).numpy()

    return Contender(name="transformers, fp32", encode=encode, click=click, grid=grid, track=follow)


def _frames(video: Pixels | None, frames: int) -> Pixels:
    return clip(frames) if video is None else video[:frames]


def _grid(first: int, side: int) -> Tensor:
    """Some clicks of a 32x32 grid, `GRID_PART` from a given one on, in model pixels."""
    places = [((n % 32 + 0.5) / 32, (n // 32 % 32 + 0.5) / 32) for n in range(first, first + GRID_PART)]
    return torch.tensor(places) * side


def _normal(frames: Pixels, side: int) -> Tensor:
    """Frames (n, height, width, 3) as the peer wants them: float32, stretched and normalised, all at once."""
    x = torch.from_numpy(frames).permute(0, 3, 1, 2)
    x = torch.cat([F.interpolate(f[None].float() / 255, (side, side), mode="bilinear", antialias=True) for f in x])
    return x.sub_(torch.tensor(MEAN).view(3, 1, 1)).div_(torch.tensor(STD).view(3, 1, 1))


def _with_weights(peer: Peer, model: Sam2 | None) -> Peer:
    """Our parameters, if there are any, in the peer's network; what a picture network lacks is left out."""
    if model is None:
        return peer
    wanted = peer.state_dict()
    given = {published_name(name, "huggingface"): tensor for name, tensor in model.state_dict().items()}
    given["shared_image_embedding.positional_embedding"] = given["prompt_encoder.shared_embedding.positional_embedding"]
    peer.load_state_dict({name: given[name].reshape(tensor.shape) for name, tensor in wanted.items()}, strict=True)
    return peer
