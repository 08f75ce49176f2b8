"""kill -9 of a labelling session at random moments, driven by messages as a page sends them.

What was acknowledged is there when the store is opened again, and gets its masks. 12 kills; SAM2NB_KILLS=200 for more.
Processes are forked from a server that has imported everything already.
"""

import multiprocessing
import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

from sam2_notebook.labels.store import LabelStore
from sam2_notebook.protocol.messages import VERSION
from tests.widgets.discs import SIZE, Wire
from tests.widgets.labeling import end, session_on

KILLS = int(os.environ.get("SAM2NB_KILLS", "12"))
IMAGES = 3
Known = dict[int, tuple[str, list[str]]]


def label(root: Path, seed: int, acknowledge: Connection) -> None:
    """Label at random for ever; tell the state and the notes of an image, in order, once the page has its answer."""
    chance = random.Random(seed)
    wire = Wire()
    desk = session_on(root, IMAGES, wire=wire)
    view, seq = f"page {seed}", 0

    def ask(**body: object) -> dict:
        nonlocal seq
        seq += 1
        desk.channel.receive({"view": view, "seq": seq, **body})
        return wire.answer(view, seq)[0]

    ask(type="hello", version=VERSION)
    for number in range(1_000_000):
        assert desk.shown is not None
        objects = desk.shown.session.document.objects
        here = {"object": chance.choice(objects).id} if objects else {}
        spot = {"x": chance.randrange(SIZE.width), "y": chance.randrange(SIZE.height), "label": 1}
        before = desk.image_id
        match chance.choice("nnnccrlum"):
            case "c" if here:
                edits = [{"kind": "add_point", **here, **spot}]
            case "r" if here:
                edits = [{"kind": "remove_object", **here}]
            case "l" if here:
                edits = [{"kind": "classify_object", **here, "label": chance.choice(["leaf", "stem"])}]
            case "u":
                edits = []
            case "m":
                how = chance.choice(["submit", "skip", "open"])
                image = chance.randint(1, IMAGES) if how == "open" else None
                answer = ask(type="label_move", how=how, image=image, note="", sure=True)
                if answer["type"] == "label_done":
                    known = desk.store.image(before or 0)
                    acknowledge.send((known.id, known.state, [a.note for a in known.labels.annotations]))
                ask(type="hello", version=VERSION)
                continue
            case _:
                new = {"object": desk.shown.session.document.next_id}
                note = {"kind": "set_attribute", **new, "name": "note", "value": f"{seed}-{number}"}
                edits = [{"kind": "add_object", **new}, {"kind": "add_point", **new, **spot}, note]
        rev = desk.shown.session.rev
        answer = ask(type="edit", rev=rev, edits=edits) if edits else ask(type="history", direction="undo")
        if answer["type"] == "ack":
            shown = desk.shown
            notes = [
                str(o.attributes.get("note", "")) for o in shown.session.document.objects if o.prompts or o.drawing
            ]
            acknowledge.send((shown.image.id, shown.image.state, notes))


def killed_at_random(root: Path, kills: int) -> int:
    """Kill so many sessions; how many answers there were, all of which held."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(8)
    acknowledged = 0
    known: Known = {}
    for seed in range(kills):
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=label, args=(root, seed, theirs))
        process.start()
        theirs.close()
        heard = [mine.recv()] if chance.random() < 0.9 else []  # else perhaps while it opens the store
        process.join(chance.uniform(0, 0.4))
        process.kill()
        process.join(30)
        assert process.exitcode == -9
        heard += _rest(mine)
        acknowledged += len(heard)
        for id, state, notes in heard:
            known[id] = (state, notes)
        check(root, known, seed)
    return acknowledged


def check(root: Path, known: Known, seed: int) -> None:
    """The store has what was acknowledged, and perhaps one step more whose word did not get through."""
    off = []
    with LabelStore(root / "labels.db", author="judge") as store:
        for id, said in known.items():
            image = store.image(id)
            found = (image.state, [a.note for a in image.labels.annotations])
            if found != said:
                steps = [e.what for e in store.history(id)][-3:]
                off.append((id, said, found, steps))
                known[id] = found
    assert len(off) <= 1, (seed, off)
    for _, (_, before), (_, after), steps in off:
        changed = set(before) ^ set(after)
        assert len(changed) <= 1, (seed, before, after, steps)


def _rest(pipe: Connection) -> list[tuple[int, str, list[str]]]:
    heard = []
    try:
        while True:
            heard.append(pipe.recv())
    except (EOFError, OSError):
        return heard


def test_kill_9_loses_nothing_that_the_page_was_told_is_done(tmp_path: Path) -> None:
    assert killed_at_random(tmp_path, KILLS) > KILLS
    desk = session_on(tmp_path, IMAGES, author="heir")
    desk.store.claims()
    for id in range(1, IMAGES + 1):
        with LabelStore(tmp_path / "labels.db", author="ann") as store:
            store.release(id)
        desk.open(id)
        assert desk.shown is not None
        assert desk.shown.wait(60)
        assert all(a.area > 0 for a in desk.store.image(id).labels.annotations)
    end(desk)
