"""Segment pictures: encode once, then prompt as often as you like."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.model import MaskPrediction, PromptTensors, Sam2
from sam2_notebook.predict.embeddings import EmbeddingCache, EncodedImage
from sam2_notebook.predict.precision import Engine, Network, Precision
from sam2_notebook.predict.prompts import Numbers, ObjectPrompt, object_prompts
from sam2_notebook.predict.segmentation import Segmentation
from sam2_notebook.predict.tensors import image_tensor, prompt_tensors
from sam2_notebook.predict.tidy import tidy_logits, usual_tidy
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.plain import whole_number
from sam2_notebook.weights import EMBEDDED
from sam2_notebook.weights.load import loaded

CPU_BATCH, ACCELERATOR_BATCH = 8, 64

Ask = Callable[[PromptTensors, bool], MaskPrediction]


class ImagePredictor:
    """Masks for clicks, boxes and masks on still pictures. Keeps nothing of a picture but its cached embedding.

    `model` is a loaded `Sam2`, a published name, a path to weights, or None for the embedded model. Threads may share a
    predictor; the network serves one at a time, because each of its answers already uses every core. `tidy` is the
    area, in pixels of the low-resolution logits, below which holes are filled and specks dropped; None leaves masks as
    the network made them, but for the embedded model and what was trained from it, whose masks are rougher.

    `precision` is that of large products: "fp32" is exact, "bf16" and "fp16" (GPUs only) are faster where the hardware
    has them, and "auto" picks the fastest that the device is good at. `compiled` has torch compile the encoder on a
    GPU, which takes a minute once; on a CPU it changes nothing.

    >>> predictor = ImagePredictor()
    >>> encoded = predictor.encode(np.zeros((60, 80, 3), np.uint8))
    >>> predictor.segment(encoded, points=[[40, 30]]).masks.shape
    (3, 60, 80)
    """

    def __init__(
        self,
        model: Sam2 | str | Path | None = None,
        *,
        device: str | torch.device | None = None,
        cache: EmbeddingCache | None = None,
        tidy: int | None = None,
        precision: Precision = "auto",
        compiled: bool = False,
    ) -> None:
        self.model = loaded(model, device)
        self.device = self.model.device
        self._engine = Engine(self.model, precision, compiled=compiled)
        self.model_name = _name(model)
        self.cache = EmbeddingCache() if cache is None else cache
        self.tidy = usual_tidy(self.model.config) if tidy is None else whole_number(tidy, "tidy", 0)
        self._turn = threading.Lock()

    @property
    def precision(self) -> str:
        """The precision in use: "fp32", "bf16" or "fp16"."""
        return self._engine.precision

    @property
    def network(self) -> Network:
        """The form of the model that computes here, made of its parameters as they are now."""
        return self._engine.current()[1]

    def encode(self, image: ImageSource | Image) -> EncodedImage:
        """Read and encode a picture: a path, bytes, a Pillow image or an array (height, width, 3).

        The embedding of a picture seen before comes from the cache. MediaError says why a picture cannot be read.
        """
        picture = image if isinstance(image, Image) else read_image(image)
        model_key, network = self._engine.current()
        key = EmbeddingCache.key(picture, model_key)
        features = self.cache.get(key)
        if features is None:
            pixels = image_tensor(picture.pixels, self.model.config.image_size).to(self.device)
            with self._turn:
                features = network.prepare(network.recall(network.encode(pixels)))
            self.cache.put(key, features)
        elif features.canvas is None:  # it comes from the disk, or from another device
            with self._turn:
                features = network.prepare(features.to(self.device))
            self.cache.keep(key, features)
        return EncodedImage(image=picture, features=features.to(self.device), model_key=model_key)

    def segment(
        self,
        encoded: EncodedImage,
        points: Numbers | Sequence[Numbers] | None = None,
        labels: Numbers | Sequence[Numbers] | None = None,
        box: Numbers | Box | None = None,
        mask: Numbers | None = None,
        multimask: bool | None = None,
    ) -> Segmentation:
        """Masks for the prompts of one or many objects, in image pixels.

        `points` (n, 2) are clicks on one object, (objects, n, 2) or a list of (n, 2) arrays on many; `labels` go with
        them, 1 on the object (the default), 0 not; `box` is (4,) or (objects, 4) as x0, y0, x1, y1; `mask` is a bool
        mask of the picture, or the logits of an earlier answer to refine it. With `multimask` every object gets three
        candidates, without it one; None gives three to a single click, which is ambiguous. PromptError says what is
        wrong.
        """
        ask = self.asker(encoded)
        config = self.model.config
        prompts = object_prompts(points, labels, box, mask, encoded.size, config.mask_size)
        groups: dict[tuple[object, ...], list[int]] = {}
        for index, prompt in enumerate(prompts):
            several = prompt.is_ambiguous if multimask is None else multimask
            groups.setdefault((*prompt.shape, several), []).append(index)
        answers: list[MaskPrediction | None] = [None] * len(prompts)
        step = CPU_BATCH if self.device.type == "cpu" else ACCELERATOR_BATCH
        for (*_, several), members in groups.items():
            for start in range(0, len(members), step):
                chunk = members[start : start + step]
                tensors = self._tensors([prompts[i] for i in chunk], encoded.size)
                predicted = ask(tensors, bool(several))
                for row, index in enumerate(chunk):
                    answers[index] = _row(predicted, row)
        return _gather([a for a in answers if a is not None], encoded, self.tidy)

    def asker(self, encoded: EncodedImage) -> Ask:
        """What answers prompts on this picture, three candidates each or one, with the parameters as they are now.

        Raises PromptError for a picture that was encoded with others.
        """
        model_key, network = self._engine.current()
        if encoded.model_key != model_key:
            raise PromptError(
                "this picture was encoded by another model or in another precision; encode it with this predictor first"
            )

        def ask(prompts: PromptTensors, several: bool) -> MaskPrediction:
            with self._turn:
                return network.segment(encoded.features, prompts, multimask=several)

        return ask

    def _tensors(self, prompts: list[ObjectPrompt], size: Size) -> PromptTensors:
        tensors = prompt_tensors(prompts, size, self.model.config)
        return PromptTensors(
            points=tensors.points.to(self.device),
            labels=tensors.labels.to(self.device),
            mask=None if tensors.mask is None else tensors.mask.to(self.device),
        )

    def __repr__(self) -> str:
        return f"ImagePredictor({self.model_name!r}, device={str(self.device)!r})"


def _row(predicted: MaskPrediction, row: int) -> MaskPrediction:
    part = slice(row, row + 1)
    return MaskPrediction(
        logits=predicted.logits[part],
        iou=predicted.iou[part],
        object_score=predicted.object_score[part],
        tokens=predicted.tokens[part],
    )


def _gather(answers: list[MaskPrediction], encoded: EncodedImage, tidy: int) -> Segmentation:
    counts = [a.iou.shape[1] for a in answers]

    def array(parts: list[torch.Tensor]) -> np.ndarray:
        return torch.cat(parts).float().cpu().numpy()

    return Segmentation(
        logits=tidy_logits(array([a.logits[0] for a in answers]), tidy),
        scores=array([a.iou[0] for a in answers]),
        object_index=np.repeat(np.arange(len(answers)), counts),
        object_score=array([a.object_score for a in answers]),
        size=encoded.size,
    )


def _name(model: Sam2 | str | Path | None) -> str:
    """What users call a model: its published name, its file, or the sizes of one they built."""
    if model is None:
        return EMBEDDED
    if isinstance(model, Sam2):
        config = model.config
        return f"SAM 2 of {sum(config.stages)} blocks, {config.image_size} px"
    return Path(model).name
