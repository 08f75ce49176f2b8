"""Segment everything: a grid of clicks over the picture, then few good masks out of many (paper, appendix D)."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.model import MaskPrediction, PromptTensors, Sam2
from sam2_notebook.model.mask_decoder import CANDIDATES
from sam2_notebook.predict.automatic_filters import Boxes, Crop, boxes_of, crops_of, cut_by_crop, stability_of, suppress
from sam2_notebook.predict.automatic_results import AutomaticMask, AutomaticMasks
from sam2_notebook.predict.automatic_settings import AutomaticSettings
from sam2_notebook.predict.embeddings import EncodedImage
from sam2_notebook.predict.image import ACCELERATOR_BATCH, CPU_BATCH, Ask, ImagePredictor
from sam2_notebook.predict.tensors import LOGIT_LIMIT, masks_at_size
from sam2_notebook.predict.tidy import tidy_logits
from sam2_notebook.values.geometry import Size, to_model_px
from sam2_notebook.values.masks import Rle, bounding_box, fill_holes, remove_islands

PUBLISHED_DIM = 256
# predicted IoU, stability, and the logits the threshold is moved by for it
PUBLISHED_BARS, SMALL_BARS = (0.8, 0.95, 1.0), (0.35, 0.6, 0.25)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Masks of one crop that passed the filters; row i of every field speaks of mask i.

    `logits` (n, side, side) are low-resolution, `points` (n, 2) and `boxes` (n, 4) in pixels of the crop.
    """

    logits: torch.Tensor
    scores: npt.NDArray[np.float32]
    stability: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    boxes: Boxes

    def take(self, rows: npt.NDArray[np.int64]) -> "Candidates":
        """Some of them."""
        return Candidates(
            logits=self.logits[torch.from_numpy(rows)],
            scores=self.scores[rows],
            stability=self.stability[rows],
            points=self.points[rows],
            boxes=self.boxes[rows],
        )


