"""Plain HTTP against a real server: what is taken up again, what is refused, and what is left behind."""

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.download import Places, download
from sam2_notebook.weights.download_table import PUBLISHED_FILES, PublishedFile
from tests.weights.download.file_server import CERTIFICATE, Turn, serving
from tests.weights.download.stand_in import FILE, MODEL, flipped

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:6d1aa6f3\nsize 184416285\n"
CUT = Turn(cut_after=200_000)
COMPLETE_AND_TIDY = [f"{FILE}.checked.json", f"{FILE}.lock"]


def left(places: Places) -> list[str]:
    """The finished files, then ours beside them."""
    finished = [path.name for path in places.folder.iterdir() if path.is_file()]
    return sorted(finished) + sorted(path.name for path in places.workshop("").iterdir())


def bring(places: Places, mirror: str) -> Path:
    return download(MODEL, places=replace(places, mirror=mirror), progress=False)


@pytest.mark.parametrize(
    ("turns", "requests", "resumed"),
    [
        pytest.param([Turn()], 1, 0, id="all goes well"),
        pytest.param([Turn(chunked=True)], 1, 0, id="no length is told"),
        pytest.param([Turn(trickle_s=0.01)], 1, 0, id="slow"),
        pytest.param([CUT, Turn()], 2, 1, id="cut once"),
        pytest.param([*[Turn(cut_after=70_000)] * 7, Turn()], 8, 7, id="cut seven times"),
        pytest.param([replace(CUT, reset=True), Turn()], 2, 1, id="reset by the network"),
        pytest.param([replace(CUT, chunked=True), Turn()], 2, 1, id="chunks break off"),
        pytest.param([replace(CUT, silent_s=2.0), Turn()], 2, 1, id="falls silent"),
        pytest.param([CUT, Turn(ranges="ignored")], 2, 1, id="ignores Range and sends all"),
        pytest.param([CUT, Turn(ranges="shifted"), Turn()], 3, 1, id="sends another part than asked for"),
        pytest.param([CUT, Turn(tag='"second"')], 2, 1, id="the file changed meanwhile"),
        pytest.param([replace(CUT, tag='W/"weak"'), Turn(tag='W/"weak"')], 2, 1, id="only a weak tag"),
        pytest.param([CUT, Turn(status=416, body=b""), Turn()], 3, 1, id="the range is not to its taste"),
        pytest.param([Turn(status=503, body=b"busy"), Turn()], 2, 0, id="busy"),
        pytest.param([Turn(status=429, headers={"Retry-After": "0.01"}), Turn()], 2, 0, id="too many requests"),
        pytest.param([CUT, Turn(status=500, body=b""), Turn()], 3, 2, id="an error between"),
        pytest.param([Turn(status=302, headers={"Location": "/elsewhere"}), Turn()], 2, 0, id="sent elsewhere"),
    ],
)
def test_the_file_arrives_whole(places: Places, content: bytes, turns: list[Turn], requests: int, resumed: int) -> None:
    with serving(content, *turns) as server:
        path = bring(places, server.url)
    assert path.read_bytes() == content
    assert left(places) == [FILE, *COMPLETE_AND_TIDY]
    assert len(server.asked) == requests
    assert sum(wanted is not None for wanted in server.ranges()) == resumed


def test_a_cut_connection_costs_at_most_one_block(places: Places, content: bytes) -> None:
    with serving(content, CUT, Turn()) as server:
        bring(places, server.url)
    _, again = server.ranges()
    assert again is not None
    assert 200_000 - 65_536 <= int(again.removeprefix("bytes=").rstrip("-")) <= 200_000
    assert server.asked[1][1]["if-range"] == '"first"'


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        pytest.param(Turn(body=b"<!DOCTYPE html><title>Log in</title>"), "web page", id="HTML"),
        pytest.param(Turn(body=b"<?xml version='1.0'?><Error>AccessDenied</Error>"), "web page", id="XML"),
        pytest.param(Turn(body=b'{"error": "rate limited"}'), "text that begins with", id="JSON"),
        pytest.param(Turn(body=POINTER), "Git LFS pointer", id="LFS pointer"),
        pytest.param(Turn(body=b""), "empty", id="nothing"),
        pytest.param(Turn(promise=1000), r"a file of 1000 bytes; the published one has", id="promises less"),
        pytest.param(Turn(promise=10**9), r"a file of 1000000000 bytes; the published", id="promises more"),
        pytest.param(Turn(status=401), "401: it wants a log-in", id="401"),
        pytest.param(Turn(status=403), "403: access is refused", id="403"),
        pytest.param(Turn(status=404), "404: there is no such file", id="404"),
        pytest.param(Turn(status=204, body=b""), "204", id="no content"),
        pytest.param(Turn(status=503, body=b""), "does not deliver: the server answers 503", id="always busy"),
        pytest.param(
            Turn(status=302, body=b"", headers={"Location": "/again"}),
            "cannot be asked for: Exceeded 30 redirects",
            id="sent in circles",
        ),
    ],
)
def test_what_is_no_weights_file_is_refused_by_name(places: Places, content: bytes, turn: Turn, words: str) -> None:
    with serving(content, turn) as server, pytest.raises(ModelError, match=words):
        bring(places, server.url)
    assert not [name for name in left(places) if name not in COMPLETE_AND_TIDY and not name.endswith(".part.json")]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_flipped_bit_is_refused_with_both_digests(places: Places, content: bytes, chunked: bool) -> None:
    with serving(content, Turn(body=flipped(content), chunked=chunked)) as server:
        with pytest.raises(ModelError, match=r"SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}"):
            bring(places, server.url)
        assert len(server.asked) == 1
    assert not (places.folder / FILE).exists()
    assert f"{FILE}.part" not in left(places)


