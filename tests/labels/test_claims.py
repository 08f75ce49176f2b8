import time
from collections.abc import Callable

import pytest

from sam2_notebook.errors import ConflictError, EditError
from sam2_notebook.labels.edits import SetState
from sam2_notebook.labels.schema import LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Size

Opener = Callable[..., LabelStore]


def test_a_claimed_image_is_closed_to_others_until_given_back(store: LabelStore, open_store: Opener) -> None:
    bob = open_store("bob")
    store.claim(1)
    for attempt in (lambda: bob.claim(1), lambda: bob.edit(1, SetState(state="skipped"), revision=0)):
        with pytest.raises(ConflictError, match=r"1\.png: ann works on this image, for 15 more minutes"):
            attempt()
    bob.release(1)  # not Bob's to give
    assert [(c.image_id, c.who) for c in bob.claims()] == [(1, "ann")]
    store.edit(1, SetState(state="started"), revision=0)
    store.release(1)
    assert bob.claim(1).who == "bob"


def test_a_claim_runs_out_and_can_be_prolonged(store: LabelStore, open_store: Opener) -> None:
    bob = open_store("bob")
    first = store.claim(1, seconds=0.05)
    assert store.claim(1, seconds=0.1).until > first.until
    time.sleep(0.15)
    assert bob.claims() == []
    assert bob.claim(1).who == "bob"
    with pytest.raises(ConflictError, match="bob works on this image"):
        store.edit(1, SetState(state="started"), revision=0)


def test_each_annotator_gets_another_image(store: LabelStore, open_store: Opener) -> None:
    bob = open_store("bob")
    store.add_image(LabeledImage(name="2.png", size=Size(height=6, width=8)))
    claims = [store.claim_first([1, 2]), bob.claim_first([1, 2])]
    assert [(c.image_id, c.who) for c in claims if c] == [(1, "ann"), (2, "bob")]
    assert open_store("eve").claim_first([1, 2]) is None


def test_a_claim_lasts_some_time(store: LabelStore) -> None:
    with pytest.raises(EditError, match="more than 0 seconds"):
        store.claim(1, seconds=0)
    with pytest.raises(EditError, match="no image 9"):
        store.claim(9)
