"""Random textures and outlines: the raw material of generated scenes. Numpy and Pillow only."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

FloatImage = npt.NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> FloatImage:
    """Noise in 0..1 that changes over about `cells` cells per side, (height, width)."""
    grid = Image.fromarray(rng.random((cells + 1, cells + 1), dtype=np.float32), mode="F")
    return np.clip(np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def fractal_noise(rng: np.random.Generator, height: int, width: int) -> FloatImage:
    """A few octaves of smooth noise, stretched to 0..1."""
    cells = int(rng.integers(1, 7))
    total = np.zeros((height, width), np.float32)
    for octave in range(int(rng.integers(1, 5))):
        total += smooth_noise(rng, height, width, min(cells << octave, 96)) * rng.uniform(0.35, 0.75) ** octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def pattern(rng: np.random.Generator, height: int, width: int) -> FloatImage:
    """Stripes, checks, dots, a gradient or noise, in 0..1, (height, width)."""
    kind = rng.choice(["noise", "stripes", "checks", "dots", "gradient"], p=[0.45, 0.17, 0.1, 0.1, 0.18])
    if kind == "noise":
        return fractal_noise(rng, height, width)
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    if kind == "gradient":
        return (u - u.min()) / max(float(np.ptp(u)), 1e-6)
    frequency = rng.uniform(3, 22)
    u = u + 0.05 * (smooth_noise(rng, height, width, 4) - 0.5) * rng.integers(0, 2)
    waves = np.sin(u * frequency * 2 * np.pi)
    if kind == "stripes":
        soft = waves * rng.uniform(1, 6)
    else:
        other = np.sin(v * frequency * 2 * np.pi)
        soft = (waves * other if kind == "checks" else waves + other - rng.uniform(0.2, 1.2)) * rng.uniform(2, 8)
    return (1 / (1 + np.exp(-soft))).astype(np.float32)


def texture(
    rng: np.random.Generator, height: int, width: int, tint: npt.NDArray[np.float32] | None = None
) -> FloatImage:
    """A coloured surface in 0..1, (height, width, 3); `tint` (3,) pulls its colours toward one."""
    colors = rng.random((2, 3), dtype=np.float32)
    if rng.random() < 0.6:  # most surfaces hold to one hue
        colors[1] = np.clip(colors[0] + rng.normal(0, 0.18, 3), 0, 1)
    if tint is not None:
        colors = 0.35 * colors + 0.65 * tint
    mix = pattern(rng, height, width)[..., None]
    surface = colors[0] * (1 - mix) + colors[1] * mix
    grain = rng.normal(0, rng.uniform(0.0, 0.06), (height, width, 1)).astype(np.float32)
    return np.clip(surface + grain, 0, 1).astype(np.float32)


def outline(rng: np.random.Generator) -> FloatImage:
    """A random closed outline around the origin, as (n, 2) xy within about -1..1."""
    kind = rng.choice(["blob", "ellipse", "polygon", "rectangle", "star"], p=[0.4, 0.17, 0.15, 0.18, 0.1])
    if kind == "rectangle":
        w, h = 1.0, rng.uniform(0.25, 1.0)
        points = np.array([[-w, -h], [w, -h], [w, h], [-w, h]])
    elif kind == "polygon":
        angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
        points = np.stack((np.cos(angle), np.sin(angle)), 1) * rng.uniform(0.7, 1.0, (len(angle), 1))
    else:
        angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        radius = np.ones_like(angle)
        if kind == "blob":
            for k in range(2, int(rng.integers(4, 9))):
                radius += rng.normal(0, 0.32 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        elif kind == "star":
            radius += rng.uniform(0.2, 0.45) * np.cos(rng.integers(4, 9) * angle)
        points = np.stack((np.cos(angle), np.sin(angle) * rng.uniform(0.35, 1.0)), 1) * np.abs(radius)[:, None]
    turn = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = points @ rotation.T
    return (points / np.abs(points).max()).astype(np.float32)


def fill(points: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.uint8]:
    """Rasterise an outline given in 0..1 xy into an antialiased alpha of (side, side), 0..255."""
    large = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(large).polygon([(float(x), float(y)) for x, y in points * 2 * side], fill=255)
    return np.asarray(large.resize((side, side), Image.Resampling.BOX))
