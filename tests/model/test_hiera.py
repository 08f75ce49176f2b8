"""The rules of the trunk that are easy to get wrong."""

import pytest
import torch
import torch.nn.functional as F

from sam2_notebook.model import Sam2Config
from sam2_notebook.model.hiera import Hiera, HieraBlock, from_windows, to_windows

TINY = Sam2Config()
BASE_PLUS = Sam2Config(embed_dim=112, heads=2, stages=(2, 3, 16, 3), global_blocks=(12, 16, 20), position_grid=14)


def test_the_block_that_opens_a_stage_still_has_the_window_of_the_stage_before():
    with torch.device("meta"):
        windows = [block.window for block in Hiera(TINY).blocks]
    assert windows == [8, 8, 4, 4, 14, 0, 14, 0, 14, 0, 14, 7]


def test_width_and_heads_double_where_a_stage_opens():
    with torch.device("meta"):
        blocks = [block for block in Hiera(BASE_PLUS).blocks if isinstance(block, HieraBlock)]
    pooled = [index for index, block in enumerate(blocks) if block.pooled]
    assert pooled == list(BASE_PLUS.pooling_blocks)
    assert [blocks[i].attention.heads for i in (0, 2, 5, 21)] == [2, 4, 8, 16]
    assert [blocks[i].norm2.normalized_shape for i in (0, 2, 5, 21)] == [(112,), (224,), (448,), (896,)]


@pytest.mark.parametrize(("height", "width", "side"), [(8, 8, 4), (7, 9, 4), (3, 3, 7), (1, 5, 2)])
def test_windows_come_back_as_the_map_they_were(height: int, width: int, side: int):
    x = torch.rand(2, height, width, 5)
    windows = to_windows(x, side)
    assert windows.shape[0] == 2 * -(-height // side) * -(-width // side)
    assert torch.equal(from_windows(windows, height, width), x)


def test_a_window_holds_neighbours():
    x = torch.arange(16.0).view(1, 4, 4, 1)
    assert to_windows(x, 2)[1, :, :, 0].tolist() == [[2, 3], [6, 7]]


def test_padding_of_windows_is_attended_to():
    """The original masks nothing: zeros that fill a window take part, so they draw attention from real tokens."""
    torch.manual_seed(0)
    block = HieraBlock(8, 8, 2, window=4).eval()
    x = torch.randn(1, 3, 3, 8)
    with torch.inference_mode():
        padded = F.pad(block.norm1(x), (0, 0, 0, 1, 0, 1))
        with_zeros = x + block.attention(padded)[:, :3, :3]
        without = x + block.attention(block.norm1(x))
        expected = with_zeros + block.mlp(block.norm2(with_zeros))
        assert torch.allclose(block(x), expected, atol=1e-6)
        assert not torch.allclose(with_zeros, without, atol=1e-3)


def test_windows_do_not_see_one_another_but_a_global_block_sees_all():
    torch.manual_seed(0)
    x = torch.randn(1, 8, 8, 8)
    moved = x.clone()
    moved[0, 0, 0] = torch.randn(8)
    for window, reached in ((4, 16), (0, 64)):
        block = HieraBlock(8, 8, 2, window=window).eval()
        with torch.inference_mode():
            changed = (block(moved) - block(x)).abs().amax(-1) > 1e-7
        assert int(changed.sum()) == reached


def test_a_pooling_block_halves_the_map_inside_each_window():
    torch.manual_seed(0)
    block = HieraBlock(8, 16, 2, window=4).eval()
    x = torch.randn(1, 8, 8, 8)
    moved = x.clone()
    moved[0, 7, 7] = torch.randn(8)
    with torch.inference_mode():
        changed = (block(moved) - block(x))[0].abs().amax(-1) > 1e-7
    assert changed.shape == (4, 4)
    assert changed[2:, 2:].all()
    assert int(changed.sum()) == 4


def test_the_window_code_repeats_over_the_map_and_the_background_spans_it():
    torch.manual_seed(0)
    trunk = Hiera(Sam2Config(image_size=96, embed_dim=8))
    with torch.no_grad():
        trunk.window_position.normal_()
        trunk.position.zero_()
        code = trunk.position_code(24, 20)[0]
        assert torch.equal(code[:8, :8], code[8:16, 8:16])
        assert torch.equal(code[0, :8], trunk.window_position[0, :, 0].T)
        trunk.window_position.zero_()
        trunk.position.normal_()
        code = trunk.position_code(24, 20)
    expected = F.interpolate(trunk.position, size=(24, 20), mode="bicubic", align_corners=False, antialias=False)
    assert torch.equal(code, expected.permute(0, 2, 3, 1))


def test_maps_of_all_four_stages_come_out():
    config = Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,))
    with torch.inference_mode():
        maps = Hiera(config)(torch.rand(1, 3, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [(8, 16, 16), (16, 8, 8), (32, 4, 4), (64, 2, 2)]
