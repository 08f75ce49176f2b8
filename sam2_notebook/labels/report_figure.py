"""A matplotlib figure that a notebook shows, whether pyplot was ever imported or not."""

import io

from matplotlib.figure import Figure

DPI = 110


class ReportFigure(Figure):
    """As matplotlib's own, which a notebook knows how to show only once pyplot is there."""

    def png(self) -> bytes:
        """The figure at 110 dots to the inch."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()
