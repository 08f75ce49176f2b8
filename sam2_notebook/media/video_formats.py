"""What a video file is, judged from its first bytes: the allow-list of containers.

FFmpeg is told the container and never guesses. Left to itself it would also follow play lists and concat scripts, which
are text files that name other files and addresses.
"""

import re

from ..errors import MediaError
from .formats import PictureFormat, picture_format, what_it_is

HEAD_BYTES = 4096
READABLE = "MP4, MOV, WebM, MKV, AVI, MPEG, FLV, Ogg, WMV, an animated GIF, WebP or PNG"

ANIMATED: frozenset[PictureFormat] = frozenset({"GIF", "WebP", "PNG", "AVIF", "TIFF"})

_AUDIO_BRANDS = rb"(?:M4A |M4B |M4P )"
_CONTAINERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"....ftyp(?!avi[fs]|hei|hev|mif1|msf1|crx|jxl )", re.DOTALL), "mp4"),
    (re.compile(rb"....(?:moov|mdat|wide|free|skip|pnot)", re.DOTALL), "mov"),
    (re.compile(rb"\x1aE\xdf\xa3"), "matroska"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), "avi"),
    (re.compile(rb"G(?:.{187}G){2}", re.DOTALL), "mpegts"),
    (re.compile(rb"....G(?:.{191}G){2}", re.DOTALL), "mpegts"),
    (re.compile(rb"\0\0\x01\xba"), "mpeg"),
    (re.compile(rb"\0\0\x01\xb3"), "mpegvideo"),
    (re.compile(rb"\0\0(?:\0)?\x01[\x09\x67\x27]"), "h264"),
    (re.compile(rb"\0\0(?:\0)?\x01[\x40\x46]\x01"), "hevc"),
    (re.compile(rb"FLV\x01"), "flv"),
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "asf"),
    (re.compile(rb"YUV4MPEG2 "), "yuv4mpegpipe"),
)
_SOUND: tuple[re.Pattern[bytes], ...] = (
    re.compile(rb"....ftyp" + _AUDIO_BRANDS, re.DOTALL),
    re.compile(rb"RIFF....WAVE|fLaC|ID3|\xff[\xfb\xf3\xf2]", re.DOTALL),
)


def container_of(head: bytes, label: str) -> str:
    """FFmpeg's name of the container a file begins like; MediaError says what else it is.

    >>> container_of(b"\\x1aE\\xdf\\xa3", "clip.webm")
    'matroska'
    """
    if not head:
        raise MediaError(f"{label}: the file is empty (0 bytes). Copy or download it again.")
    if any(pattern.match(head) for pattern in _SOUND):
        raise MediaError(f"{label}: it is a sound file and has no picture. Pass the video it belongs to.")
    for pattern, container in _CONTAINERS:
        if pattern.match(head):
            return container
    picture = picture_format(head)
    if picture is not None:
        raise MediaError(f"{label}: it is a {picture} picture, not a video. For one picture use read_image.")
    what, todo = what_it_is(head)
    raise MediaError(f"{label}: it is {what}. Wanted a video: {READABLE}. {todo}.")


def is_animation(head: bytes) -> bool:
    """Whether the file is of a picture format that can hold several frames.

    >>> is_animation(b"GIF89a")
    True
    """
    return picture_format(head) in ANIMATED
