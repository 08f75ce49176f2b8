"""`auto_annotate`: pictures in a folder or in shards become segmentation labels."""

import glob
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tqdm.auto import tqdm

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.detectors import DetectorSource, Wishes, class_numbers
from sam2_notebook.facade.annotation.folder import FolderRun
from sam2_notebook.facade.annotation.journal import Journal, folder_of
from sam2_notebook.facade.annotation.picture import Build
from sam2_notebook.facade.annotation.recipe import detector_named, model_named, recipe_of
from sam2_notebook.facade.annotation.report import SHEET, AnnotationReport
from sam2_notebook.facade.annotation.shard_run import ShardRun
from sam2_notebook.facade.annotation.shards import SHARD_SUFFIXES, shard_stem
from sam2_notebook.facade.annotation.team import check_engine, team_of
from sam2_notebook.facade.devices import Device, device_name
from sam2_notebook.facade.sam import network
from sam2_notebook.facade.settings import text_of_path
from sam2_notebook.facade.sources import files_of
from sam2_notebook.media.video_pictures import PICTURE_SUFFIXES, natural_order
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, ImagePredictor
from sam2_notebook.values.plain import whole_number, yes_or_no


def auto_annotate(  # noqa: PLR0913, PLR0917 -- the page's arguments
    data: str | Path,
    det_model: DetectorSource | AutomaticMasker | None = "yolo11x.pt",
    sam_model: str | Path | Sam2 | ImagePredictor | None = "sam2_b.pt",
    device: Device = "",
    conf: float = 0.25,
    iou: float = 0.45,
    imgsz: int = 640,
    max_det: int = 300,
    classes: Sequence[int] | int | None = None,
    output_dir: str | Path | None = None,
    *,
    engine: Literal["local", "ray"] = "local",
    workers: int | None = None,
    progress: bool = True,
) -> AnnotationReport:
    """Label every picture of a folder: a detector finds boxes, SAM 2 turns each into a mask, its outline is written.

    `<output_dir>/<picture>.txt` gets one line per object, its class and a polygon over the picture's size, 0..1; a
    picture without objects gets no file. `output_dir` is `labels` beside `data` unless given. `det_model` is a function
    from RGB pixels to (boxes, classes, scores), a transformers pipeline, a COCO file, a YOLO (needs Ultralytics), or
    None or an `AutomaticMasker` to segment everything as class 0; `conf`, `iou`, `imgsz`, `max_det` and `classes`, the
    numbers of those wanted, are for detectors. `sam_model` is any model `ImagePredictor` takes, or a predictor.

    `data` may also be a picture, a pattern with `*`, or shards: WebDataset's `.tar` files, or Parquet with a column of
    pictures. The labels of `<shard>.tar` are `<output_dir>/<shard>.parquet`, a row per picture with `picture`,
    `status`, `reason` and `objects`, each a `class` and a `polygon`.

    `engine="ray"` spreads the work over the `workers` of a Ray cluster, by default one per GPU or CPU: the cluster of
    `ray.init` or RAY_ADDRESS, else one on this machine while the call lasts. All machines see `data` and `output_dir`
    under the same paths. What it costs: a photo of 2 megapixels with ten boxes takes 0.23 s of a core beside encoding
    (measured: reading, decoding, enlarging, outlines), and encoding 0.04 s with the embedded model (measured), or
    1/64 s of an A100 with base+ (Meta's figure, of videos). So a million such photos are 75 core hours, or, with 16
    `workers` for each of N such GPUs, 4.3 / N hours, if it scales as it should; the detector comes on top.

    A call after an interrupted one goes on where it ended, with the next picture or shard; with other settings, another
    detector or another network it begins anew. Label files that somebody else wrote or changed are kept, pictures that
    cannot be read or that the detector fails on are counted in the report; where labels would take the place of those
    of another folder, MediaError asks for an `output_dir`. Also written: `auto_annotate.json` (the report),
    `auto_annotate.jpg` (some of the pictures with their labels), and for folders `auto_annotate.jsonl` (what was done).
    Raises MediaError, ModelError or PromptError for what concerns all pictures.
    """
    wishes = Wishes(
        conf=conf, iou=iou, imgsz=imgsz, max_det=max_det, classes=class_numbers(classes), device=device_name(device),
    )  # fmt: skip
    progress = yes_or_no(progress, "progress")
    workers = None if workers is None else whole_number(workers, "workers", 1)
    source = text_of_path(data, "data")
    check_engine(engine, wishes.device, workers)
    if det_model is None or isinstance(det_model, AutomaticMasker):
        _say_what_is_idle(wishes)
    build = Build(model=network(sam_model), det_model=det_model, wishes=wishes)
    anywhere = replace(wishes, device="")  # a run may go on elsewhere
    recipe = recipe_of({"wishes": anywhere, "detector": detector_named(det_model), "model": model_named(sam_model)})
    beside = Path(source).expanduser().absolute().parent / "labels"
    target = beside if output_dir is None else Path(text_of_path(output_dir, "output_dir")).expanduser()
    files, shards = found_in(source, target)
    run = (
        ShardRun(shards=shards, target=target.absolute(), recipe=recipe)
        if shards
        else FolderRun(files=files, target=target, journal=Journal(target), recipe=recipe)
    )
    waiting = run.waiting()
    if waiting:
        kind = "shard" if shards else "picture"
        with (
            team_of(engine, build, workers) as team,
            tqdm(total=len(waiting), disable=not progress, desc="auto_annotate", unit=kind) as bar,
        ):
            for count in run.work(waiting, team):
                bar.update(count)
    return run.report()