class AutomaticMasker:
    """Masks of all that is in a picture, without a prompt. Keeps nothing of any picture; threads may share it.

    `model` is what `ImagePredictor` takes, or such a predictor, whose embeddings are then shared.

    >>> masker = AutomaticMasker(settings=AutomaticSettings(points_per_side=2))
    >>> masker.generate(np.zeros((60, 80, 3), np.uint8)).size
    Size(height=60, width=80)
    """

    def __init__(
        self,
        model: ImagePredictor | Sam2 | str | Path | None = None,
        settings: AutomaticSettings | None = None,
        *,
        device: str | torch.device | None = None,
    ) -> None:
        if settings is not None and not isinstance(settings, AutomaticSettings):
            raise PromptError(f"settings are an AutomaticSettings(...) or None; got {settings!r:.60}")
        self.predictor = model if isinstance(model, ImagePredictor) else ImagePredictor(model, device=device)
        self.settings = _complete(settings or AutomaticSettings(), self.predictor.model)

    def generate(self, image: ImageSource | Image | EncodedImage, progress: Progress | None = None) -> AutomaticMasks:
        """All masks of a picture, best first; MediaError says why a picture cannot be read.

        `progress` is told of clicks done and of all clicks; what it raises ends the work.
        """
        steps = self.steps(image)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                return end.value
            if progress is not None:
                progress(done, total)

    def steps(self, image: ImageSource | Image | EncodedImage) -> Generator[tuple[int, int], None, AutomaticMasks]:
        """As `generate`, a few clicks at a time: yields how many are done, of how many, and returns the masks."""
        encoded = image if isinstance(image, EncodedImage) else self.predictor.encode(image)
        chosen = self.settings
        crops = crops_of(encoded.size, chosen.crop_layers, chosen.crop_overlap)
        grids = [chosen.grid(crop.layer) for crop in crops]
        done, total = 0, sum(map(len, grids))
        found: list[AutomaticMask] = []
        for crop, grid in zip(crops, grids, strict=True):
            part = encoded if crop.layer == 0 else self._encode_crop(encoded, crop)
            ask = self.predictor.asker(part)
            points = (grid * [crop.size.width, crop.size.height]).astype(np.float32)
            kept: list[Candidates] = []
            for start in range(0, len(points), self._batch):
                chunk = points[start : start + self._batch]
                kept.append(self._filtered(ask, crop.size, chunk))
                done += len(chunk)
                yield done, total
            found += self._finished(ask, crop, _joined(kept), encoded.size)
        if len(crops) > 1:
            found = _without_doubles(found, chosen.crop_nms_iou)
        found.sort(key=lambda mask: -mask.score)
        return AutomaticMasks(tuple(found[: chosen.most_masks]), encoded.size)

    @property
    def _batch(self) -> int:
        if self.settings.points_per_batch is not None:
            return self.settings.points_per_batch
        return CPU_BATCH if self.predictor.device.type == "cpu" else ACCELERATOR_BATCH

    def _encode_crop(self, encoded: EncodedImage, crop: Crop) -> EncodedImage:
        window = encoded.image.pixels[crop.y0 : crop.y1, crop.x0 : crop.x1]
        return self.predictor.encode(Image(window, encoded.image.name))

    @torch.inference_mode()
    def _filtered(self, ask: Ask, size: Size, points_px: npt.NDArray[np.float32]) -> Candidates:
        """Three masks per click, judged on the low-resolution logits."""
        chosen = self.settings
        answer = self._segment(ask, size, points_px, None)
        least, firm, offset = _bars(chosen)
        scores = answer.iou.flatten()
        rows = (scores > least).nonzero()[:, 0]
        logits = answer.logits.flatten(0, 1)[rows].float()
        steady = stability_of(logits, chosen.mask_threshold, offset)
        boxes = boxes_of(logits > chosen.mask_threshold)
        good = (steady >= firm) & (boxes[:, 2] > boxes[:, 0])
        rows, logits = rows[good], logits[good]
        scale = np.array([size.width, size.height, size.width, size.height]) / logits.shape[-1]
        return Candidates(
            logits=logits,
            scores=scores[rows].float().cpu().numpy(),
            stability=steady[good].cpu().numpy(),
            points=points_px[(rows // CANDIDATES).cpu().numpy()],
            boxes=boxes[good].cpu().numpy() * scale,
        )

    def _segment(
        self, ask: Ask, size: Size, points_px: npt.NDArray[np.float32], mask: torch.Tensor | None
    ) -> MaskPrediction:
        side, device = self.predictor.model.config.image_size, self.predictor.device
        clicks = torch.from_numpy(to_model_px(points_px, size, Size(height=side, width=side)))[:, None].to(device)
        labels = torch.ones(len(points_px), 1, dtype=torch.long, device=device)
        return ask(PromptTensors(points=clicks, labels=labels, mask=mask), mask is None)

    def _finished(self, ask: Ask, crop: Crop, candidates: Candidates, picture: Size) -> list[AutomaticMask]:
        """The candidates of a crop without doubles and what the crop cuts off, as masks of the whole picture."""
        chosen = self.settings
        candidates = candidates.take(suppress(candidates.boxes, candidates.scores, chosen.nms_iou))
        if crop.layer:
            shift = np.array([crop.x0, crop.y0, crop.x0, crop.y0])
            candidates = candidates.take(np.flatnonzero(~cut_by_crop(candidates.boxes + shift, crop, picture)))
        if chosen.refine and len(candidates.scores):
            candidates = self._refined(ask, crop.size, candidates)
        found: list[AutomaticMask] = []
        changed: list[bool] = []
        for row in range(len(candidates.scores)):
            plane = (candidates.logits[row] - chosen.mask_threshold).cpu().numpy()
            mask = masks_at_size(tidy_logits(plane[None], self.predictor.tidy), crop.size)[0]
            mended = mask
            if chosen.min_region_area:
                mended = fill_holes(remove_islands(mask, chosen.min_region_area), chosen.min_region_area)
            whole = mended
            if crop.layer:
                whole = np.zeros((picture.height, picture.width), np.bool_)
                whole[crop.y0 : crop.y1, crop.x0 : crop.x1] = mended
            box = bounding_box(whole)
            if box is None:
                continue
            x, y = candidates.points[row]
            changed.append(bool((mended != mask).any()))
            found.append(
                AutomaticMask(
                    rle=Rle.from_mask(whole),
                    box=box,
                    score=float(candidates.scores[row]),
                    stability=float(candidates.stability[row]),
                    point=(float(x) + crop.x0, float(y) + crop.y0),
                    crop=(crop.x0, crop.y0, crop.x1, crop.y1),
                )
            )
        # refining, tidying and mending may have made two masks one; those that were not mended win, then the surer ones
        ranks = np.array([one.score + (0 if mending else 10) for one, mending in zip(found, changed, strict=True)])
        return [found[i] for i in sorted(suppress(_boxes(found), ranks, chosen.nms_iou))]

    @torch.inference_mode()
    def _refined(self, ask: Ask, size: Size, candidates: Candidates) -> Candidates:
        """Ask again with each click and its own logits; the answer counts where the model rates it higher."""
        threshold, (_, least, offset) = self.settings.mask_threshold, _bars(self.settings)
        logits, scores, steady = candidates.logits.clone(), candidates.scores.copy(), candidates.stability.copy()
        for start in range(0, len(scores), self._batch):
            part = slice(start, start + self._batch)
            old = logits[part][:, None].clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
            answer = self._segment(ask, size, candidates.points[part], old)
            new = answer.logits[:, 0].float()
            rated = answer.iou[:, 0].float().cpu().numpy()
            firm = stability_of(new, threshold, offset).cpu().numpy()
            better = (rated > scores[part]) & (firm >= least)
            logits[part] = torch.where(torch.from_numpy(better).to(new.device)[:, None, None], new, logits[part])
            scores[part] = np.where(better, rated, scores[part])
            steady[part] = np.where(better, firm, steady[part])
        return replace(candidates, logits=logits, scores=scores, stability=steady)

    def __repr__(self) -> str:
        return f"AutomaticMasker({self.predictor!r}, {self.settings!r})"


def _complete(settings: AutomaticSettings, model: Sam2) -> AutomaticSettings:
    """The settings with the bars that suit a network where none were given."""
    iou, stability, offset = PUBLISHED_BARS if model.config.dim >= PUBLISHED_DIM else SMALL_BARS
    return replace(
        settings,
        predicted_iou=iou if settings.predicted_iou is None else settings.predicted_iou,
        stability=stability if settings.stability is None else settings.stability,
        stability_offset=offset if settings.stability_offset is None else settings.stability_offset,
    )


def _bars(settings: AutomaticSettings) -> tuple[float, float, float]:
    assert settings.predicted_iou is not None
    assert settings.stability is not None
    assert settings.stability_offset is not None
    return settings.predicted_iou, settings.stability, settings.stability_offset


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(
        logits=torch.cat([p.logits for p in parts]),
        scores=np.concatenate([p.scores for p in parts]),
        stability=np.concatenate([p.stability for p in parts]),
        points=np.concatenate([p.points for p in parts]),
        boxes=np.concatenate([p.boxes for p in parts]),
    )


def _boxes(masks: list[AutomaticMask]) -> Boxes:
    return np.array([m.box.as_tuple() for m in masks], np.float64).reshape(-1, 4) + np.array([0, 0, 1, 1])


def _without_doubles(masks: list[AutomaticMask], iou: float) -> list[AutomaticMask]:
    """Of masks of several crops that lie in one box, those of the smallest crop, where things are seen largest."""
    areas = np.array([(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (m.crop for m in masks)], np.float64)
    return [masks[i] for i in suppress(_boxes(masks), 1 / np.maximum(areas, 1), iou)]
