"""The last step: fit the head that predicts IoUs to the way the network is used.

Training shows crops of every size, and things clicked anywhere; people show whole photos and click the middle of a
thing, and a video goes on from what the network itself ranked first. What may be expected of each candidate differs
between the two. So, when all else has been learned, the head alone learns once more, from whole pictures and from clips
followed without help: what it sees (the IoU token) and what was true are collected once, which makes this cheap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model import ImageFeatures, MemoryBank, PromptTensors, Sam2, unprompted
from sam2_notebook.training.clicks import box_labels, boxes, corrective_clicks
from sam2_notebook.training.losses import true_iou
from sam2_notebook.training.pictures import encode, first_prompt, repeated
from sam2_notebook.training.recipe import Data
from sam2_notebook.training.validation import Views, prompt, views

CLICKS = 3
EPOCHS = 60
HELD_OUT = 0.1


@dataclass(frozen=True)
class Judgements:
    """What the head saw (samples, dim), and the true IoU of all four masks (samples, 4)."""

    tokens: Float[Tensor, "samples dim"]
    ious: Float[Tensor, "samples masks"]


class _Watch:
    """Keeps what goes into the head while the network decodes."""

    def __init__(self, model: Sam2) -> None:
        self.model = model
        self.seen: list[Tensor] = []
        self.true: list[Tensor] = []
        self.last: Tensor | None = None

    def __enter__(self) -> "_Watch":
        head = self.model.mask_decoder.iou_head
        self.handle = head.register_forward_pre_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def _keep(self, _: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self.last = arguments[0].detach()

    def note(self, logits: Tensor, target: Tensor, counted: Tensor | None = None) -> None:
        """What was true of the decoding just done, for the objects that count."""
        if self.last is None:
            raise RuntimeError("nothing has been decoded yet")
        rows = torch.ones(len(target), dtype=torch.bool) if counted is None else counted
        self.seen.append(self.last[rows].float().cpu())
        self.true.append(true_iou(logits, target)[rows].cpu())

    def judgements(self) -> Judgements:
        """Everything noted."""
        return Judgements(torch.cat(self.seen), torch.cat(self.true))


@torch.no_grad()
def judge_pictures(model: Sam2, pictures: Views) -> Judgements:
    """Click the middle, click anywhere, draw a box, and correct each: whole pictures, as people show them."""
    with _Watch(model) as watch:
        for pixels, soft in pictures:
            target = soft.to(model.device).float() / 255
            features = model.recall(encode(model, pixels.to(model.device).float() / 255, learn=False))
            spread = repeated(features, len(target))
            for begin in _beginnings(target):
                _interact(model, spread, target, begin, watch)
        return watch.judgements()


def _beginnings(target: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    yield prompt(target, "click")
    yield first_prompt(target, "click")
    yield boxes(target, jitter=0.03), box_labels(len(target), target.device)


def _interact(
    model: Sam2, features: ImageFeatures, target: Tensor, begin: tuple[Tensor, Tensor], watch: _Watch
) -> None:
    points, labels = begin
    mask: Tensor | None = None
    for turn in range(CLICKS):
        prediction = model.decode(features, PromptTensors(points=points, labels=labels, mask=mask))
        watch.note(prediction.logits, target)
        ambiguous = points.shape[1] == 1
        chosen = prediction.take(prediction.iou[:, 1:].argmax(1) + 1) if ambiguous else prediction.single()
        if turn + 1 < CLICKS:
            mask = chosen.logits.float().clamp(-32, 32)
            place, label = corrective_clicks(chosen.logits[:, 0], target)
            points, labels = torch.cat((points, place), 1), torch.cat((labels, label), 1)


@torch.no_grad()
def judge_clips(model: Sam2, clips: Iterable[tuple[Tensor, Tensor]]) -> Judgements:
    """Follow objects through clips from the true mask of the first frame.

    `clips` are pixels (frames, 3, side, side) and soft masks (frames, objects, side/4, side/4), uint8.
    """
    with _Watch(model) as watch:
        for pixels, soft in clips:
            targets = soft.to(model.device).float() / 255
            count = targets.shape[1]
            features = encode(model, pixels.to(model.device).float() / 255, learn=False)
            bank = MemoryBank()
            for i, target in enumerate(targets):
                frame = repeated(
                    ImageFeatures(
                        coarse=features.coarse[i : i + 1], middle=features.middle[i : i + 1],
                        fine=features.fine[i : i + 1],
                    ), count,
                )  # fmt: skip
                if i == 0:
                    full = F.interpolate(target[:, None], scale_factor=4.0, mode="bilinear")
                    sighting = model.adopt(frame, (full > 0.5).float())
                else:
                    conditioned = model.recall(frame, bank.recollect(i))
                    prediction = model.decode(conditioned, unprompted(count, model.device))
                    watch.note(prediction.logits, target, (target.flatten(1).amax(1) > 0.5).cpu())
                    sighting = model.locate(prediction.candidates())
                bank = bank.with_memory(i, model.remember(frame, sighting, prompted=i == 0), prompted=i == 0)
        return watch.judgements()


def fit_quality(model: Sam2, judged: Sequence[Judgements], seed: int = 0) -> tuple[float, float]:
    """Fit the head to what was judged, each set with the same weight; the best epoch on a held-out tenth stays.

    Returns the squared error on the held-out tenth before and after.
    """
    torch.manual_seed(seed)
    head = model.mask_decoder.iou_head
    inside, outside = zip(*(_parted(one) for one in judged), strict=True)
    best, before = {k: v.clone() for k, v in head.state_dict().items()}, _error(head, outside)
    least = before
    optimizer = torch.optim.AdamW(head.parameters(), lr=5e-4, weight_decay=0.01)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = 5e-4 * (1 - epoch / EPOCHS)
        for batch in _batches(inside):
            with torch.enable_grad():
                losses = [_squared(head, tokens, ious) for tokens, ious in batch]
                optimizer.zero_grad(set_to_none=True)
                torch.stack(losses).mean().backward()
            optimizer.step()
        error = _error(head, outside)
        if error < least:
            least, best = error, {k: v.clone() for k, v in head.state_dict().items()}
    head.load_state_dict(best)
    return before, least


def fit_quality_to(model: Sam2, data: Data, pictures: int = 416, clips: int = 50) -> tuple[float, float]:
    """Fit the head to photos of all pools, COCO's as much as all the others, and to clips as much again.

    All are training photos. Returns what `fit_quality` returns.
    """
    rng = np.random.default_rng(0)
    side = model.config.image_size
    pools = (data.coco, data.facade, data.fruits, data.nuclei, data.scenes)
    shares = (0.625, 0.144, 0.039, 0.096, 0.096)
    judged: list[Judgements] = []
    for pool, share in zip(pools, shares, strict=True):
        few = min(len(pool), max(1, round(pictures * share)))
        photos = [pool[int(i)] for i in rng.permutation(len(pool))[:few]]
        judged.append(judge_pictures(model, views(photos, side, 6, few)))
    others = Judgements(torch.cat([j.tokens for j in judged[1:]]), torch.cat([j.ious for j in judged[1:]]))
    stream, _ = data.clips(side, 8, 3, 77)
    return fit_quality(model, [judged[0], others, judge_clips(model, islice(iter(stream), clips))])


def _parted(judged: Judgements) -> tuple[Judgements, Judgements]:
    """All but the last tenth, and that: neighbours come from one picture, so they are not shuffled."""
    cut = round(len(judged.tokens) * (1 - HELD_OUT))
    return (
        Judgements(judged.tokens[:cut], judged.ious[:cut]),
        Judgements(judged.tokens[cut:], judged.ious[cut:]),
    )


def _batches(sets: Sequence[Judgements], size: int = 256) -> Iterator[list[tuple[Tensor, Tensor]]]:
    steps = max(len(one.tokens) for one in sets) // size + 1
    for _ in range(steps):
        rows = [torch.randint(len(one.tokens), (size,)) for one in sets]
        yield [(one.tokens[row], one.ious[row]) for one, row in zip(sets, rows, strict=True)]


def _squared(head: nn.Module, tokens: Tensor, ious: Tensor) -> Tensor:
    device = next(head.parameters()).device
    return F.mse_loss(head(tokens.to(device)).sigmoid(), ious.to(device))


@torch.no_grad()
def _error(head: nn.Module, sets: Sequence[Judgements]) -> float:
    return float(torch.stack([_squared(head, one.tokens, one.ious) for one in sets]).mean())
