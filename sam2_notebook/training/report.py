"""What a stretch of training achieved, as running means."""


class Report:
    """Running means of named values."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def note(self, name: str, value: float) -> None:
        """Count a value under a name."""
        self.sums[name] = self.sums.get(name, 0.0) + value
        self.counts[name] = self.counts.get(name, 0) + 1

    def line(self) -> dict[str, float]:
        """The means."""
        return {name: self.sums[name] / self.counts[name] for name in self.sums}
