"""The rearranged network is the plain one: the same values, to rounding, for every shape a network may have."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from sam2_notebook.model import ImageFeatures, PromptTensors, Recollection, Sam2, Sam2Config
from sam2_notebook.model.fast.attention import ROWS, attend
from sam2_notebook.model.fast.linear import Table, linear, onednn_is_good
from sam2_notebook.model.fast.sam2 import FastSam2
from sam2_notebook.model.mask_decoder import MaskPrediction
from sam2_notebook.model.positions import AxialRotation

EXACT = 2e-5
PLAIN = Sam2Config(
    image_size=64, embed_dim=16, stages=(1, 1, 2, 1), global_blocks=(3,), dim=64, decoder_mlp_dim=64, memory_layers=2
)
CONFIGS = {
    "plain": PLAIN,
    "windows that divide the maps": replace(PLAIN, windows=(8, 4, 2, 2)),
    "two heads, several blocks": replace(PLAIN, heads=2, stages=(2, 2, 3, 2), windows=(4, 4, 2, 1), global_blocks=(5,)),
    "windows larger than the map": replace(PLAIN, windows=(8, 4, 14, 7)),
    "drawn prompts, SAM 2.0": replace(PLAIN, prompts="raster", version="2.0"),
}
POINTS = torch.tensor([[[10.0, 12.0], [40.0, 33.0]], [[50.0, 8.0], [3.0, 60.0]]])
LABELS = torch.tensor([[1, 0], [2, 3]])


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest):
    """With two, prompts and objects are computed side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=CONFIGS)
def pair(request: pytest.FixtureRequest) -> tuple[Sam2, FastSam2]:
    """A network in which nothing is silent, and its rearrangement."""
    torch.manual_seed(0)
    model = Sam2(CONFIGS[request.param]).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model, FastSam2(model)


def features(model: Sam2, pictures: int = 1) -> ImageFeatures:
    return ImageFeatures(
        coarse=noise(pictures, 64, 4, 4, seed=1),
        middle=noise(pictures, 16, 8, 8, seed=2),
        fine=noise(pictures, 8, 16, 16, seed=3),
    )


def recollection(objects: int, *, frames: int = 3, pointers: int = 2) -> Recollection:
    return Recollection(
        maps=tuple(noise(objects, 64, 4, 4, seed=10 + i) for i in range(frames)),
        slots=(6, 2, 0)[:frames],
        pointers=tuple(noise(objects, 64, seed=20 + i) for i in range(pointers)),
        ages=(1, 4)[:pointers],
        span=15,
    )


def assert_same(one: MaskPrediction, other: MaskPrediction, tolerance: float = EXACT) -> None:
    for name in ("logits", "iou", "object_score", "tokens"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), atol=tolerance, rtol=tolerance)


@torch.inference_mode()
def test_pictures_get_the_same_features(pair: tuple[Sam2, FastSam2]):
    model, fast = pair
    pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    plain, quick = model.encode(pixels), fast.encode(pixels)
    for name in ("coarse", "middle", "fine"):
        torch.testing.assert_close(getattr(quick, name), getattr(plain, name), atol=EXACT, rtol=EXACT)


@torch.inference_mode()
@pytest.mark.parametrize("window", [8, 6, 2])
def test_a_picture_of_several_strips_gets_the_same_features(window: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sam2_notebook.model.fast.image_encoder.STRIP", 12)
    model = Sam2(replace(PLAIN, image_size=128, windows=(window, 4, 2, 2))).eval()
    pixels = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(5))
    plain, quick = model.encode(pixels), FastSam2(model).encode(pixels)
    for name in ("coarse", "middle", "fine"):
        torch.testing.assert_close(getattr(quick, name), getattr(plain, name), atol=EXACT, rtol=EXACT)


@torch.inference_mode()
@pytest.mark.parametrize("multimask", [True, False])
@pytest.mark.parametrize("prompts", ["points", "mask and points", "mask alone"])
@pytest.mark.usefixtures("threads")
def test_prompts_get_the_same_masks(pair: tuple[Sam2, FastSam2], prompts: str, multimask: bool):
    model, fast = pair
    points = 0 if prompts == "mask alone" else 2
    said = PromptTensors(
        points=POINTS[:, :points],
        labels=LABELS[:, :points],
        mask=None if prompts == "points" else 5 * noise(2, 1, 16, 16, seed=5),
    )
    shared = fast.prepare(fast.recall(features(model)))
    assert_same(fast.segment(shared, said, multimask=multimask), model.segment(shared, said, multimask=multimask))
    own = features(model, pictures=2)
    assert_same(fast.segment(own, said, multimask=multimask), model.segment(own, said, multimask=multimask))


@torch.inference_mode()
@pytest.mark.parametrize(("frames", "pointers"), [(3, 2), (1, 0)])
@pytest.mark.usefixtures("threads")
def test_memories_are_recalled_alike(pair: tuple[Sam2, FastSam2], frames: int, pointers: int):
    model, fast = pair
    asked, remembered = features(model), recollection(2, frames=frames, pointers=pointers)
    plain, quick = model.recall(asked, remembered), fast.recall(asked, remembered)
    torch.testing.assert_close(quick.coarse, plain.coarse, atol=EXACT, rtol=EXACT)
    assert quick.fine.shape == plain.fine.shape


def by_fours(tokens: torch.Tensor) -> torch.Tensor:
    """Each token of square maps (..., tokens, dim) replaced by the mean of its square of four."""
    maps = tokens.unflatten(-2, (2, 2, 2, 2))
    return maps.mean(dim=(-4, -2), keepdim=True).expand_as(maps).flatten(-5, -2)


