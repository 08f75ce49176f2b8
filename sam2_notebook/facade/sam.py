"""`SAM(...)`: the page's one-line interface to pictures, folders and videos."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Literal, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.facade.devices import Device, usable_device
from sam2_notebook.facade.prompts import Said, page_prompts
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.saving import handed_out
from sam2_notebook.facade.settings import PageSettings, check_imgsz
from sam2_notebook.facade.sources import Clip, Picture, Source, close, media_of
from sam2_notebook.facade.video import everything_settings, everything_tracked, speed_ms, tracked
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, ImagePredictor, VideoPredictor
from sam2_notebook.predict.embeddings import EncodedImage
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.values.plain import yes_or_no

Named = TypeVar("Named")
OTHER_FAMILIES = ("sam_b", "sam_l", "sam_h", "mobile_sam", "fastsam", "sam3")


class ModelInfo(NamedTuple):
    """What `SAM.info` found: modules, parameters, those a training would change, and GFLOPs of encoding one picture."""

    layers: int
    parameters: int
    gradients: int
    gflops: float


class SAM:
    """SAM 2 in one line. `model` is a name of the page or of Meta, a weights file, or None for the embedded model.

    >>> model = SAM(None, device="cpu")
    >>> results = model(np.zeros((60, 80, 3), np.uint8), points=[[20, 30], [60, 30]], labels=[1, 1])
    >>> results[0].masks.data.shape
    torch.Size([2, 60, 80])
    """

    def __init__(self, model: str | Path | Sam2 | None = "sam2.1_b.pt", *, device: Device = "") -> None:
        self.predictor = ImagePredictor(network(model), device=usable_device(device))
        self.model = self.predictor.model
        self.model_name = self.predictor.model_name
        self._last: Source | None = None

    def info(self, *, detailed: bool = False, verbose: bool = True) -> ModelInfo:
        """Say how large the network is, and with `detailed` of what it is made; returns the same as numbers."""
        found = ModelInfo(
            layers=sum(1 for _ in self.model.modules()),
            parameters=sum(p.numel() for p in self.model.parameters()),
            gradients=sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            gflops=_gflops(self.model),
        )
        if verbose:
            for name, module in self.model.named_modules() if detailed else ():
                sys.stdout.write(f"{name or self.model_name}: {type(module).__name__}\n")
            sys.stdout.write(
                f"{self.model_name}: {found.layers} modules, {found.parameters:,} parameters, "
                f"{found.gflops:.1f} GFLOPs to encode a picture of {self.model.config.image_size} px\n"
            )
        return found

    @overload
    def predict(
        self,
        source: Source | None = None,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: Literal[False] = False,
        **settings: object,
    ) -> list[Results]: ...
    @overload
    def predict(
        self,
        source: Source | None = None,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: Literal[True],
        **settings: object,
    ) -> Iterator[Results]: ...
    def predict(
        self,
        source: Source | None = None,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: bool = False,
        **settings: object,
    ) -> list[Results] | Iterator[Results]:
        """Segment a picture, a folder, a list or a video; one `Results` per picture and frame, lazily with `stream`.

        Prompts are in image pixels: `points=[x, y]` one object, `[[x, y], [x, y]]` two objects, `[[[x, y], [x, y]]]`
        one object with two points; `labels` 1 on the object, 0 not; `bboxes` (4,) or (n, 4) as x1, y1, x2, y2; `masks`
        (height, width) or (n, height, width). Without any, everything is segmented; with an empty list, nothing. A
        video with prompts is tracked from its first frame; without, everything in it is found and tracked. Without a
        source, the last one is meant.

        `settings` are those of `PageSettings` (conf, save, ...); unless `conf` is given no mask is dropped, so
        that mask i is prompt i. Raises PromptError, MediaError or ModelError.
        """
        lazily = yes_or_no(stream, "stream")
        chosen = PageSettings().changed(settings)
        check_imgsz(chosen.imgsz, self.model.config)
        if chosen.model is not None:
            raise PromptError(f'a SAM has one network: make another with SAM("{chosen.model}")')
        if chosen.device:
            self.to(chosen.device)
        said = page_prompts(points, labels, bboxes, masks)
        source = self._last if source is None else source
        if source is None:
            raise PromptError(
                'there is nothing to segment: name a picture or a video first, as in model("photo.jpg", points=...). '
                "A call without one takes that of the call before."
            )
        self._last = source
        found = handed_out(self._results(source, said, chosen), chosen)
        return found if lazily else list(found)

    __call__ = predict

    def to(self, device: Device) -> "SAM":
        """Move the network to a device, in place."""
        self.predictor = ImagePredictor(self.model, device=usable_device(device))
        self.model = self.predictor.model
        return self

    def _results(self, source: Source, said: list[Said] | None, chosen: PageSettings) -> Iterator[Results]:
        items = media_of(source)
        start = perf_counter()
        while (item := next(items, None)) is not None:
            if isinstance(item, Picture):
                yield self._picture(item, said, chosen, start)
            else:
                clip = item.every(chosen.vid_stride)
                try:
                    yield from self._clip(clip, said, chosen)
                finally:
                    close(clip)
            start = perf_counter()

    def _picture(self, picture: Picture, said: list[Said] | None, chosen: PageSettings, start: float) -> Results:
        """One picture, whose reading began at `start`."""
        read = perf_counter()
        encoded = self.predictor.encode(picture.image)
        masks: Sequence[BoolMask | Rle]
        if said is not None:
            masks, scores = prompted(self.predictor, encoded, said, picture.path)
        else:
            found = AutomaticMasker(self.predictor, everything_settings(chosen)).generate(encoded)
            masks, scores = [item.rle for item in found], found.scores
        answered = perf_counter()
        rles = tuple(mask if isinstance(mask, Rle) else Rle.from_mask(mask) for mask in masks)
        return Results(
            orig_img=picture.image.pixels,
            path=picture.path,
            rles=rles,
            scores=scores,
            classes=range(len(rles)),
            names={i: str(i) for i in range(len(rles))},
            speed=speed_ms(start, read, answered, perf_counter()),
        )

    def _clip(self, clip: Clip, said: list[Said] | None, chosen: PageSettings) -> Iterator[Results]:
        video = VideoPredictor(self.model, device=self.predictor.device)
        if said is not None:
            return tracked(video, clip, said)
        return everything_tracked(video, self.predictor, clip, chosen)

    def __repr__(self) -> str:
        return f"SAM({self.model_name!r}, device={str(self.predictor.device)!r})"


def network(model: Named) -> Named:
    """The model itself, after refusing what is none, and by name the families that are not SAM 2."""
    if model is not None and not isinstance(model, str | os.PathLike | Sam2 | ImagePredictor):
        raise ModelError(
            f"a {type(model).__name__} is no network. Wanted a name such as sam2.1_b.pt, the path of a file of "
            "weights, a loaded network, or None for the small one in the package."
        )
    path = Path(model) if isinstance(model, str | Path) else None
    if path is not None and path.stem.lower().startswith(OTHER_FAMILIES) and not path.exists():
        raise ModelError(
            f"{model} is no SAM 2 network, and only those run here. Take sam2.1_t.pt, sam2.1_s.pt, sam2.1_b.pt or "
            "sam2.1_l.pt, the same with sam2_, or None for the small one in the package."
        )
    return model


def prompted(
    predictor: ImagePredictor, encoded: EncodedImage, said: list[Said], path: str
) -> tuple[list[BoolMask], npt.NDArray[np.float32]]:
    """One mask per prompt and its score, in the order of the prompts: the best of three for a single click."""
    height, width = encoded.image.size_hw
    masks, scores = [], []
    for one in said:
        if one.mask is not None and one.mask.shape != (height, width):
            raise PromptError(
                f"{path}: a mask prompt has the picture's size, {height} x {width}; got {one.mask.shape[0]} x "
                f"{one.mask.shape[1]}"
            )
        answer = predictor.segment(encoded, one.points, one.labels, one.box, one.mask).best
        masks.append(answer.masks[0])
        scores.append(float(answer.scores[0]))
    return masks, np.array(scores, np.float32)


def _gflops(model: Sam2) -> float:
    """Multiply-adds, counted twice, of encoding one picture; nothing is computed."""
    from torch.utils.flop_counter import FlopCounterMode

    with warnings.catch_warnings(), torch.device("meta"), torch.inference_mode():
        warnings.simplefilter("ignore")
        shadow = Sam2(model.config).eval()
        side = model.config.image_size
        with FlopCounterMode(display=False) as counter:
            shadow.encode(torch.empty(1, 3, side, side))
    return counter.get_total_flops() / 1e9
