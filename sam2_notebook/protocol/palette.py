"""The colours of objects, one list for both languages: `python -m sam2_notebook.protocol` writes it into the page too.

Seven colours that people with any common colour vision tell apart (Okabe and Ito, 2008), and a light grey.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Color:
    """A named colour, red, green and blue from 0 to 255."""

    name: str
    rgb: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not all(0 <= part <= 255 for part in self.rgb):
            raise ValueError(f"red, green and blue go from 0 to 255, got {self.rgb}")

    @property
    def hex(self) -> str:
        """The colour as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


PALETTE: tuple[Color, ...] = (
    Color("sky blue", (86, 180, 233)),
    Color("orange", (230, 159, 0)),
    Color("green", (0, 158, 115)),
    Color("pink", (204, 121, 167)),
    Color("yellow", (240, 228, 66)),
    Color("blue", (0, 114, 178)),
    Color("vermilion", (213, 94, 0)),
    Color("grey", (187, 187, 187)),
)


def color_of(index: int) -> Color:
    """The colour an object's `color` index stands for; the palette repeats.

    >>> color_of(len(PALETTE)) == PALETTE[0]
    True
    """
    return PALETTE[index % len(PALETTE)]
