"""Where processes that train together meet: who may come, and what each is told where one is lost."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.version import __version__
from cnnlstm_spec.runs.together import link, meeting
from cnnlstm_spec.runs.together.meeting import LostProcess, Meeting, Unmet, meet
from cnnlstm_spec.runs.together.seat import Seat

HOST = "127.0.0.1"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A free port; words come sooner than by default."""
    monkeypatch.setattr(link, "BEAT", 0.05)
    monkeypatch.setattr(link, "SILENCE", 0.4)
    monkeypatch.setattr(meeting, "WAIT", 20.0)
    with socket.create_server((HOST, 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def gather(stack: ExitStack, port: int, count: int) -> list[Meeting]:
    """All processes of a training, each as it hears of the others."""
    with ThreadPoolExecutor(count) as pool:
        waiting = [pool.submit(stack.enter_context, meet(Seat(HOST, port, each, count))) for each in reversed(range(count))]
        return [each.result() for each in reversed(waiting)]


def ask(meetings: list[Meeting]) -> list[Future[int]]:
    with ThreadPoolExecutor(len(meetings)) as pool:
        return [pool.submit(each.agree) for each in meetings]


def test_all_agree_on_a_port_each_time(stack: ExitStack, port: int) -> None:
    meetings = gather(stack, port, 3)
    for _ in range(3):
        (found,) = {each.result() for each in ask(meetings)}
        socket.create_server((HOST, found)).close()
    assert [each.find_lost() for each in meetings] == [None] * 3


def test_nobody_goes_on_before_the_last_has_come_so_far(stack: ExitStack, port: int) -> None:
    first, second = gather(stack, port, 2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(first.agree)
        time.sleep(0.2)
        assert not waiting.done()
        assert second.agree() == waiting.result()


@pytest.mark.parametrize("lost", range(3))
def test_all_are_told_of_the_one_that_is_gone(stack: ExitStack, port: int, lost: int) -> None:
    meetings = gather(stack, port, 3)
    meetings[lost].close()
    for each in (each for number, each in enumerate(meetings) if number != lost):
        found = each.wait_for_loss(5)
        assert str(found) == f"process {lost} of 3 is lost: its connection was closed"
        with pytest.raises(LostProcess):
            each.agree()


def test_one_that_waits_for_one_that_is_lost_is_told(port: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(meet(Seat(HOST, port, 1, 2)).__enter__)
        with pytest.raises(LostProcess, match="process 1 of 2 is lost"), meet(Seat(HOST, port, 0, 2)) as first:
            other.result().close()
            first.agree()


@pytest.mark.parametrize("lost", range(2))
def test_one_that_says_nothing_is_lost(stack: ExitStack, port: int, lost: int) -> None:
    meetings = gather(stack, port, 2)
    for each in meetings[lost]._links.values():
        each._closed.set()  # it says no word, and its connection stands
    found = meetings[1 - lost].wait_for_loss(5)
    assert str(found) == f"process {lost} of 2 is lost: it has said nothing for 0 s"


def test_the_first_reason_stands_for_all(stack: ExitStack, port: int) -> None:
    meetings = gather(stack, port, 3)
    meetings[2].fail("it has ended with status 1", ended=True)
    found = [each.wait_for_loss(5) for each in meetings]
    assert [each.args for each in found if each] == [(2, 3, "it has ended with status 1", True)] * 3
    meetings[1].fail("it has died")
    assert meetings[0].wait_for_loss(0.3) == found[0]


def test_strangers_disturb_nobody(stack: ExitStack, port: int) -> None:
    """What connects and is no process of this training is turned away, and may not tell of others what it likes."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stack.enter_context, meet(Seat(HOST, port, 0, 2)))
        with _connect(port):  # one that says nothing
            _knock(port)
            second = stack.enter_context(meet(Seat(HOST, port, 1, 2)))
    meetings = [waiting.result(), second]
    assert len({each.result() for each in ask(meetings)}) == 1
    meetings[1]._links[0].say(lost=0, why="I say so")
    assert str(meetings[0].wait_for_loss(5)) == "process 1 of 2 is lost: I say so"


def _connect(port: int) -> socket.socket:
    """A connection with the first process, which may not listen yet."""
    deadline = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection((HOST, port), timeout=5)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _knock(port: int) -> None:
    """What strangers may send; each may be turned away before its last byte is sent."""
    for line in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 10000,
        b"[" * 4000 + b"\n",
        b'{"process": true, "of": 2}\n',
        b'"here"\n',
    ):
        with suppress(ConnectionError), _connect(port) as connection:
            connection.sendall(line)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"process": 1, "of": 3}, "the first process was told of 2 processes"),
        ({"process": 2, "of": 2}, "there is no such process"),
        ({"process": 0, "of": 2}, "there is no such process"),
        ({"process": 1, "of": 2, "version": "0"}, f"the first process has version {__version__}"),
    ],
)
def test_who_is_turned_away_is_told_why(stack: ExitStack, port: int, said: dict[str, object], told: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stack.enter_context, meet(Seat(HOST, port, 0, 2)))
        with _connect(port) as connection:
            connection.sendall(json.dumps({"version": __version__, **said}).encode() + b"\n")
            assert json.loads(connection.makefile().readline()) == {"refused": told}
        stack.enter_context(meet(Seat(HOST, port, 1, 2)))
        first.result()


def test_two_cannot_be_the_same_process(stack: ExitStack, port: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stack.enter_context, meet(Seat(HOST, port, 0, 3)))
        stack.enter_context(meet(Seat(HOST, port, 1, 3)))
        with pytest.raises(Unmet, match=f"{HOST}:{port} refuses process 1 of 3: there is a process 1 of 3 already"):
            stack.enter_context(meet(Seat(HOST, port, 1, 3)))
        stack.enter_context(meet(Seat(HOST, port, 2, 3)))
        first.result()


def test_who_waits_in_vain_is_told_for_whom(stack: ExitStack, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "WAIT", 0.5)
    with pytest.raises(Unmet, match=r"of 3 processes these have not come to 127.0.0.1:\d+ within 0 s: 1, 2"):
        stack.enter_context(meet(Seat(HOST, port, 0, 3)))
    with pytest.raises(Unmet, match=r"nobody listens at 127.0.0.1:\d+ within 0 s: Connection refused"):
        stack.enter_context(meet(Seat(HOST, port, 1, 3)))


def test_those_that_have_come_are_told_who_has_not(stack: ExitStack, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "WAIT", 3.0)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stack.enter_context, meet(Seat(HOST, port, 0, 3)))
        second = stack.enter_context(meet(Seat(HOST, port, 1, 3)))
        with pytest.raises(LostProcess, match=r"process 2 of 3 is lost: it has not come to 127.0.0.1:\d+ within 3 s"):
            second.agree()
        with pytest.raises(Unmet):
            first.result()


def test_a_port_that_is_taken_is_told(stack: ExitStack, port: int) -> None:
    with socket.create_server((HOST, port)), pytest.raises(Unmet, match=f"{HOST}:{port}: Address already in use"):
        stack.enter_context(meet(Seat(HOST, port, 0, 2)))


def test_devices_do_not_share_a_batch_with_torch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert run(["train", "none.yaml", "-o", "out", "--devices", "all"]) == 2
    assert "`--devices all` is there for tensorflow and jax alone; this is torch" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--process", "0/2"], "`--process` and `--coordinator` go together"),
        (["--coordinator", "here:9911"], "`--process` and `--coordinator` go together"),
        (["--process", "2/2", "--coordinator", "here:9911"], "`2/2` is no process of several: `0/2` is the first of two"),
        (["--process", "first", "--coordinator", "here:9911"], "`first` is no process of several"),
        (["--process", "0/2", "--coordinator", "9911"], "`9911` is no host with a port"),
        (["--process", "0/2", "--coordinator", "here:99110"], "`here:99110` is no host with a port"),
        (["--process", "0/2", "--coordinator", "here:9911"], "several processes train together with `KERAS_BACKEND=jax` alone"),
        (["--process", "0/2", "--coordinator", "here:9911", "--jobs", "2"], "`--jobs` trains several models at a time"),
        (["--workers", "2"], "`--engine ray` and `--workers` go together"),
        (["--engine", "ray"], "`--engine ray` and `--workers` go together"),
        (["--engine", "ray", "--workers", "1"], "1 is not in the range 2<=x<=1000"),
        (["--engine", "ray", "--workers", "2"], "several processes train together with `KERAS_BACKEND=jax` alone"),
        (
            ["--engine", "ray", "--workers", "2", "--process", "0/2", "--coordinator", "here:9911"],
            "`--engine ray` starts the other processes, and `--process` says which one of them this is",
        ),
    ],
)
def test_options_that_cannot_be(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert run(["train", "none.yaml", "-o", "out", *options]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--process", "0/2"], "`--process` and `--coordinator` go together"),
        (["--process", "0/2", "--coordinator", "here:9911", "--jobs", "2"], "`--jobs` trains several models at a time"),
        (["--engine", "ray"], "`--engine ray` and `--workers` go together"),
        (["--engine", "ray", "--workers", "2", "--jobs", "2"], "`--jobs` trains several models at a time"),
        (["--process", "0/2", "--coordinator", "here:9911", "--resume", "--force"], "`--force` starts anew, `--resume` goes on"),
        (["--devices", "all", "--resume", "--force"], "`--force` starts anew, `--resume` goes on"),
        (["--devices", "two"], "'two' is not one of 'one', 'all'"),
    ],
)
def test_options_that_cannot_be_with_jax(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert run(["train", "none.yaml", "-o", "out", *options]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_spec_of_standard_input_is_no_file_for_a_cluster(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert run(["train", "-", "-o", "out", "--engine", "ray", "--workers", "2"]) == 2
    assert "`--engine ray` starts the other processes, and they need the spec as a file" in " ".join(
        capsys.readouterr().err.split()
    )
