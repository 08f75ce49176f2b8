"""What a file is, judged from its first bytes and never from its name."""

import re
import struct
from typing import Literal

PictureFormat = Literal["JPEG", "PNG", "WebP", "BMP", "TIFF", "GIF", "AVIF"]

READABLE = "JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF"
HEAD_BYTES = 4096

_PICTURES: tuple[tuple[re.Pattern[bytes], PictureFormat], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "WebP"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"BM"), "BMP"),
    (re.compile(rb"(?:II[*+]\0|MM\0[*+])(?!.{4}CR)", re.DOTALL), "TIFF"),
    (re.compile(rb"....ftyp(?:avif|avis)", re.DOTALL), "AVIF"),
    # a neutral container brand: the list of compatible brands has to name AVIF
    (re.compile(rb"....ftyp(?:mif1|msf1).{4}(?:.{4}){0,16}?avi[fs]", re.DOTALL), "AVIF"),
)

_PHOTO_HINT = "Save it as JPEG or PNG first"
_VIDEO_HINT = "A video is not a picture: take one frame out of it first"
_DOWNLOAD_HINT = "The download probably fetched a page or a note instead of the picture: fetch the picture itself"
_ARRAY_HINT = "Load it with its own library and pass the numpy array"

_REFUSED: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"....ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "a HEIC photo", _PHOTO_HINT),
    (re.compile(rb"....ftypcrx", re.DOTALL), "a camera raw file (CR3)", "Develop it to JPEG, PNG or TIFF first"),
    (re.compile(rb"....ftyp", re.DOTALL), "a video (MP4 or MOV)", _VIDEO_HINT),
    (re.compile(rb"\x1aE\xdf\xa3"), "a video (Matroska or WebM)", _VIDEO_HINT),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), "a video (AVI)", _VIDEO_HINT),
    (re.compile(rb"II\*\0.{4}CR", re.DOTALL), "a camera raw file (CR2)", "Develop it to JPEG, PNG or TIFF first"),
    (re.compile(rb"%PDF"), "a PDF document", "Export the page as PNG first"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "a PostScript document", "Export the page as PNG first"),
    (re.compile(rb"8BPS"), "a Photoshop document", _PHOTO_HINT),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 picture", _PHOTO_HINT),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "a JPEG XL picture", _PHOTO_HINT),
    (re.compile(rb"\0\0[\x01\x02]\0.\0", re.DOTALL), "a Windows icon", _PHOTO_HINT),
    (re.compile(rb"icns"), "a macOS icon", _PHOTO_HINT),
    (re.compile(rb"DDS "), "a DirectDraw texture (DDS)", _PHOTO_HINT),
    (re.compile(rb"qoif"), "a QOI picture", _PHOTO_HINT),
    (re.compile(rb"P[1-7fF][\s#]"), "a PNM picture", _PHOTO_HINT),
    (re.compile(rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]"), "a PCX picture", _PHOTO_HINT),
    (re.compile(rb"\x76\x2f\x31\x01"), "an OpenEXR picture", _ARRAY_HINT),
    (re.compile(rb"#\?(?:RADIANCE|RGBE)"), "a Radiance HDR picture", _ARRAY_HINT),
    (re.compile(rb"SIMPLE  ="), "a FITS file", _ARRAY_HINT),
    (re.compile(rb".{128}DICM", re.DOTALL), "a DICOM file", _ARRAY_HINT),
    (re.compile(rb"\x93NUMPY"), "a numpy file", "Load it with numpy.load and pass the array"),
    (re.compile(rb"\x89HDF"), "an HDF5 file", _ARRAY_HINT),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive", "Unpack it and pass one of its pictures"),
    (re.compile(rb"\x1f\x8b"), "a gzip archive", "Unpack it first"),
    (re.compile(rb"version https://git-lfs"), "a Git LFS pointer, not the picture itself", "Run `git lfs pull` first"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[?!][^>]*>\s*<)*svg", re.I), "an SVG drawing", "Export it as PNG first"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+)?(?:html|head|body)", re.I), "a web page", _DOWNLOAD_HINT),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!a-z]", re.I), "an XML document", _DOWNLOAD_HINT),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]\s*[\"{\[\]}0-9-]"), "a JSON document", _DOWNLOAD_HINT),
)  # fmt: skip


def picture_format(head: bytes) -> PictureFormat | None:
    """Name the readable format that these first bytes announce, or None.

    >>> picture_format(b"\\x89PNG\\r\\n\\x1a\\n")
    'PNG'
    """
    return next((name for pattern, name in _PICTURES if pattern.match(head)), None)


def what_it_is(head: bytes) -> tuple[str, str]:
    """Describe bytes that are no readable picture, and say what to do about them.

    >>> what_it_is(b"%PDF-1.7")
    ('a PDF document', 'Export the page as PNG first')
    """
    for pattern, what, todo in _REFUSED:
        if pattern.match(head):
            return what, todo
    if _looks_like_text(head):
        return "a text file", _DOWNLOAD_HINT
    return "of a kind this package does not know", _PHOTO_HINT


def _looks_like_text(head: bytes) -> bool:
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if control:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.end == len(head)  # a character cut in two by the end of the head
    return True


def announced_size_wh(kind: PictureFormat, head: bytes) -> tuple[int, int] | None:
    """Read width and height of those formats whose Pillow plug-in allocates the canvas when it opens.

    None where the head does not tell, or where opening allocates nothing (the plug-in's own answer is used then).
    """
    try:
        if kind == "WebP":
            return _webp_size_wh(head)
        if kind == "GIF":
            return _gif_size_wh(head)
    except (struct.error, IndexError):
        return None
    return None


def _webp_size_wh(head: bytes) -> tuple[int, int] | None:
    chunk = head[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _gif_size_wh(head: bytes) -> tuple[int, int]:
    """The logical screen, grown as Pillow does by a first frame that sticks out of it."""
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while position < len(head) and head[position] == 0x21:
        position += 2
        while head[position]:
            position += 1 + head[position]
        position += 1
    if position + 9 <= len(head) and head[position] == 0x2C:
        left, top, frame_width, frame_height = struct.unpack_from("<HHHH", head, position + 1)
        return max(width, left + frame_width), max(height, top + frame_height)
    return width, height
