"""Train the embedded model and write it: `python -m sam2_notebook.training --data FOLDER --out FOLDER`."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from sam2_notebook.training.loop import Trainer, averaged_model, starting_model
from sam2_notebook.training.quality import fit_quality_to
from sam2_notebook.training.recipe import CLIP_PHASES, EMBEDDED, PHASES, Data
from sam2_notebook.training.videos import VideoPhase
from sam2_notebook.weights import save_model


def main() -> None:
    """Train, or go on training, the embedded model: on pictures, its memory on clips, then both again."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.training", description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder with coco_cc, facade, fruits_nuts and nuclei")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt and log.jsonl")
    parser.add_argument("--start", type=Path, help="begin with these weights: a weights file or a checkpoint.pt")
    parser.add_argument("--clips", action="store_true", help="leave out the pictures: train on clips only")
    parser.add_argument("--speed", type=float, default=1.0, help="do so many times the recipe's steps, such as 0.5")
    parser.add_argument(
        "--export",
        type=Path,
        help="write the averaged weights there, after fitting the head that predicts IoUs to --data",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare pictures, and as many for clips")
    arguments = parser.parse_args()
    if arguments.export:
        model = averaged_model(arguments.out / "checkpoint.pt")
        if arguments.data is not None:
            before, after = fit_quality_to(model, Data(arguments.data, scenes=60))
            print(f"predicted IoU: mean squared error {before:.4f} before, {after:.4f} after, on what was held out")
        save_model(model, arguments.export, name="embedded", license="Apache-2.0")
        return
    if arguments.data is None:
        parser.error("training needs --data")
    torch.manual_seed(arguments.seed)
    phases = CLIP_PHASES if arguments.clips else PHASES
    data = Data(arguments.data, scenes=300 if arguments.clips else 1200)
    start = starting_model(arguments.start) if arguments.start else None
    if start is not None and start.memory is not None:  # go on with the memory it has
        phases = [replace(p, fresh=0) if isinstance(p, VideoPhase) else p for p in phases]
    trainer = Trainer(
        config=EMBEDDED,
        folder=arguments.out,
        samples=data.samples,
        clips=data.clips,
        start=start,
        workers=arguments.workers,
    )
    trainer.run([phase.longer(arguments.speed) for phase in phases])


if __name__ == "__main__":
    main()
