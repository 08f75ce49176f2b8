"""Large exports take constant memory. How long they take: `python -m tests.labels.export.speed`."""

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from sam2_notebook.labels.export import export
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle
from tests.labels.conftest import disc

SIZE = Size(height=120, width=160)
SMALL, LARGE = 130, 330  # more than two pages of a store
ANNOTATIONS = 5
KB_PER_IMAGE = 1.5  # names given so far are kept, to give none twice; the labels of an image take 10 kB


def generated(images: int, size: Size = SIZE) -> Dataset:
    pool = [Rle.from_mask(disc(size, 50 + k, 40 + 2 * k, 12 + k, hole=k % 3)) for k in range(20)]

    def start() -> Iterator[LabeledImage]:
        for number in range(images):
            masks = (pool[(number * 7 + k) % len(pool)] for k in range(ANNOTATIONS))
            labels = tuple(Annotation(label="leaf", mask=mask, score=0.5) for mask in masks)
            yield LabeledImage(name=f"{number}.jpg", size=size, annotations=labels)

    return Dataset.of(start, (LabelClass(name="leaf"),))


def peak_kb(dataset: Dataset, folder: Path, format: str) -> float:
    tracemalloc.start()
    try:
        export(dataset, folder, format, pictures="leave")
        return tracemalloc.get_traced_memory()[1] / 1024
    finally:
        tracemalloc.stop()


def measure(folder: str) -> None:
    """Print peaks of small and large exports, in kB; in a process of its own, so that nothing else is counted."""
    root = Path(folder)
    export(generated(2), root / "warm", "yolo", pictures="leave")
    print(*(peak_kb(generated(n), root / f"{n}", "yolo") for n in (SMALL // 2, LARGE // 2)))
    peaks = []
    for images in (SMALL, LARGE):
        with LabelStore(root / f"{images}.db", author="ann") as store:
            store.add(generated(images))
            peaks.append(peak_kb(store.dataset(), root / f"store{images}", "coco"))
    print(*peaks)


@pytest.mark.slow
def test_three_times_the_images_take_no_more_memory_but_for_their_names(tmp_path: Path, repository: Path) -> None:
    code = f"from tests.labels.export.test_size import measure; measure({str(tmp_path)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        small, large = map(float, line.split())
        assert large < small + KB_PER_IMAGE * (LARGE - SMALL) / 2, done.stdout
