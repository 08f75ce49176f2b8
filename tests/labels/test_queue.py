import numpy as np
import pytest

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.queue import AnnotationSummary, ImageSummary, QueueFilter, disagreement, ordered, progress

SMALL_LEAF = AnnotationSummary("leaf", 10, score=0.9)
LARGE_STEM = AnnotationSummary("stem", 5000, score=0.4, disagreement=0.7, proposed=True)
IMAGES = [
    ImageSummary(id=1, name="c.png"),
    ImageSummary(id=2, name="b.png", state="submitted", annotations=(SMALL_LEAF,), seconds=30),
    ImageSummary(id=3, name="a.png", state="started", annotations=(SMALL_LEAF, LARGE_STEM), seconds=10),
    ImageSummary(id=4, name="d.png", state="reviewed", annotations=(AnnotationSummary("leaf", 99),), seconds=20),
]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (QueueFilter(), [1, 2, 3, 4]),
        (QueueFilter(states={"new", "started"}), [1, 3]),
        (QueueFilter(labels={"leaf"}), [2, 3, 4]),
        (QueueFilter(labels={"leaf"}, area_px=(50, 100)), [4]),
        (QueueFilter(labels={"leaf"}, area_px=(1000, 9000)), []),
        (QueueFilter(area_px=(1000, 9000)), [3]),
        (QueueFilter(score=(0, 0.5)), [3]),
        (QueueFilter(score=(0.9, 0.9), states={"submitted"}), [2]),
        (QueueFilter(labels=set()), []),
    ],
)
def test_filters_take_images_with_one_annotation_that_fits(wanted: QueueFilter, ids: list[int]) -> None:
    assert [image.id for image in IMAGES if wanted.matches(image)] == ids


def test_the_queue_is_ordered_by_what_is_to_be_learnt() -> None:
    assert [image.id for image in ordered(IMAGES)] == [1, 2, 3, 4]
    assert [image.id for image in ordered(IMAGES, "name")] == [3, 2, 1, 4]
    assert [round(image.gain, 3) for image in ordered(IMAGES, "gain")] == [1.0, 1.0, 0.7, 0.1]
    with pytest.raises(LabelError, match="'added', 'name' or 'gain'; got 'size'"):
        ordered(IMAGES, "size")  # pyright: ignore[reportArgumentType]


def test_progress_counts_states_classes_and_time() -> None:
    now = progress(IMAGES)
    assert (now.images, now.done, now.proposals, now.seconds, now.seconds_per_image) == (4, 2, 1, 60, 20)
    assert now.per_class == {"leaf": 3}
    assert now.per_state == {"new": 1, "started": 1, "skipped": 0, "submitted": 1, "returned": 0, "reviewed": 1}
    assert progress([]).seconds_per_image is None


def test_candidates_disagree_by_their_ious() -> None:
    same = np.ones((3, 4, 4), bool)
    assert disagreement(same) == 0
    apart = np.stack([np.eye(4, dtype=bool), ~np.eye(4, dtype=bool)])
    assert disagreement(apart) == 1
    assert disagreement(same[:1]) == 0
    with pytest.raises(LabelError, match="candidates are bool masks"):
        disagreement(same[0])


def test_nonsense_filters_are_refused() -> None:
    with pytest.raises(LabelError, match="images are new, started"):
        QueueFilter(states={"done"})  # pyright: ignore[reportArgumentType]
    with pytest.raises(LabelError, match="given as"):
        QueueFilter(score=(1, 0))
    with pytest.raises(LabelError, match="half a character"):
        QueueFilter(labels={"\ud800"})
