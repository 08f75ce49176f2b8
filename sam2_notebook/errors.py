"""Every error a user can meet.

Sam2NotebookError
├── MediaError        a picture or a video cannot be read or written
├── PromptError       a point, box, label or mask prompt makes no sense
├── ModelError        a model is unknown, or its weights cannot be used
├── EditError         an edit does not fit the document (unknown object, locked, stale)
├── LabelError        labels make no sense, or cannot be imported or exported as asked
├── StoreError        the store of labels cannot be opened, read or written
│   └── ConflictError somebody else has changed or claimed the image meanwhile
└── ProtocolError     a message between notebook page and kernel is malformed

Each message says what came, what was wanted and what to do. The floor `model/` knows nothing of these and raises
plain `ValueError`.
"""


class Sam2NotebookError(Exception):
    """Base of every error this package raises on purpose."""


class MediaError(Sam2NotebookError):
    """A picture or a video cannot be read or written."""


class PromptError(Sam2NotebookError, ValueError):
    """A prompt makes no sense: outside the image, not finite, wrong shape or label."""


class ModelError(Sam2NotebookError):
    """A model is unknown, or its weights cannot be used."""


class EditError(Sam2NotebookError):
    """An edit does not fit the document it is meant for."""


class LabelError(Sam2NotebookError, ValueError):
    """Labels make no sense, or cannot be imported or exported as asked."""


class StoreError(Sam2NotebookError):
    """The store of labels cannot be opened, read or written."""


class ConflictError(StoreError):
    """Somebody else has changed or claimed the image meanwhile; nothing was written."""


class ProtocolError(Sam2NotebookError):
    """A message between the notebook page and the kernel is malformed."""
