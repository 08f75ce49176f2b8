"""Train the embedded model and write it: `python -m sam2_notebook.training --data FOLDER --out FOLDER`."""

import argparse
from pathlib import Path

import torch

from sam2_notebook.training.loop import Trainer, averaged_model
from sam2_notebook.training.recipe import EMBEDDED, PHASES, Data
from sam2_notebook.weights import save_model


def main() -> None:
    """Train, or go on training, the embedded model."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.training", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with coco_cc, facade, fruits_nuts and nuclei")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt and log.jsonl")
    parser.add_argument("--export", type=Path, help="write the averaged weights so far there, and train no further")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.export:
        model = averaged_model(arguments.out / "checkpoint.pt")
        save_model(model, arguments.export, name="embedded", license="Apache-2.0")
        return
    torch.manual_seed(arguments.seed)
    data = Data(arguments.data)
    Trainer(config=EMBEDDED, folder=arguments.out, samples=data.samples).run(PHASES)


if __name__ == "__main__":
    main()
