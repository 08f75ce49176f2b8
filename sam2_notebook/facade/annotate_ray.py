"""Annotation on many machines: Ray Data hands pictures to workers, the driver alone writes labels and journal.

Workers are pure: one that dies loses nothing, its pictures go to another, and every picture is noted exactly once.
All machines must see the pictures under the same paths. Needs the extra `ray`: pip install "sam2_notebook[ray]".
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.facade.annotate_picture import Labels, answer_of

PICTURES_AT_ONCE = 4


class Worker:
    """One process of the cluster with a model of its own, made by `build` where it runs."""

    def __init__(self, build: Callable[[], Callable[[Path], Labels]]) -> None:
        self.annotate = build()

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Annotate some pictures; answers travel as JSON."""
        files = [str(file) for file in batch["file"]]
        return {"file": files, "answer": [_packed(answer_of(Path(file), self.annotate)) for file in files]}


def answers_on_ray(
    files: Sequence[Path], build: Callable[[], Callable[[Path], Labels]], workers: int | None
) -> Iterator[tuple[Path, Labels | str]]:
    """The answers of all pictures, as they come and in no order; `workers` None takes one per GPU, or per CPU.

    Uses the cluster of `ray.init`, if one was called, else starts a local one. Raises ModelError without Ray.
    """
    try:
        ray, data = import_module("ray"), import_module("ray.data")
    except ImportError as error:
        raise ModelError(
            'engine="ray" needs Ray, which is not installed: pip install "sam2_notebook[ray]". Or take engine="local".'
        ) from error
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise PromptError(f"workers is a whole number of at least 1, or None; got {workers!r}")
    if not ray.is_initialized():
        ray.init(log_to_driver=False, include_dashboard=False)
    gpus, cpus = (int(ray.cluster_resources().get(kind, 0)) for kind in ("GPU", "CPU"))
    size = workers or max(1, gpus or cpus)
    # Enough pieces that those of a dead worker are few; a piece is done again as a whole.
    pieces = max(1, -(-len(files) // PICTURES_AT_ONCE))
    rows = data.from_items([{"file": str(file)} for file in files], override_num_blocks=pieces)
    answers = rows.map_batches(
        Worker,
        fn_constructor_args=(build,),
        batch_size=PICTURES_AT_ONCE,
        compute=data.ActorPoolStrategy(size=min(size, pieces)),
        num_gpus=1 if gpus else 0,
    )
    for row in answers.iter_rows():
        yield Path(row["file"]), _unpacked(row["answer"])


def _packed(answer: Labels | str) -> str:
    return json.dumps(answer if isinstance(answer, str) else asdict(answer))


def _unpacked(text: str) -> Labels | str:
    found = json.loads(text)
    if isinstance(found, str):
        return found
    names = {int(number): name for number, name in found["names"].items()}
    return Labels(lines=tuple(found["lines"]), unusable=found["unusable"], lost=found["lost"], names=names)