def found_in(data: str | Path, target: Path) -> tuple[list[Path], list[Path]]:
    """The pictures, or else the shards, of a folder or a pattern, or the one named; without our sheet in `target`.

    MediaError if there are none, some of both, or two whose labels would share a file.
    """
    path = Path(data).expanduser().absolute()  # workers stand in other folders
    if path.exists() and not path.is_dir():
        files = [path]
    elif path.is_dir() or not glob.has_magic(str(path)):
        files = files_of(path, None)
    else:
        files = [Path(name) for name in sorted(glob.glob(str(path), recursive=True), key=natural_order)]
    files = [file for file in files if not _is_sheet(file, target)]
    shards = [file for file in files if shard_stem(file) is not None]
    pictures = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES or files == [path]]
    pictures = [file for file in pictures if file not in set(shards)]
    if not pictures and not shards:
        wanted = ", ".join((*sorted(PICTURE_SUFFIXES), *SHARD_SUFFIXES))
        raise MediaError(f"{path}: there are no pictures and no shards of pictures. Wanted {wanted}.")
    if pictures and shards:
        raise MediaError(
            f"{path}: there are {len(pictures)} pictures and {len(shards)} shards ({shards[0].name}, ...). Name one "
            f"kind by a pattern, such as {path / ('*' + shards[0].suffix)}."
        )
    _check_names([file.stem for file in pictures], pictures)
    _check_names([shard_stem(shard) or "" for shard in shards], shards)
    return pictures, shards


def _check_names(stems: list[str], files: list[Path]) -> None:
    doubles = [stem for stem, count in Counter(stems).items() if count > 1]
    if doubles:
        names = sorted(str(file) for stem, file in zip(stems, files, strict=True) if stem == doubles[0])
        raise MediaError(f"the labels of {' and '.join(names)} would share a file. Rename one.")


def _is_sheet(file: Path, target: Path) -> bool:
    return file.name == SHEET and folder_of(file) == os.path.realpath(target)


def _say_what_is_idle(wishes: Wishes) -> None:
    """Warn of settings that are for detectors, where there is none."""
    usual = Wishes()
    given = [
        f"{name}={value!r}"
        for name in ("conf", "iou", "imgsz", "max_det", "classes")
        if (value := getattr(wishes, name)) != getattr(usual, name)
    ]
    if given:
        warnings.warn(
            f"{', '.join(given)}: no effect without a detector, for everything is segmented as class 0. Name a "
            "det_model, or leave them out.",
            stacklevel=3,
        )
