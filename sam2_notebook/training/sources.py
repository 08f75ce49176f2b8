"""Where training pictures come from: labelled folders and generated scenes, as photos with instance masks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from sam2_notebook.training.scenes import make_scene
from sam2_notebook.training.shelf import ByteImage, PictureFile
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

BoolMask = npt.NDArray[np.bool_]
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
class RlePhoto:
    """A photo whose masks are kept as run lengths; `complete` when every thing in it is outlined."""

    picture: ByteImage | PictureFile
    rles: tuple[Rle, ...]
    areas: npt.NDArray[np.float64]
    name: str = ""
    complete: bool = False

    @property
    def pixels(self) -> ByteImage:
        """RGB, (height, width, 3)."""
        return self.picture.pixels() if isinstance(self.picture, PictureFile) else self.picture

    def mask(self, index: int) -> BoolMask:
        """Mask of one instance, (height, width)."""
        return self.rles[index].to_mask()


@dataclass(frozen=True)
class LabelPhoto:
    """A photo with one label map: 0 is background, 1..n are instances."""

    picture: ByteImage | PictureFile
    labels: npt.NDArray[np.uint16]
    areas: npt.NDArray[np.float64]
    name: str = ""

    @property
    def pixels(self) -> ByteImage:
        """RGB, (height, width, 3)."""
        return self.picture.pixels() if isinstance(self.picture, PictureFile) else self.picture

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
    index = json.loads(file.read_text("utf-8"))
    named = next((s for s in SPLITS if file.stem.endswith(s)), split)
    by_image: dict[int, list[dict[str, object]]] = {}
    for annotation in index["annotations"]:
        if not annotation.get("iscrowd") and annotation["area"] >= 16:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
    photos = []
    for entry in index["images"]:
        annotations = by_image.get(entry["id"], [])
        if annotations and split in (None, entry.get("split", named)):
            picture = PictureFile.of(_inside(folder, "images", entry["file_name"]), _rgb)
            size = Size(height=picture.shape[0], width=picture.shape[1])
            rles = tuple(_run_lengths(a["segmentation"], size) for a in annotations)
            areas = np.array([r.area for r in rles], dtype=np.float64)
            photos.append(RlePhoto(picture, rles, areas, entry["file_name"], bool(entry.get("all_coco_objects", True))))
    return photos


def _run_lengths(segmentation: object, size: Size) -> Rle:
    """COCO's three spellings of a mask: polygons, run lengths, and run lengths as text."""
    match segmentation:
        case {"counts": str(counts)}:
            return Rle.from_coco({"size": [size.height, size.width], "counts": counts})
        case {"counts": [*counts]}:
            return Rle(size, tuple(int(c) for c in counts))
        case [*polygons]:
            mask = np.zeros((size.height, size.width), np.uint8)
            rings = [np.round(np.reshape(p, (-1, 2))).astype(np.int32) for p in polygons]
            return Rle.from_mask(cv2.fillPoly(mask, rings, [1]).astype(np.bool_))
    raise ValueError(f"a COCO segmentation is a list of polygons or an RLE object, got {type(segmentation).__name__}")


def label_folder(folder: Path, split: str | None = "train") -> list[LabelPhoto]:
    """Photos listed in `folder/index.json`, each with an indexed PNG of its instances."""
    photos = []
    for entry in json.loads((folder / "index.json").read_text()):
        if split in (None, entry.get("split", split)):
            picture = PictureFile.of(_inside(folder, "images", entry["image"]), _rgb)
            labels = np.asarray(Image.open(_inside(folder, "masks", entry["mask"]))).astype(np.uint16)
            areas = np.bincount(labels.ravel())[1:].astype(np.float64)
            if areas.size and areas.all():
                photos.append(LabelPhoto(picture, labels, areas, entry["image"]))
    return photos


def _rgb(path: Path) -> ByteImage:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _inside(folder: Path, kind: str, name: str) -> Path:
    beside = folder / name
    return beside if "/" in name and beside.exists() else folder / kind / name


def generated(seeds: Iterator[int] | range, size: Size) -> list[LabelPhoto | RlePhoto]:
    """Generated scenes, wholes and parts as instances."""
    photos: list[LabelPhoto | RlePhoto] = []
    for seed in seeds:
        frame = make_scene(seed, size).render()
        masks = [m for m in (*frame.masks, *frame.part_masks) if m.sum() >= 16]
        if masks:
            rles = tuple(Rle.from_mask(m) for m in masks)
            areas = np.array([r.area for r in rles], dtype=np.float64)
            photos.append(RlePhoto(frame.pixels, rles, areas, f"scene {seed}", True))
    return photos
