"""JSON and XML that stay harmless when somebody puts them into a page."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


def dump(value: Json) -> str:
    """JSON on one line, with `<` spelled so that it cannot open a tag; NaN is refused.

    >>> dump({"name": "</script>"})
    '{"name":"\\\\u003c/script>"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c") if "<" in text else text
