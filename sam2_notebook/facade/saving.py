"""Results into files as they come: pictures one by one, the frames of a video as a video."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from sam2_notebook.facade.results import Results
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.media import encode_jpeg, read_image, write_video


def saved(results: Iterable[Results], chosen: PageSettings) -> Iterator[Results]:
    """The results themselves; each is written into a new folder under `project` if the settings say so."""
    if not (chosen.save or chosen.save_txt):
        yield from results
        return
    folder = new_folder(Path(chosen.project), chosen.name)
    for (path, is_video), group in groupby(results, key=lambda r: (r.path, r.frame is not None)):
        stem = Path(path).stem or "picture"
        if is_video:
            yield from _saved_video(group, folder, stem, chosen)
            continue
        for result in group:
            if chosen.save:
                result.save(_free(folder / f"{stem}.jpg"))
            if chosen.save_txt:
                result.save_txt(_free(folder / "labels" / f"{stem}.txt"))
            yield result


def new_folder(project: Path, name: str) -> Path:
    """`project/name`, or with the next free number behind it; nothing that is there is written over."""
    number = 1
    while (folder := project / (name if number == 1 else f"{name}{number}")).exists():
        number += 1
    return folder


def _saved_video(group: Iterable[Results], folder: Path, stem: str, chosen: PageSettings) -> Iterator[Results]:
    """Hand out the frames, then write them; meanwhile they are kept as JPEG."""
    done: list[bytes] = []
    for result in group:
        if chosen.save_txt:
            result.save_txt(folder / "labels" / f"{stem}_{result.frame:06d}.txt")
        if chosen.save:
            done.append(encode_jpeg(result.plot(), quality=95))
        yield result
    if done:
        folder.mkdir(parents=True, exist_ok=True)
        write_video(_free(folder / f"{stem}.mp4"), (read_image(frame).pixels for frame in done))


def _free(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}_{number}")
        number += 1
    return free
