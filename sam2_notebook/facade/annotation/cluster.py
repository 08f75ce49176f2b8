"""Annotation on many machines: Ray Data hands jobs to workers, each with models of its own.

A worker that dies takes nothing along: its job goes to another. What is lost nevertheless, with a node, is done in a
second round; a job that costs three workers their lives in each is given up and told of. All machines must see the
pictures under the same paths; networks and functions travel there.

The driver writes the label files of a folder; of shards the workers write one file each, so that nothing passes through
one place: take shards for very many pictures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from sam2_notebook.errors import ModelError

# How often a job is tried again after its worker died: a node may be lost, a picture may kill.
TRIES_AGAIN = 2
# A job may be lost with a node before anybody has begun it, or pay for the deaths of others: it gets a second chance.
ROUNDS = 2

Build = Callable[[], Callable[[str], str]]


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many workers there are, and what each asks of the cluster."""

    workers: int
    cpus: float
    gpus: float


def share_of(cluster: Mapping[str, float], device: str, workers: int | None) -> Share:
    """One worker per GPU, or per CPU where there is none or `device` is "cpu"; more `workers` share what there is.

    >>> share_of({"CPU": 64, "GPU": 8}, "", None), share_of({"CPU": 2}, "", 4)
    (Share(workers=8, cpus=1, gpus=1), Share(workers=4, cpus=0.5, gpus=0))
    """
    cpus, gpus = int(cluster.get("CPU", 0)), 0 if device == "cpu" else int(cluster.get("GPU", 0))
    size = workers or max(1, gpus or cpus)
    return Share(workers=size, cpus=_each(cpus, size), gpus=_each(gpus, size))


def ray_cluster() -> tuple[ModuleType, bool]:
    """Ray, connected to the cluster of `ray.init` or RAY_ADDRESS, else to one of this machine; whether it is ours."""
    try:
        ray = import_module("ray")
        import_module("ray.data")
    except ImportError as error:
        raise ModelError(
            'engine="ray" needs Ray, which is not installed: pip install "sam2_notebook[ray]". Or take engine="local".'
        ) from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False)
    return ray, ours


def on_ray(ray: ModuleType, jobs: Sequence[str], build: Build, share: Share) -> Iterator[tuple[str, str | None]]:
    """Jobs and their answers, as they come and in no order; None for a job that its workers did not survive.

    Raises ModelError if the models cannot travel or be loaded on the workers.
    """
    try:
        held = ray.put(build)  # once per machine, however many workers it has
    except TypeError as error:
        raise ModelError(
            f"the detector cannot travel to other machines ({error.__cause__ or error}). Give a function that makes "
            'what it needs when it is called, or take engine="local".'
        ) from error
    left = dict.fromkeys(jobs)
    for _ in range(ROUNDS):
        for job, answer in _round(ray, list(left), held, share) if left else ():
            del left[job]
            yield job, answer
    for job in left:
        yield job, None


def _round(ray: ModuleType, jobs: Sequence[str], build: object, share: Share) -> Iterator[tuple[str, str]]:
    """Jobs and their answers; of those that were lost, or that workers did not survive, nothing comes."""
    rows = ray.data.from_items([{"job": job} for job in jobs], override_num_blocks=len(jobs))
    rows.context.enable_progress_bars = False
    rows.context.max_errored_blocks = -1
    answers = rows.map_batches(
        Worker,
        fn_constructor_args=(build,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(share.workers, len(jobs))),
        num_cpus=share.cpus,
        num_gpus=share.gpus,
        max_task_retries=TRIES_AGAIN,
    )
    try:
        for row in answers.iter_rows():
            if row["error"]:
                raise ModelError(f"a worker failed: {row['error']}. What was done is kept; call again to go on.")
            yield row["job"], row["answer"]
    except ray.exceptions.RayError as error:
        raise ModelError(
            f"the cluster gave up: {_last_line(error)} What was done is kept; call again to go on."
        ) from error


class Worker:
    """One process of the cluster with models of its own, made where it runs."""

    def __init__(self, held: object) -> None:
        build: Build = import_module("ray").get(held)
        self.work = build()

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Do a job; an error becomes words, for what Ray says of one is lost with the job."""
        (job,) = map(str, batch["job"])
        answer = error = ""
        try:
            answer = self.work(job)
        except Exception as problem:  # noqa: BLE001 -- raised again on the driver
            error = f"{type(problem).__name__}: {problem}"
        return {"job": [job], "answer": [answer], "error": [error]}


def _each(there: int, workers: int) -> float:
    """The share of one worker: 1, or as large a part of one that all find room."""
    return 0 if not there else 1 if workers <= there else 1 / -(-workers // there)


def _last_line(error: Exception) -> str:
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
