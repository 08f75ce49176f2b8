"""The predictors of videos: one for all widgets that name the same model, and what a widget is made of with it."""

from contextlib import ExitStack
from pathlib import Path
from weakref import WeakValueDictionary

from sam2_notebook.predict import VideoPredictor
from sam2_notebook.widgets.video_desk import VideoParts
from sam2_notebook.widgets.video_source import Sources
from sam2_notebook.widgets.worker import shared_worker

_predictors: WeakValueDictionary[str, VideoPredictor] = WeakValueDictionary()


def video_parts(sources: Sources, model: VideoPredictor | str | Path | None) -> VideoParts:
    """A video and its predictor, as a desk wants them; sources are closed when the model cannot be had."""
    with ExitStack() as undo:
        undo.callback(sources.page.close)
        predictor = shared_video_predictor(model)
        undo.pop_all()
    return VideoParts(
        source=sources.page,
        reference=sources.reference,
        open_session=lambda: predictor.open(sources.another()),
        reopen=sources.another,
        worker=shared_worker(str(predictor.device)),
    )


def title_of(model: VideoPredictor | str | Path | None) -> str:
    """What to call a model."""
    if isinstance(model, str | Path):
        return Path(model).name
    return "embedded" if model is None else type(model).__name__


def shared_video_predictor(model: VideoPredictor | str | Path | None) -> VideoPredictor:
    """The predictor for a model; widgets that name the same one share it."""
    if model is None or isinstance(model, str | Path):
        shared = _predictors.get(str(model))
        if shared is None:
            shared = _predictors[str(model)] = VideoPredictor(model)
        return shared
    return model if isinstance(model, VideoPredictor) else VideoPredictor(model)
