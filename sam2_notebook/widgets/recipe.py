"""What a mask is made from: the prompts, and the masks of earlier clicks that were fed back. Pure values.

SAM 2 refines: with a new click, the logits of the mask that the user was looking at go back in as a hint. A mask thus
hangs on the history of clicks, and undo followed by redo must give it again. The rule that makes it replayable:

* A *recipe* is the prompts of an object and the *steps* before the last one: after how many clicks there had been a
  mask, and which candidate was chosen of it. Equal recipes give equal masks.
* The hint of a recipe is the chosen candidate of the recipe one step earlier.
* An edit of the prompts keeps the steps whose clicks it leaves as they were and adds one for what it has made. Adding a
  click adds a step; removing the last click goes back to the mask before it; moving or removing click k starts again
  from the mask before click k; another box starts afresh, since it belonged to every step.
"""

from dataclasses import dataclass, field, replace

from sam2_notebook.values.prompts import Prompts


@dataclass(frozen=True)
class Step:
    """There had been a mask after `clicks` clicks, and the user had this candidate of it; None is the model's best."""

    clicks: int
    choice: int | None


@dataclass(frozen=True)
class Recipe:
    """The prompts of one object and the steps that led to them.

    >>> from sam2_notebook.values.prompts import Point
    >>> one = Recipe().with_prompts(Prompts((Point(1, 2),)), None)
    >>> two = one.with_prompts(one.prompts.with_point(Point(8, 9)), choice=2)
    >>> two.hint == (one, 2)
    True
    """

    prompts: Prompts = field(default_factory=Prompts)
    earlier: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.prompts)

    @property
    def hint(self) -> tuple["Recipe", int | None] | None:
        """The recipe whose mask is fed back, and the candidate of it; None if nothing is."""
        if not self.earlier:
            return None
        last = self.earlier[-1]
        prompts = replace(self.prompts, points=self.prompts.points[: last.clicks])
        return Recipe(prompts, self.earlier[:-1]), last.choice

    def with_prompts(self, prompts: Prompts, choice: int | None) -> "Recipe":
        """The recipe after an edit of the prompts; `choice` is the candidate the user has of this one's mask."""
        if prompts == self.prompts:
            return self
        if prompts.box != self.prompts.box or not self:
            return Recipe(prompts)
        same = 0
        for old, new in zip(self.prompts.points, prompts.points, strict=False):
            if old != new:
                break
            same += 1
        steps = (*self.earlier, Step(len(self.prompts.points), choice))
        kept = tuple(s for s in steps if s.clicks <= same and s.clicks < len(prompts.points))
        return Recipe(prompts, kept)
