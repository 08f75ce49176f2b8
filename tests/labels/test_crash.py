"""kill -9 of a labelling process at random moments: what it was told to be saved is there, and can be undone.

40 kills; SAM2NB_KILLS=200 for more. Processes are forked from a server that has imported everything already.
"""

import multiprocessing
import os
import random
from multiprocessing.connection import Connection

from sam2_notebook.labels.edits import AddAnnotation, ChangeAnnotation, RemoveAnnotation
from sam2_notebook.labels.schema import Annotation, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Size

KILLS = int(os.environ.get("SAM2NB_KILLS", "40"))
IMAGES = 3


def label(where: str, seed: int, acknowledge: Connection) -> None:
    """Edit at random for ever; tell each revision with the notes that its image has now, once it is saved."""
    chance = random.Random(seed)
    store = LabelStore(where, author=f"run {seed}")
    for number in range(1_000_000):
        image = store.image(chance.randint(1, IMAGES))
        there = image.labels.annotations
        new = Annotation(label="leaf", note=f"{seed}-{number}" + "x" * chance.choice([0, 50, 5000]))
        match chance.choice("aaacrur"):
            case "c" if there:
                done = store.edit(image.id, ChangeAnnotation(id=_id(there[0]), annotation=new), revision=image.revision)
            case "r" if there:
                done = store.edit(image.id, RemoveAnnotation(id=_id(there[-1])), revision=image.revision)
            case "u":
                done = store.undo(image.id, revision=image.revision)
            case _:
                done = store.edit(image.id, AddAnnotation(annotation=new), revision=image.revision)
        acknowledge.send((image.id, done.revision, [a.note for a in done.labels.annotations]))


def _id(annotation: Annotation) -> int:
    assert annotation.id is not None
    return annotation.id


def killed_at_random(where: str, kills: int) -> int:
    """Kill so many processes; how many edits were acknowledged, all of which were found again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(8)
    acknowledged = 0
    state: dict[int, tuple[int, list[str]]] = {id: (0, []) for id in range(1, IMAGES + 1)}
    with LabelStore(where, author="judge") as store:
        store.add_class(LabelClass(name="leaf"))
        for id in state:
            store.add_image(LabeledImage(name=f"{id}.png", size=Size(height=6, width=8)))
        for seed in range(kills):
            mine, theirs = context.Pipe(duplex=False)
            process = context.Process(target=label, args=(where, seed, theirs))
            process.start()
            theirs.close()
            heard = [mine.recv()] if chance.random() < 0.9 else []  # else perhaps while it opens the store
            process.join(chance.uniform(0, 0.15))
            process.kill()
            process.join(30)
            assert process.exitcode == -9
            heard += _rest(mine)
            acknowledged += len(heard)
            for id, revision, notes in heard:
                state[id] = (revision, notes)
            for id, (revision, notes) in state.items():
                image = store.image(id)
                found = [a.note for a in image.labels.annotations]
                # one edit more may have been saved without its word getting through
                assert (image.revision, found) == (revision, notes) or image.revision == revision + 1, (seed, id)
                state[id] = (image.revision, found)
        assert all(undone(store, id) == () for id in state)
    return acknowledged


def undone(store: LabelStore, id: int) -> tuple[Annotation, ...]:
    """Take back everything that was done to an image."""
    while (image := store.image(id)).can_undo:
        store.undo(id, revision=image.revision)
    return image.labels.annotations


def _rest(pipe: Connection) -> list[tuple[int, int, list[str]]]:
    heard = []
    try:
        while True:
            heard.append(pipe.recv())
    except (EOFError, OSError):
        return heard


def test_kill_9_loses_nothing_acknowledged(where: str) -> None:
    kills = KILLS if "://" not in where else max(5, KILLS // 8)
    assert killed_at_random(where, kills) > kills


def test_a_killed_store_passes_sqlites_own_check(tmp_path) -> None:
    where = str(tmp_path / "labels.db")
    killed_at_random(where, 3)
    with LabelStore(where) as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
