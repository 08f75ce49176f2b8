from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from sam2_notebook.errors import ConflictError, EditError, LabelError
from sam2_notebook.labels.edits import AddAnnotation, ChangeAnnotation, OrderAnnotations, RemoveAnnotation, SetState
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import write_video
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle

Opener = Callable[..., LabelStore]
MASK = Rle.from_mask(np.eye(6, 8, dtype=bool))
FULL = Annotation(
    label="stem", mask=MASK, box=Box(0, 0, 5.5, 5), score=0.25, stability=0.5, disagreement=0.75,
    attributes={"ripe": "yes", "height": 3.5, "count": 2, "ill": False}, note="naïve ☃ '\"; <b>", author="zoë",
    crowd=True, proposed=True,
)  # fmt: skip


def add(store: LabelStore, annotation: Annotation = FULL, revision: int = 0):
    return store.edit(1, AddAnnotation(annotation=annotation), revision=revision)


def test_an_annotation_comes_back_whole_after_a_restart(store: LabelStore, open_store: Opener) -> None:
    add(store)
    store.close()
    found = open_store("bob").image(1)
    assert found.labels.annotations == (replace(FULL, id=1),)
    assert (found.revision, found.state, found.can_undo, found.can_redo) == (1, "started", True, False)


def test_undo_and_redo_survive_a_restart(store: LabelStore, open_store: Opener) -> None:
    add(store)
    store.edit(1, ChangeAnnotation(id=1, annotation=Annotation(label="leaf")), SetState(state="submitted"), revision=1)
    store.edit(1, RemoveAnnotation(id=1), AddAnnotation(annotation=Annotation(label="leaf", note="new")), revision=2)
    states = []
    for _ in range(4):
        store.close()
        store = open_store()
        now = store.undo(1, revision=store.image(1).revision)
        states.append((now.state, [(a.id, a.label) for a in now.labels.annotations]))
    assert states == [("submitted", [(1, "leaf")]), ("started", [(1, "stem")]), ("new", []), ("new", [])]
    for _ in range(3):
        store.redo(1, revision=store.image(1).revision)
    now = store.redo(1, revision=store.image(1).revision)
    assert [(a.id, a.note) for a in now.labels.annotations] == [(2, "new")]
    assert not now.can_redo


def test_an_edit_after_an_undo_drops_what_could_be_redone_but_not_its_history(store: LabelStore) -> None:
    add(store)
    image = store.undo(1, revision=1)
    image = add(store, Annotation(label="leaf"), image.revision)
    assert not image.can_redo
    assert [(e.who, e.what, e.status) for e in store.history(1)] == [
        ("ann", "added stem", "dropped"),
        ("ann", "undid step 3: added stem", "note"),
        ("ann", "added leaf", "done"),
    ]


def test_a_stale_edit_is_refused_and_says_who_was_faster(store: LabelStore, open_store: Opener) -> None:
    bob = open_store("bob")
    add(bob)
    for attempt in (lambda: add(store), lambda: store.undo(1, revision=0), lambda: store.redo(1, revision=0)):
        with pytest.raises(ConflictError, match=r"1\.png.* revision 0, .* revision 1, by bob at .*added stem"):
            attempt()
    assert len(store.image(1).labels.annotations) == 1


def test_edits_of_one_call_are_saved_all_or_none(store: LabelStore) -> None:
    with pytest.raises(EditError, match="no annotation 99"):
        store.edit(1, AddAnnotation(annotation=FULL), RemoveAnnotation(id=99), revision=0)
    assert store.image(1).labels.annotations == ()
    assert store.image(1).revision == 0


