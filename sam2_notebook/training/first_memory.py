"""A memory half to begin with: not random, but one that already follows a little.

Memory attention has to learn what to compare, where to look and what to carry over. All three can be given from what
the image half knows. Keys and queries begin as the main directions of the image features, and prefer what is near. What
is carried over is whether the mask was there, in the words in which a mask prompt says so to the decoder.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sam2_notebook.model import PromptTensors, Sam2
from sam2_notebook.model.memory_attention import MemoryLayer
from sam2_notebook.model.memory_encoder import FuserBlock, MemoryEncoder
from sam2_notebook.model.video_memory import VideoMemory

OPEN = 0.1  # how far the parts that are not given open, of their usual random beginning
LIKENESS = 12.0  # how sharply attention prefers what looks alike
NEARNESS = 8.0  # and what is near
SLOW = 0.02  # radians per token below which a rotary pair says nothing of the place
LOUD = 3.0  # memories of features against the sine code of places, which is added to them
MASK_PROMPT = 8.0  # logits as a mask prompt has them


@torch.no_grad()
def begin_memory(model: Sam2, pixels: Tensor) -> None:
    """Set the memory half of a network whose image half is trained, from what it makes of some pictures.

    `pixels` (pictures, 3, side, side) are in 0..1. Raises ValueError for a network without memory.
    """
    memory = model.memory
    if memory is None:
        raise ValueError("this network has no memory to begin with: its config's memory_layers is 0")
    tokens = model.encode(pixels).coarse.flatten(2).transpose(1, 2)  # (pictures, tokens, dim)
    _keep_the_decoder_at_home(model, memory, tokens)
    flat = tokens.flatten(0, 1)
    _, vectors = torch.linalg.eigh(torch.cov(flat.T))  # rising variance
    kept = memory.attention.memory_dim * 3 // 4
    directions = vectors[:, -kept:] / (flat @ vectors[:, -kept:]).std(dim=0).clamp(min=1e-3)  # (dim, kept), variance 1
    _remember_features(memory.encoder, flat.mean(dim=0), LOUD * directions)
    _remember_masks(memory.encoder, vectors[:, 0], kept)
    inside, outside = _mask_words(model)
    layers = [layer for layer in memory.attention.layers if isinstance(layer, MemoryLayer)]
    for layer in layers:
        _quiet(layer)
    _compare(layers[0], flat, directions)
    value, out = layers[0].cross_attention.v, layers[0].cross_attention.out
    for part in (value.weight, value.bias, out.weight):
        part.zero_()
    value.weight[0, kept] = 1.0
    out.weight[:, 0] = (inside - outside) / 2
    out.bias.copy_((inside + outside) / 2)


def _keep_the_decoder_at_home(model: Sam2, memory: VideoMemory, tokens: Tensor) -> None:
    """The last norm gives the decoder features as it knows them from pictures, channel by channel."""
    attention = memory.attention
    wanted = (tokens + model.no_memory).flatten(0, 1)
    given = F.layer_norm(tokens + attention.frame_place, tokens.shape[-1:]).flatten(0, 1)
    spread = given - given.mean(dim=0)
    slope = (spread * wanted).sum(dim=0) / (spread**2).sum(dim=0).clamp(min=1e-6)
    attention.norm.weight.copy_(slope)
    attention.norm.bias.copy_(wanted.mean(dim=0) - slope * given.mean(dim=0))


def _remember_features(encoder: MemoryEncoder, mean: Tensor, directions: Tensor) -> None:
    """The first channels of a memory are the features along some directions."""
    nn.init.eye_(encoder.feature_projection.weight[..., 0, 0])
    _bias(encoder.feature_projection).copy_(-mean)
    encoder.projection.weight[: directions.shape[1], :, 0, 0] = directions.T
    _bias(encoder.projection).zero_()
    for block in encoder.fuser:
        if isinstance(block, FuserBlock):
            block.scale.fill_(OPEN)


def _remember_masks(encoder: MemoryEncoder, free: Tensor, channel: int) -> None:
    """One channel of a memory says whether the mask is there, +1 or -1; it travels along the direction `free`."""
    for block in encoder.mask_downscaling:
        if isinstance(block, nn.Conv2d) and block.kernel_size == (3, 3):
            # two channels hold a number and its negative, so that it survives the norm and the activation
            block.weight[:2].zero_()
            _bias(block)[:2].zero_()
            block.weight[0, 0], block.weight[1, 0] = 1 / 9, -1 / 9
            if block.in_channels > 1:
                block.weight[0, 1], block.weight[1, 1] = -1 / 9, 1 / 9
            block.weight[2:] *= OPEN
    last = encoder.mask_downscaling[-1]
    assert isinstance(last, nn.Conv2d)
    probe = encoder.mask_downscaling[:-1](torch.tensor([-10.0, 10.0]).view(2, 1, 1, 1).expand(2, 1, 64, 64))
    low, high = (probe[:, 0] - probe[:, 1]).mean(dim=(1, 2))
    last.weight *= OPEN
    last.weight[:, 0, 0, 0] += free * 2 / (high - low)
    last.weight[:, 1, 0, 0] -= free * 2 / (high - low)
    encoder.projection.weight[channel, :, 0, 0] = free


def _mask_words(model: Sam2) -> tuple[Tensor, Tensor]:
    """What a mask prompt adds to the features, inside and outside of the mask, beyond what no prompt adds: (dim,)."""
    side = model.config.mask_size
    levels = torch.tensor([MASK_PROMPT, -MASK_PROMPT, 0.0], device=model.device).view(3, 1, 1, 1)
    prompts = PromptTensors(
        points=torch.zeros(3, 1, 2, device=model.device),
        labels=torch.full((3, 1), -1, device=model.device),
        mask=levels.expand(3, 1, side, side),
    )
    inside, outside, nothing = model.prompt_encoder(prompts)[1].mean(dim=(2, 3))
    return inside - nothing, outside - nothing


def _quiet(layer: MemoryLayer) -> None:
    """Let a layer change little of what goes through it."""
    for out in (layer.self_attention.out, layer.cross_attention.out, layer.mlp.layers[-1]):
        if isinstance(out, nn.Linear):
            out.weight *= OPEN
            out.bias.zero_()


def _compare(layer: MemoryLayer, tokens: Tensor, directions: Tensor) -> None:
    """Attention compares memories of features with the features of now, and prefers what is near."""
    dim, kept = directions.shape
    attention, pairs = layer.cross_attention, _turning_pairs(dim)
    slow = torch.nonzero(pairs < SLOW)[:, 0] * 2
    channels = slow[torch.linspace(0, len(slow) - 1, kept).round().long()]
    normed = layer.norm2(tokens)
    centre = normed.mean(dim=0)
    read = torch.linalg.lstsq(normed - centre, (tokens - tokens.mean(dim=0)) @ directions).solution  # (dim, kept)
    strength = (LIKENESS * dim**0.5 / kept) ** 0.5
    attention.q.weight.zero_()
    attention.k.weight.zero_()
    attention.k.bias.zero_()
    attention.q.weight[channels] = strength * read.T
    attention.q.bias.copy_(-attention.q.weight @ centre)
    attention.k.weight[channels, torch.arange(kept)] = strength / LOUD
    fast = torch.nonzero((pairs >= SLOW) & (pairs < 0.6))[:, 0] * 2
    near = (NEARNESS * dim**0.5 / len(fast)) ** 0.5
    attention.q.bias[fast] += near
    attention.k.bias[fast] += near


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _turning_pairs(dim: int) -> Tensor:
    """Radians per token of every pair of channels of a rotary code over x, then y: (dim / 2,)."""
    speed = 10000 ** -(torch.arange(0, dim, 4, dtype=torch.float32) / dim)
    return torch.cat((speed, speed))
