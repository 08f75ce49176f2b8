"""One video being segmented: prompts anywhere, followed either way, corrected at any time."""

from collections.abc import Generator, Iterable, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.model.memory import RECENT_MAPS
from sam2_notebook.predict.prompt_edits import PromptKind, joined, one_prompt, without
from sam2_notebook.predict.prompts import Numbers, ObjectPrompt, check_mask_of
from sam2_notebook.predict.propagation import Propagation
from sam2_notebook.predict.segmentation import Segmentation
from sam2_notebook.predict.tracker import Tracker, short_of_memory, within_memory
from sam2_notebook.predict.tracking import Kept, PromptedFrame, Track
from sam2_notebook.predict.video_results import FrameResult
from sam2_notebook.predict.video_state import VideoState
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.plain import whole

Direction = Literal["forward", "backward", "both"]
MAX_OBJECT_ID = 2**31 - 1
REMINDED = RECENT_MAPS  # frames by which an object can be reminded of where it was


class VideoSession:
    """Objects in one video. Made by `VideoPredictor.open`; the only thing here that changes. Threads may share it.

    Every prompted frame is recalled by all other frames, so a correction counts wherever it is made. Masks are kept as
    run lengths and memories as far as a frame can still ask for them: following on takes no more memory. On a CPU up to
    1 GiB of encodings (500 frames at 512 pixels, 50 at 1024) lie in a temporary file: a second pass is twice as fast.
    """

    def __init__(self, tracker: Tracker, *, owns_source: bool, clear_memory_around_prompts: bool) -> None:
        self._tracker = tracker
        self._owns_source = owns_source
        self._clear_memory = clear_memory_around_prompts
        self._is_closed = False
        self._state = VideoState(source=tracker.source, mask_side=tracker.network.config.mask_size)

    @property
    def source(self) -> FrameSource:
        """The video."""
        return self._state.source

    @property
    def objects(self) -> tuple[int, ...]:
        """The ids of all objects, ascending."""
        return tuple(sorted(self._state.tracks))

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames of which there are results, ascending."""
        with self._state.lock:
            return tuple(sorted(self._state.results))

    def prompts(self, obj: int) -> dict[int, ObjectPrompt]:
        """What was said of an object, by frame."""
        return {frame: said.prompt for frame, said in sorted(self._track(obj).prompted.items())}

    def result(self, frame: int) -> FrameResult:
        """What is known of a frame: its prompted and tracked objects; those not followed to it are left out."""
        with self._state.lock:
            return self._state.result(self._frame(frame))

    def logits(self, frame: int, obj: int) -> npt.NDArray[np.float32] | None:
        """Low-resolution logits (side, side) of a prompted or recently tracked frame; None if only a mask is kept."""
        self._track(obj)
        with self._state.lock:
            found = self._state.known_logits(self._frame(frame), obj)
        return None if found is None else found[0, 0].float().cpu().numpy()

    def add(
        self,
        frame: int,
        obj: int,
        *,
        points: Numbers | None = None,
        labels: Numbers | None = None,
        box: Numbers | Box | None = None,
        mask: Numbers | None = None,
        candidate: int | None = None,
    ) -> FrameResult:
        """Say something of an object in a frame, in image pixels, and see what the model makes of it.

        `points` (n, 2) add to those given before, `labels` are 1 on the object (the default) and 0 not; `box` (4,)
        replaces an earlier one; a bool `mask` stands for the object as it is. A new id is a new object. In a frame that
        was tracked, or prompted before, the answer corrects the mask that is there. A lone click can mean three things:
        `candidate` 0, 1 or 2 says which (`candidates` has them), None takes the best. Ends a propagation under way.
        Raises PromptError, MediaError for a frame that cannot be read, ModelError when memory runs out.
        """
        self._check_open()
        frame, obj = self._frame(frame), _object_id(obj)
        new = one_prompt(points, labels, box, mask, self.source.size)
        with self._state.lock:
            track = self._state.tracks.get(obj, Track())
            old = track.prompted.get(frame)
            prompt = joined(old.prompt if old else None, new)
            _check_candidate(candidate, prompt)
            refine = self._state.logits_to_correct(frame, obj)
            before = old.before if old else self._state.kept(frame, obj)
            before_logits = old.before_logits if old else refine
            return self._say(frame, obj, prompt, refine, (before, before_logits), candidate)

    def candidates(self, frame: int, obj: int) -> Segmentation | None:
        """The masks, with scores, that the lone click on an object in a frame can mean; None for other prompts."""
        said = self._track(obj).prompted.get(self._frame(frame))
        return None if said is None else said.candidates

    def remove_prompt(self, frame: int, obj: int, index: int = -1, kind: PromptKind = "point") -> FrameResult:
        """Take back one click (the last, or number `index`), the box or the mask; ends a propagation under way."""
        self._check_open()
        with self._state.lock:
            old = self._prompted(frame, obj)
            left = without(old.prompt, kind, index)
            if left is None:
                return self.clear(frame, obj)
            return self._say(frame, obj, left, old.before_logits, (old.before, old.before_logits))

    def clear(self, frame: int, obj: int) -> FrameResult:
        """Take back all that was said of an object in a frame; ends a propagation under way.

        The frame shows again what tracking had found there. An object without any prompt keeps its id and nothing else.
        """
        state = self._state
        with state.lock:
            old = self._prompted(frame, obj)
            track = state.tracks[obj].without_prompt(frame)
            state.epoch += 1
            state.tracks = {**state.tracks, obj: track}
            if not track.prompted:
                self._forget_results(obj)
            else:
                state.set_result(frame, obj, old.before)
                if old.before is not None and old.before_logits is not None:
                    state.keep_logits(frame, obj, old.before_logits)
            return state.result(frame)

    def remove_object(self, obj: int) -> None:
        """Forget an object with all its prompts and masks; the others do not change. Ends a propagation under way."""
        with self._state.lock:
            self._track(obj)
            self._state.epoch += 1
            self._forget_results(obj)
            self._state.tracks = {i: track for i, track in self._state.tracks.items() if i != obj}

    def propagate(
        self,
        start: int | None = None,
        direction: Direction = "forward",
        frames: int | None = None,
        objects: Iterable[int] | None = None,
    ) -> Generator[FrameResult, None, None]:
        """Follow objects through the video, yielding the result of every frame as it is done.

        `start` is the first prompted frame unless given (going backward only: the last one); "both" goes forward from
        it, then backward from the frame before it. At most `frames` results come each way. `objects` are those with
        prompts unless given. What was followed with the same prompts before is handed out again, not computed: closing
        the generator, or `cancel`, keeps what is done, and the next call goes on from there to the very same masks.

        Raises PromptError for unknown frames or objects and where there is no prompt, MediaError for a frame that
        cannot be read, ModelError when memory runs out.
        """
        self._check_open()
        if direction not in ("forward", "backward", "both"):
            raise PromptError(f'a direction is "forward", "backward" or "both"; got {direction!r}')
        most = whole(frames)
        if frames is not None and (most is None or most < 1):
            raise PromptError(f"frames is how many results to give, at least 1, or None for all; got {frames!r}")
        with self._state.lock:
            ids = self._chosen(objects)
            prompted = [frame for i in ids for frame in self._state.tracks[i].prompted]
            if start is None:
                start = max(prompted) if direction == "backward" else min(prompted)
            start = self._frame(start)
            self._state.epoch += 1
            order = Propagation(
                state=self._state,
                tracker=self._tracker,
                objects=ids,
                epoch=self._state.epoch,
                most_frames=most,
            )
        return _walk(order, start, direction)

    def remind(self, obj: int, masks: Mapping[int, BoolMask], *, reverse: bool = False) -> None:
        """Bring back the memory of the frames an object was followed through in an earlier session, by their masks.

        `masks` are bool (height, width), by frame: the last frames before the one from which it is to be followed on,
        of which the last six that adjoin count. Without it a new session recalls prompted frames only, and may not find
        again what has moved far since. Frames with prompts need none, and what was followed here already is not
        changed. Ends a propagation under way. PromptError for an object that there is not, MediaError for a frame that
        cannot be read.
        """
        self._check_open()
        step = -1 if reverse else 1
        with self._state.lock:
            track = self._track(obj)
            known = {self._frame(frame): np.asarray(mask) for frame, mask in masks.items()}
            for mask in known.values():
                check_mask_of(mask, self.source.size)
            last = max(known, key=lambda frame: step * frame, default=None)
            followed_here = known.keys() & track.bank.tracked.keys()
            if last is None or followed_here or track.goes_on_at(last + step, reverse=reverse):
                return
            count = 1
            while count < REMINDED and last - count * step in known.keys() | track.prompted.keys():
                count += 1
            frames = [last - back * step for back in range(count - 1, -1, -1)]
            memories = {f: self._tracker.remind(f, known[f]) for f in frames if f in known and f not in track.prompted}
            if memories:
                self._state.epoch += 1
                area = next((float(known[f].mean()) for f in reversed(memories) if known[f].any()), None)
                track = track.reminded(memories, area if self._tracker.is_steadied else None, reverse=reverse)
                self._state.tracks = {**self._state.tracks, obj: track}

    def prepare(self, frame: int) -> None:
        """Encode a frame ahead of prompts for it; the features of the last few frames are kept."""
        self._check_open()
        with self._state.lock:
            self._tracker.features(self._frame(frame))

    def forget_before(self, frame: int) -> None:
        """Let go of tracked results before a frame, so that following a stream takes no more memory; prompts stay."""
        with self._state.lock:
            self._state.forget_before(frame)

    def cancel(self) -> None:
        """End a propagation under way after the frame it is at, from any thread; what is done is kept."""
        self._state.epoch += 1

    def close(self) -> None:
        """End what is under way and let go of the video, if it was opened for this session; results stay readable."""
        self.cancel()
        with self._state.lock:
            self._is_closed = True
            self._tracker.close()
            if self._owns_source:
                self.source.close()

    def __enter__(self) -> "VideoSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"VideoSession({self.source.name!r}, objects {list(self.objects)}, results of {len(self.frames)} frames)"

    def _say(
        self,
        frame: int,
        obj: int,
        prompt: ObjectPrompt,
        refine: torch.Tensor | None,
        before: tuple[Kept | None, torch.Tensor | None],
        candidate: int | None = None,
    ) -> FrameResult:
        """Decode the prompts of a frame, with memories if it was tracked or propagated from; then change the state."""
        state, track = self._state, self._state.tracks.get(obj, Track())
        recollection, reverse = None, False
        if before[0] is not None or frame in track.bank.prompted:
            reverse = before[0] is not None and before[0].reverse
            recollection = track.bank.forget({frame}).recollect(frame, reverse=reverse, frames=state.length)
        seen = within_memory(lambda: self._tracker.see(frame, prompt, refine, recollection, candidate))
        if seen is None:
            self._tracker.shed()
            raise short_of_memory(f"segment object {obj} in frame {frame}")
        said = PromptedFrame(
            prompt=prompt,
            sighting=seen.sighting,
            candidates=seen.candidates,
            before=before[0],
            before_logits=before[1],
        )
        track = track.with_prompt(frame, said)
        if self._clear_memory:
            track = track.without_memory_around(frame)
        use = (
            None
            if recollection is None or not seen.recalled
            else track.memory_use(frame, recollection, reverse=reverse)
        )
        kept = state.new_result(obj, seen.sighting, track.version, prompted=True, memory=use, given=prompt.given)
        state.epoch += 1
        state.tracks = {**state.tracks, obj: track}
        state.set_result(frame, obj, kept)
        return state.result(frame)

    def _chosen(self, objects: Iterable[int] | None) -> tuple[int, ...]:
        if objects is None:
            ids = tuple(i for i in self.objects if self._state.tracks[i].prompted)
        else:
            if not isinstance(objects, Iterable):
                raise PromptError(f"objects are some ids, such as [1], or None for all; got {objects!r}")
            ids = tuple(sorted(set(map(_object_id, objects))))
            silent = [i for i in ids if not self._track(i).prompted]
            if silent:
                raise PromptError(
                    f"objects {silent} have no prompt left: add a point, a box or a mask, or leave them out"
                )
        if not ids:
            raise PromptError(
                "there is nothing to follow: add a point, a box or a mask of an object in some frame first"
            )
        return ids

    def _frame(self, frame: int) -> int:
        """A frame to read results of; those that are there can still be read when the video is closed."""
        number = whole(frame)
        if number is None or not (0 <= number < len(self.source) if self._is_closed else self._has(number)):
            last = len(self.source) - 1
            raise PromptError(f"there is no frame {frame!r}: {self.source.name} has the frames 0 to {last}")
        return number

    def _has(self, number: int) -> bool:
        return number >= 0 and self.source.has(number)

    def _check_open(self) -> None:
        if self._is_closed:
            raise PromptError(
                f"this session on {self.source.name} is closed: its results can be read, but not changed. Open the "
                "video again to go on."
            )

    def _track(self, obj: int) -> Track:
        track = self._state.tracks.get(_object_id(obj))
        if track is None:
            raise PromptError(f"there is no object {obj!r}; there are {list(self.objects)}, and add() makes new ones")
        return track

    def _prompted(self, frame: int, obj: int) -> PromptedFrame:
        frame, track = self._frame(frame), self._track(obj)
        if frame not in track.prompted:
            raise PromptError(f"object {obj} has no prompt in frame {frame}; it has some in {sorted(track.prompted)}")
        return track.prompted[frame]

    def _forget_results(self, obj: int) -> None:
        for frame in [f for f, found in self._state.results.items() if obj in found]:
            self._state.set_result(frame, obj, None)


def _walk(order: Propagation, start: int, direction: Direction) -> Generator[FrameResult, None, None]:
    """Forward from the start, then backward from the frame before it; or only one of both. From 0 there is no back."""
    if direction != "backward":
        yield from order.walk(start, reverse=False)
    if direction != "forward" and start > 0:
        yield from order.walk(start - (direction == "both"), reverse=True)


def _check_candidate(candidate: int | None, prompt: ObjectPrompt) -> None:
    if candidate is None:
        return
    if whole(candidate) not in (0, 1, 2):
        raise PromptError(f"a lone click has the candidates 0, 1 and 2; got {candidate!r}")
    if not prompt.is_ambiguous:
        raise PromptError("only a lone click has candidates to choose from; what is said of the object here is more")


def _object_id(obj: int) -> int:
    number = whole(obj)
    if number is None or not 0 <= number <= MAX_OBJECT_ID:
        raise PromptError(f"the id of an object is a whole number from 0 to {MAX_OBJECT_ID}; got {obj!r}")
    return number
