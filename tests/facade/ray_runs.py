"""A real Ray cluster of two nodes, each with a CPU and a GPU that it only declares, and what is run on it.

A process of its own, `python -m tests.facade.ray_runs FOLDER`: Ray leaves threads and warnings behind. What happened is
written to `FOLDER/told.json`; `test_annotate_ray.py` judges it. Functions here travel by value, as those of a notebook.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from sam2_notebook import auto_annotate
from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.facade import AnnotationReport

PATIENCE_S = 240
POISON, STUBBORN = 7, 50
DEATHS = 3  # that the stubborn picture causes: as many as a round allows
AGENTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def add_node(cluster: Cluster, **settings: bool) -> object:
    """A node; on a busy machine its agents may miss the 15 seconds that Ray grants them, so it may take more tries."""
    ports = {name: free_port() for name in AGENTS}
    for _ in range(2):
        with suppress(Exception):
            return cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=80_000_000, **ports, **settings)
        ports = {name: free_port() for name in AGENTS}
    return cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=80_000_000, **ports, **settings)


def detector(seen: Path, seconds: float):
    """One box whose class is the picture's number; what it saw, where and on which GPU, is noted as files."""

    def detect(pixels):
        number = int(pixels[0, 0, 0])
        context = ray.get_runtime_context()
        name = f"{number}-{context.get_node_id()}-{os.getpid()}-{time.time_ns()}"
        (seen / name).write_text(json.dumps(context.get_accelerator_ids().get("GPU", [])))
        if number == POISON or (number == STUBBORN and len(list(seen.iterdir())) <= DEATHS):
            os._exit(1)
        time.sleep(seconds)
        return [[5, 5, 50, 40]], [number], [0.9]

    return detect


def sightings(seen: Path) -> list[dict]:
    rows = []
    for file in seen.iterdir():
        number, node, process, _ = file.name.split("-")
        rows.append({"number": int(number), "node": node, "process": process, "gpus": json.loads(file.read_text())})
    return rows


class Runs:
    """The runs, in one cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = str(folder / "model.safetensors")
        self.told: dict[str, object] = {}

    def annotate(self, name: str, data: str, seconds: float = 0.0, **settings: object) -> AnnotationReport:
        seen = self.folder / f"seen_{name}"
        seen.mkdir(exist_ok=True)
        report = auto_annotate(
            self.folder / data,
            detector(seen, seconds),
            self.model,
            engine="ray",
            progress=False,
            **{"output_dir": self.folder / f"labels_{data}", **settings},
        )  # type: ignore[arg-type]
        self.told[name] = {"report": asdict(report), "seen": sightings(seen)}
        return report

    def a_node_dies(self, cluster: Cluster, node: object) -> None:
        """Kill a node, and with it its worker, as soon as it has begun its second job."""
        doomed, seen = node.node_id, self.folder / "seen_node"  # type: ignore[attr-defined]
        seen.mkdir()

        def kill() -> None:
            until = time.monotonic() + PATIENCE_S
            while sum(doomed in file.name for file in seen.iterdir()) < 5 and time.monotonic() < until:
                time.sleep(0.02)
            cluster.remove_node(node, allow_graceful=False)

        killer = threading.Thread(target=kill)
        killer.start()
        self.annotate("node", "pictures", seconds=0.15)
        killer.join()
        self.told["doomed"] = doomed

    def again(self) -> None:
        """Only one picture is left to do."""
        (self.folder / "pictures" / "broken.png").write_bytes((self.folder / "pictures" / "p10.png").read_bytes())
        self.annotate("again", "pictures", device="cpu")

    def a_picture_kills(self) -> None:
        """Two workers share one GPU; a picture kills whoever looks at it."""
        self.annotate("poison", "poisoned", workers=2)

    def a_picture_relents(self) -> None:
        """A picture that kills whoever looks at it, a few times."""
        self.annotate("relents", "stubborn", workers=1)

    def a_driver_dies(self, address: str) -> None:
        """Another process annotates shards on this cluster and is killed after the second one."""
        command = [sys.executable, "-m", "tests.facade.ray_runs", str(self.folder), "shards"]
        labels = self.folder / "labels_shards"
        driver = subprocess.Popen(command, env={**os.environ, "RAY_ADDRESS": address})
        until = time.monotonic() + PATIENCE_S
        while len(list(labels.glob("*.parquet"))) < 2 and driver.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        self.told["before"] = {file.name: file.stat().st_mtime_ns for file in labels.glob("*.parquet")}
        self.annotate("shards", "shards")

    def nothing_fits(self) -> None:
        """What concerns all pictures is an error here as well."""
        lock = threading.Lock()
        self.told["lock"] = self.refusal("lock", lambda _, held=lock: ([], [], []))
        self.told["missing"] = self.refusal("missing", "yolo11x.pt")

    def refusal(self, name: str, detector: object) -> str:
        target = self.folder / name
        try:
            report = auto_annotate(self.folder / "pictures", detector, self.model, engine="ray", output_dir=target)  # type: ignore[arg-type]
        except Sam2NotebookError as error:
            return str(error)
        return f"no error: {report}"


def main(folder: Path) -> None:
    cluster = Cluster()
    add_node(cluster, include_dashboard=False)
    second = add_node(cluster)
    ray.init(address=cluster.address, log_to_driver=False)
    runs = Runs(folder)
    runs.a_node_dies(cluster, second)
    runs.again()
    runs.a_picture_kills()
    runs.a_picture_relents()
    runs.a_driver_dies(str(cluster.address))
    runs.nothing_fits()
    (folder / "told.json").write_text(json.dumps(runs.told))
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    if sys.argv[2:] == ["shards"]:
        Runs(Path(sys.argv[1])).annotate("shards", "shards", seconds=0.3)
    else:
        main(Path(sys.argv[1]))
