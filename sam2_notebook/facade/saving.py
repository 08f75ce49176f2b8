"""What a call hands out: the results its settings let through, written and told of as they come."""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from sam2_notebook.facade.files import free_name, write_bytes
from sam2_notebook.facade.results import ByteImage, Results, picture_bytes
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.media import encode_jpeg, read_image, write_video


def handed_out(results: Iterable[Results], chosen: PageSettings) -> Iterator[Results]:
    """The results with the masks that the settings keep, after they were written as the settings say."""
    kept = (passed(result, chosen) for result in results)
    for result in _saved(kept, chosen) if chosen.saves else kept:
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


def _saved(results: Iterable[Results], chosen: PageSettings) -> Iterator[Results]:
    """The results themselves; each is written into a new folder under `project`."""
    folder = new_folder(Path(chosen.project), chosen.name, exist_ok=chosen.exist_ok)
    for (path, is_video), group in groupby(results, key=lambda r: (r.path, r.frame is not None)):
        stem = Path(path).stem or "picture"
        if is_video:
            yield from _saved_video(group, folder, stem, chosen)
            continue
        for result in group:
            if chosen.save:
                target = free_name(folder / f"{stem}.jpg")
                write_bytes(target, picture_bytes(_drawn(result, chosen), target))
            _write_rows(result, folder, free_name(folder / "labels" / f"{stem}.txt"), chosen)
            yield result


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


def _saved_video(group: Iterable[Results], folder: Path, stem: str, chosen: PageSettings) -> Iterator[Results]:
    """Hand out the frames, then write them; meanwhile they are kept as JPEG."""
    done: list[bytes] = []
    fps = None
    for result in group:
        _write_rows(result, folder, folder / "labels" / f"{stem}_{result.frame:06d}.txt", chosen)
        fps = result.fps
        frame = encode_jpeg(_drawn(result, chosen), quality=95) if chosen.save or chosen.save_frames else b""
        if chosen.save_frames:
            write_bytes(free_name(folder / f"{stem}_frames" / f"{result.frame}.jpg"), frame)
        if chosen.save:
            done.append(frame)
        yield result
    if done:
        folder.mkdir(parents=True, exist_ok=True)
        target = free_name(folder / f"{stem}.mp4")
        write_video(target, (read_image(frame).pixels for frame in done), min(max(fps or 25.0, 1.0), 1000.0))
