"""Who does the jobs of an annotation: this process, or the workers of a cluster."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sam2_notebook.errors import PromptError
from sam2_notebook.facade.annotation.cluster import on_ray, ray_cluster, share_of
from sam2_notebook.facade.annotation.picture import Annotate, Build

Engine = Literal["local", "ray"]
Work = Callable[[], Callable[[str], str]]


@dataclass(frozen=True, kw_only=True)
class Team:
    """Some workers. `build` makes models where they work; `answers` gives jobs with answers, None for lost jobs."""

    size: int
    build: Callable[[], Annotate]
    answers: Callable[[Sequence[str], Work], Iterator[tuple[str, str | None]]]


@contextmanager
def team_of(engine: Engine, build: Build, workers: int | None) -> Iterator[Team]:
    """A team while it is needed; what is wrong with the models is told before anybody starts."""
    if engine == "local":
        annotate = build()
        yield Team(size=1, build=lambda: annotate, answers=_here)
        return
    travelling = build.to_travel()
    ray, ours = ray_cluster()
    try:
        share = share_of(ray.cluster_resources(), build.wishes.device, workers)
        yield Team(size=share.workers, build=travelling, answers=lambda jobs, work: on_ray(ray, jobs, work, share))
    finally:
        if ours:
            ray.shutdown()


def check_engine(engine: str, device: str, workers: int | None) -> None:
    """Refuse an engine nobody knows, and a device that it does not hand out; warn of workers that nobody hires."""
    if engine not in ("local", "ray"):
        raise PromptError(f'an engine is "local" or "ray"; got {engine!r}')
    if engine == "ray" and device not in ("", "cpu", "cuda", "cuda:0"):
        raise PromptError(f'Ray gives every worker a GPU of its own: device is "", "cuda" or "cpu"; got {device!r}')
    if engine == "local" and workers is not None:
        warnings.warn(
            f'workers={workers} has no effect with engine="local", which works in this process: take engine="ray".',
            stacklevel=3,
        )


def _here(jobs: Sequence[str], work: Work) -> Iterator[tuple[str, str | None]]:
    do = work()
    return ((job, do(job)) for job in jobs)
