"""What all our widgets have in common: messages both ways, traits that only Python writes, a picture for readers."""

import base64
import operator
from collections.abc import Iterable, Mapping
from typing import Any, SupportsFloat, SupportsIndex

import anywidget
import traitlets
from PIL import Image as PillowImage

from sam2_notebook.errors import EditError, LabelError, PromptError
from sam2_notebook.widgets.awake import keep_kernel_awake
from sam2_notebook.widgets.channel import Channel
from sam2_notebook.widgets.drawing import small_png

PREVIEW_SIDE, PREVIEW_BYTES = 480, 60_000


class WiredWidget(anywidget.AnyWidget):
    """A widget whose pages speak to its desk by messages, and write no traits.

    A subclass says what its `_channel` is, calls `_watch` once it is made, and draws `_preview`.
    """

    def __init__(self) -> None:
        self._noticed: dict[str, object] = {}
        keep_kernel_awake()
        super().__init__()

    def set_state(self, sync_data: object) -> None:
        """Pages write no traits: everything they do comes as a request."""

    def _watch(self, *names: str) -> None:
        """Tell observers of these traits what changes from now on."""
        self._noticed = {name: getattr(self, name) for name in names}

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        data = msg["content"].get("data")
        method = data.get("method") if isinstance(data, dict) else None
        if method == "custom":
            self._channel().receive(data.get("content"), msg.get("buffers") or ())
        elif method == "request_state":
            self.send_state()

    def _post(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(content, buffers)

    def _notice(self) -> None:
        for name, old in list(self._noticed.items()):
            new = getattr(self, name)
            if new != old:
                self._noticed[name] = new
                change = {"name": name, "old": old, "new": new, "owner": self, "type": "change"}
                self.notify_change(traitlets.Bunch(change))

    def _channel(self) -> Channel[Any]:
        """The widget's end of the wire."""
        raise NotImplementedError

    def _preview(self) -> PillowImage.Image | None:
        """What readers see who have no kernel."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        picture = self._preview()
        if picture is None:
            return bundle
        png = small_png(picture, PREVIEW_BYTES, PREVIEW_SIDE)
        return {**data, "image/png": base64.b64encode(png).decode("ascii")}, metadata


def as_number(
    value: SupportsFloat,
    name: str,
    what: str = "a number of image pixels",
    error: type[EditError | LabelError | PromptError] = PromptError,
) -> float:
    """A coordinate, or `what` else is wanted, as float; `error` if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise error(f"{name} is {what}; got {value!r:.60}") from None


def as_text(value: str, name: str, error: type[EditError | LabelError] = EditError) -> str:
    """A text as it is; `error` for anything else, None among it."""
    if not isinstance(value, str):
        raise error(f"{name} is a text; got {value!r:.60}")
    return str(value)


def as_whole(value: SupportsIndex, name: str, error: type[EditError | PromptError] = EditError) -> int:
    """A whole number as int; `error` if it is none."""
    try:
        return operator.index(value)
    except TypeError:
        raise error(f"{name} is a whole number; got {value!r:.60}") from None


def as_wholes(values: Iterable[SupportsIndex], name: str, each: str) -> tuple[int, ...]:
    """Whole numbers as ints; EditError if it is no list of them."""
    try:
        listed = list(values)
    except TypeError:
        raise EditError(f"{name} are a list of whole numbers; got {values!r:.60}") from None
    return tuple(as_whole(value, each) for value in listed)
