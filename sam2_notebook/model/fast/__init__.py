"""The network rearranged for CPUs: the same numbers by shorter ways, from the same parameters; see README.md."""

from sam2_notebook.model.fast.sam2 import FastSam2

__all__ = ["FastSam2"]
