"""The order in which frames are read for pages."""

import threading
from collections.abc import Iterator

import numpy as np

from sam2_notebook.media import open_video
from sam2_notebook.protocol.messages import Failure
from sam2_notebook.protocol.video_messages import FramesData, FramesRequest
from sam2_notebook.values.frames import ByteImage
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.video_frames import FrameServer


class Reader:
    """A video of 40 frames that remembers which were read, and waits before the first one."""

    def __init__(self, broken: dict[int, Exception]) -> None:
        self._broken = broken
        self._inner = open_video(np.zeros((40, 12, 16, 3), np.uint8))
        self.read: list[int] = []
        self.may_begin = threading.Event()

    def frame(self, index: int) -> ByteImage:
        """A frame, once it may begin."""
        self.may_begin.wait(10)
        self.read.append(index)
        if index in self._broken:
            raise self._broken[index]
        return self._inner.frame(index)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def ask(seq: int, frames: range, purpose: str = "ahead", generation: int = 0) -> FramesRequest:
    return FramesRequest(
        view="v",
        seq=seq,
        frames=tuple(frames),
        width=16,
        quality=80,
        purpose=purpose,  # pyright: ignore[reportArgumentType]
        generation=generation,
        preview=False,
    )


def served(*requests: FramesRequest, broken: dict[int, Exception] | None = None) -> tuple[list[int], dict[int, Packet]]:
    """Which frames are read, in order, and the answers by `seq`; frames that are `broken` raise."""
    reader, answers, done = Reader(broken or {}), {}, threading.Event()

    def reply(request: FramesRequest, packet: Packet) -> None:
        answers[request.seq] = packet
        if len(answers) == len(requests):
            done.set()

    server = FrameServer(reader, "key", reply, lambda _: None)  # pyright: ignore[reportArgumentType]
    for request in requests:
        server.serve(request)
    reader.may_begin.set()
    assert done.wait(10)
    server.close()
    return reader.read, answers


def test_requests_of_one_purpose_are_read_one_after_the_other() -> None:
    read, answers = served(ask(0, range(8)), ask(1, range(8, 16)), ask(2, range(16, 24)))
    assert read == list(range(24))
    assert all(isinstance(answer.message, FramesData) for answer in answers.values())


def test_what_is_to_be_shown_comes_between_the_frames_of_what_is_ahead() -> None:
    read, _ = served(ask(0, range(8)), ask(1, range(30, 31), "show"))
    assert read.index(30) <= 1


def test_a_newer_generation_makes_the_older_ones_void() -> None:
    read, answers = served(ask(0, range(8)), ask(1, range(8, 16)), ask(2, range(20, 22), generation=1))
    assert isinstance(answers[0].message, Failure)
    assert isinstance(answers[1].message, Failure)
    assert [frame for frame in read if frame >= 20] == [20, 21]
    assert len(read) <= 3


def test_who_waits_for_a_streams_next_frame_holds_up_nobody() -> None:
    more = threading.Semaphore(3)

    def camera() -> Iterator[ByteImage]:
        for shade in range(6):
            more.acquire()
            yield np.full((12, 16, 3), 40 * shade, np.uint8)

    answers: dict[int, Packet] = {}
    came, answered = threading.Event(), threading.Condition()

    def reply(request: FramesRequest, packet: Packet) -> None:
        with answered:
            answers[request.seq] = packet
            answered.notify_all()

    def expect(*seqs: int) -> None:
        with answered:
            assert answered.wait_for(lambda: set(answers) == set(seqs), 10), sorted(answers)

    video = open_video(camera())
    assert video.has(2)
    server = FrameServer(video, "key", reply, lambda _: None)
    server.pull("tracking", 3, lambda _: came.set())  # the camera sleeps now
    server.serve(ask(0, range(3, 5)))  # what is ahead has not come either
    server.serve(ask(1, range(1), "show"))
    expect(1)
    server.serve(ask(2, range(3), "ahead", generation=1))  # a newer one need not wait for the older
    expect(0, 1, 2)
    assert isinstance(answers[0].message, Failure)
    assert not came.is_set()
    server.serve(ask(3, range(3, 5), "strip"))
    more.release(3)
    assert came.wait(10)
    expect(0, 1, 2, 3)
    message = answers[3].message
    assert isinstance(message, FramesData)
    assert message.frames == (3, 4)
    server.close()


def test_whatever_a_source_raises_the_page_gets_its_answers() -> None:
    errors = {1: OSError("the disk went away"), 2: MemoryError(), 9: AssertionError("container is not open")}
    read, answers = served(ask(0, range(4)), ask(1, range(8, 10)), broken=errors)
    assert read == [0, 1, 2, 3, 8, 9]
    messages = [answers[seq].message for seq in (0, 1)]
    assert [message.frames for message in messages if isinstance(message, FramesData)] == [(0, 3), (8,)]
    missing = [m for message in messages if isinstance(message, FramesData) for m in message.missing]
    assert [m.frame for m in missing] == [1, 2, 9]
    for words, told in zip(("the disk went away", "not enough memory", "container is not open"), missing, strict=True):
        assert words in told.text
