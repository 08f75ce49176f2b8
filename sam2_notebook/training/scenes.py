"""Generated scenes with exact ground truth: textured, lit, overlapping things with parts, at rest or in motion.

Training, tests and notebooks use them: nothing to download, every mask right to the pixel, any number of frames.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from sam2_notebook.training import textures
from sam2_notebook.values.geometry import Size

ByteImage = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Sprite:
    """A thing: colours with alpha (side, side, 4), and the alphas of its parts (side, side) inside it."""

    rgba: ByteImage
    parts: tuple[ByteImage, ...]


@dataclass(frozen=True, kw_only=True)
class Motion:
    """Where a sprite is at a time: a drift with a wobble; its size and angle change slowly. Units: pixels, seconds.

    `bend` is how far its inside sways, as a share of its side.
    """

    start: tuple[float, float]
    velocity: tuple[float, float]
    wobble: tuple[float, float]
    period: float
    side: float
    growth: float
    angle: float
    spin: float
    bend: float = 0.0

    def matrix(self, time: float, sprite_side: int) -> npt.NDArray[np.float64]:
        """The 3x3 matrix from sprite pixels to scene pixels."""
        phase = 2 * math.pi * time / self.period
        x = self.start[0] + self.velocity[0] * time + self.wobble[0] * math.sin(phase)
        y = self.start[1] + self.velocity[1] * time + self.wobble[1] * math.cos(phase)
        scale = self.side * math.exp(self.growth * math.sin(phase)) / sprite_side
        turn = self.angle + self.spin * math.sin(phase)
        c, s, half = scale * math.cos(turn), scale * math.sin(turn), sprite_side / 2
        return np.array([[c, -s, x - c * half + s * half], [s, c, y - s * half - c * half], [0, 0, 1]])


@dataclass(frozen=True, kw_only=True)
class SceneFrame:
    """One picture of a scene. `masks` are the visible parts of things, far to near, `part_masks` those of their parts,
    `part_of` the thing each part belongs to."""

    pixels: ByteImage
    masks: tuple[BoolMask, ...]
    part_masks: tuple[BoolMask, ...]
    part_of: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Things before a background, far to near."""

    size: Size
    background: ByteImage
    sprites: tuple[Sprite, ...]
    motions: tuple[Motion, ...]
    noise: float
    blur: float

    def render(self, time: float = 0.0) -> SceneFrame:
        """The picture at a time in seconds, with the exact masks of what is visible."""
        canvas = Image.fromarray(self.background)
        masks: list[BoolMask] = []
        part_masks: list[BoolMask] = []
        part_of: list[int] = []
        for index, (sprite, motion) in enumerate(zip(self.sprites, self.motions, strict=True)):
            placed = self._place(sprite, motion, time)
            solid = np.zeros((self.size.height, self.size.width), np.bool_)
            if placed is not None:
                placed.draw(canvas)
                solid[placed.rows, placed.columns] = np.asarray(placed.layer.getchannel("A")) > 127
                hidden = solid[placed.rows, placed.columns]
                for mask in (*masks, *part_masks):
                    mask[placed.rows, placed.columns] &= ~hidden
            masks.append(solid)
            for part in range(len(sprite.parts)):
                part_mask = np.zeros_like(solid)
                if placed is not None:
                    inside = np.asarray(placed.parts[part]) > 127
                    part_mask[placed.rows, placed.columns] = inside & solid[placed.rows, placed.columns]
                part_masks.append(part_mask)
                part_of.append(index)
        return SceneFrame(
            pixels=self._finish(canvas, time), masks=tuple(masks), part_masks=tuple(part_masks), part_of=tuple(part_of)
        )

    def _place(self, sprite: Sprite, motion: Motion, time: float) -> "_Placed | None":
        """A sprite turned, scaled and cut to the part of the picture it and its shadow can reach; None if outside."""
        side = sprite.rgba.shape[0]
        matrix = motion.matrix(time, side)
        blur, offset = max(2.0, motion.side / 24), max(1, round(motion.side / 30))
        corners = matrix[:2] @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]])
        reach = math.ceil(3 * blur) + offset + 1
        x0, y0 = (max(0, math.floor(v) - reach) for v in corners.min(axis=1))
        x1 = min(self.size.width, math.ceil(corners[0].max()) + reach)
        y1 = min(self.size.height, math.ceil(corners[1].max()) + reach)
        if x1 <= x0 or y1 <= y0:
            return None
        shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]])
        inverse = tuple(np.linalg.inv(shift @ matrix)[:2].flatten())
        sway = motion.bend * math.sin(2 * math.pi * time / motion.period)

        def warp(image: Image.Image) -> Image.Image:
            bent = _bent(image, sway) if sway else image
            return bent.transform((x1 - x0, y1 - y0), Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR)

        return _Placed(
            layer=warp(Image.fromarray(sprite.rgba, "RGBA")),
            parts=tuple(warp(Image.fromarray(part, "L")) for part in sprite.parts),
            x=x0, y=y0, blur=blur, offset=offset,
        )  # fmt: skip

    def _finish(self, canvas: Image.Image, time: float) -> ByteImage:
        if self.blur > 0.3:
            canvas = canvas.filter(ImageFilter.GaussianBlur(self.blur))
        pixels = np.asarray(canvas).astype(np.float32)
        grain = np.random.default_rng(round(time * 1000)).normal(0, self.noise, (*pixels.shape[:2], 1))
        return np.clip(pixels + grain, 0, 255).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A sprite as it lies in a part of the picture, whose top left corner is (`x`, `y`), with its shadow's measures."""

    layer: Image.Image
    parts: tuple[Image.Image, ...]
    x: int
    y: int
    blur: float
    offset: int

    @property
    def rows(self) -> slice:
        """Rows of the picture it covers."""
        return slice(self.y, self.y + self.layer.height)

    @property
    def columns(self) -> slice:
        """Columns of the picture it covers."""
        return slice(self.x, self.x + self.layer.width)

    def draw(self, canvas: Image.Image) -> None:
        """Paint the shadow, then the sprite."""
        alpha = self.layer.getchannel("A")
        shadow = alpha.filter(ImageFilter.GaussianBlur(self.blur)).point(lambda a: a * 0.35)
        canvas.paste((0, 0, 0), (self.x + self.offset, self.y + self.offset), shadow)
        canvas.paste(self.layer.convert("RGB"), (self.x, self.y), alpha)


