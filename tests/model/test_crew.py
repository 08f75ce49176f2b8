"""Parts of a job on several cores: the same answers, and torch's threads as they were."""

import os
import threading

import pytest
import torch

from sam2_notebook.model.fast.crew import spread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


pytestmark = pytest.mark.usefixtures("two_threads")


def who(_: int) -> tuple[int, int]:
    return threading.get_ident(), torch.get_num_threads()


def test_answers_come_in_order_from_threads_that_have_one_core_each() -> None:
    barrier = threading.Barrier(2, timeout=20)

    def meet(part: int) -> tuple[int, int, int]:
        barrier.wait()  # nobody passes who is not at work beside another
        return part, *who(part)

    found = spread(meet, range(6))
    assert [part for part, *_ in found] == list(range(6))
    assert {threads for *_, threads in found} == {1}
    assert threading.get_ident() not in {thread for _, thread, _ in found}
    assert torch.get_num_threads() == 2


def test_a_part_computes_without_gradients_as_its_caller_does() -> None:
    weight = torch.ones(2, requires_grad=True)
    assert not any(x.requires_grad for x in spread(lambda part: weight * part, range(4)))


def test_a_single_part_and_parts_of_parts_stay_on_their_thread() -> None:
    assert spread(who, [1]) == [who(1)]
    for found in spread(lambda _: (who(0), spread(who, range(4))), range(4)):
        assert set(found[1]) == {found[0]}


def test_the_first_error_is_raised_and_nothing_goes_on_behind_it() -> None:
    done = []

    def work(part: int) -> None:
        if part == 1:
            raise ValueError(f"part {part}")
        done.append(part)

    with pytest.raises(ValueError, match="part 1"):
        spread(work, range(50))
    before = len(done)
    assert torch.get_num_threads() == 2
    assert spread(str, range(4)) == ["0", "1", "2", "3"]
    assert len(done) == before


def test_several_callers_get_what_they_asked_for() -> None:
    wanted = [[float(n * k) * 64 for k in range(12)] for n in range(6)]
    answers: dict[int, list[float]] = {}

    def call(n: int) -> None:
        answers[n] = spread(lambda k: float((torch.ones(64) * n * k).sum()), range(12))

    callers = [threading.Thread(target=call, args=(n,)) for n in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert [answers[n] for n in range(6)] == wanted
    assert torch.get_num_threads() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_crew_of_its_own() -> None:
    spread(who, range(4))
    child = os.fork()
    if child == 0:
        good = spread(str, range(4)) == ["0", "1", "2", "3"]
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
