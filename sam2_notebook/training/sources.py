"""Where training pictures come from: labelled folders and generated scenes, as photos with instance masks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.training.shelf import ByteImage, PictureFile
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

BoolMask = npt.NDArray[np.bool_]
SPECK = 16  # pixels of a thing too small to learn from
SPLITS = ("train", "val", "test")


class Photo(Protocol):
    """A picture with the masks of some of its instances; masks are decoded one at a time."""

    @property
    def pixels(self) -> ByteImage:
        """RGB, (height, width, 3)."""
        ...

    @property
    def areas(self) -> npt.NDArray[np.float64]:
        """Area of every instance in pixels, (instances,)."""
        ...

    def mask(self, index: int) -> BoolMask:
        """Mask of one instance, (height, width)."""
        ...


@dataclass(frozen=True)
class _Pictured:
    picture: ByteImage | PictureFile

    @property
    def pixels(self) -> ByteImage:
        """RGB, (height, width, 3)."""
        return self.picture.pixels() if isinstance(self.picture, PictureFile) else self.picture


@dataclass(frozen=True)
class RlePhoto(_Pictured):
    """A photo whose masks are kept as run lengths; `complete` when every thing in it is outlined."""

    rles: tuple[Rle, ...]
    areas: npt.NDArray[np.float64]
    name: str = ""
    complete: bool = False

    def mask(self, index: int) -> BoolMask:
        """Mask of one instance, (height, width)."""
        return self.rles[index].to_mask()


@dataclass(frozen=True)
class LabelPhoto(_Pictured):
    """A photo with one label map: 0 is background, 1..n are instances."""

    labels: npt.NDArray[np.uint16]
    areas: npt.NDArray[np.float64]
    name: str = ""

    def mask(self, index: int) -> BoolMask:
        """Mask of one instance, (height, width)."""
        return self.labels == index + 1


def coco_folder(folder: Path, split: str | None = "train") -> list[RlePhoto]:
    """Photos of `folder/images` with the instances of `folder/annotations.json`; crowds and specks are left out.

    Without that file those of `folder/annotations/*.json` are read, as `labels.export` and COCO itself write them. An
    image belongs to a split if its entry says so ("split"), or else its file's name (`instances_val.json`); one that
    says neither belongs to all. None takes everything.
    """
    return [photo for file in annotation_files(folder) for photo in _coco_file(folder, file, split)]


def annotation_files(folder: Path) -> list[Path]:
    """The COCO files of a folder, none if it has none."""
    whole = folder / "annotations.json"
    return [whole] if whole.exists() else sorted((folder / "annotations").glob("*.json"))


def _coco_file(folder: Path, file: Path, split: str | None) -> list[RlePhoto]:
    with _told(file):
        index = json.loads(file.read_text("utf-8"))
        named = next((s for s in SPLITS if file.stem.endswith(s)), split)
        by_image: dict[int, list[tuple[int, dict[str, object]]]] = {}
        for number, annotation in enumerate(index["annotations"]):
            if not annotation.get("iscrowd") and annotation.get("segmentation"):  # a box alone teaches no mask
                by_image.setdefault(annotation["image_id"], []).append((number, annotation))
        entries = [(e, by_image[e["id"]]) for e in index["images"] if e["id"] in by_image]
        wanted = [(entry, found) for entry, found in entries if split in (None, entry.get("split", named))]
    photos = []
    for entry, annotations in wanted:
        picture = PictureFile.of(_inside(folder, "images", str(entry["file_name"])))
        size = Size(height=picture.shape[0], width=picture.shape[1])
        rles = []
        for number, annotation in annotations:
            with _told(file, f"annotation {annotation.get('id', number)} of {entry['file_name']}"):
                rles.append(_run_lengths(annotation["segmentation"], size))
        rles = [rle for rle in rles if rle.area >= SPECK]
        if rles:
            areas = np.array([r.area for r in rles], dtype=np.float64)
            is_whole = bool(entry.get("all_coco_objects", True))
            photos.append(RlePhoto(picture, tuple(rles), areas, entry["file_name"], is_whole))
    return photos


@contextmanager
def _told(file: Path, place: str = "it") -> Iterator[None]:
    """What is wrong with a file of labels as a LabelError that names it."""
    try:
        yield
    except OSError as error:
        raise LabelError(f"{file}: it cannot be read ({error.strerror or error}). Check the path.") from error
    except KeyError as error:
        raise LabelError(f"{file}: {place} lacks {error.args[0]!r}, which COCO's files have") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise LabelError(f"{file}: {place} is not as COCO has it: {error}") from error


def _run_lengths(segmentation: object, size: Size) -> Rle:
    """COCO's three spellings of a mask: polygons, run lengths, and run lengths as text; ValueError for any other."""
    match segmentation:
        case {"counts": str() | [*_], "size": [int(height), int(width)]}:
            if (height, width) != (size.height, size.width):
                raise ValueError(
                    f"a mask of {width} x {height} pixels for a picture that is, upright, {size.width} x {size.height}"
                )
            return Rle.from_coco(cast("dict[str, object]", segmentation))
        case [*polygons]:
            mask = np.zeros((size.height, size.width), np.uint8)
            rings = [np.reshape(np.array(p, np.float64), (-1, 2)) for p in polygons]
            if not all(len(ring) >= 3 and np.isfinite(ring).all() for ring in rings):
                raise ValueError("a polygon has three or more places, x and y of each")
            return Rle.from_mask(
                cv2.fillPoly(mask, [np.round(ring).astype(np.int32) for ring in rings], [1]).astype(np.bool_)
            )
    raise ValueError(f"a segmentation is a list of polygons, or run lengths with their size; got {segmentation!r:.80}")


def label_folder(folder: Path, split: str | None = "train") -> list[LabelPhoto]:
    """Photos listed in `folder/index.json`, each with an indexed PNG of its instances."""
    photos = []
    for entry in json.loads((folder / "index.json").read_text()):
        if split in (None, entry.get("split", split)):
            picture = PictureFile.of(_inside(folder, "images", entry["image"]))
            labels = np.asarray(Image.open(_inside(folder, "masks", entry["mask"]))).astype(np.uint16)
            if labels.shape != picture.shape[:2]:
                raise LabelError(
                    f"{folder}: the label map {entry['mask']} has the shape {labels.shape}, its picture, upright, "
                    f"{picture.shape[:2]}; make it one number a pixel of the same size"
                )
            areas = np.bincount(labels.ravel())[1:].astype(np.float64)
            if areas.size and areas.all():
                photos.append(LabelPhoto(picture, labels, areas, entry["image"]))
    return photos


def _inside(folder: Path, kind: str, name: str) -> Path:
    beside = folder / name
    return beside if "/" in name and beside.exists() else folder / kind / name


def generated(seeds: Iterator[int] | range, size: Size) -> list[LabelPhoto | RlePhoto]:
    """Generated scenes, wholes and parts as instances."""
    photos: list[LabelPhoto | RlePhoto] = []
    for seed in seeds:
        frame = make_scene(seed, size).render()
        masks = [m for m in (*frame.masks, *frame.part_masks) if m.sum() >= SPECK]
        if masks:
            rles = tuple(Rle.from_mask(m) for m in masks)
            areas = np.array([r.area for r in rles], dtype=np.float64)
            photos.append(RlePhoto(frame.pixels, rles, areas, f"scene {seed}", True))
    return photos
