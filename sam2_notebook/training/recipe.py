"""How the embedded model is made: its sizes, its data, its phases. `python -m sam2_notebook.training` follows it."""

from pathlib import Path

from sam2_notebook.model import Sam2Config
from sam2_notebook.training.augment import Samples
from sam2_notebook.training.clip_samples import ClipSamples, PastedClips, generated_clips
from sam2_notebook.training.pictures import Phase
from sam2_notebook.training.schedule import Shares
from sam2_notebook.training.sources import Photo, coco_folder, generated, label_folder
from sam2_notebook.training.videos import VideoPhase
from sam2_notebook.values.geometry import Size

EMBEDDED = Sam2Config(
    image_size=512,
    embed_dim=32,
    stages=(1, 2, 5, 1),
    windows=(8, 4, 8, 8),
    global_blocks=(5, 7),
    dim=128,
    decoder_mlp_dim=512,
    prompts="raster",
    memory_layers=1,
    memory_dim=32,
)

# What was run, one after the other, for the weights in the package. The first three were meant to be longer and were
# cut short; the fourth and fifth began from their average.
PICTURE_PHASES = (
    Phase(side=128, images=16, objects=8, steps=1300, rate=(1.5e-3, 1.0e-3), balance=(1.0, 0.3)),
    Phase(side=256, images=8, objects=8, steps=525, rate=(1.0e-3, 4.0e-4), balance=(0.3, 0.0)),
    Phase(side=512, images=4, objects=8, steps=650, rate=(4.0e-4, 2.0e-5)),
    Phase(side=256, images=8, objects=8, steps=1100, rate=(6.0e-4, 6.0e-5)),
    Phase(side=512, images=3, objects=8, steps=700, rate=(2.5e-4, 1.0e-5), rounds=3),
)
CLIP_PHASES = (
    VideoPhase(
        side=256,
        frames=4,
        clips=3,
        objects=3,
        steps=900,
        rate=(1e-3, 1e-3),
        balance=(0.3, 0.1),
        told=(0.5, 0.1),
        fresh=8,
        shares=Shares(encoder=0.0, decoder=0.4),
    ),
    VideoPhase(side=256, frames=8, clips=2, objects=2, steps=700, rate=(1e-3, 3e-4), balance=(0.1, 0.0), told=(0.1, 0)),
    VideoPhase(side=512, frames=6, clips=1, objects=2, steps=350, rate=(3e-4, 2e-5), images=1),
)


def turn(steps: tuple[int, int, int, int], rate: float, memory_rate: float) -> tuple[Phase | VideoPhase, ...]:
    """Pictures small and large, then clips small and large, with pictures in every step; users click often.

    `steps` are those of the four phases; rates are where the first and the third begin.
    """
    slowly = Shares(encoder=0.0, decoder=0.4)
    return (
        Phase(side=256, images=8, objects=6, steps=steps[0], rate=(rate, 1e-4), rounds=3),
        Phase(side=512, images=3, objects=6, steps=steps[1], rate=(2.5e-4, 3e-5), rounds=4),
        VideoPhase(
            side=256, frames=8, clips=2, objects=2, steps=steps[2], rate=(memory_rate, memory_rate / 4),
            told=(0.1, 0.0), pictures_every=1, images=3, rounds=3, shares=slowly,
        ),
        VideoPhase(
            side=512, frames=6, clips=1, objects=2, steps=steps[3], rate=(2.5e-4, 1e-5),
            pictures_every=1, images=1, rounds=4, shares=slowly,
        ),
    )  # fmt: skip


# Between the first turn and the second the decoder was moved a quarter of the way back to what it was before the clips.
SECOND_TURN = turn((1300, 320, 550, 260), 8e-4, 8e-4)
THIRD_TURN = turn((650, 260, 420, 220), 7e-4, 6e-4)
PHASES = (*PICTURE_PHASES, *CLIP_PHASES, *SECOND_TURN, *THIRD_TURN)


class Data:
    """The pools of photos, read once into memory; `sam2_notebook.training.Samples` draws from them."""

    def __init__(self, root: Path, scenes: int = 1200) -> None:
        self.coco = coco_folder(root / "coco_cc")
        self.facade = coco_folder(root / "facade")
        self.fruits = coco_folder(root / "fruits_nuts")
        self.nuclei = label_folder(root / "nuclei")
        self.scenes = generated(range(1_000_000, 1_000_000 + scenes), Size(height=320, width=400))

    def samples(self, side: int, objects: int, seed: int) -> Samples:
        """A stream of samples of one size."""
        pools: list[tuple[float, list[Photo]]] = [
            (0.55, [*self.coco]),
            (0.12, [*self.facade]),
            (0.04, [*self.fruits]),
            (0.09, [*self.nuclei]),
            (0.20, [*self.scenes]),
        ]
        return Samples(pools, side=side, objects=objects, pasted=[*self.coco, *self.fruits], paste_rate=0.4, seed=seed)

    def clips(self, side: int, frames: int, objects: int, seed: int) -> tuple[ClipSamples, Samples]:
        """A stream of clips of one size, and one of the pictures that go along."""
        pasted = PastedClips([*self.coco, *self.coco, *self.fruits, *self.facade[::4]])
        sources = [(0.4, generated_clips), (0.6, pasted)]
        clips = ClipSamples(sources, side=side, frames=frames, objects=objects, seed=seed)
        return clips, self.samples(side, 6, seed)
