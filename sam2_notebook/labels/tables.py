"""The tables of a label store, as version 5 of the schema has them; `migrations` leads older ones here."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

VERSION = 5

metadata = MetaData()

meta = Table(
    "label_meta",
    metadata,
    Column("key", String(50), primary_key=True),
    Column("value", Text, nullable=False),
)

classes = Table(
    "label_classes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("color", String(7), nullable=False),
    Column("hotkey", String(8)),
    Column("attributes", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("retired", SmallInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

images = Table(
    "label_images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("path", Text),
    Column("digest", String(64), nullable=False),
    Column("bytes", BigInteger),
    Column("mtime_ns", BigInteger),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("work", Text),
    Column("split", Text, nullable=False, server_default=""),  # train, val, ... of the dataset it came with
    sqlite_autoincrement=True,
)

annotations = Table(
    "label_annotations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", Integer, ForeignKey("label_images.id"), nullable=False),
    Column("class_id", Integer, ForeignKey("label_classes.id"), nullable=False),
    Column("counts", Text),
    Column("x0", Double),
    Column("y0", Double),
    Column("x1", Double),
    Column("y1", Double),
    Column("area", Double, nullable=False),
    Column("score", Double),
    Column("attributes", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("crowd", SmallInteger, nullable=False),
    Column("stability", Double),
    Column("disagreement", Double),
    Column("proposed", SmallInteger, nullable=False, server_default="0"),
    Column("made_with", Text, nullable=False, server_default=""),
    Column("place", Integer, nullable=False, server_default="0"),  # the lowest first; equals as they were added
    Index("label_annotations_of_image", "image_id"),
    sqlite_autoincrement=True,
)

edits = Table(
    "label_edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", Integer, ForeignKey("label_images.id")),
    Column("who", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("what", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("seconds", Double, nullable=False, server_default="0"),
    Index("label_edits_of_image", "image_id", "status"),
    sqlite_autoincrement=True,
)

claims = Table(
    "label_claims",
    metadata,
    Column("image_id", Integer, ForeignKey("label_images.id"), primary_key=True, autoincrement=False),
    Column("who", String(200), nullable=False),
    Column("until", Double, nullable=False),
)
