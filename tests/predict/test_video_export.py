"""Masks of a video in files that others read, read again."""

import json

import av
import numpy as np
import pytest
from PIL import Image as PillowImage
from pycocotools import mask as coco

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video
from sam2_notebook.predict.video_export import ENDINGS, Export, ExportedObject, export_video

FRAMES = 4
OBJECTS = (
    ExportedObject(id=1, name="cube", label="toy", color=(230, 20, 20)),
    ExportedObject(id=7, name="ball", label="", color=(20, 20, 230)),
)


def masks_of(frame: int) -> dict[int, np.ndarray]:
    """Object 1 moves right; object 7 is known in the first frames only, and hidden in frame 1."""
    cube = np.zeros((32, 48), bool)
    cube[8:20, 4 + 4 * frame : 20 + 4 * frame] = True
    ball = np.zeros((32, 48), bool)
    if frame == 0:
        ball[2:6, 2:9] = True
    return {1: cube} | ({7: ball} if frame < 2 else {})


@pytest.fixture
def export():
    pixels = np.full((FRAMES, 32, 48, 3), 200, np.uint8)
    with open_video(pixels) as source:
        yield Export(source=source, count=FRAMES, objects=OBJECTS, masks=masks_of)


def test_png_is_a_folder_per_object(export: Export, tmp_path) -> None:
    folder = export_video(export, tmp_path / "masks", "png")
    assert sorted(p.name for p in (folder / "object_7").iterdir()) == ["00000.png", "00001.png"]
    assert np.array_equal(np.asarray(PillowImage.open(folder / "object_1" / "00003.png")) > 0, masks_of(3)[1])
    assert json.loads((folder / "objects.json").read_text())["objects"][0]["name"] == "cube"


def test_davis_is_one_palette_picture_per_frame(export: Export, tmp_path) -> None:
    folder = export_video(export, tmp_path / "davis", "davis")
    picture = PillowImage.open(folder / "00000.png")
    plane = np.asarray(picture)
    assert (picture.mode, sorted(np.unique(plane).tolist())) == ("P", [0, 1, 7])
    assert np.array_equal(plane == 1, masks_of(0)[1] & ~masks_of(0)[7])
    assert picture.getpalette()[3:6] == [230, 20, 20]  # type: ignore[index]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with numpy 2
def test_coco_is_read_by_pycocotools(export: Export, tmp_path) -> None:
    data = json.loads(export_video(export, tmp_path / "instances", "coco").read_text())
    assert [c["name"] for c in data["categories"]] == ["toy", "object"]
    assert len(data["images"]) == FRAMES
    assert len(data["annotations"]) == FRAMES + 1  # an empty mask is no annotation
    for found in data["annotations"]:
        mask = coco.decode(found["segmentation"]).astype(bool)
        assert np.array_equal(mask, masks_of(found["image_id"] - 1)[found["track_id"]])
        assert (found["area"], found["bbox"]) == (mask.sum(), coco.toBbox(found["segmentation"]).tolist())


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with numpy 2
def test_ytvis_has_a_track_per_object_with_gaps(export: Export, tmp_path) -> None:
    data = json.loads(export_video(export, tmp_path / "ytvis.json", "ytvis").read_text())
    assert data["videos"][0]["length"] == FRAMES
    cube, ball = data["annotations"]
    assert [s is None for s in ball["segmentations"]] == [False, True, True, True]
    assert len(cube["segmentations"]) == len(cube["bboxes"]) == len(cube["areas"]) == FRAMES
    assert np.array_equal(coco.decode(cube["segmentations"][2]).astype(bool), masks_of(2)[1])


def test_npz_has_an_array_per_frame(export: Export, tmp_path) -> None:
    with np.load(export_video(export, tmp_path / "masks.npz", "npz")) as data:
        assert data["objects"].tolist() == [1, 7]
        assert data["names"].tolist() == ["cube", "ball"]
        assert data["known"].tolist() == [[True, True], [True, True], [True, False], [True, False]]
        assert np.array_equal(data["frame_00001"], np.stack([masks_of(1)[1], masks_of(1)[7]]))


def test_the_overlay_is_a_video_with_the_objects_tinted(export: Export, tmp_path) -> None:
    with open_video(export_video(export, tmp_path / "overlay", "overlay")) as film:
        assert (len(film), film.size.width) == (FRAMES, 48)
        pixels = film.frame(2).astype(int)
    assert np.abs(pixels[26:, 40:] - 200).max() < 20
    inside = pixels[12:16, 16:24].mean(axis=(0, 1))
    assert inside[0] > inside[1] + 30


def test_the_cutout_is_transparent_beside_the_objects(export: Export, tmp_path) -> None:
    path = export_video(export, tmp_path / "cutout", "cutout")
    with av.open(str(path)) as container:
        decoder = av.CodecContext.create("libvpx-vp9", "r")  # FFmpeg's own decoder knows no alpha
        packets = list(container.demux(container.streams.video[0]))
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    alpha = frames[2].to_ndarray(format="rgba")[..., 3]
    assert path.suffix == ".webm"
    assert np.mean((alpha > 127) == masks_of(2)[1]) > 0.98


@pytest.mark.parametrize("kind", ENDINGS)
def test_stopping_leaves_nothing(export: Export, tmp_path, kind: str) -> None:
    def tick(frame: int) -> None:
        if frame == 1:
            raise InterruptedError

    stopping = Export(source=export.source, count=FRAMES, objects=OBJECTS, masks=masks_of, tick=tick)
    with pytest.raises((InterruptedError, MediaError)):
        export_video(stopping, tmp_path / "out", kind)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_missing_folder_is_told(export: Export, tmp_path, kind: str) -> None:
    with pytest.raises(MediaError, match="there is no folder"):
        export_video(export, tmp_path / "none" / "out", kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_full_disk_is_told_and_leaves_nothing(export: Export, tmp_path, kind: str, monkeypatch) -> None:
    def full(frame: int) -> None:
        raise OSError(28, "No space left on device")

    filling = Export(source=export.source, count=FRAMES, objects=OBJECTS, masks=masks_of, tick=full)
    with pytest.raises(MediaError, match=r"(?i)disk is full|no space left"):
        export_video(filling, tmp_path / "out", kind)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "objects", "words"),
    [("gif", OBJECTS, "no format 'gif'"), ("png", (), "nothing to export")],
)
def test_nonsense_is_refused(export: Export, tmp_path, kind, objects, words: str) -> None:
    asked = Export(source=export.source, count=FRAMES, objects=objects, masks=masks_of)
    with pytest.raises(MediaError, match=words):
        export_video(asked, tmp_path / "out", kind)


def test_a_folder_that_is_taken_is_left_alone(export: Export, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(MediaError, match="exists already"):
        export_video(export, tmp_path / "mine", "png")
