"""Stores in both databases, and small labelled pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest
from PIL import Image

from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.classes import Attribute
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle
from tests.labels import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's database; without PostgreSQL the tests fail and say what to do."""
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a new store: a file, or an empty database of the server."""
    if request.param == "sqlite":
        return str(tmp_path / "labels.db")
    url = request.getfixturevalue("postgres_url")
    empty(url)
    return url


def empty(url: str) -> None:
    """Make a database of the server as new: quicker than another database, of which each is a thousand files."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.fixture
def open_store(where: str) -> Iterator[Callable[..., LabelStore]]:
    """Open the store as some author, as often as wanted."""
    stores: list[LabelStore] = []

    def opened(author: str = "ann") -> LabelStore:
        stores.append(LabelStore(where, author=author))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., LabelStore]) -> LabelStore:
    """A store of Ann's with the classes leaf and stem and one image without a file, 1.png, 8 x 6 pixels."""
    store = open_store("ann")
    store.add_class(LabelClass(name="leaf", hotkey="l"))
    store.add_class(
        LabelClass(name="stem", color="#ff7f0e", attributes=(Attribute(name="ripe", choices=("yes", "no")),))
    )
    store.add_image(LabeledImage(name="1.png", size=Size(height=6, width=8)))
    return store


def disc(size: Size, x: float, y: float, radius: float, hole: float = 0.0) -> np.ndarray:
    """A disc, perhaps with a hole, as a mask."""
    rows, columns = np.ogrid[: size.height, : size.width]
    squares = (columns - x) ** 2 + (rows - y) ** 2
    return (squares <= radius**2) & (squares >= hole**2)


SIZE = Size(height=60, width=80)
CLASSES = (LabelClass(name="leaf", hotkey="l"), LabelClass(name="stem", color="#ff7f0e"), LabelClass(name="no one"))


def annotations() -> tuple[Annotation, ...]:
    """A disc, a ring with a hole, two parts in one, a crowd, and a box without a mask."""
    two = disc(SIZE, 10, 48, 7) | disc(SIZE, 33, 50, 5)
    return (
        Annotation(label="leaf", mask=Rle.from_mask(disc(SIZE, 20, 20, 12)), score=0.75, note="a <b>note</b>"),
        Annotation(
            label="stem", mask=Rle.from_mask(disc(SIZE, 58, 20, 14, hole=6)), attributes={"ripe": "yes", "n": 3}
        ),
        Annotation(label="leaf", mask=Rle.from_mask(two), author="ann"),
        Annotation(label="stem", mask=Rle.from_mask(disc(SIZE, 66, 50, 8)), crowd=True),
        Annotation(label="leaf", box=Box(44, 40, 52, 55), score=0.5),
    )


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Two pictures with files, one of them empty, and one in a folder below."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    images = []
    for name, labels in (("one.png", annotations()), ("empty.png", ()), ("more/one.jpg", annotations()[:2])):
        pixels = np.random.default_rng(len(images)).integers(0, 255, (SIZE.height, SIZE.width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
        images.append(LabeledImage(name=name, size=SIZE, annotations=labels, path=folder / name))
    return Dataset(classes=CLASSES, images=images, name="garden")
