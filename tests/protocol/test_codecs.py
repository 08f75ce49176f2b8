"""Masks and logits on the wire."""

import contextlib
import json

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sam2_notebook.errors import ProtocolError
from sam2_notebook.protocol.codecs import LOGIT_LIMIT, decode_logits8, decode_rle, encode_logits8, encode_rle
from sam2_notebook.values.geometry import Size
from tests.protocol import golden

SIZE = Size(height=4, width=4)
LOGITS = hnp.arrays(np.float32, (2, 3, 4), elements=st.floats(-60, 60, width=32))


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=50)))
def test_a_mask_survives_the_wire(mask: np.ndarray) -> None:
    assert np.array_equal(decode_rle(encode_rle(mask), Size(height=mask.shape[0], width=mask.shape[1])), mask)


def test_a_large_mask_survives_the_wire_and_stays_small() -> None:
    y, x = np.mgrid[:2160, :3840]
    disc = (x - 1900) ** 2 + (y - 1000) ** 2 < 900**2
    data = encode_rle(disc)
    assert len(data) < 8_000
    assert np.array_equal(decode_rle(memoryview(data), Size(height=2160, width=3840)), disc)


def test_an_empty_mask_is_four_zeros() -> None:
    assert encode_rle(np.zeros((9, 9), bool)) == bytes(4)


@settings(max_examples=1000)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_mask_or_a_protocol_error(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert decode_rle(data, SIZE).shape == (4, 4)


@settings(max_examples=500)
@given(st.data())
def test_a_flipped_byte_is_a_mask_of_the_same_size_or_a_protocol_error(data: st.DataObject) -> None:
    code = bytearray(encode_rle(golden.masks()["noise"]))
    code[data.draw(st.integers(0, len(code) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        assert decode_rle(code, Size(height=37, width=61)).shape == (37, 61)


@pytest.mark.parametrize("text", golden.BROKEN.values(), ids=golden.BROKEN.keys())
def test_broken_run_lengths_are_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode_rle(bytes.fromhex(text), SIZE)


@given(LOGITS)
def test_logits_come_back_to_half_a_step_with_their_sign(logits: np.ndarray) -> None:
    data, scale = encode_logits8(logits)
    back = decode_logits8(data, (2, 3, 4), scale)
    clipped = np.clip(logits, -LOGIT_LIMIT, LOGIT_LIMIT)
    kept = np.abs(back - clipped) <= 0.5 / scale + 1e-4
    raised = (np.abs(logits) < 0.5 / scale) & (np.abs(back) <= 1 / scale + 1e-4)
    assert (kept | raised).all()
    assert np.array_equal(np.sign(back), np.sign(logits))


def test_logits_that_are_no_numbers_are_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="finite"):
        encode_logits8(np.full((1, 2, 2), np.nan))


@pytest.mark.parametrize(
    ("data", "shape", "scale"),
    [(b"\0", (1, 1, 2), 1.0), (b"", (0, 1, 1), 1.0), (b"\0", (1, 1, 1), 0.0), (b"\0", (1, 1, 1), float("nan"))],
)
def test_bytes_that_do_not_fit_are_refused(data: bytes, shape: tuple[int, int, int], scale: float) -> None:
    with pytest.raises(ProtocolError):
        decode_logits8(data, shape, scale)


def test_masks_from_bytes_are_those_from_floats() -> None:
    for case in json.loads((golden.FOLDER / "logits.json").read_text())["cases"]:
        size = Size(**case["picture"])
        small = torch.from_numpy(decode_logits8(bytes.fromhex(case["hex"]), tuple(case["shape"]), case["scale"]))
        large = torch.nn.functional.interpolate(small[None], (size.height, size.width), mode="bilinear")[0].numpy() > 0
        for seen, code in zip(large, case["masks"], strict=True):
            differing = (seen != decode_rle(bytes.fromhex(code), size)).mean()
            assert differing <= case["tolerance"], case["name"]


def test_the_golden_files_are_what_the_code_writes() -> None:
    for name, text in golden.files().items():
        assert (golden.FOLDER / name).read_text(encoding="utf-8") == text, (
            f"run python tests/protocol/golden.py ({name})"
        )


def test_there_is_a_golden_message_of_every_type() -> None:
    assert all(json.loads((golden.FOLDER / "messages.json").read_text(encoding="utf-8")).values())
