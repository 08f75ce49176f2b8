"""Pictures in shards: WebDataset's tar files and Parquet files, read from front to back."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from sam2_notebook.errors import MediaError
from sam2_notebook.media.images import MAX_BYTES
from sam2_notebook.media.video_pictures import PICTURE_SUFFIXES

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
SHARD_SUFFIXES = (".parquet", *TAR_SUFFIXES)
ROWS_AT_ONCE = 16
# Where a Parquet file has several columns of bytes, that of the pictures; and the column that names them.
PICTURE_COLUMNS = ("image", "jpg", "jpeg", "png", "webp", "img", "picture", "bytes", "content")
NAME_COLUMNS = ("file_name", "filename", "name", "__key__", "key", "path", "id", "image_id")


@dataclass(frozen=True, eq=False)
class ShardPicture:
    """A picture as it lies in a shard: its number among the shard's pictures, its name, and its content or file."""

    row: int
    name: str
    content: bytes | Path


def shard_stem(path: Path) -> str | None:
    """The name of a shard without its ending; None for a file that is no shard.

    >>> shard_stem(Path("train-00012.tar.gz")), shard_stem(Path("photo.jpg"))
    ('train-00012', None)
    """
    ending = next((suffix for suffix in SHARD_SUFFIXES if path.name.lower().endswith(suffix)), None)
    return None if ending is None else path.name[: -len(ending)]


def pictures_of(shard: Path) -> Iterator[ShardPicture]:
    """The pictures of a shard in their order, one at a time.

    Raises MediaError where it cannot be read, or cannot be read on: pictures before that place have been given.
    """
    return _of_tar(shard) if shard.name.lower().endswith(TAR_SUFFIXES) else _of_parquet(shard)


def pyarrow() -> ModuleType:
    """Arrow for Python; MediaError where it is not installed."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise MediaError("shards and their labels need pyarrow: pip install 'sam2_notebook[parquet]'") from error


def _of_tar(shard: Path) -> Iterator[ShardPicture]:
    """The members whose names end as pictures do; what else lies in the tar is passed over."""
    row = 0
    try:
        with tarfile.open(shard, "r|*") as archive:
            for member in archive:
                path = Path(member.name)
                if not member.isfile() or path.name.startswith(".") or path.suffix.lower() not in PICTURE_SUFFIXES:
                    continue
                if member.size > MAX_BYTES:
                    raise MediaError(f"{shard}: {member.name} announces {member.size / 1e6:,.0f} MB; is it a picture?")
                file = archive.extractfile(member)
                content = b"" if file is None else file.read()
                if len(content) != member.size:
                    raise tarfile.ReadError("unexpected end of data")
                yield ShardPicture(row, member.name, content)
                row += 1
    except (OSError, EOFError, tarfile.TarError) as error:
        raise _unreadable(shard, row, error) from error


def _of_parquet(shard: Path) -> Iterator[ShardPicture]:
    arrow, row = pyarrow(), 0
    try:
        with arrow.parquet.ParquetFile(shard) as file:
            pictures, names = _columns(shard, file.schema_arrow)
            wanted = [pictures] if names is None else [pictures, names]
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted):
                titles = [None] * len(batch) if names is None else batch.column(names).to_pylist()
                for value, title in zip(batch.column(pictures).to_pylist(), titles, strict=True):
                    yield _parquet_picture(shard, row, value, title)
                    row += 1
    except (OSError, arrow.ArrowException) as error:
        raise _unreadable(shard, row, error) from error


def _parquet_picture(shard: Path, row: int, value: object, title: object) -> ShardPicture:
    """A cell: bytes, or Hugging Face's `{bytes, path}`, of which the path alone means a file beside the shard."""
    content, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
    name = str(path or (row if title is None else title))
    if isinstance(content, bytes):
        return ShardPicture(row, name, content)
    return ShardPicture(row, name, shard.parent / path if isinstance(path, str) else b"")


def _columns(shard: Path, schema: object) -> tuple[str, str | None]:
    """The column of the pictures and that of their names."""
    types = pyarrow().types
    columns = list(schema)  # type: ignore[call-overload] -- an Arrow schema lists its fields

    def holds_bytes(kind: object) -> bool:
        if types.is_struct(kind):  # of which all may be paths
            named = [field.type for field in kind if field.name == "bytes"]  # type: ignore[attr-defined]
            return any(types.is_null(inner) or holds_bytes(inner) for inner in named)
        return types.is_binary(kind) or types.is_large_binary(kind)

    found = [column.name for column in columns if holds_bytes(column.type)]
    known = [name for name in PICTURE_COLUMNS if name in found]
    if not found or (len(found) > 1 and not known):
        raise MediaError(
            f"{shard}: which column holds pictures? Columns of bytes are {found or 'none'}. Wanted one, or one named "
            f"{', '.join(PICTURE_COLUMNS)}: encoded pictures, or structs of bytes and path."
        )
    there = {column.name for column in columns}
    return (known or found)[0], next((name for name in NAME_COLUMNS if name in there), None)


def _unreadable(shard: Path, row: int, error: Exception) -> MediaError:
    place = f" after {row} pictures" if row else ""
    return MediaError(f"{shard}: it cannot be read{place} ({str(error)[:200]}). Copy it anew, or take it out.")
