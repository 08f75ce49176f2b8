"""The few words a weights file of ours carries beside its tensors: the network's sizes, its name, its license."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2Config

FORMAT = "sam2_notebook 1"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a file says about its network."""

    config: Sam2Config
    name: str
    license: str

    def pack(self) -> dict[str, str]:
        """The strings to write into a safetensors header."""
        config = json.dumps(asdict(self.config))
        return {"format": FORMAT, "config": config, "name": self.name, "license": self.license}

    @staticmethod
    def unpack(strings: Mapping[str, str]) -> "Metadata":
        """Read a safetensors header again; raises ModelError when it makes no sense."""
        return Metadata(
            config=_config(strings.get("config", "")),
            name=strings.get("name", ""),
            license=strings.get("license", ""),
        )


def _config(text: str) -> Sam2Config:
    """The config a header describes; a field it does not mention keeps its default."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ModelError(f"Its header holds no readable config: {error}.") from error
    if not isinstance(values, dict):
        raise ModelError(f"Its header should hold the config as a JSON object, but holds {text[:60]!r}.")
    chosen: dict[str, int | str | tuple[int, ...]] = {}
    defaults = {field.name: field.default for field in fields(Sam2Config)}
    for name, value in values.items():
        if name not in defaults:
            raise ModelError(
                f"Its config has a field {name!r} that this version does not know: a newer sam2_notebook wrote it. "
                "Update the package."
            )
        chosen[name] = _typed(name, value, defaults[name])
    try:
        return Sam2Config(**chosen)  # pyright: ignore[reportArgumentType] -- `_typed` has compared each with its field
    except (ValueError, TypeError) as error:
        raise ModelError(f"Its config is impossible: {error}.") from error


def _typed(name: str, value: object, default: object) -> int | str | tuple[int, ...]:
    """The value as the type its field has."""
    if isinstance(default, tuple) and isinstance(value, list):
        value = tuple(value)
        if all(type(item) is int for item in value):
            return value
    if isinstance(value, int | str) and type(value) is type(default):
        return value
    raise ModelError(f"Its config field {name!r} is {value!r}, which is no {type(default).__name__} of the right kind.")
