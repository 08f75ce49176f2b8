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
UPSAMPLE_BYTES = 64 * 1024 * 1024


def image_tensor(pixels: npt.NDArray[np.uint8], side: int) -> torch.Tensor:
    """A picture (height, width, 3) stretched to the model's square: float32 in 0..1, (1, 3, side, side).

    Bilinear with antialiasing, for pictures and video frames alike.
    """
    stretched = PillowImage.fromarray(pixels).resize((side, side), PillowImage.Resampling.BILINEAR)
    return torch.from_numpy(np.array(stretched)).permute(2, 0, 1)[None].float() / 255


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


def masks_at_size(logits: npt.NDArray[np.float32], size: Size) -> npt.NDArray[np.bool_]:
    """Threshold low-resolution logits (n, h, w) at the picture's size, a few rows at a time to bound memory."""
    masks = np.empty((len(logits), size.height, size.width), dtype=np.bool_)
    step = max(1, UPSAMPLE_BYTES // (4 * size.width * max(1, logits.shape[-2])))
    for index, plane in enumerate(logits):
        _upsample_into(masks[index], torch.from_numpy(plane), size, step)
    return masks


def _upsample_into(mask: npt.NDArray[np.bool_], plane: torch.Tensor, size: Size, rows: int) -> None:
    if 4 * size.area <= UPSAMPLE_BYTES:
        full = F.interpolate(plane[None, None], size=(size.height, size.width), mode="bilinear", align_corners=False)
        mask[:] = (full[0, 0] > 0).numpy()
        return
    # Bilinear is separable: widen once, then blend pairs of rows for a band of the picture at a time.
    wide = F.interpolate(plane[None], size=size.width, mode="linear", align_corners=False)[0]
    place = ((torch.arange(size.height) + 0.5) * (plane.shape[0] / size.height) - 0.5).clamp(min=0)
    low = place.floor().long().clamp(max=plane.shape[0] - 1)
    high = (low + 1).clamp(max=plane.shape[0] - 1)
    weight = (place - low)[:, None]
    for start in range(0, size.height, rows):
        band = slice(start, start + rows)
        mask[band] = (torch.lerp(wide[low[band]], wide[high[band]], weight[band]) > 0).numpy()