def test_annotators_editing_at_once_lose_nothing(store: LabelStore, open_store: Opener) -> None:
    acknowledged: list[str] = []

    def work(mine: LabelStore, name: str) -> None:
        for number in range(10):
            while True:
                try:
                    note = f"{name} {number}"
                    add(mine, Annotation(label="leaf", note=note), mine.image(1).revision)
                except ConflictError:
                    continue
                acknowledged.append(note)
                break

    threads = [Thread(target=work, args=(open_store(name), name)) for name in ("ann", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(acknowledged) == 30
    assert sorted(a.note for a in store.image(1).labels.annotations) == sorted(acknowledged)
    assert store.image(1).revision == 30


def test_renaming_a_class_midway_takes_its_annotations_along(store: LabelStore) -> None:
    add(store, Annotation(label="leaf"))
    store.change_class("leaf", LabelClass(name="blade", color="#00ff00", hotkey="b"))
    assert [a.label for a in store.image(1).labels.annotations] == ["blade"]
    image = store.edit(1, RemoveAnnotation(id=1), revision=1)
    store.change_class("blade", LabelClass(name="Blatt"))
    assert [a.label for a in store.undo(1, revision=image.revision).labels.annotations] == ["Blatt"]
    assert [c.name for c in store.classes()] == ["Blatt", "stem"]
    with pytest.raises(EditError, match="no class 'leaf'; it has: Blatt, stem"):
        add(store, Annotation(label="leaf"), 3)


def test_a_class_in_use_is_not_retired_and_a_retired_one_can_come_back(store: LabelStore) -> None:
    image = add(store, Annotation(label="leaf"))
    with pytest.raises(LabelError, match="1 annotation is of class 'leaf'"):
        store.retire_class("leaf")
    store.edit(1, RemoveAnnotation(id=1), revision=image.revision)
    store.retire_class("leaf")
    assert [c.name for c in store.classes()] == ["stem"]
    store.undo(1, revision=2)
    assert [c.name for c in store.classes()] == ["leaf", "stem"]
    store.add_class(LabelClass(name="leaf", hotkey="x"))
    assert [c.hotkey for c in store.classes() if c.name == "leaf"] == ["x"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (LabelClass(name="leaf"), "already is a class 'leaf'"),
        (LabelClass(name="lily", hotkey="l"), "hotkey 'l' is that of class 'leaf'"),
    ],
)
def test_names_and_hotkeys_of_classes_are_unique(store: LabelStore, label: LabelClass, words: str) -> None:
    with pytest.raises(LabelError, match=words):
        store.add_class(label)
    with pytest.raises(LabelError, match=words):
        store.change_class("stem", label)


def test_a_dataset_is_read_lazily_and_leaves_proposals_out(store: LabelStore) -> None:
    images = [
        LabeledImage(name=f"{n}.jpg", size=Size(height=6, width=8), annotations=(Annotation(label="leaf", mask=MASK),))
        for n in range(150)
    ]
    assert (
        store.add(Dataset(classes=(LabelClass(name="leaf"), LabelClass(name="root", hotkey="l")), images=images)) == 150
    )
    add(store)
    dataset = store.dataset()
    assert [c.name for c in dataset.classes] == ["leaf", "stem", "root"]
    assert [i.name for i in dataset] == ["1.png", *(i.name for i in images)]
    assert sum(len(i.annotations) for i in dataset) == 150
    assert sum(len(i.annotations) for i in store.dataset(proposed=True)) == 151
    assert [i.name for i in store.dataset(states={"started"})] == ["1.png"]
    assert sum(len(i.annotations) for i in store.dataset(authors={"zoë"}, proposed=True)) == 1
    assert store.undo(2, revision=0).labels.annotations == ()


def test_a_dataset_is_added_whole_or_not_at_all(store: LabelStore) -> None:
    size, root = Size(height=6, width=8), LabelClass(name="root", hotkey="l")
    images = [LabeledImage(name=f"{n}.jpg", size=size, annotations=(Annotation(label="root"),)) for n in range(250)]
    before = store.history()
    with pytest.raises(LabelError, match=r"already has an image '3\.jpg'"):
        store.add(Dataset(classes=(root,), images=[*images, images[3]]))
    assert [image.name for image in store.summaries()] == ["1.png"]
    assert [c.name for c in store.classes()] == ["leaf", "stem"]
    assert store.history() == before
    corrected = Dataset(classes=(root,), images=[replace(i, name=f"more/{i.name}") for i in images])
    assert store.add(corrected) == 250
    assert [c.name for c in store.classes()] == ["leaf", "stem", "root"]


def test_a_mask_of_another_size_is_refused(store: LabelStore) -> None:
    wrong = Annotation(label="leaf", mask=Rle.from_mask(np.ones((3, 3), bool)))
    with pytest.raises(LabelError, match=r"1\.png: the picture is 8 x 6, .* is 3 x 3"):
        add(store, wrong)


def test_time_spent_and_states_show_in_the_summaries(store: LabelStore) -> None:
    store.edit(1, AddAnnotation(annotation=FULL), revision=0, seconds=2.5)
    store.edit(1, SetState(state="submitted"), revision=1, seconds=1.5)
    (summary,) = store.summaries()
    assert (summary.name, summary.state, summary.seconds) == ("1.png", "submitted", 4.0)
    assert [(a.label, a.area, a.score, a.proposed) for a in summary.annotations] == [("stem", 6, 0.25, True)]


def test_unknown_images_and_states_are_refused_in_words(store: LabelStore) -> None:
    with pytest.raises(EditError, match="no image 7"):
        store.image(7)
    for attempt in (
        lambda: store.edit(7, revision=0),
        lambda: store.accept_file(7),
        lambda: store.set_work(7, "clip.sam2nb"),
    ):
        with pytest.raises(EditError, match="no image 7"):
            attempt()
    assert store.history(7) == []
    with pytest.raises(EditError, match="one of new, started"):
        store.edit(1, SetState(state="done"), revision=0)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("note", "words"), [("\ud800", "half a character"), ("x" * 10_001, "at most 10,000")])
