"""Clips of the queue, which are labelled in a `VideoSegmenter` of their own."""

from pathlib import Path

import platformdirs

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.widgets.label_image import LabelImageDesk
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.video_file import SUFFIX


def open_clip(store: LabelStore, shown: LabelImageDesk | None) -> VideoSegmenter:
    """The clip on the canvas, with what was saved of it; the store remembers where that is. LabelError for no clip."""
    if shown is None or not is_clip(shown.image.labels.name):
        raise LabelError("the image on the canvas is no clip; go to one in the queue first")
    image = shown.image
    path = image.labels.path
    assert path is not None, "clips are added with their files"
    folder = clips_folder(store)
    folder.mkdir(parents=True, exist_ok=True)
    work = image.work or folder / f"{path.stem[:60]}-{image.id}{SUFFIX}"
    if image.work is None:
        store.set_work(image.id, work)
        shown.history.reload()
    if work.is_file():
        return VideoSegmenter.load(work, path, autosave=folder)
    return VideoSegmenter(path, autosave=folder)


def clips_folder(store: LabelStore) -> Path:
    """Where the work on clips is kept: beside a store that is a file, else in the user's data folder."""
    if "://" in store.label:
        return Path(platformdirs.user_data_dir("sam2_notebook", appauthor=False)) / "clips"
    return Path(f"{store.label}.clips")