@torch.inference_mode()
def test_a_pooled_memory_counts_four_neighbours_as_four_times_their_mean_but_where_it_matters(
    pair: tuple[Sam2, FastSam2], monkeypatch: pytest.MonkeyPatch
):
    model, exact = pair
    assert model.memory is not None
    attention = model.memory.attention
    asked, remembered = features(model), recollection(2)
    coarse = FastSam2(model, pooled_memory=True).recall(asked, remembered).coarse
    assert (coarse - exact.recall(asked, remembered).coarse).abs().max() > 100 * EXACT

    sources, rotate = attention.sources, AxialRotation.forward

    def averaged(maps: torch.Tensor) -> torch.Tensor:
        recent = torch.tensor([slot not in (0, 6) for slot in remembered.slots])[:, None, None]
        return torch.where(recent, by_fours(maps), maps)

    def turned(self: AxialRotation, x: torch.Tensor) -> torch.Tensor:
        found = rotate(self, x)
        return averaged(found) if x.ndim == 4 and x.shape[1] == len(remembered.slots) else found

    def mixed(recollection: Recollection, dtype: torch.dtype) -> object:
        (keys, values), pointers = sources(recollection, dtype)
        return (keys, averaged(values)), pointers

    monkeypatch.setattr(attention, "sources", mixed)
    monkeypatch.setattr(AxialRotation, "forward", turned)
    torch.testing.assert_close(coarse, model.recall(asked, remembered).coarse, atol=EXACT, rtol=EXACT)


@torch.inference_mode()
def test_a_pooled_memory_of_a_prompted_frame_is_exact(pair: tuple[Sam2, FastSam2]):
    model, exact = pair
    asked, remembered = features(model), recollection(2, frames=1)
    coarse = FastSam2(model, pooled_memory=True)
    assert torch.equal(coarse.recall(asked, remembered).coarse, exact.recall(asked, remembered).coarse)


@torch.inference_mode()
@pytest.mark.parametrize("prompted", [True, False])
def test_sightings_are_remembered_alike(pair: tuple[Sam2, FastSam2], prompted: bool):
    model, fast = pair
    said = PromptTensors(points=POINTS, labels=LABELS)
    seen = features(model)
    sighting = model.locate(model.segment(seen, said, multimask=True))
    sighting = replace(sighting, object_score=torch.tensor([1.0, -1.0]))
    plain, quick = (m.remember(seen, sighting, prompted=prompted) for m in (model, fast))
    assert plain.map is not None
    assert quick.map is not None
    torch.testing.assert_close(quick.map, plain.map, atol=EXACT, rtol=EXACT)
    assert torch.equal(quick.pointer, plain.pointer)


@torch.inference_mode()
def test_a_prepared_picture_serves_prompts_without_a_mask_and_is_never_out_of_date():
    fast = FastSam2(Sam2(PLAIN).eval())
    prepared = fast.prepare(features(fast.plain))
    assert prepared.canvas is not None
    assert prepared.nbytes == features(fast.plain).nbytes + prepared.canvas.nbytes
    assert fast.prepare(prepared) is prepared
    assert fast.recall(prepared).canvas is None
    assert prepared[:1].canvas is None


@torch.inference_mode()
def test_bfloat16_is_near(pair: tuple[Sam2, FastSam2]):
    model, exact = pair
    fast = FastSam2(model, torch.bfloat16)
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    steps: list[Callable[[FastSam2], torch.Tensor]] = [
        lambda m: m.encode(pixels).coarse,
        lambda m: m.recall(features(model), recollection(1)).coarse,
    ]
    for step in steps:
        wanted, found = step(exact), step(fast)
        assert found.dtype is torch.float32
        assert 0 < float((found - wanted).norm() / wanted.norm()) < 0.03


@torch.inference_mode()
def test_attention_in_pieces_is_attention():
    q, k, v = noise(ROWS + 9, 16), noise(40, 16, seed=1), noise(40, 8, seed=2)
    wanted = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], scale=0.3)[0]
    torch.testing.assert_close(attend(q, k, v, 0.3), wanted, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("rows", [5, ROWS])
def test_linear_is_exact_whatever_kernel_is_taken(rows: int):
    x, weight, bias = noise(rows, 300), noise(400, 300, seed=1), noise(400, seed=2)
    wanted = (x.double() @ weight.double().T + bias.double()).float()
    torch.testing.assert_close(linear(x, weight, bias), wanted, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(Table(weight, ROWS)(x), wanted - bias, atol=1e-4, rtol=1e-5)
    assert onednn_is_good(torch.float32) in (True, False)


@torch.inference_mode()
def test_linear_rounds_no_more_than_bfloat16_must():
    x, weight, bias = (t.bfloat16() for t in (noise(ROWS, 300), noise(400, 300, seed=1), noise(400, seed=2)))
    wanted = x.double() @ weight.double().T
    torch.testing.assert_close(Table(weight, ROWS)(x).double(), wanted, atol=0.01, rtol=2**-8)
    torch.testing.assert_close(linear(x, weight, bias).double(), wanted + bias.double(), atol=0.01, rtol=2**-8)


@torch.inference_mode()
def test_what_only_videos_need_is_not_made_for_pictures():
    fast = FastSam2(Sam2(PLAIN).eval(), torch.bfloat16)
    fast.segment(
        fast.prepare(fast.recall(fast.encode(torch.rand(1, 3, 64, 64)))),
        PromptTensors(points=POINTS[:1], labels=LABELS[:1]),
        multimask=True,
    )
    assert not {"attention", "memory_encoder"} & vars(fast).keys()
