"""Which form of a network computes here, and in which precision: chosen per device, or by the user."""

import threading
from typing import Literal, get_args

import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.model.accelerated import AcceleratedSam2
from sam2_notebook.model.fast import FastSam2
from sam2_notebook.weights import fingerprint

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Network = FastSam2 | AcceleratedSam2

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
# A network of fewer parameters takes milliseconds: there is nothing to win.
SMALL = 10_000_000


def choose_precision(precision: Precision, model: Sam2) -> torch.dtype:
    """The precision of a network's large products.

    "auto" is bfloat16 where the device computes in it and the network is large: CPUs with AVX512-BF16 or AMX, and
    NVIDIA GPUs from Ampere on; older ones get float16; Apple's GPUs, other CPUs and small networks stay in float32.
    ModelError names a precision that is unknown or of no use on the device.
    """
    device = model.device.type
    if precision not in get_args(Precision):
        raise ModelError(f"precision is one of {', '.join(get_args(Precision))}; got {precision!r}")
    if precision == "fp16" and device == "cpu":
        raise ModelError('precision="fp16" is for GPUs; a CPU takes "bf16", "fp32" or "auto"')
    if precision != "auto":
        return _DTYPES[precision]
    if sum(parameter.numel() for parameter in model.parameters()) < SMALL:
        return torch.float32
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if device == "cpu" and cpu_has_bfloat16() else torch.float32


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; False where torch cannot tell."""
    probes = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return torch.backends.mkldnn.is_available() and any(probe() for probe in probes if probe is not None)


class Engine:
    """A model and the form of it that computes on its device, made when first needed and again when the model changes.

    Threads may share it.
    """

    def __init__(
        self, model: Sam2, precision: Precision = "auto", *, compiled: bool = False, pooled_memory: bool = False
    ) -> None:
        self.model, self.compiled, self.pooled_memory = model, compiled, pooled_memory
        self.dtype = choose_precision(precision, model)
        self._lock = threading.Lock()
        self._made: tuple[str, torch.device, Network] | None = None

    @property
    def precision(self) -> str:
        """The precision chosen: "fp32", "bf16" or "fp16"."""
        return _NAMES[self.dtype]

    def current(self) -> tuple[str, Network]:
        """The network as it computes, of the parameters as they are now, and what its embeddings are kept under.

        That is the weights' fingerprint, and the precision if it is not exact.
        """
        with self._lock:
            weights, device = fingerprint(self.model), self.model.device
            key = weights if self.dtype is torch.float32 else f"{weights}-{self.precision}"
            if self._made is None or self._made[:2] != (key, device):
                self._made = (key, device, self._make())
            return key, self._made[2]

    def _make(self) -> Network:
        if self.model.device.type == "cpu":
            return FastSam2(self.model, self.dtype, pooled_memory=self.pooled_memory)
        return AcceleratedSam2(self.model, self.dtype, compiled=self.compiled)
