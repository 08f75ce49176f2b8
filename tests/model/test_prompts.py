"""How prompts become tokens and, for small networks, a drawing."""

import pytest
import torch
from torch import Tensor

from sam2_notebook.model import PromptTensors, Sam2Config
from sam2_notebook.model.positions import FourierPositions, sine_map
from sam2_notebook.model.prompt_encoder import PointEncoder, PromptEncoder, RasterPromptEncoder

CONFIG = Sam2Config(image_size=128, embed_dim=16, stages=(1, 1, 2, 1), global_blocks=(3,), dim=64)
MASK, POSITIVE, NEGATIVE, BOX = range(4)


def prompts(points: list[tuple[float, float]], labels: list[int], mask: Tensor | None = None) -> PromptTensors:
    return PromptTensors(
        points=torch.tensor(points).float().view(1, -1, 2), labels=torch.tensor(labels)[None].long(), mask=mask
    )


@pytest.fixture
def raster() -> RasterPromptEncoder:
    torch.manual_seed(0)
    return RasterPromptEncoder(CONFIG).eval()


def test_a_padding_token_follows_the_points():
    encoder = PointEncoder(CONFIG)
    with torch.inference_mode():
        tokens = encoder(torch.rand(3, 2, 2) * 128, torch.ones(3, 2, dtype=torch.long))
    assert tokens.shape == (3, 3, 64)
    assert torch.equal(tokens[:, 2], encoder.not_a_point.expand(3, -1))


def test_no_points_give_no_tokens():
    tokens = PointEncoder(CONFIG)(torch.zeros(2, 0, 2), torch.zeros(2, 0, dtype=torch.long))
    assert tokens.shape == (2, 0, 64)


def test_a_padding_point_has_no_place():
    encoder = PointEncoder(CONFIG)
    with torch.inference_mode():
        tokens = encoder(torch.tensor([[[5.0, 6.0], [90.0, 3.0]]]), torch.tensor([[-1, -1]]))
    assert torch.equal(tokens[0, 0], encoder.not_a_point)
    assert torch.equal(tokens[0, 1], encoder.not_a_point)


def test_a_point_is_its_place_plus_its_label():
    encoder = PointEncoder(CONFIG)
    place = torch.tensor([[[17.0, 40.0]]])
    with torch.inference_mode():
        codes = [encoder(place, torch.tensor([[label]]))[0, 0] - encoder.label_embed[label] for label in range(4)]
        centre = encoder.positions(torch.tensor([17.5 / 128, 40.5 / 128]))
    assert all(torch.allclose(code, centre, atol=1e-6) for code in codes)


def test_the_map_of_places_has_the_codes_of_its_tokens_centres():
    positions = FourierPositions(64)
    grid = positions.grid(8)
    assert torch.allclose(grid[:, 2, 5], positions(torch.tensor([5.5 / 8, 2.5 / 8])), atol=1e-6)


def test_the_sine_map_interleaves_and_puts_y_first():
    code = sine_map(4, 6, 16)
    assert code.shape == (16, 4, 6)
    assert torch.equal(code[:8, :, 0], code[:8, :, 5]), "the first half depends on y only"
    assert torch.equal(code[8:, 0], code[8:, 3]), "the second half depends on x only"
    angle = torch.tensor(2 * torch.pi * 2 / (4 + 1e-6))  # the second of four rows, slowest... fastest frequency first
    assert torch.allclose(code[:2, 1, 0], torch.stack((angle.sin(), angle.cos())), atol=1e-5)


def test_without_a_mask_every_place_gets_the_same_learned_code():
    encoder = PromptEncoder(CONFIG)
    with torch.inference_mode():
        _, dense = encoder(prompts([(3, 4)], [1]))
    assert dense.shape == (1, 64, 8, 8)
    assert torch.equal(dense, encoder.no_mask.view(1, -1, 1, 1).expand_as(dense))


def test_a_mask_becomes_a_dense_map():
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., :16] = 10
    with torch.inference_mode():
        _, dense = PromptEncoder(CONFIG)(prompts([(3, 4)], [1], mask))
    assert dense.shape == (1, 64, 8, 8)
    assert not torch.allclose(dense[..., 0], dense[..., 7])


@pytest.mark.parametrize(("x", "y"), [(0, 0), (50, 20), (127, 127), (66.5, 3)])
def test_a_click_is_drawn_where_it_was(raster: RasterPromptEncoder, x: float, y: float):
    drawn = raster.draw(prompts([(x, y)], [1]))[0, POSITIVE]
    peak = int(drawn.argmax())
    assert (peak % 32, peak // 32) == (int((x + 0.5) / 4), int((y + 0.5) / 4))
    assert 0.5 < float(drawn.max()) <= 1
    assert float(drawn.min()) < 0.01


def test_clicks_are_drawn_by_their_label(raster: RasterPromptEncoder):
    drawn = raster.draw(prompts([(10, 10), (100, 100), (60, 20)], [1, 0, -1]))[0]
    assert (int(drawn[POSITIVE].argmax()), int(drawn[NEGATIVE].argmax())) == (2 * 32 + 2, 25 * 32 + 25)
    assert float(drawn[POSITIVE, 5, 15]) < 0.2, "padding is drawn nowhere"
    assert not drawn[BOX].any()


def test_the_nearest_of_several_clicks_counts(raster: RasterPromptEncoder):
    one = raster.draw(prompts([(10, 10)], [1]))
    other = raster.draw(prompts([(100, 90)], [1]))
    both = raster.draw(prompts([(10, 10), (100, 90)], [1, 1]))
    assert torch.equal(both[:, POSITIVE], torch.maximum(one, other)[:, POSITIVE])


def test_a_box_is_drawn_inside_and_outside(raster: RasterPromptEncoder):
    drawn = raster.draw(prompts([(20, 40), (60, 80), (30, 50)], [2, 3, 1]))[0, BOX]
    expected = torch.full((32, 32), -1.0)
    expected[10:20, 5:15] = 1  # token centres, (i + 0.5) * 4, between the corners
    assert torch.equal(drawn, expected)


def test_no_box_is_drawn_as_zero(raster: RasterPromptEncoder):
    assert not raster.draw(prompts([(20, 40), (60, 80)], [1, 0]))[0, BOX].any()
    assert not raster.draw(prompts([(20, 40)], [1]))[0, BOX].any()
    assert not raster.draw(prompts([], []))[0].any()


def test_mask_logits_are_drawn_small_and_bounded(raster: RasterPromptEncoder):
    mask = torch.tensor([-100.0, -8.0, 0.0, 16.0, 100.0]).repeat(32, 7)[:, :32].reshape(1, 1, 32, 32)
    drawn = raster.draw(prompts([(20, 40)], [1], mask))[0, MASK]
    assert drawn[0, :5].tolist() == [-4, -1, 0, 2, 4]
