"""Devices as the page spells them."""

import warnings
from collections.abc import Sequence
from typing import TypeAlias

import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.devices import device_here, devices_here

Device: TypeAlias = str | int | torch.device | Sequence[int | str] | None
IDLE = "-1"
FORMS = '"" for the best there is, "cpu", "mps", "cuda:0", 0, "0", [0], or -1 for the GPU with the most free memory'


def device_name(device: Device) -> str:
    """The page's device as torch spells it; "" stays, for the best there is. Of several GPUs the first, with a warning.

    >>> [device_name(form) for form in (0, [0], "0", "cuda:1", torch.device("cpu"), None)]
    ['cuda:0', 'cuda:0', 'cuda:0', 'cuda:1', 'cpu', '']
    """
    items = (
        device if isinstance(device, list | tuple) else str("" if device is None else device).strip("[]() ").split(",")
    )
    names = [str(item).strip().lower().removeprefix("cuda:") for item in items]
    if len(names) > 1:
        warnings.warn(
            f"device={device!r} names {len(names)} devices: one network computes on one, the first is taken. "
            'auto_annotate(..., engine="ray") uses all GPUs of a machine or a cluster.',
            stacklevel=3,
        )
    name = names[0] if names else ""
    if name == IDLE:
        return _idle_gpu()
    name = f"cuda:{name}" if name.isdecimal() else "" if name == "none" else name
    try:
        return str(torch.device(name)) if name else ""
    except RuntimeError as error:
        raise ModelError(f"there is no device {device!r}. Wanted {FORMS}.") from error


def usable_device(device: Device) -> str | None:
    """The same where it is on this machine, None for the best there is; ModelError says what is here."""
    name = device_name(device)
    if not name:
        return None
    try:
        return str(device_here(name))
    except ModelError as error:
        raise ModelError(f"{error} Or {FORMS}.") from error


def _idle_gpu() -> str:
    """The GPU with the most free memory."""
    count = torch.cuda.device_count()
    if not count:
        raise ModelError(
            f"device=-1 asks for an idle GPU: {devices_here()}. Leave device out to take the best there is."
        )
    return f"cuda:{max(range(count), key=lambda index: torch.cuda.mem_get_info(index)[0])}"