def _bent(image: Image.Image, sway: float, cells: int = 4) -> Image.Image:
    """A square image whose inside is swung sideways by `sway` of its side; the border stays."""
    side = image.width
    edges = [round(side * i / cells) for i in range(cells + 1)]

    def source(x: int, y: int) -> tuple[float, float]:
        u, v = math.pi * x / side, math.pi * y / side
        return x + side * sway * math.sin(u) * math.sin(2 * v), y + side * sway * math.sin(v) * math.sin(2 * u) / 2

    mesh = [
        ((x0, y0, x1, y1), (*source(x0, y0), *source(x0, y1), *source(x1, y1), *source(x1, y0)))
        for y0, y1 in pairwise(edges)
        for x0, x1 in pairwise(edges)
    ]
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def make_scene(seed: int, size: Size, things: int | None = None) -> Scene:
    """A scene drawn from a seed: the same seed and size give the same scene on every machine.

    >>> frame = make_scene(7, Size(height=96, width=128)).render()
    >>> frame.pixels.shape, len(frame.masks) > 0
    ((96, 128, 3), True)
    """
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 9)) if things is None else things
    background = textures.texture(rng, size.height, size.width)
    if rng.random() < 0.5:  # a horizon: ground and wall
        line = int(size.height * rng.uniform(0.3, 0.8))
        background[line:] = textures.texture(rng, size.height, size.width)[line:]
    tint = background.mean(axis=(0, 1)).astype(np.float32) if rng.random() < 0.3 else None
    sprites = tuple(make_sprite(rng, tint) for _ in range(count))
    motions = tuple(make_motion(rng, size) for _ in range(count))
    return Scene(
        size=size,
        background=(background * 255).astype(np.uint8),
        sprites=sprites,
        motions=motions,
        noise=float(rng.uniform(0, 6)),
        blur=float(max(0.0, rng.normal(0.2, 0.6))),
    )


def make_sprite(rng: np.random.Generator, tint: npt.NDArray[np.float32] | None = None, side: int = 128) -> Sprite:
    """A random thing: a body, sometimes with limbs, shaded, with up to three parts of other surfaces."""
    alpha = textures.fill(0.5 + 0.36 * textures.outline(rng), side)
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            limb = textures.outline(rng) * rng.uniform(0.08, 0.22, (1, 2)) + 0.5 + rng.uniform(-0.32, 0.32, (1, 2))
            alpha = np.maximum(alpha, textures.fill(limb, side))
    surface = textures.texture(rng, side, side, tint)
    parts: list[ByteImage] = []
    for _ in range(int(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]))):
        shape = textures.outline(rng) * rng.uniform(0.06, 0.24) + 0.5 + rng.uniform(-0.22, 0.22, (1, 2))
        part = np.minimum(textures.fill(shape, side), alpha)
        weight = part[..., None] / np.float32(255)
        surface = surface * (1 - weight) + textures.texture(rng, side, side, tint) * weight
        parts = [np.where(part > 127, 0, p).astype(np.uint8) for p in parts] + [part]
    surface = surface * _shading(rng, alpha)[..., None]
    rgba = np.dstack((np.clip(surface * 255, 0, 255).astype(np.uint8), alpha))
    whole = int((alpha > 127).sum())
    kept = tuple(p for p in parts if 0.02 * whole < int((p > 127).sum()) < 0.8 * whole)
    return Sprite(rgba=rgba, parts=kept)


def _shading(rng: np.random.Generator, alpha: ByteImage) -> npt.NDArray[np.float32]:
    """Light from one side, darker toward the rim, (side, side)."""
    side = alpha.shape[0]
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.4) * (x * np.cos(angle) + y * np.sin(angle))
    rim = np.asarray(Image.fromarray(alpha).filter(ImageFilter.GaussianBlur(rng.uniform(3, 9)))) / np.float32(255)
    return (light * (1 - rng.uniform(0, 0.6) * (1 - rim))).astype(np.float32)


def make_motion(rng: np.random.Generator, size: Size) -> Motion:
    """A random course through the picture."""
    short = min(size.height, size.width)
    return Motion(
        start=(float(rng.uniform(0, size.width)), float(rng.uniform(0, size.height))),
        velocity=(float(rng.normal(0, short / 20)), float(rng.normal(0, short / 20))),
        wobble=(float(rng.uniform(0, short / 4)), float(rng.uniform(0, short / 4))),
        period=float(rng.uniform(2, 8)),
        side=float(short * np.exp(rng.uniform(np.log(0.12), np.log(1.1)))),
        growth=float(rng.uniform(0, 0.35)),
        angle=float(rng.uniform(0, 2 * np.pi)),
        spin=float(rng.uniform(0, 0.8)),
    )
