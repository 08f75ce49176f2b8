"""Measure a model on labelled pictures and videos, beside baselines: `python -m sam2_notebook.evaluate --help`."""

from sam2_notebook.evaluate.data import choose, davis_clips, made_clips, photos_of
from sam2_notebook.evaluate.followers import FlowFollower, Follower, ModelFollower, Stay
from sam2_notebook.evaluate.run import evaluate, evaluate_clips
from sam2_notebook.evaluate.subjects import GrabCut, ModelSubject

__all__ = [
    "FlowFollower",
    "Follower",
    "GrabCut",
    "ModelFollower",
    "ModelSubject",
    "Stay",
    "choose",
    "davis_clips",
    "evaluate",
    "evaluate_clips",
    "made_clips",
    "photos_of",
]
