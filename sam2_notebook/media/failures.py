"""What Pillow raises for bad data, and how it becomes a `MediaError`."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image as PillowImage
from PIL.ImageCms import PyCMSError

from ..errors import MediaError

# Collected from the plug-ins of the allow-list and from mutated files. Warning is here for users who turn warnings into
# errors; AttributeError and AssertionError come from plug-ins that trip over fields a broken header left unset.
PILLOW_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    struct.error,
    zlib.error,
    PyCMSError,
    PillowImage.DecompressionBombError,
    Warning,
)


@contextmanager
def decoding(label: str) -> Iterator[None]:
    """Turn whatever Pillow raises inside into a `MediaError` that names the picture."""
    try:
        yield
    except MemoryError as error:
        raise MediaError(f"{label}: there is not enough memory to decode it. Shrink the picture first.") from error
    except PillowImage.DecompressionBombError as error:
        raise MediaError(f"{label}: Pillow refuses its size ({error}). Shrink the picture first.") from error
    except PILLOW_ERRORS as error:
        raise MediaError(
            f"{label}: the picture data is damaged, cut short or of an unsupported variety "
            f"({type(error).__name__}: {str(error)[:200]}). Copy or download it again, or save it as PNG or JPEG."
        ) from error
