"""Small pictures made on the spot: a test pattern, its encodings, and headers that lie."""

import io
import struct
import zlib

import numpy as np
from PIL import Image as PillowImage

SIZE_HW = (40, 56)
SMALL_TIFF = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 279: 64}


def pattern_rgb(size_hw: tuple[int, int] = SIZE_HW) -> np.ndarray:
    """Two ramps and a checkerboard: every flip, turn or swapped channel shows."""
    height, width = size_hw
    rows, columns = np.mgrid[0:height, 0:width]
    checks = (rows // 4 + columns // 4) % 2 * 255
    planes = (columns * 255 // (width - 1), rows * 255 // (height - 1), checks)
    return np.stack(planes, axis=-1).astype(np.uint8)


def pattern_grey(size_hw: tuple[int, int] = SIZE_HW) -> np.ndarray:
    """A ramp that holds every level from 0 to 255."""
    return np.linspace(0, 255, size_hw[0] * size_hw[1]).round().astype(np.uint8).reshape(size_hw)


def encoded(picture: PillowImage.Image | np.ndarray, kind: str, **options: object) -> bytes:
    """The bytes of a file in Pillow's format `kind`."""
    picture = PillowImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG that announces a size and then holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(64))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def jpeg_header(width: int, height: int) -> bytes:
    """A real small JPEG whose frame header lies about the size."""
    data = bytearray(encoded(pattern_rgb(), "JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_header(width: int, height: int) -> bytes:
    """A real small BMP whose header lies about the size."""
    data = bytearray(encoded(pattern_rgb(), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def gif_header(width: int, height: int) -> bytes:
    """A small GIF whose first frame, to be disposed to background, sticks far out of a 1 x 1 screen."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    control = b"\x21\xf9\x04" + bytes([2 << 2, 0, 0, 0, 0])
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"
    return b"GIF89a" + screen + control + frame


def webp_header(width: int, height: int, chunk: bytes) -> bytes:
    """The first bytes of a WebP of the given kind of chunk."""
    if chunk == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif chunk == b"VP8L":
        body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(8)
    else:
        body = bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(8)
    riff = chunk + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(riff)) + b"WEBP" + riff


def tiff_file(tags: dict[int, int], order: str = "<") -> bytes:
    """A TIFF of one directory with these LONG tags."""
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4) + bytes(64)


def tiff_header(width: int, height: int, **more: int) -> bytes:
    """An uncompressed grey TIFF that announces a size; `tile=side` makes it one of tiles."""
    strips = {273: 100, 278: height, 279: 64}
    tiles = {322: more["tile"], 323: more["tile"], 324: 100, 325: 64} if "tile" in more else strips
    return tiff_file({256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1} | tiles)
