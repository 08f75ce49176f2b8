"""Pictures and videos into pixels and back: reading, writing, encoding and shrinking."""

from .encode import encode_jpeg, encode_png, resize_area, write_mask_png
from .images import Image, read_image
from .video import Video, open_video
from .video_writer import write_video

__all__ = [
    "Image",
    "Video",
    "encode_jpeg",
    "encode_png",
    "open_video",
    "read_image",
    "resize_area",
    "write_mask_png",
    "write_video",
]
