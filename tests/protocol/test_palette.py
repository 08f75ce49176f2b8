"""The palette (Okabe and Ito's, and a grey) under the common kinds of colour vision, measured in CIELAB."""

from itertools import combinations

import numpy as np
import pytest

from sam2_notebook.protocol.palette import PALETTE

# What is left of linear red, green, blue (Machado, Oliveira and Fernandes 2009, severity 1).
VISION = {
    "common": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(rgb: tuple[int, int, int]) -> np.ndarray:
    part = np.array(rgb) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb: tuple[int, int, int], vision: str) -> np.ndarray:
    t = XYZ @ np.clip(np.array(VISION[vision]) @ linear(rgb), 0, 1) / WHITE
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distances(vision: str) -> dict[tuple[str, str], float]:
    return {
        (a.name, b.name): float(np.linalg.norm(lab(a.rgb, vision) - lab(b.rgb, vision)))
        for a, b in combinations(PALETTE, 2)
    }


@pytest.mark.parametrize("name", VISION)
def test_any_two_colours_differ_for_everybody(name: str) -> None:
    """A CIELAB distance of 2.3 can just be noticed side by side; four times that holds across a picture."""
    near = {pair: round(apart, 1) for pair, apart in distances(name).items() if apart < 4 * 2.3}
    assert not near


def test_the_usual_green_and_red_would_not_do() -> None:
    """The measure tells: what lies far apart for most is, but for its brightness, near for the red-blind."""
    green, red = (44, 160, 44), (214, 39, 40)
    apart = {name: float(np.linalg.norm((lab(green, name) - lab(red, name))[1:])) for name in VISION}
    assert apart["protanopia"] < apart["common"] / 3