def test_a_note_that_cannot_be_kept_is_refused_in_words(store: LabelStore, note: str, words: str) -> None:
    with pytest.raises(LabelError, match=words):
        store.edit(1, SetState(state="returned"), revision=0, note=note)
    assert store.image(1).state == "new"


def test_what_a_dataset_is_made_of_is_given_as_lists_of_known_words(store: LabelStore) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"states": "new"}, r"states= is a list or a set of texts, such as \['new'\]; got the text"),
        ({"authors": "ann"}, r"authors= is a list or a set of texts, such as \['ann'\]"),
        ({"states": ["new", "zz"]}, "images are new, started, .*; got 'zz'"),
    ]
    for wrong, words in cases:
        with pytest.raises(LabelError, match=words):
            store.dataset(**wrong)
    assert [i.name for i in store.dataset(states=["new"])] == ["1.png"]
    assert list(store.dataset(states=[])) == []
    with pytest.raises(LabelError, match=r"one of new, started, .*; got 'zz'"):
        store.add_image(LabeledImage(name="2.png", size=Size(height=6, width=8)), "zz")  # pyright: ignore[reportArgumentType]


def test_a_mask_that_comes_later_belongs_to_the_step_that_asked_for_it(store: LabelStore) -> None:
    size = store.image(1).labels.size
    nothing = Rle.from_mask(np.zeros((size.height, size.width), bool))
    asked = Annotation(label="leaf", mask=nothing, made_with='{"points": [[3, 2, 1]]}')
    image = store.edit(1, AddAnnotation(annotation=asked), revision=0)
    (there,) = image.labels.annotations
    mask = Rle.from_mask(np.ones((size.height, size.width), bool))
    image = store.complete(1, replace(there, mask=mask, score=0.5), revision=image.revision)
    assert [(a.area, a.score, a.made_with) for a in image.labels.annotations] == [(48, 0.5, asked.made_with)]
    with pytest.raises(ConflictError):
        store.complete(1, there, revision=image.revision - 1)
    image = store.undo(1, revision=image.revision)
    assert (image.labels.annotations, image.can_undo) == ((), False)
    image = store.redo(1, revision=image.revision)
    assert [(a.area, a.score) for a in image.labels.annotations] == [(48, 0.5)]
    with pytest.raises(LabelError, match="make the mask at the picture's size"):
        store.complete(1, replace(there, mask=Rle.from_mask(np.ones((2, 2), bool))), revision=image.revision)
    with pytest.raises(EditError, match="has no annotation 99"):
        store.complete(1, replace(there, id=99), revision=image.revision)


