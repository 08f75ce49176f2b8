"""Tests mirror the package; this file makes `tests.e2e` and `tests.kernels` importable as harnesses."""
