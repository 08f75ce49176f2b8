"""Answers what a click would find, ahead of the click: the newest question only, and after all other work."""

import math
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sam2_notebook.predict.threads import half_the_threads
from sam2_notebook.protocol.codecs import encode_logits8
from sam2_notebook.protocol.messages import Buffer, Failure, HoverData, HoverRequest
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.inference import Inference
from sam2_notebook.widgets.worker import Priority, Worker

MIN_SIDE = 16


class Hover:
    """One slot for questions: a newer one takes the place of one that waits, which is answered as `cancelled`."""

    def __init__(
        self, inference: Inference, worker: Worker, size: Size, reply: Callable[[HoverRequest, Packet], None]
    ) -> None:
        self._inference, self._worker, self._size, self._reply = inference, worker, size, reply
        self._waiting: HoverRequest | None = None
        self._lock = threading.Lock()

    def ask(self, request: HoverRequest) -> None:
        """Answer this soon, unless a newer one comes. PromptError if the place lies outside the picture."""
        Prompts((Point(request.x, request.y),)).check(self._size)
        with self._lock:
            before, self._waiting = self._waiting, request
        if before is not None:
            self._cancel(before, "a newer place is asked for")
        self._worker.submit(self, "hover", self._answer, Priority.HOVER)

    def close(self) -> None:
        """Answer no more."""
        self._worker.cancel(self)

    def _answer(self) -> None:
        with self._lock:
            request, self._waiting = self._waiting, None
        if request is None:
            return None
        with half_the_threads():
            outcome = self._inference.foresee(Point(request.x, request.y))
        if isinstance(outcome, str):
            return self._cancel(request, outcome)
        logits = smaller(outcome.logits[outcome.best : outcome.best + 1], max(request.side, MIN_SIDE))
        data, scale = encode_logits8(logits)
        buffer = Buffer(what="logits8", shape=logits.shape, scale=scale, object=None)
        score = outcome.scores[outcome.best]
        message = HoverData(view=request.view, seq=request.seq, score=score, buffers=(buffer,))
        return self._reply(request, Packet(message, (data,)))

    def _cancel(self, request: HoverRequest, words: str) -> None:
        failure = Failure(view=request.view, seq=request.seq, code="cancelled", message=words)
        self._reply(request, Packet(failure))


def smaller(logits: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """Logits (1, h, w) of at most `side` x `side`: means of whole blocks, so that the picture stays where it is.

    >>> smaller(np.array([[[1, 3], [5, 7]]], np.float32), 1).tolist()
    [[[4.0]]]
    """
    height, width = logits.shape[1:]
    rows, columns = (math.gcd(n, 2 ** max(0, math.ceil(math.log2(n / side)))) for n in (height, width))
    if rows == columns == 1:
        return logits
    blocks = logits.reshape(1, height // rows, rows, width // columns, columns)
    return blocks.mean(axis=(2, 4), dtype=np.float32)
