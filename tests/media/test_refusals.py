"""What cannot be read is refused at once, in words that name it and say what to do."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.media import read_image

from . import pictures
from .pictures import encoded, pattern_rgb
from .refusing import child, refusal

KINDS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
FOREIGN = {
    "page.jpg": (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
    "note.jpg": ("Bild fehlt, schöne Grüße\n".encode(), "text file"),
    "error.jpg": (b'{"error": "rate limited"}', "JSON"),
    "denied.png": (b'<?xml version="1.0"?><Error/>', "XML"),
    "logo.png": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "pointer.jpg": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "phone2.heic": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
    "clip.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "video"),
    "clip.webm": (b"\x1aE\xdf\xa3" + bytes(40), "video"),
    "clip.avi": (b"RIFF\0\0\0\0AVI LIST", "video"),
    "paper.pdf": (b"%PDF-1.7\n", "PDF"),
    "figure.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
    "art.psd": (b"8BPS\0\1" + bytes(20), "Photoshop"),
    "scan.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    "photo.jxl": (b"\xff\x0a" + bytes(9), "JPEG XL"),
    "app.ico": (b"\0\0\1\0\1\0\x10\x10", "icon"),
    "plain.ppm": (b"P6\n2 2\n255\n" + bytes(12), "PNM"),
    "sky.fits": (b"SIMPLE  =                    T", "FITS"),
    "scan.dcm": (bytes(128) + b"DICM", "DICOM"),
    "light.exr": (b"\x76\x2f\x31\x01" + bytes(9), "OpenEXR"),
    "data.npy": (b"\x93NUMPY\1\0v\0", "numpy.load"),
    "all.zip": (b"PK\3\4" + bytes(20), "ZIP"),
    "raw.cr2": (b"II*\0\x10\0\0\0CR\2\0", "camera raw"),
    "raw.dng": (pictures.tiff_file(pictures.SMALL_TIFF | {50706: 1025}), "camera raw"),
    "raw.nef": (pictures.tiff_file(pictures.SMALL_TIFF | {254: 1, 330: 0}), "camera raw"),
    "noise.jpg": (bytes(range(256)), "does not know"),
    "empty.png": (b"", "empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_named_for_what_they_are(name: str, tmp_path: Path) -> None:
    data, words = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(data)
    with path.open("rb") as stream:
        for source in (path, str(path), stream):
            message = refusal(source)
            assert name in message
            assert words in message
    assert words in refusal(data)


PILLOW_ONLY = ("DDS", "ICNS", "ICO", "JPEG2000", "MSP", "PCX", "PPM", "QOI", "SGI", "SPIDER", "TGA", "XBM", "EPS")


@pytest.mark.parametrize("kind", PILLOW_ONLY)
def test_formats_that_only_pillow_reads_are_out_of_reach(kind: str) -> None:
    picture = PillowImage.fromarray(pattern_rgb((64, 64)))
    modes = {"MSP": "1", "XBM": "1", "SPIDER": "F"}
    assert "Wanted JPEG, PNG" in refusal(encoded(picture.convert(modes.get(kind, "RGB")), kind))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_truncated_files_are_refused(kind: str, share: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = encoded(noise, kind)
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(data[: int(len(data) * share)])
    assert path.name in refusal(path)


def test_a_flipped_byte_in_a_png_is_noticed(tmp_path: Path) -> None:
    data = bytearray(encoded(pattern_rgb(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "flipped.png"
    path.write_bytes(data)
    assert "flipped.png" in refusal(path)


def test_warnings_turned_into_errors_by_the_user_are_refusals_too() -> None:
    note = b"Exif\0\0II*\0\xff\xff\xff\xff"
    photo = encoded(pattern_rgb(), "JPEG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "Corrupt EXIF" in refusal(
            photo[:2] + b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note + photo[2:]
        )


def test_paths_that_lead_nowhere_are_explained(tmp_path: Path) -> None:
    assert "nowhere.jpg: there is no such file" in refusal(tmp_path / "nowhere.jpg")
    assert str(Path.cwd()) in refusal("nowhere.jpg")
    assert "folder" in refusal(tmp_path)
    assert "no such file" in refusal("")
    assert "null" in refusal("photo\0.jpg")
    assert "x" * 100 in refusal("x" * 5000)
    assert "device or a pipe" in refusal(os.devnull)
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    assert "pipe" in refusal(fifo)
    (tmp_path / "loop").symlink_to("loop")
    assert "loop" in refusal(tmp_path / "loop")


READ_AS_NOBODY = """
import os, sys
from sam2_notebook.errors import MediaError
from sam2_notebook.media import read_image
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    read_image(sys.argv[1])
except MediaError as error:
    print(error)
"""


def test_a_file_without_permission_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(pattern_rgb(), "PNG"))
    path.chmod(0)
    message = child(READ_AS_NOBODY, str(path))
    assert "secret.png" in message
    assert "not permitted" in message


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a.jpg",
        "HTTP://x/y",
        "s3://b/k",
        "file:///a.png",
        "data:image/png;base64,AA",
        Path("https://x/y"),
    ],
)
def test_web_addresses_are_refused_with_a_way_out(address: str | Path) -> None:
    assert "Download it first" in refusal(address)


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photo.png").write_bytes(encoded(pattern_rgb(), "PNG"))
    assert read_image("~/photo.png").name == "photo.png"


def test_file_objects_are_read_from_their_start_and_left_open() -> None:
    stream = io.BytesIO(encoded(pattern_rgb(), "PNG"))
    stream.seek(0, io.SEEK_END)
    assert np.array_equal(read_image(stream).pixels, pattern_rgb())
    assert not stream.closed


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_of_every_kind_are_read(wrap: type) -> None:
    assert np.array_equal(read_image(wrap(encoded(pattern_rgb(), "PNG"))).pixels, pattern_rgb())


def test_file_objects_that_do_not_work_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(pattern_rgb(), "PNG"))
    closed = path.open("rb")
    closed.close()
    assert "photo.png" in refusal(closed)
    assert "binary" in refusal(io.StringIO("text"))
    assert "longer than" in refusal(io.BytesIO(bytes(2000)), max_bytes=1000)


def test_a_closed_pillow_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "closed.png"
    path.write_bytes(encoded(pattern_rgb(), "PNG"))
    picture = PillowImage.open(path)
    picture.close()
    assert "closed.png" in refusal(picture)
    assert "no pixels" in refusal(PillowImage.new("RGB", (0, 4)))
