"""`SAM2VideoPredictor(overrides=...)`: the page's call to track objects through a video."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Literal, overload

import numpy as np

from sam2_notebook.errors import MediaError, PromptError
from sam2_notebook.facade.devices import usable_device
from sam2_notebook.facade.prompts import Said, page_prompts
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.saving import handed_out
from sam2_notebook.facade.settings import PageSettings, check_imgsz
from sam2_notebook.facade.sources import Clip, Source, close, media_of
from sam2_notebook.media import Image, open_video
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, FrameResult, ImagePredictor, VideoPredictor
from sam2_notebook.predict.automatic_video import track_everything
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.plain import yes_or_no

FRAME_POINTS = 16


class SAM2VideoPredictor:
    """Tracks what is prompted in the first frame of a video through all others.

    `overrides` are the page's settings, such as `dict(conf=0.25, imgsz=1024, model="sam2_b.pt")`; without a model the
    embedded one is taken. For prompts in any frame, corrections and tracking backward see `VideoPredictor`.
    """

    def __init__(self, overrides: Mapping[str, object] | None = None) -> None:
        self.settings = PageSettings().changed(overrides or {})
        self.predictor = VideoPredictor(self.settings.model, device=usable_device(self.settings.device))
        check_imgsz(self.settings.imgsz, self.predictor.model.config)

    @overload
    def __call__(
        self,
        source: Source,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: Literal[False] = False,
    ) -> list[Results]: ...
    @overload
    def __call__(
        self,
        source: Source,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: Literal[True],
    ) -> Iterator[Results]: ...
    def __call__(
        self,
        source: Source,
        points: object = None,
        labels: object = None,
        bboxes: object = None,
        masks: object = None,
        *,
        stream: bool = False,
    ) -> list[Results] | Iterator[Results]:
        """Track one object per prompt, ids from 0; one `Results` per frame, one by one with `stream`.

        Shapes are those of `SAM.predict`. A folder or a pattern of pictures is a video, too. Without prompts everything
        in the video is tracked, with an empty list nothing. With the setting `vid_stride` every nth frame is looked at,
        and keeps its number. A result holds the objects that are in its frame; `conf` changes nothing, as in the
        original, whose scores here are 0 and 1.
        """
        lazily = yes_or_no(stream, "stream")
        said = page_prompts(points, labels, bboxes, masks)
        found = handed_out(self._results(source, said), replace(self.settings, conf=None))
        return found if lazily else list(found)

    def _results(self, source: Source, said: list[Said] | None) -> Iterator[Results]:
        clip = _clip(source).every(self.settings.vid_stride)
        try:
            if said is not None:
                yield from tracked(self.predictor, clip, said)
                return
            pictures = ImagePredictor(self.predictor.model, device=self.predictor.device)
            yield from everything_tracked(self.predictor, pictures, clip, self.settings)
        finally:
            close(clip)


def tracked(predictor: VideoPredictor, clip: Clip, said: list[Said]) -> Iterator[Results]:
    """Follow one object per prompt of the first frame through a video; ids count from 0."""
    if not said:
        yield from _frame_results(clip, _empty_frames(clip.video))
        return
    with predictor.open(clip.video) as session:
        for number, one in enumerate(said):
            if one.mask is not None and (one.points is not None or one.box is not None):
                raise PromptError("in a video a mask says all of an object: give it alone, without points and boxes")
            session.add(0, number, points=one.points, labels=one.labels, box=one.box, mask=one.mask)
        yield from _frame_results(clip, session.propagate(0))


def _empty_frames(video: FrameSource) -> Iterator[FrameResult]:
    """Frames in which nothing was asked for."""
    frame = 0
    while video.has(frame):
        yield FrameResult(frame=frame, time_s=video.timestamps[frame], size=video.size, objects=())
        frame += 1


def everything_tracked(
    predictor: VideoPredictor, pictures: ImagePredictor, clip: Clip, chosen: PageSettings
) -> Iterator[Results]:
    """Find and follow all there is in a video; `pictures` has the same network."""
    masker = AutomaticMasker(pictures, everything_settings(chosen, points_per_side=FRAME_POINTS))
    yield from _frame_results(clip, track_everything(clip.video, predictor, masker))


def everything_settings(chosen: PageSettings, points_per_side: int = 32) -> AutomaticSettings:
    """How everything is segmented under a call's settings."""
    found = AutomaticSettings(points_per_side=points_per_side)
    return found if chosen.iou is None else replace(found, nms_iou=chosen.iou)


def _frame_results(clip: Clip, frames: Iterable[FrameResult]) -> Iterator[Results]:
    """The objects that are in each frame, as the page's results, and how long it took to come."""
    start = perf_counter()
    for frame in frames:
        middle = perf_counter()
        here = [found for found in frame if found.present and found.rle.area]
        ids = [found.object for found in here]
        result = Results(
            orig_img=clip.video.frame(frame.frame),
            path=clip.path,
            rles=tuple(found.rle for found in here),
            scores=np.array([found.score for found in here], np.float32),
            classes=ids,
            names={i: str(i) for i in ids},
            ids=ids,
            frame=frame.frame * clip.step,
            fps=clip.video.fps,
        )
        end = perf_counter()
        yield replace(result, speed=speed_ms(start, start, middle, end))
        start = perf_counter()


def speed_ms(start: float, read: float, answered: float, end: float) -> dict[str, float]:
    """The page's three times in milliseconds, from four moments in seconds."""
    times = {"preprocess": read - start, "inference": answered - read, "postprocess": end - answered}
    return {name: seconds * 1000 for name, seconds in times.items()}


def _clip(source: Source) -> Clip:
    """The video a source is: also a folder, a list or a single picture, whose pictures are its frames."""
    if isinstance(source, str | os.PathLike) and os.path.isdir(os.path.expanduser(source)):
        return Clip(open_video(source), os.fspath(source), owned=True)
    if isinstance(source, list | tuple):
        return Clip(open_video(list(source)), "list", owned=True)
    clips: list[Clip] = []
    pictures: list[str | Image] = []
    for item in media_of(source):
        if isinstance(item, Clip):
            clips.append(item)
        else:
            pictures.append(item.path if os.path.isfile(item.path) else item.image)
        if clips and len(clips) + len(pictures) > 1:
            for clip in clips:
                close(clip)
            raise MediaError(f"{source}: these are several videos, or videos and pictures; name one video at a time")
    return clips[0] if clips else Clip(open_video(pictures), str(source), owned=True)
