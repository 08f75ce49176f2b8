"""What a call hands out: the results its settings let through, written and told of as they come."""

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.files import free_name, write_bytes
from sam2_notebook.facade.results import ByteImage, Results, picture_bytes
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.media import encode_jpeg
from sam2_notebook.media.video_writer import VideoDraft


def handed_out(results: Iterable[Results], chosen: PageSettings) -> Iterator[Results]:
    """The results with the masks that the settings keep, after they were written as the settings say."""
    kept = (passed(result, chosen) for result in results)
    with closing(_saved(kept, chosen) if chosen.saves else kept) as done:
        for result in done:
            if chosen.verbose:
                sys.stdout.write(f"{result.verbose()}\n")
            yield result


def passed(result: Results, chosen: PageSettings) -> Results:
    """The masks of a score of `conf` and of the wanted classes, the best if there are too many; in their order."""
    good = np.ones(len(result), np.bool_)
    if chosen.conf is not None:
        good &= np.asarray(result.scores) >= chosen.conf
    if chosen.wanted_classes is not None:
        good &= np.isin(np.asarray(result.classes, np.int64), list(chosen.wanted_classes))
    rows = np.flatnonzero(good)
    if chosen.max_det is not None and len(rows) > chosen.max_det:
        best = np.argsort(-np.asarray(result.scores)[rows], kind="stable")[: chosen.max_det]
        rows = np.sort(rows[best])
    return result if len(rows) == len(result) else result[rows]


def _saved(results: Iterable[Results], chosen: PageSettings) -> Generator[Results, None, None]:
    """The results themselves; each is written into a new folder under `project`."""
    folder = new_folder(Path(chosen.project), chosen.name, exist_ok=chosen.exist_ok)
    for _, numbered in groupby(_numbered(results), key=itemgetter(0)):
        medium = (result for _, result in numbered)
        first = next(medium)
        if first.frame is None:
            _save_picture(first, folder, chosen)
            yield first
        else:
            stem = _free_stem(folder, first, chosen)
            yield from _saved_video(chain([first], medium), folder, stem, chosen)


def _numbered(results: Iterable[Results]) -> Iterator[tuple[int, Results]]:
    """Each result with the number of its picture or clip: a list may hold the same one twice in a row."""
    number = 0
    path: str | None = None
    frame: int | None = None
    for result in results:
        goes_on = result.path == path and frame is not None and result.frame is not None and result.frame > frame
        number += not goes_on
        path, frame = result.path, result.frame
        yield number, result


def _save_picture(result: Results, folder: Path, chosen: PageSettings) -> None:
    stem = _stem(result)
    if chosen.save:
        target = free_name(folder / f"{stem}.jpg")
        write_bytes(target, picture_bytes(_drawn(result, chosen), target))
    _write_rows(result, folder, free_name(folder / "labels" / f"{stem}.txt"), chosen)


def _stem(result: Results) -> str:
    return Path(result.path).stem or "picture"


def _write_rows(result: Results, folder: Path, labels: Path, chosen: PageSettings) -> None:
    if chosen.save_txt:
        result.save_txt(labels, save_conf=chosen.save_conf)
    if chosen.save_crop:
        result.save_crop(folder / "crops")


def _drawn(result: Results, chosen: PageSettings) -> ByteImage:
    return result.plot(
        labels=chosen.show_labels, conf=chosen.show_conf, boxes=chosen.show_boxes, line_width=chosen.line_width
    )


def new_folder(project: Path, name: str, *, exist_ok: bool = False) -> Path:
    """`project/name`, or with the next free number behind it unless it may exist; nothing there is written over."""
    if exist_ok:
        return project / name
    number = 1
    while (folder := project / (name if number == 1 else f"{name}{number}")).exists():
        number += 1
    return folder


def _saved_video(frames: Iterable[Results], folder: Path, stem: str, chosen: PageSettings) -> Iterator[Results]:
    """Hand out the frames, each written already; however it ends, a video of those that were is left."""
    video: VideoDraft | None = None
    try:
        for result in frames:
            _write_rows(result, folder, free_name(_labels(folder, stem, result)), chosen)
            if chosen.save or chosen.save_frames:
                pixels = _drawn(result, chosen)
                if chosen.save_frames:
                    write_bytes(_frames(folder, stem) / f"{result.frame}.jpg", encode_jpeg(pixels, quality=95))
                if chosen.save:
                    video = video or _video(folder, stem, result.fps)
                    video.add(pixels)
            yield result
    finally:
        if video is not None and video.count:
            # another call may have finished a video of this name meanwhile
            video.finish(free_name(video.path))
        elif video is not None:
            video.discard()


def _free_stem(folder: Path, first: Results, chosen: PageSettings) -> str:
    """One name for all that is written of a clip: its own, or with the next free number behind it."""
    number = 2
    free = stem = _stem(first)
    while (
        (chosen.save and (folder / f"{free}.mp4").exists())
        or (chosen.save_txt and _labels(folder, free, first).exists())
        or (chosen.save_frames and _frames(folder, free).exists())
    ):
        free = f"{stem}_{number}"
        number += 1
    return free


def _labels(folder: Path, stem: str, result: Results) -> Path:
    return folder / "labels" / f"{stem}_{result.frame:06d}.txt"


def _frames(folder: Path, stem: str) -> Path:
    return folder / f"{stem}_frames"


def _video(folder: Path, stem: str, fps: float | None) -> VideoDraft:
    target = folder / f"{stem}.mp4"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{folder}: it cannot be made ({error.strerror or error}). Name another project.") from error
    return VideoDraft(target, min(max(fps or 25.0, 1.0), 1000.0))
