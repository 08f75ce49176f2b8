"""Following objects from frame to frame; every step changes all or nothing."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from sam2_notebook.predict.steadying import next_area
from sam2_notebook.predict.tracker import Tracker, short_of_memory, within_memory
from sam2_notebook.predict.tracking import Kept, Track
from sam2_notebook.predict.video_results import FrameResult
from sam2_notebook.predict.video_state import VideoState


@dataclass(frozen=True, kw_only=True)
class Propagation:
    """One order to follow objects: from `start`, once forward and once backward or only one of both.

    It ends early, and quietly, when the state's epoch is no longer `epoch`: something was edited or cancelled.
    """

    state: VideoState
    tracker: Tracker
    objects: Sequence[int]
    epoch: int
    most_frames: int | None

    def walk(self, first: int, *, reverse: bool) -> Generator[FrameResult, None, None]:
        """Results of the frames from `first` on; those already followed with the same prompts come from the store."""
        frame, done = first, 0
        begun = False
        while frame >= 0 and self.state.source.has(frame) and (self.most_frames is None or done < self.most_frames):
            with self.state.lock:
                if self.state.epoch != self.epoch:
                    return
                if not begun:
                    self._begin(first, reverse=reverse)
                    begun = True
                self._step(frame, reverse=reverse)
                result = self.state.result(frame, self.objects)
            yield result
            frame, done = frame + (-1 if reverse else 1), done + 1

    def _begin(self, first: int, *, reverse: bool) -> None:
        """Memories of what was prompted since the last time; decide what goes on and what starts anew."""
        tracks = dict(self.state.tracks)
        for obj in self.objects:
            track = tracks[obj]
            for frame in sorted(track.prompted.keys() - track.bank.prompted.keys()):
                sighting = track.prompted[frame].sighting
                memory = within_memory(lambda f=frame, s=sighting: self.tracker.remember(f, s))
                if memory is None:
                    self.tracker.shed()
                    raise short_of_memory(f"remember object {obj} in frame {frame}")
                track = track.with_prompt_memory(frame, memory)
            tracks[obj] = track.starting(first, reverse=reverse)
        self.state.tracks = tracks

    def _step(self, frame: int, *, reverse: bool) -> None:
        """Follow every object to a frame that has not been followed there yet."""
        tracks = {i: self.state.tracks[i] for i in self.objects}
        todo = {i: t for i, t in tracks.items() if not self._is_done(frame, i, t, reverse=reverse)}
        if not todo:
            return
        recollections = {}
        for obj, track in todo.items():
            if frame not in track.prompted:
                recollections[obj] = track.bank.recollect(frame, reverse=reverse, frames=self.state.length)
        areas: dict[int, float | None] = {}
        if self.tracker.is_steadied:
            areas = {obj: track.expected_area(frame, reverse=reverse) for obj, track in todo.items()}
        found = within_memory(lambda: self.tracker.follow(frame, recollections, areas)) if recollections else {}
        if found is None:
            self.tracker.shed()
            raise short_of_memory(f"follow {len(recollections)} objects to frame {frame}")
        kept: dict[int, Kept] = {}
        for obj, track in todo.items():
            if obj in found:
                seen = self.tracker.without_holes(found[obj][0])
                use = track.memory_use(frame, recollections[obj], reverse=reverse)
                kept[obj] = self.state.new_result(obj, seen, track.version, prompted=False, reverse=reverse, memory=use)
                self.state.keep_logits(frame, obj, seen.logits)
            else:
                said, there = track.prompted[frame], self.state.kept(frame, obj)
                seen, use = said.sighting, there.result.memory if there is not None and there.result.prompted else None
                kept[obj] = self.state.new_result(
                    obj, seen, track.version, prompted=True, reverse=reverse, memory=use, given=said.prompt.given
                )
            memory = found[obj][1] if obj in found else None
            area = next_area(areas[obj], seen, prompted=memory is None) if obj in areas else None
            todo[obj] = track.followed(frame, memory, reverse=reverse, area=area)
        # Results first: a frame counts as done only once its track says so.
        self.state.results[frame] = {**self.state.results.get(frame, {}), **kept}
        self.state.tracks = {**self.state.tracks, **todo}

    def _is_done(self, frame: int, obj: int, track: Track, *, reverse: bool) -> bool:
        run, kept = track.run(reverse=reverse), self.state.kept(frame, obj)
        return run is not None and run.covers(frame) and kept is not None and kept.version == track.version
