"""`SAM(...)`: the page's one-line interface to pictures, folders and videos."""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar, overload

import numpy as np
import torch

from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.facade.prompts import Said, page_prompts
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.saving import saved
from sam2_notebook.facade.settings import PageSettings, check_imgsz, device_name
from sam2_notebook.facade.sources import Clip, Picture, Source, close, media_of
from sam2_notebook.facade.video import frame_result, tracked
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor, VideoPredictor
from sam2_notebook.predict.automatic_video import track_everything
from sam2_notebook.predict.embeddings import EncodedImage
from sam2_notebook.values.masks import Rle

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

    def __init__(self, model: str | Path | Sam2 | None = "sam2.1_b.pt", *, device: str | int | None = "") -> None:
        self.predictor = ImagePredictor(network(model), device=device_name(device) or None)
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
        (height, width) or (n, height, width). Without any, everything is segmented. A video with prompts is tracked
        from its first frame; without, everything in it is found and tracked. Without a source, the last one is meant.

        `settings` are those of `PageSettings` (conf, save, ...); unless `conf` is given no mask is dropped, so
        that mask i is prompt i. Raises PromptError, MediaError or ModelError.
        """
        chosen = PageSettings().changed(settings)
        check_imgsz(chosen.imgsz, self.model.config)
        said = page_prompts(points, labels, bboxes, masks)
        source = self._last if source is None else source
        if source is None:
            raise PromptError(
                'there is nothing to segment: name a picture or a video first, as in model("photo.jpg", points=...). '
                "A call without one takes that of the call before."
            )
        self._last = source
        found = saved(self._results(source, said, chosen), chosen)
        return found if stream else list(found)

    __call__ = predict

    def to(self, device: str | int) -> "SAM":
        """Move the network to a device, in place."""
        self.predictor = ImagePredictor(self.model, device=device_name(device) or None)
        self.model = self.predictor.model
        return self

    def _results(self, source: Source, said: list[Said], chosen: PageSettings) -> Iterator[Results]:
        for item in media_of(source):
            if isinstance(item, Picture):
                yield confident(self._picture(item, said), chosen.conf)
                continue
            try:
                for result in self._clip(item, said):
                    yield confident(result, chosen.conf)
            finally:
                close(item)

    def _picture(self, picture: Picture, said: list[Said]) -> Results:
        encoded = self.predictor.encode(picture.image)
        if said:
            return prompted(self.predictor, encoded, said, picture.path)
        found = AutomaticMasker(self.predictor).generate(encoded)
        return Results(
            orig_img=picture.image.pixels,
            path=picture.path,
            rles=tuple(item.rle for item in found),
            scores=found.scores,
            classes=range(len(found)),
            names={i: str(i) for i in range(len(found))},
        )

    def _clip(self, clip: Clip, said: list[Said]) -> Iterator[Results]:
        video = VideoPredictor(self.model, device=self.predictor.device)
        if said:
            yield from tracked(video, clip, said)
            return
        masker = AutomaticMasker(self.predictor, AutomaticSettings(points_per_side=16))
        for frame in track_everything(clip.video, video, masker):
            yield frame_result(clip, frame)

    def __repr__(self) -> str:
        return f"SAM({self.model_name!r}, device={str(self.predictor.device)!r})"


def network(model: Named) -> Named:
    """The model itself, after refusing by name the families that are not SAM 2."""
    path = Path(model) if isinstance(model, str | Path) else None
    if path is not None and path.stem.lower().startswith(OTHER_FAMILIES) and not path.exists():
        raise ModelError(
            f"{model} is no SAM 2 network, and only those run here. Take sam2.1_t.pt, sam2.1_s.pt, sam2.1_b.pt or "
            "sam2.1_l.pt, the same with sam2_, or None for the small one in the package."
        )
    return model


def prompted(predictor: ImagePredictor, encoded: EncodedImage, said: list[Said], path: str) -> Results:
    """One mask per prompt, in the order of the prompts: the best of three for a single click, else the only one."""
    height, width = encoded.image.size_hw
    rles, scores = [], []
    for one in said:
        if one.mask is not None and one.mask.shape != (height, width):
            raise PromptError(
                f"{path}: a mask prompt has the picture's size, {height} x {width}; got {one.mask.shape[0]} x "
                f"{one.mask.shape[1]}"
            )
        answer = predictor.segment(encoded, one.points, one.labels, one.box, one.mask).best
        rles.append(Rle.from_mask(answer.masks[0]))
        scores.append(float(answer.scores[0]))
    return Results(
        orig_img=encoded.image.pixels,
        path=path,
        rles=tuple(rles),
        scores=np.array(scores, np.float32),
        classes=range(len(said)),
        names={i: str(i) for i in range(len(said))},
    )


def confident(result: Results, conf: float | None) -> Results:
    """The result without masks of a score below `conf`; classes and ids stay with their masks."""
    if conf is None:
        return result
    rows = np.flatnonzero(np.asarray(result.scores) >= conf).tolist()
    return Results(
        orig_img=result.orig_img,
        path=result.path,
        rles=tuple(result.rles[i] for i in rows),
        scores=np.asarray(result.scores)[rows],
        classes=[result.classes[i] for i in rows],
        names=result.names,
        ids=None if result.ids is None else [result.ids[i] for i in rows],
        frame=result.frame,
    )


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
