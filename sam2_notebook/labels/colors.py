"""Colours for classes that come without one."""

import colorsys

_GOLDEN = 0.618033988749895


def class_color(index: int) -> str:
    """A colour `#rrggbb` for class number `index`, far from those of its neighbours.

    >>> class_color(0), class_color(1)
    ('#d98136', '#5236d9')
    """
    hue = (1 / 13 + index * _GOLDEN) % 1
    value = (0.85, 0.65, 0.95)[index // 8 % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, value)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
