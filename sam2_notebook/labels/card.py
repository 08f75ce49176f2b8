"""The data card: what is in a dataset, as Markdown for people; names from data are shown, never run."""

import html
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone

from sam2_notebook.labels.schema import Dataset, LabeledImage

_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]|#!~$"})


@dataclass(kw_only=True)
class Tally:
    """Counts of a dataset, taken image by image while something else reads it."""

    images: int = 0
    annotations: int = 0
    empty: int = 0
    without_mask: int = 0
    per_class: Counter[str] = field(default_factory=Counter)
    images_with: Counter[str] = field(default_factory=Counter)
    per_split: Counter[str] = field(default_factory=Counter)
    authors: set[str] = field(default_factory=set)
    sides_px: list[int] = field(default_factory=list)

    def see(self, image: LabeledImage) -> LabeledImage:
        """Count an image, and hand it on."""
        self.images += 1
        self.annotations += len(image.annotations)
        self.empty += not image.annotations
        self.without_mask += sum(a.mask is None for a in image.annotations)
        self.per_class.update(a.label for a in image.annotations)
        self.images_with.update({a.label for a in image.annotations})
        self.per_split[image.split or "all"] += 1
        self.authors.update(a.author for a in image.annotations if a.author)
        sides = [*self.sides_px, image.size.height, image.size.width]
        self.sides_px = [min(sides), max(sides)]
        return image


def data_card(dataset: Dataset) -> str:
    """Read a dataset once and describe it in Markdown.

    >>> data_card(Dataset(classes=(), name="garden")).splitlines()[0]
    '# garden'
    """
    tally = Tally()
    for image in dataset:
        tally.see(image)
    return card(dataset, tally)


def card(dataset: Dataset, tally: Tally) -> str:
    """Describe a dataset whose counts were taken already."""
    today = datetime.now(timezone.utc).date().isoformat()
    lines = [f"# {plain(dataset.name)}", ""]
    if dataset.description:
        lines += [plain(dataset.description), ""]
    facts = [f"{tally.images:,} images, {tally.empty:,} of them without annotations"]
    facts += [f"{tally.annotations:,} annotations, {tally.without_mask:,} of them without a mask"]
    if tally.sides_px:
        facts += [f"sides of the pictures: {tally.sides_px[0]:,} to {tally.sides_px[1]:,} pixels"]
    if set(tally.per_split) - {"all"}:
        facts += ["split: " + ", ".join(f"{n:,} {plain(split)}" for split, n in sorted(tally.per_split.items()))]
    if tally.authors:
        facts += ["annotated by " + ", ".join(plain(author) for author in sorted(tally.authors))]
    lines += [f"- {fact}" for fact in [*facts, f"written on {today} by sam2_notebook"]]
    lines += ["", "| class | annotations | images with it |", "|---|---:|---:|"]
    names = [label.name for label in dataset.classes]
    lines += [f"| {plain(n)} | {tally.per_class[n]:,} | {tally.images_with[n]:,} |" for n in names]
    lines += ["", "Source and licence of the pictures: to be said by whoever publishes them.", ""]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line.

    >>> plain("<b>*x*</b>")
    '&lt;b&gt;\\\\*x\\\\*&lt;/b&gt;'
    """
    return html.escape(" ".join(text.split())).translate(_MARKDOWN)
