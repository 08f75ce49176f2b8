"""Claims: who works on which image, until when. A claim runs out by itself, so that nobody blocks an image for ever.

Time is the database's own for PostgreSQL, so that annotators' clocks need not agree.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, text, update

from sam2_notebook.errors import ConflictError, EditError
from sam2_notebook.labels.tables import claims, images


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An image that `who` works on, until `until` (seconds since 1970)."""

    image_id: int
    who: str
    until: float


def claim(connection: Connection, image_id: int, who: str, seconds: float) -> Claim:
    """Claim an image, or prolong one's own claim; ConflictError if another holds one that has not run out."""
    if not seconds > 0:
        raise EditError(f"a claim lasts more than 0 seconds; got {seconds!r}")
    image = connection.execute(select(images.c.name).where(images.c.id == image_id).with_for_update()).one_or_none()
    if image is None:
        raise EditError(f"the store has no image {image_id}")
    check_claim(connection, image_id, image.name, who)
    until = now(connection) + seconds
    mine = claims.c.image_id == image_id
    if not connection.execute(update(claims).where(mine).values(who=who, until=until)).rowcount:
        connection.execute(insert(claims).values(image_id=image_id, who=who, until=until))
    return Claim(image_id=image_id, who=who, until=until)


def claim_first(connection: Connection, image_ids: Sequence[int], who: str, seconds: float) -> Claim | None:
    """Claim the first of these images that nobody else holds; None if all are taken."""
    taken = {c.image_id for c in current(connection) if c.who != who}
    for image_id in image_ids:
        if image_id not in taken:
            try:
                return claim(connection, image_id, who, seconds)
            except ConflictError:  # taken since the list was read
                continue
    return None


def release(connection: Connection, image_id: int, who: str) -> None:
    """Give up one's own claim; those of others stay."""
    connection.execute(delete(claims).where(claims.c.image_id == image_id, claims.c.who == who))


def current(connection: Connection) -> list[Claim]:
    """All claims that have not run out."""
    found = connection.execute(select(claims).where(claims.c.until > now(connection)).order_by(claims.c.image_id))
    return [Claim(image_id=row.image_id, who=row.who, until=row.until) for row in found]


def check_claim(connection: Connection, image_id: int, name: str, who: str) -> None:
    """Raise ConflictError if somebody else holds a claim on the image that has not run out."""
    held = connection.execute(select(claims).where(claims.c.image_id == image_id)).one_or_none()
    left = 0.0 if held is None else held.until - now(connection)
    if held is not None and held.who != who and left > 0:
        minutes = math.ceil(left / 60)
        raise ConflictError(
            f"{name}: {held.who} works on this image, for {minutes} more {'minute' if minutes == 1 else 'minutes'} at "
            "most. Nothing was written: take another image, or wait."
        )


def now(connection: Connection) -> float:
    """Seconds since 1970 by the clock that all users of the store share."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()
