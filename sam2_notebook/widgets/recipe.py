"""What a mask is made from: the prompts, and the masks of earlier clicks that were fed back. Pure values.

SAM 2 refines: with a new click, the logits of the mask that the user was looking at go back in as a hint. A mask thus
hangs on the history of clicks, and undo followed by redo must give it again. The rule that makes it replayable:

* A *recipe* is the prompts of an object and the *steps* before the last one: after how many clicks there had been a
  mask, and which candidate was chosen of it. Equal recipes give equal masks.
* The hint of a recipe is the chosen candidate of the recipe one step earlier; before all steps comes the drawing that
  the object began with, if it has one. Scribbles are painted into that, or into an empty mask where nothing was before.
* An edit of the prompts keeps the steps whose clicks and scribbles it leaves as they were and adds one for what it has
  made. Adding a click adds a step; removing the last click goes back to the mask before it; moving or removing click k
  starts again from the mask before click k; another box starts afresh, since it belonged to every step.
"""

from dataclasses import dataclass, field, replace

from sam2_notebook.values.drawing import Drawing
from sam2_notebook.values.prompts import Prompts
from sam2_notebook.values.strokes import Stroke


@dataclass(frozen=True)
class Choice:
    """What the user has of the model's answer: one of the candidates (None is the model's best), cut at a logit."""

    candidate: int | None = None
    threshold: float = 0.0


@dataclass(frozen=True)
class Step:
    """There had been a mask after `clicks` clicks and `strokes` scribbles, and the user had this choice of it."""

    clicks: int
    choice: Choice = Choice()
    strokes: int = 0


@dataclass(frozen=True)
class Recipe:
    """The prompts of one object, the steps that led to them, and the drawing it began with.

    >>> from sam2_notebook.values.prompts import Point
    >>> one = Recipe().with_prompts(Prompts((Point(1, 2),)), Choice())
    >>> two = one.with_prompts(one.prompts.with_point(Point(8, 9)), Choice(2))
    >>> two.hint == (one, Choice(2))
    True
    """

    prompts: Prompts = field(default_factory=Prompts)
    earlier: tuple[Step, ...] = ()
    drawing: Drawing | None = None

    def __bool__(self) -> bool:
        return bool(self.prompts) or self.drawing is not None

    @property
    def hint(self) -> tuple["Recipe", Choice] | None:
        """The recipe whose mask is fed back, and what was chosen of it; None if nothing is."""
        if self.earlier:
            last = self.earlier[-1]
            points, strokes = self.prompts.points[: last.clicks], self.prompts.strokes[: last.strokes]
            prompts = replace(self.prompts, points=points, strokes=strokes)
            return Recipe(prompts, self.earlier[:-1], self.drawing), last.choice
        if self.prompts and self.drawing is not None:
            return Recipe(drawing=self.drawing), Choice()
        return None

    @property
    def fresh_strokes(self) -> tuple[Stroke, ...]:
        """The scribbles that the hint does not know."""
        return self.prompts.strokes[self.earlier[-1].strokes if self.earlier else 0 :]

    def with_prompts(self, prompts: Prompts, choice: Choice) -> "Recipe":
        """The recipe after an edit of the prompts; `choice` is what the user has of this one's mask."""
        if prompts == self.prompts:
            return self
        if prompts.box != self.prompts.box or not self.prompts:
            return Recipe(prompts, (), self.drawing)
        clicks, strokes = len(self.prompts.points), len(self.prompts.strokes)
        same_clicks = _same(self.prompts.points, prompts.points)
        same_strokes = _same(self.prompts.strokes, prompts.strokes)
        everything = (len(prompts.points), len(prompts.strokes))
        kept = tuple(
            s
            for s in (*self.earlier, Step(clicks, choice, strokes))
            if s.clicks <= same_clicks and s.strokes <= same_strokes and (s.clicks, s.strokes) != everything
        )
        return Recipe(prompts, kept, self.drawing)


def _same(before: tuple[object, ...], after: tuple[object, ...]) -> int:
    """How many of the first are the same."""
    count = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        count += 1
    return count
