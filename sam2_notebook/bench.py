"""`python -m sam2_notebook.bench`: what encoding and a click cost, next to transformers in the same run.

Times are medians of interleaved calls, so that a busy machine disturbs both alike; ratios are what to quote. The peer
has the true sizes of SAM 2.1 tiny with random weights, which do not change how long it takes.
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.predict import EmbeddingCache, ImagePredictor
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

PHOTO = Size(height=1200, width=1800)
CLICK = (900.0, 600.0)


@dataclass(frozen=True)
class Contender:
    """Something to time: how it encodes a picture, and how it answers a click with full-size masks."""

    name: str
    encode: Callable[[], object]
    click: Callable[[], object]


def ours(name: str, model: Sam2 | None, pixels: np.ndarray) -> Contender:
    """Our predictor, its cache switched off."""
    predictor = ImagePredictor(model, device="cpu", cache=EmbeddingCache(max_bytes=0))
    encoded = predictor.encode(pixels)
    return Contender(
        name,
        lambda: predictor.encode(pixels),
        lambda: predictor.segment(encoded, [CLICK], multimask=True).masks,
    )


def transformers_tiny(pixels: np.ndarray) -> Contender:
    """The peer: Sam2Model of transformers, sizes of tiny; resizing and thresholding are plain torch."""
    from transformers import Sam2Config as PeerConfig
    from transformers import Sam2Model

    torch.manual_seed(0)
    model = Sam2Model(PeerConfig()).eval()
    side = 1024

    def prepare() -> torch.Tensor:
        x = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        x = torch.nn.functional.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        return (x - mean.view(3, 1, 1)) / std.view(3, 1, 1)

    @torch.inference_mode()
    def encode() -> object:
        return model.get_image_embeddings(prepare())

    embeddings = encode()
    scale = torch.tensor([side / PHOTO.width, side / PHOTO.height])
    points = (torch.tensor(CLICK) * scale).view(1, 1, 1, 2)

    @torch.inference_mode()
    def click() -> object:
        out = model(
            image_embeddings=embeddings,
            input_points=points,
            input_labels=torch.ones(1, 1, 1, dtype=torch.long),
            multimask_output=True,
        )
        size = (PHOTO.height, PHOTO.width)
        masks = torch.nn.functional.interpolate(out.pred_masks[0], size=size, mode="bilinear", align_corners=False)
        return (masks > 0).numpy()

    return Contender("transformers tiny, 1024 px", encode, click)


def medians(contenders: list[Contender], which: str, repeats: int) -> list[float]:
    """Median milliseconds of each contender's `encode` or `click`, taken in turns after one warm-up."""
    calls = [c.encode if which == "encode" else c.click for c in contenders]
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats + 1):
        for call, kept in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            if turn:
                kept.append(1000 * (time.perf_counter() - began))
    return [statistics.median(kept) for kept in times]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.bench", description=main.__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--no-peer", action="store_true", help="leave out transformers")
    arguments = parser.parse_args()
    pixels = make_scene(3, PHOTO).render().pixels
    contenders = [ours("embedded, 512 px", None, pixels), ours("ours tiny, 1024 px", Sam2(Sam2Config()), pixels)]
    if not arguments.no_peer:
        contenders.append(transformers_tiny(pixels))
    encode = medians(contenders, "encode", arguments.repeats)
    click = medians(contenders, "click", arguments.repeats)
    out = sys.stdout.write
    out(f"photo {PHOTO.width} x {PHOTO.height}, {torch.get_num_threads()} threads, torch {torch.__version__}, ")
    out(f"medians of {arguments.repeats} interleaved calls; click = 3 full-size masks\n\n")
    out("| | encode ms | x peer | click ms | x peer |\n|---|---|---|---|---|\n")
    for contender, e, c in zip(contenders, encode, click, strict=True):
        faster = "-" if arguments.no_peer else f"{encode[-1] / e:.2f}"
        quicker = "-" if arguments.no_peer else f"{click[-1] / c:.2f}"
        out(f"| {contender.name} | {e:.0f} | {faster} | {c:.1f} | {quicker} |\n")
    out(f"\npeak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB\n")


if __name__ == "__main__":
    main()
