"""A trait whose value is read where it lives, so that it is never old, whichever thread asks."""

from typing import Any

import traitlets


class Live(traitlets.TraitType):
    """Reads through a method of its owner, can be observed, and cannot be set.

    The owner calls `notify_change` itself. Never synced: what pages see, they are told by messages.

    >>> class Clock(traitlets.HasTraits):
    ...     hour = Live("tell")
    ...     def tell(self): return 12
    >>> Clock().hour
    12
    """

    def __init__(self, method: str, help: str = "") -> None:
        super().__init__(None, allow_none=True, read_only=True, help=help)
        self._method = method

    def get(self, obj: traitlets.HasTraits, cls: type | None = None) -> Any:  # noqa: ARG002 - traitlets' signature
        """The owner's value of now."""
        return getattr(obj, self._method)()

    def set(self, obj: traitlets.HasTraits, value: object) -> None:  # noqa: ARG002 - traitlets' signature
        """Refuse: TraitError."""
        raise traitlets.TraitError(f"{self.name} of {type(obj).__name__} cannot be set; it follows the document")
