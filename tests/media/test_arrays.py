"""Arrays of every type and shape: the stated rule for levels, and clear words for what is no picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sam2_notebook.errors import MediaError
from sam2_notebook.media import Image, read_image

from .pictures import pattern_grey, pattern_rgb

RGB = pattern_rgb()
GREY = pattern_grey()


def grey_of(array: np.ndarray) -> np.ndarray:
    pixels = read_image(array).pixels
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0].astype(int)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(GREY, id="uint8"),
        pytest.param(GREY[..., None], id="one channel"),
        pytest.param(GREY.astype(np.int64), id="int64 within 8 bits"),
        pytest.param(GREY.astype(np.uint16), id="uint16 within 8 bits"),
        pytest.param(GREY / 255.0, id="float64 of 0 to 1"),
        pytest.param((GREY / 255.0).astype(np.float16), id="float16 of 0 to 1"),
        pytest.param(GREY * np.uint16(257), id="uint16"),
        pytest.param(GREY.astype(np.int16) * 100 - 12_000, id="int16 with negatives"),
        pytest.param(GREY.astype(np.uint64) << np.uint64(55), id="uint64"),
        pytest.param(GREY * 1e300 - 1e302, id="huge floats"),
        pytest.param(GREY.astype(">f4") * 2, id="big-endian float"),
        pytest.param(np.asfortranarray(GREY), id="column order"),
    ],
)
def test_a_grey_ramp_is_recovered(array: np.ndarray) -> None:
    assert np.abs(grey_of(array) - GREY).max() <= 1


def test_one_window_serves_all_channels_so_that_hues_stay() -> None:
    dim = RGB.astype(np.uint16) * 8
    assert np.abs(read_image(dim).pixels.astype(int) - RGB).max() <= 1


def test_bools_become_black_and_white() -> None:
    assert np.array_equal(grey_of(GREY > 9), np.where(GREY > 9, 255, 0))


def test_outliers_do_not_flatten_the_rest() -> None:
    ramp = pattern_grey((200, 200)).astype(np.float64) * 4
    ramp[3, 5], ramp[7, 9] = 1e9, -1e9
    error = np.abs(grey_of(ramp) - pattern_grey((200, 200)))
    assert np.sort(error.ravel())[-3] <= 1


def test_the_widest_range_of_floats_does_not_overflow() -> None:
    largest = np.finfo(np.float64).max
    halves = np.full((10, 100), -largest)
    halves[5:] = largest  # 1,000 values: the 0.1 percentile lies between two of them
    halves[0, 0], halves[9, 99] = 0, 0
    grey = grey_of(halves)
    assert grey[0, 0] in (127, 128)
    assert grey[0, 1] == 0
    assert grey[9, 0] == 255
    two = np.array([[-largest, largest]])
    assert grey_of(two).tolist() == [[0, 255]]


def test_a_few_bright_pixels_on_black_stay_visible() -> None:
    stars = np.zeros((100, 100), np.uint16)
    stars[50, 50:53] = 40_000
    assert grey_of(stars)[50, 49:54].tolist() == [0, 255, 255, 255, 0]


@pytest.mark.parametrize("value", [1000, 65_535, -3, 7.5, 5e-324 - 1])
def test_a_flat_picture_outside_the_natural_range_is_mid_grey(value: float) -> None:
    assert (grey_of(np.full((4, 4), value)) == 128).all()


def test_pixels_that_are_no_numbers_do_not_shift_the_rest() -> None:
    values = (GREY / 255.0).astype(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    grey = grey_of(values)
    assert grey[0, :3].tolist() == [0, 255, 0]
    assert np.array_equal(grey[1:], GREY[1:])


def test_a_picture_without_one_finite_pixel_is_refused() -> None:
    with pytest.raises(MediaError, match="finite"):
        read_image(np.full((4, 4), np.nan))


@pytest.mark.parametrize(
    ("colour", "alpha"),
    [
        (RGB, np.uint8(51)),
        (RGB * np.uint16(257), np.uint16(51 * 257)),
        (RGB / 255.0, np.float64(0.2)),
        (RGB.astype(np.int32), np.int32(51)),
    ],
)
def test_alpha_is_laid_over_white_on_its_own_scale(colour: np.ndarray, alpha: np.generic) -> None:
    with_alpha = np.dstack([colour, np.full(RGB.shape[:2], alpha)])
    expected = np.rint(RGB * 0.2 + 255 * 0.8)
    assert np.abs(read_image(with_alpha).pixels - expected).max() <= 1


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 8, 9)), "transpose"),
        (np.zeros((1, 8, 9)), "transpose"),
        (np.zeros((2, 8, 9, 3)), "batch"),
        (np.zeros((8, 9, 2)), "8 x 9 x 2"),
        (np.zeros((8, 9, 5)), "channels"),
        (np.zeros(7), "shape 7"),
        (np.float32(1), "one number"),
        (np.zeros((0, 9, 3)), "no pixels"),
        (np.zeros((8, 9), complex), "complex128"),
        (np.zeros((8, 9), "datetime64[s]"), "datetime64"),
        (np.full((8, 9), "x"), "<U1"),
        (np.full((8, 9), None), "object"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(array: np.ndarray, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        read_image(np.asarray(array))


def test_objects_that_offer_an_array_are_read() -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return RGB

    assert np.array_equal(read_image(Tensor()).pixels, RGB)


def test_an_object_that_cannot_give_its_array_says_what_to_do() -> None:
    class OnGpu:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

    with pytest.raises(MediaError, match=r"OnGpu .*cuda:0.*cpu\(\)"):
        read_image(OnGpu())


@pytest.mark.parametrize("source", [None, 7, [[1, 2], [3, 4]], {"pixels": 1}])
def test_other_objects_are_refused_by_type(source: object) -> None:
    with pytest.raises(MediaError, match=type(source).__name__):
        read_image(source)  # pyright: ignore[reportArgumentType]


def test_a_frame_of_an_array_is_refused() -> None:
    with pytest.raises(MediaError, match=r"array\[2\]"):
        read_image(RGB, frame=2)


def test_the_pixels_are_a_frozen_copy() -> None:
    array = RGB.copy()
    image = read_image(array)
    array[:] = 0
    assert np.array_equal(image.pixels, RGB)
    assert image.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1
    with pytest.raises(AttributeError):
        image.name = "other"  # pyright: ignore[reportAttributeAccessIssue]
    assert read_image(image) is image


def test_an_image_made_by_hand_does_not_follow_its_array() -> None:
    array = RGB[:, ::2].copy()
    image = Image(array[:, ::-1], "mine")
    array[:] = 0
    assert np.array_equal(image.pixels, RGB[:, ::2][:, ::-1])
    assert image.size_hw == (40, 28)
    assert repr(image) == "Image('mine', 28 x 40)"
    with pytest.raises(MediaError, match="mine"):
        Image(RGB[..., 0], "mine")


def test_the_digest_is_a_key_of_the_content() -> None:
    changed = RGB.copy()
    changed[-1, -1, -1] ^= 1
    digests = [read_image(array).digest for array in (RGB, RGB.copy(), changed, RGB.reshape(56, 40, 3))]
    assert digests[0] == digests[1] == Image(RGB, "another name").digest
    assert len(set(digests)) == 3
    assert len(digests[0]) == 32


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(
        dtype=st.one_of(arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes()),
        shape=st.tuples(st.integers(1, 6), st.integers(1, 6)) | st.just((3, 3, 4)),
    )
)
def test_every_array_of_numbers_is_a_picture_or_a_media_error(array: np.ndarray) -> None:
    try:
        pixels = read_image(array).pixels
    except MediaError:
        assert not np.isfinite(array[..., :3]).any()
        return
    assert pixels.dtype == np.uint8
    assert pixels.shape == (*array.shape[:2], 3)
