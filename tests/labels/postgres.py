"""A real PostgreSQL server of our own: Debian's programs, a new cluster in a temporary folder, an ordinary user."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADVICE = (
    "the tests of the label store need PostgreSQL's server programs: `sh tests/labels/find_postgres.sh` gets them, or "
    "apt-get install postgresql, or name the folder of initdb and postgres in SAM2NB_POSTGRES"
)
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
START_SECONDS = 60


def programs() -> Path:
    """The folder of initdb and postgres; RuntimeError that says what to install if there is none."""
    named = os.environ.get("SAM2NB_POSTGRES")
    found = [named] if named else [folder for place in PLACES for folder in sorted(glob.glob(place), reverse=True)]
    on_path = shutil.which("postgres")
    for folder in map(Path, [*found, *([str(Path(on_path).parent)] if on_path and not named else [])]):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError(ADVICE)


@contextmanager
def server() -> Iterator[str]:
    """Start a server that listens on a socket in its own folder only; the URL of its database."""
    folder = Path(tempfile.mkdtemp(prefix="sam2nb-pg-"))
    user = _ordinary_user()
    binaries = programs()
    if user is not None:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    runs_as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    log = folder / "log"
    environment = os.environ | {"LC_ALL": "C", "HOME": str(folder)}
    cluster = ["-D", str(folder / "data"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [str(binaries / "initdb"), *cluster], check=True, capture_output=True, cwd=folder, env=environment, **runs_as
    )
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), "-h", "", "-F"],
            stdout=output, stderr=output, cwd=folder, env=environment, **runs_as,
        )  # fmt: skip
        try:
            _wait(process, log)
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs what is in it
            process.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> pwd.struct_passwd | None:
    """Whom to run the server as: postgres refuses to be run by root. None means as we are."""
    if os.getuid():
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in users:
            return users[name]
    raise RuntimeError("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")


def _wait(process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while b"ready to accept connections" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.05)
