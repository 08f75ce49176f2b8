"""How long labelling waits for the kernel: `python -m tests.facade.labeler_speed [photos]`.

Prints, over photos labelled with the embedded network: from submitting one until the next takes clicks, and from a
click until its mask is saved; then the time of one saved edit in SQLite and in PostgreSQL. Milliseconds.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sam2_notebook import Labeler, LabelStore
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.schema import Annotation, LabelClass, LabeledImage
from sam2_notebook.values.masks import Rle
from tests.e2e.photos import SIZE, Photo, make_photos
from tests.labels import postgres

THINKING_SECONDS = 0.7  # between two photos, as somebody quick would take
EDITS = 200


def main() -> None:
    """Measure everything."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    print("| what | p50 ms | p95 ms | most ms |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "photos"
        folder.mkdir()
        photos = make_photos(folder, count)
        label_all(folder, photos)
        edits(f"{root}/edits.db", "an edit, SQLite", photos[0])
    with postgres.server() as url:
        edits(url, "an edit, PostgreSQL", photos[0])


def label_all(folder: Path, photos: list[Photo]) -> None:
    """Click and submit, photo by photo."""
    labeler = Labeler(folder, ["thing"], store=folder.parent / "labels.db")
    moves, clicks = [], []
    assert labeler.wait(60)
    for photo in photos:
        time.sleep(THINKING_SECONDS)
        start = time.perf_counter()
        labeler.add_point(*photo.spot)
        assert labeler.wait(60)
        clicks.append(time.perf_counter() - start)
        start = time.perf_counter()
        labeler.submit()
        while labeler._desk.inference.status.state == "loading":  # what pages hear of it comes a little later
            time.sleep(0.001)
        moves.append(time.perf_counter() - start)
    labeler.close()
    row("a click until its mask is saved and told", clicks)
    row("submit until the next photo takes clicks", moves[:-1])


def edits(where: str, what: str, photo: Photo) -> None:
    """Save one object after the other, over a few images."""
    annotation = Annotation(label="thing", mask=Rle.from_mask(photo.thing))
    times = []
    with LabelStore(where, author="ann") as store:
        store.add_class(LabelClass(name="thing"))
        ids = [store.add_image(LabeledImage(name=f"{n}.png", size=SIZE)) for n in range(EDITS // 10)]
        for image_id in ids:
            for revision in range(10):
                start = time.perf_counter()
                store.edit(image_id, AddAnnotation(annotation=annotation), revision=revision)
                times.append(time.perf_counter() - start)
    row(what, times)


def row(what: str, seconds: list[float]) -> None:
    """Print one line of the table."""
    middle, high = np.percentile(np.array(seconds) * 1000, (50, 95))
    print(f"| {what} | {middle:.1f} | {high:.1f} | {max(seconds) * 1000:.1f} |", flush=True)


if __name__ == "__main__":
    main()
