"""What is measured on: labelled folders of pictures, DAVIS-style folders of videos, made clips."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from sam2_notebook.errors import MediaError
from sam2_notebook.training.clips import Clip, pasted_clip, scene_clip
from sam2_notebook.training.sources import Photo, annotation_files, coco_folder, label_folder
from sam2_notebook.values.geometry import Size

PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
CLIP_SIZE = Size(height=384, width=512)


def photos_of(folder: Path, split: str | None) -> Sequence[Photo]:
    """The photos of a COCO-style folder, or of one with an index of label maps; MediaError for any other folder."""
    if annotation_files(folder):
        return coco_folder(folder, split)
    if (folder / "index.json").exists():
        return label_folder(folder, split)
    raise MediaError(
        f"{folder} holds no labelled pictures. Wanted: annotations.json (COCO) beside images/, or index.json (a list "
        "of image, mask) beside images/ and masks/; for videos, JPEGImages/ and Annotations/ as DAVIS has them."
    )


def choose(photos: Sequence[Photo], limit: int, smallest: float, seed: int = 0) -> list[tuple[Photo, int]]:
    """Up to `limit` objects that cover at least a share `smallest` of their photo, drawn over all photos alike."""
    rng = np.random.default_rng(seed)
    per_photo = []
    for photo in photos:
        fits = np.flatnonzero(photo.areas >= smallest * photo.pixels.shape[0] * photo.pixels.shape[1])
        per_photo.append([(photo, int(i)) for i in rng.permutation(fits)])
    rounds = max((len(p) for p in per_photo), default=0)
    order = [p[turn] for turn in range(rounds) for p in per_photo if turn < len(p)]
    return order[:limit]


def is_davis(folder: Path) -> bool:
    """Whether a folder holds videos as DAVIS does."""
    return (folder / "JPEGImages").is_dir() and (folder / "Annotations").is_dir()


def davis_clips(folder: Path) -> Iterator[Clip]:
    """The videos of `JPEGImages/[resolution/]NAME/*.jpg` with label maps `Annotations/[resolution/]NAME/*.png`.

    0 is background, 255 is ignored. Frames come in the order of their names; those without a label map end the clip.
    """
    pictures, labels = (_names_level(folder / kind) for kind in ("JPEGImages", "Annotations"))
    for video in sorted(p for p in pictures.iterdir() if p.is_dir()):
        files = sorted(f for f in video.iterdir() if f.suffix.lower() in PICTURE_ENDINGS)
        maps = [labels / video.name / f"{f.stem}.png" for f in files]
        count = next((i for i, m in enumerate(maps) if not m.exists()), len(files))
        if count >= 2:
            pixels = np.stack([np.asarray(Image.open(f).convert("RGB")) for f in files[:count]])
            found = np.stack([np.asarray(Image.open(m)) for m in maps[:count]])
            if found.ndim != 3 or found.shape != pixels.shape[:3]:
                raise MediaError(
                    f"the label maps of {video.name} should be one channel of the frames' size {pixels.shape[1:3]}; "
                    f"they are {found.shape[1:]}. Save them as indexed PNG."
                )
            # only what the first frame shows can be followed
            numbers = [n for n in np.unique(found[0]) if n not in (0, 255)]
            if numbers:
                yield Clip(pixels=pixels, masks=np.stack([found == n for n in numbers], axis=1), name=video.name)


def _names_level(folder: Path) -> Path:
    """The folder that holds one folder per video: DAVIS puts a resolution such as 480p between."""
    inside = [p for p in folder.iterdir() if p.is_dir()]
    if len(inside) == 1 and any(p.is_dir() for p in inside[0].iterdir()):
        return inside[0]
    return folder


def made_clips(count: int, frames: int, photos: Sequence[Photo] = ()) -> Iterator[Clip]:
    """Always the same clips: generated scenes, or cut-outs of some photos that move over others.

    Of each clip at most three moving things are followed, those that hide for a while first; clips whose first frame
    shows none are passed over.
    """
    made, number = 0, 0
    while made < count:
        if photos:
            clip = pasted_clip(np.random.default_rng((7, number)), photos, CLIP_SIZE, frames)
        else:
            clip = scene_clip(number, CLIP_SIZE, frames)
        masks = clip.masks[:, clip.fixed :]
        areas = masks.sum(axis=(2, 3)) / CLIP_SIZE.area
        fits = np.flatnonzero(areas[0] >= 0.004)
        if fits.size:
            hiding = (areas[:, fits] == 0).sum(axis=0)
            order = fits[np.lexsort((-areas[0, fits], -hiding))][:3]
            yield Clip(pixels=clip.pixels, masks=masks[:, order], name=f"{clip.name} {number}")
            made += 1
        number += 1
