"""Pictures and prompts into tensors, logits into masks."""

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image as PillowImage

from sam2_notebook.model import PromptTensors, Sam2Config
from sam2_notebook.model.prompt_encoder import BOTTOM_RIGHT, TOP_LEFT
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.values.geometry import Size, to_model_px

MASK_LOGIT = 10.0
LOGIT_LIMIT = 32.0
BAND = 256 * 1024  # pixels blended at once: few calls, and they stay in the CPU's cache


def image_tensor(pixels: npt.NDArray[np.uint8], side: int) -> torch.Tensor:
    """A picture (height, width, 3) stretched to the model's square: float32 in 0..1, (1, 3, side, side).

    Bilinear with antialiasing, for pictures and video frames alike.
    """
    stretched = PillowImage.fromarray(pixels).resize((side, side), PillowImage.Resampling.BILINEAR)
    return torch.from_numpy(np.array(stretched)).permute(2, 0, 1)[None].float().div_(255)


def prompt_tensors(prompts: list[ObjectPrompt], size: Size, config: Sam2Config) -> PromptTensors:
    """The prompts of objects with equally many points, boxes and masks, as one batch."""
    square = Size(height=config.image_size, width=config.image_size)
    points, labels = [], []
    for prompt in prompts:
        own_points, own_labels = prompt.points, prompt.labels
        if prompt.box is not None:
            corners = np.array(prompt.box.as_tuple(), dtype=np.float32).reshape(2, 2)
            own_points = np.concatenate((corners, own_points))
            own_labels = np.concatenate(([TOP_LEFT, BOTTOM_RIGHT], own_labels))
        points.append(to_model_px(own_points, size, square))
        labels.append(own_labels)
    masks = [mask_logits(p.mask, config.mask_size) for p in prompts if p.mask is not None]
    return PromptTensors(
        points=torch.from_numpy(np.stack(points)),
        labels=torch.from_numpy(np.stack(labels).astype(np.int64)),
        mask=torch.stack(masks) if masks else None,
    )


def mask_logits(mask: npt.NDArray[np.bool_] | npt.NDArray[np.float32], side: int) -> torch.Tensor:
    """A mask prompt as logits (1, side, side): a bool mask of the picture becomes +-10, logits are only clamped."""
    tensor = torch.from_numpy(np.ascontiguousarray(mask, dtype=np.float32))[None, None]
    if mask.dtype == np.bool_:
        tensor = F.interpolate(tensor, size=(side, side), mode="bilinear", antialias=True)
        return (tensor[0] * 2 - 1) * MASK_LOGIT
    return tensor[0].clamp(-LOGIT_LIMIT, LOGIT_LIMIT)


def square_mask(mask: npt.NDArray[np.bool_], side: int, device: torch.device) -> torch.Tensor:
    """A bool mask of the picture as 0 and 1 at the model's full side, (1, 1, side, side).

    What is thinner than its pixels all over leaves a trace nonetheless: an object that was shown is not nowhere.
    """
    whole = torch.from_numpy(mask.astype(np.float32))[None, None].to(device)
    share = F.interpolate(whole, size=(side, side), mode="bilinear", antialias=True)
    half = share >= 0.5
    return (half if bool(half.any()) else share > 0).float()


def masks_at_size(logits: npt.NDArray[np.float32], size: Size) -> npt.NDArray[np.bool_]:
    """Threshold low-resolution logits (n, h, w), enlarged bilinearly, at the picture's size."""
    masks = np.zeros((len(logits), size.height, size.width), dtype=np.bool_)
    for mask, plane in zip(torch.from_numpy(masks), logits, strict=True):
        _enlarge_into(mask, torch.from_numpy(plane), size)
    return masks


def _enlarge_into(mask: torch.Tensor, plane: torch.Tensor, size: Size) -> None:
    """Bilinear is separable and local: only where the mask is, widen once, then blend pairs of rows band by band."""
    on = plane > 0
    rows, columns = on.any(1).nonzero()[:, 0].tolist(), on.any(0).nonzero()[:, 0].tolist()
    if not rows:
        return
    down, low, high, weight = _blend(plane.shape[0], size.height, rows[0], rows[-1])
    across, left, right, share = _blend(plane.shape[1], size.width, columns[0], columns[-1])
    wide = torch.lerp(plane.index_select(1, left), plane.index_select(1, right), share)
    step = max(1, BAND // max(1, wide.shape[1]))  # no column at all, where a tiny picture skips those of the mask
    upper, lower = torch.empty(2, min(step, len(low)), wide.shape[1])
    for start in range(0, len(low), step):
        band = slice(start, start + step)
        count = len(low[band])
        above = torch.index_select(wide, 0, low[band], out=upper[:count])  # whole rows: twice as fast as wide[low]
        below = torch.index_select(wide, 0, high[band], out=lower[:count])
        torch.gt(above.lerp_(below, weight[band, None]), 0, out=mask[down][band, across])


def _blend(count: int, wanted: int, first: int, last: int) -> tuple[slice, torch.Tensor, torch.Tensor, torch.Tensor]:
    """For those of `wanted` places along an axis of `count` that touch `first` to `last`: which they are, the two
    neighbours they lie between, and how near they are to the second.
    """
    place = ((torch.arange(wanted) + 0.5) * (count / wanted) - 0.5).clamp(min=0)
    low = place.floor().long().clamp(max=count - 1)
    high = (low + 1).clamp(max=count - 1)
    touching = ((high >= first) & (low <= last)).nonzero()[:, 0].tolist()
    part = slice(touching[0], touching[-1] + 1) if touching else slice(0)
    return part, low[part], high[part], (place - low)[part]
