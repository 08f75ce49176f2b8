"""How long exports take: `python -m tests.labels.export.speed [images]`, five annotations an image, 640 x 480.

Prints wall and processor seconds and the peak of memory of every format, each in a process of its own.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from sam2_notebook.labels.export import FORMATS, export
from sam2_notebook.values.geometry import Size
from tests.labels.export.test_size import ANNOTATIONS, generated


def measure(format: str, images: int) -> None:
    """Export once and print a row."""
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        report = export(generated(images, Size(height=480, width=640)), Path(folder) / "out", format, pictures="leave")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {format} | {report.annotations} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)


def main() -> None:
    """Measure every format."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000 // ANNOTATIONS
    print("| format | annotations | wall s | processor s | peak MB |\n|---|---|---|---|---|", flush=True)
    for format in sorted(FORMATS):
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(format, images))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