def test_clips_are_in_the_queue_and_their_work_is_remembered(store: LabelStore, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", [np.zeros((32, 48, 3), np.uint8)] * 3, fps=5)
    assert store.add_images(tmp_path).new == ("clip.mp4",)
    (clip,) = [s for s in store.summaries() if s.name == "clip.mp4"]
    assert (clip.is_clip, store.image(clip.id).labels.size) == (True, Size(height=32, width=48))
    store.set_work(clip.id, tmp_path / "clip.sam2nb")
    assert store.image(clip.id).work == tmp_path / "clip.sam2nb"
    assert [image.name for image in store.dataset()] == ["1.png"]


def test_the_drawing_order_is_kept_exported_undone_and_redone(store: LabelStore, open_store: Opener) -> None:
    labels = ("leaf", "stem", "leaf")
    image = store.edit(1, *(AddAnnotation(annotation=Annotation(label=label)) for label in labels), revision=0)
    first, second, third = (a.id for a in image.labels.annotations)

    def order() -> list[int | None]:
        return [a.id for a in open_store("ann").image(1).labels.annotations]

    image = store.edit(1, OrderAnnotations(ids=(third, first)), revision=image.revision)
    assert order() == [third, second, first]
    assert [a.id for i in store.dataset() for a in i.annotations] == order()
    assert store.history(1)[-1].what == "changed the drawing order"
    new = AddAnnotation(annotation=Annotation(label="stem"))
    image = store.edit(1, new, OrderAnnotations(ids=(None, second)), revision=image.revision)
    fourth = max(a.id or 0 for a in image.labels.annotations)
    assert order() == [third, fourth, first, second]
    image = store.edit(1, RemoveAnnotation(id=fourth), revision=image.revision)
    image = store.edit(1, new, revision=image.revision)
    fifth = max(a.id or 0 for a in image.labels.annotations)
    orders = [[third, first, second, fifth], [third, first, second], [third, fourth, first, second]]
    orders += [[third, second, first], [first, second, third]]
    assert order() == orders[0]
    for wanted in orders[1:]:
        image = store.undo(1, revision=image.revision)
        assert order() == wanted
    for wanted in orders[-2::-1]:
        image = store.redo(1, revision=image.revision)
        assert order() == wanted


def test_a_mask_that_comes_after_its_object_was_moved_stays_there_when_done_again(store: LabelStore) -> None:
    nothing, mask = Rle(Size(height=6, width=8), (48,)), Rle(Size(height=6, width=8), (0, 48))
    image = store.edit(1, *[AddAnnotation(annotation=Annotation(label="leaf", mask=nothing))] * 2, revision=0)
    first, second = image.labels.annotations
    image = store.edit(1, OrderAnnotations(ids=(second.id, first.id)), revision=image.revision)
    image = store.complete(1, replace(first, mask=mask), revision=image.revision)
    moved = image.labels.annotations
    for _ in range(2):
        image = store.undo(1, revision=image.revision)
    for _ in range(2):
        image = store.redo(1, revision=image.revision)
    assert image.labels.annotations == moved
    assert moved[1].mask == mask


@pytest.mark.parametrize(("ids", "words"), [((1, 7), "no annotation 7"), ((1, 1), "twice"), ((1, None), "read the")])
def test_an_order_of_other_annotations_is_refused(store: LabelStore, ids: tuple[int | None, ...], words: str) -> None:
    store.edit(1, AddAnnotation(annotation=Annotation(label="leaf")), revision=0)
    with pytest.raises(EditError, match=words):
        store.edit(1, OrderAnnotations(ids=ids), revision=1)


@pytest.mark.parametrize(
    ("box", "wanted"), [(Box(-5, 1, 900, 4.5), Box(0, 1, 7, 4.5)), (Box(7.5, -1, 8, 0), Box(7, 0, 7, 0))]
)
def test_a_box_beyond_the_image_is_cut_to_it(store: LabelStore, box: Box, wanted: Box) -> None:
    leaf = Annotation(label="leaf", box=box)
    store.add_image(LabeledImage(name="2.png", size=Size(height=6, width=8), annotations=(leaf,)))
    image = add(store, Annotation(label="leaf"))
    image = store.edit(1, ChangeAnnotation(id=2, annotation=leaf), AddAnnotation(annotation=leaf), revision=1)
    found = [a for labels in store.dataset() for a in labels.annotations]
    assert [(a.box, a.area) for a in found] == [(wanted, (wanted.width + 1) * (wanted.height + 1))] * 3
    store.complete(1, replace(leaf, id=2), revision=image.revision)
    assert store.image(1).labels.annotations[0].box == wanted


@pytest.mark.parametrize("box", [Box(8, 0, 9, 3), Box(-4, 0, -1, 3), Box(0, 6, 3, 6), Box(0, -9, 3, -2)])
def test_a_box_outside_the_image_is_refused(store: LabelStore, box: Box) -> None:
    leaf = Annotation(label="leaf", box=box)
    words = r"2\.png: the box of a 'leaf', .* lies outside the picture, which is 8 x 6"
    with pytest.raises(LabelError, match=words):
        store.add_image(LabeledImage(name="2.png", size=Size(height=6, width=8), annotations=(leaf,)))
    with pytest.raises(LabelError, match=words.replace("2", "1")):
        add(store, leaf)
    assert [labels.annotations for labels in store.dataset()] == [()]
