"""The same pictures and prompts through both networks, and how far apart the answers are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import Sam2Model

from sam2_notebook.model import ImageFeatures, MaskPrediction, PromptTensors, Sam2

_LAST: WeakKeyDictionary[Sam2Model, tuple[Sam2, Tensor, ImageFeatures, list[Tensor]]] = WeakKeyDictionary()
PHOTOS = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is said of one object; places are fractions of the picture, the mask is logits at stride 4."""

    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    box: tuple[float, float, float, float] | None = None
    mask_seed: int | None = None

    def mask(self, side: int) -> Tensor | None:
        """Smooth random logits between about -20 and 20."""
        if self.mask_seed is None:
            return None
        coarse = torch.randn(1, 1, 6, 6, generator=torch.Generator().manual_seed(self.mask_seed))
        return 10 * F.interpolate(coarse, size=(side, side), mode="bicubic")


CLICK = Prompt(points=((0.41, 0.52),), labels=(1,))
BOX = Prompt(box=(0.2, 0.25, 0.7, 0.8))
SEVERAL = Prompt(points=((0.3, 0.3), (0.6, 0.45), (0.9, 0.1), (0.05, 0.95)), labels=(1, 1, 0, 0))
BOX_AND_POINTS = Prompt(points=((0.5, 0.5), (0.22, 0.3)), labels=(1, 0), box=(0.2, 0.25, 0.7, 0.8))
MASK = Prompt(mask_seed=3)
MASK_AND_POINTS = Prompt(points=((0.3, 0.3), (0.6, 0.7)), labels=(1, 0), mask_seed=4)
MANY = tuple(Prompt(points=((0.1 + 0.1 * i, 0.9 - 0.07 * i),), labels=(i % 4 != 3,)) for i in range(8))

CASES: dict[str, tuple[Prompt, ...]] = {
    "one point": (CLICK,),
    "several points, two negative": (SEVERAL,),
    "box": (BOX,),
    "box and points": (BOX_AND_POINTS,),
    "mask": (MASK,),
    "mask and points": (MASK_AND_POINTS,),
    "outside the picture": (Prompt(points=((-0.2, 1.3),), labels=(1,)),),
    "eight objects": MANY,
    "ragged objects": (CLICK, SEVERAL, BOX, BOX_AND_POINTS, MASK, MASK_AND_POINTS, MANY[5]),
}


def photo(side: int, name: str = "shoes.jpg") -> Tensor:
    """A real photo that is wider than high, stretched to the model's square, (1, 3, side, side) in 0..1."""
    with Image.open(PHOTOS / name) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[0] != pixels.shape[1], "the photo should not be square"
    wide = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    return F.interpolate(wide, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)


def encode_theirs(twin: Sam2Model, model: Sam2, pixels: Tensor) -> list[Tensor]:
    """Transformers' embeddings of the pixels: strides 4, 8 and 16."""
    normal = (pixels - model.image_encoder.mean) / model.image_encoder.std
    return twin.get_image_embeddings(normal)


def feature_errors(ours: ImageFeatures, theirs: Sequence[Tensor]) -> dict[str, float]:
    """The greatest difference of each map."""
    pairs = {"fine": (ours.fine, theirs[0]), "middle": (ours.middle, theirs[1]), "coarse": (ours.coarse, theirs[2])}
    return {name: float((a - b).abs().max()) for name, (a, b) in pairs.items()}


def segment_ours(
    model: Sam2, features: ImageFeatures, prompts: Sequence[Prompt], *, multimask: bool
) -> list[MaskPrediction]:
    """Answers for every prompt; those of one shape run as one batch, as the predictor does it."""
    groups: dict[tuple[int, bool], list[int]] = {}
    tensors = [prompt_tensors(prompt, model.config.image_size) for prompt in prompts]
    for index, tensor in enumerate(tensors):
        groups.setdefault((tensor.points.shape[1], tensor.mask is None), []).append(index)
    answers: dict[int, MaskPrediction] = {}
    for members in groups.values():
        masks = [mask for i in members if (mask := tensors[i].mask) is not None]
        batch = PromptTensors(
            points=torch.cat([tensors[i].points for i in members]),
            labels=torch.cat([tensors[i].labels for i in members]),
            mask=torch.cat(masks) if masks else None,
        )
        answer = model.segment(features, batch, multimask=multimask)
        for row, index in enumerate(members):
            one = slice(row, row + 1)
            answers[index] = MaskPrediction(
                logits=answer.logits[one], iou=answer.iou[one], object_score=answer.object_score[one],
                tokens=answer.tokens[one],
            )  # fmt: skip
    return [answers[i] for i in range(len(prompts))]


def segment_theirs(
    twin: Sam2Model, embeddings: list[Tensor], prompt: Prompt, side: int, *, multimask: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Transformers' logits, IoU and object score for one object alone."""
    points = torch.tensor(prompt.points)[None, None] * side if prompt.points else None
    labels = torch.tensor(prompt.labels, dtype=torch.int)[None, None] if prompt.points else None
    box = None if prompt.box is None else torch.tensor(prompt.box)[None, None] * side
    answer = twin(
        image_embeddings=embeddings,
        input_points=points,
        input_labels=labels,
        input_boxes=box,
        input_masks=prompt.mask(side // 4),
        multimask_output=multimask,
    )
    return answer.pred_masks[0], answer.iou_scores[0], answer.object_score_logits[0, :, 0]


def encode_both(model: Sam2, twin: Sam2Model, pixels: Tensor) -> tuple[ImageFeatures, list[Tensor]]:
    """Our features and theirs of a picture; those of a pair's last picture are kept, since true sizes take seconds."""
    last = _LAST.get(twin)
    if last is None or last[0] is not model or not torch.equal(last[1], pixels):
        last = (model, pixels, model.recall(model.encode(pixels)), encode_theirs(twin, model, pixels))
        _LAST[twin] = last
    return last[2], last[3]


def prompt_errors(
    model: Sam2, twin: Sam2Model, pixels: Tensor, prompts: Sequence[Prompt], *, multimask: bool
) -> dict[str, float]:
    """The greatest difference of logits, predicted IoU and object score over all prompts."""
    with torch.inference_mode():
        features, embeddings = encode_both(model, twin, pixels)
        ours = segment_ours(model, features, prompts, multimask=multimask)
        side = model.config.image_size
        worst = {"logits": 0.0, "iou": 0.0, "object score": 0.0}
        for prompt, answer in zip(prompts, ours, strict=True):
            logits, iou, score = segment_theirs(twin, embeddings, prompt, side, multimask=multimask)
            assert answer.logits.shape == logits.shape
            pairs = ((answer.logits, logits), (answer.iou, iou), (answer.object_score, score))
            for name, (a, b) in zip(worst, pairs, strict=True):
                worst[name] = max(worst[name], float((a - b).abs().max()))
        return worst


def prompt_tensors(prompt: Prompt, side: int) -> PromptTensors:
    """One object's prompt for our network: the box's corners first; a lone mask goes with one padding point."""
    places = [*prompt.points]
    labels = [*map(int, prompt.labels)]
    if prompt.box is not None:
        places = [prompt.box[:2], prompt.box[2:], *places]
        labels = [2, 3, *labels]
    if not places:  # transformers' way; Meta's image predictor sends none, its video predictor one
        places, labels = [(0.0, 0.0)], [-1]
    return PromptTensors(
        points=torch.tensor(places)[None] * side,
        labels=torch.tensor(labels)[None],
        mask=prompt.mask(side // 4),
    )
