"""Where a network computes."""

import torch

from sam2_notebook.errors import ModelError


def best_device() -> torch.device:
    """CUDA if there is one, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def device_here(device: torch.device | str | None) -> torch.device:
    """The device of that name, None for the best there is; ModelError says what this machine has instead.

    >>> device_here("cpu")
    device(type='cpu')
    """
    if device is None:
        return best_device()
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:  # torch has no one kind for it
        raise ModelError(
            f"device={str(device)!r} cannot be used: {devices_here()}. Wanted one of these, or None for the best."
        ) from error
    return found


def devices_here() -> str:
    """What there is to compute on, in words."""
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())] + ["mps"] * torch.backends.mps.is_available()
    return f"this machine has, as this torch sees it, cpu{''.join(f', {gpu}' for gpu in gpus) or ' and no GPU'}"