@pytest.mark.parametrize("body", [b"more", b""], ids=["longer", "shorter"])
def test_a_length_that_is_not_told_cannot_hide_another_file(places: Places, content: bytes, body: bytes) -> None:
    other = content + body if body else content[:-100]
    with serving(content, Turn(body=other, chunked=True)) as server, pytest.raises(ModelError, match=r"bytes"):
        bring(places, server.url)
    assert not (places.folder / FILE).exists()


def test_a_server_that_goes_away_leaves_what_it_sent_for_the_next(places: Places, content: bytes) -> None:
    with (
        serving(content, CUT, Turn(status=503, body=b"")) as server,
        pytest.raises(ModelError, match="the next try goes on"),
    ):
        bring(places, server.url)
    part = places.workshop(f"{FILE}.part")
    kept = part.stat().st_size
    assert part.read_bytes() == content[:kept]
    assert kept > 100_000
    with pytest.raises(ModelError, match=r"Connection refused.*kept"):
        bring(places, server.url)
    with serving(content) as other:
        assert bring(places, other.url).read_bytes() == content
    assert other.ranges() == [f"bytes={kept}-"]


@pytest.mark.parametrize("stale", [b"x" * 5000, b"x" * 10_000_000], ids=["shorter", "longer than the file"])
def test_a_stale_beginning_is_thrown_away(places: Places, content: bytes, stale: bytes) -> None:
    part = places.workshop(f"{FILE}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(stale)
    with serving(content) as server:
        assert bring(places, server.url).read_bytes() == content
    assert server.ranges()[-1] is None


def test_a_finished_but_unnamed_file_needs_no_request(places: Places, content: bytes) -> None:
    part = places.workshop(f"{FILE}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    assert bring(places, "http://127.0.0.1:9").read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="a thread cannot send Ctrl-C there")
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_keeps_what_came(places: Places, content: bytes) -> None:
    part = places.workshop(f"{FILE}.part")

    def interrupt() -> None:
        until = time.monotonic() + 20  # what was sent has come when it is in the file, not before
        while not (part.exists() and part.stat().st_size > 100_000) and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    with serving(content, replace(CUT, then=interrupt, silent_s=5.0), Turn()) as server:
        with pytest.raises(KeyboardInterrupt):
            download(MODEL, places=replace(places, mirror=server.url, patience=replace(places.patience, silence_s=9)),
                     progress=False)  # fmt: skip
        assert part.stat().st_size > 100_000
        assert bring(places, server.url).read_bytes() == content
    assert server.ranges()[1] is not None


def test_two_at_a_time_download_once(places: Places, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    found: list[Path] = []
    with serving(content, Turn(trickle_s=0.02)) as server:
        threads = [threading.Thread(target=lambda: found.append(bring(places, server.url))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [places.folder / FILE] * 2
    assert len(server.asked) == 1
    assert "waiting" in caplog.text


def test_a_proxy_of_the_environment_is_asked_and_no_proxy_is_heeded(
    places: Places, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(content) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        bring(places, "http://weights.example/sam2")
        assert [path for path, _ in proxy.asked] == [f"http://weights.example/sam2/{FILE}"]
        (places.folder / FILE).unlink()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with serving(content) as direct:
            bring(places, direct.url)
        assert (len(proxy.asked), len(direct.asked)) == (1, 1)
    with pytest.raises(ModelError, match="proxy that the environment names does not answer"):
        bring(replace(places, folder=places.folder / "other"), "http://weights.example/sam2")


def test_an_unknown_certificate_is_refused_until_the_owner_trusts_it(
    places: Places, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(content, secure=True) as server:
        with pytest.raises(ModelError, match=r"certificate is not trusted.*REQUESTS_CA_BUNDLE"):
            bring(places, server.url)
        assert server.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        assert bring(places, server.url).read_bytes() == content


def test_https_is_not_left_for_http(places: Places, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with serving(content) as plain:
        away = Turn(status=302, headers={"Location": f"{plain.url}/{FILE}"})
        with serving(content, away, secure=True) as server, pytest.raises(ModelError, match="is not encrypted"):
            bring(places, server.url)
    assert not (places.folder / FILE).exists()


def test_a_disk_that_is_too_small_is_told_before_the_first_request(
    places: Places, table: PublishedFile, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PUBLISHED_FILES, MODEL, replace(table, size=10**17))
    with serving(content) as server, pytest.raises(ModelError, match=r"MB free, 100000000067 MB are needed"):
        bring(places, server.url)
    assert server.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_on_the_way_is_told(places: Places, content: bytes) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with contextlib.ExitStack() as stack, serving(content) as server:
        stack.callback(resource.setrlimit, resource.RLIMIT_FSIZE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        with pytest.raises(ModelError, match=r"cannot be written: File too large"):
            bring(places, server.url)
    assert not (places.folder / FILE).exists()
    with serving(content) as server:
        assert bring(places, server.url).read_bytes() == content
    assert server.ranges()[0] is not None


def test_the_bar_shows_the_file_and_how_far_it_is(
    places: Places, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(content, CUT, Turn()) as server:
        download(MODEL, places=replace(places, mirror=server.url))
        shown = capsys.readouterr().err
        assert FILE in shown
        assert "100%" in shown
        (places.folder / FILE).unlink()
        bring(places, server.url)
        assert capsys.readouterr().err == ""
