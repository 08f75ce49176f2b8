"""A folder of generated photos for tests of the labeler, and where the largest thing of each lies."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import BoolMask, bounding_box

SIZE = Size(height=240, width=320)
LEAST_DEPTH_PX = 24  # from the point that is clicked to the thing's edge


@dataclass(frozen=True)
class Photo:
    """One picture of the folder; `spot` is the pixel of its largest thing that lies deepest inside it."""

    name: str
    spot: tuple[int, int]
    thing: BoolMask

    @property
    def box(self) -> Box:
        """The box around the thing."""
        found = bounding_box(self.thing)
        assert found is not None, "a thing that is deep enough has pixels"
        return found


def make_photos(folder: Path, number: int) -> list[Photo]:
    """Write so many photos, each with a thing that is large enough to hit without care."""
    photos: list[Photo] = []
    for seed in count():
        frame = make_scene(seed, SIZE).render()
        thing = max(frame.masks, key=np.sum)
        depth = np.asarray(ndimage.distance_transform_edt(np.pad(thing, 1)))[1:-1, 1:-1]
        y, x = np.unravel_index(np.argmax(depth), depth.shape)
        if depth[y, x] < LEAST_DEPTH_PX:
            continue
        photos.append(Photo(f"photo_{len(photos):02}.png", (int(x), int(y)), thing))
        Image.fromarray(frame.pixels).save(folder / photos[-1].name)
        if len(photos) == number:
            break
    return photos
