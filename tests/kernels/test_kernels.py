"""What the supported kernels do with comm messages while a cell runs: the ground that the widgets stand on.

When a new ipykernel changes one of these facts, the widgets' own tests tell whether it matters.
"""

import pytest

from tests.kernels.kernel import CellError, KernelUnderTest

CELL_SECONDS = 4.0

ECHO = """
import threading, time
def opened(comm, message):
    globals()["comm"] = comm
    @comm.on_msg
    def answer(message):
        thread = threading.current_thread() is threading.main_thread()
        comm.send({"echo": message["content"]["data"]["say"], "on_main": thread}, buffers=message["buffers"])
get_ipython().kernel.comm_manager.register_target("echo", opened)
"""

WIDGET = """
import anywidget
class Echo(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    def __init__(self):
        super().__init__()
        self.on_msg(lambda _, content, buffers: self.send({"echo": content["say"]}, buffers))
echo = Echo()
"""


def ask(kernel: KernelUnderTest, comm: str, word: str, *, subshell: bool = True) -> bool:
    """Wait for the echo of `word`; whether the main thread spoke."""
    return kernel.reply(comm, {"say": word}, lambda data: data.get("echo") == word, subshell=subshell).data["on_main"]


def open_echo(kernel: KernelUnderTest) -> str:
    """A comm that echoes, and that has spoken twice over the subshell: 7.4 looks at who published last."""
    kernel.run(ECHO)
    comm = kernel.open_comm("echo")
    ask(kernel, comm, "one")
    ask(kernel, comm, "two")
    return comm


def begin(kernel: KernelUnderTest, cell: str) -> str:
    """Start a cell and return when it has begun to run."""
    request = kernel.execute(f"print('begun', flush=True)\n{cell}")
    kernel.wait_for(lambda m: m.parent == request and m.kind == "stream")
    return request


def test_the_kernel_is_the_version_it_is_said_to_be(kernel: KernelUnderTest) -> None:
    assert kernel.run("import ipykernel; print(ipykernel.__version__)").startswith(f"{kernel.version.line}.")
    features = kernel.run("print(get_ipython().kernel.kernel_info.get('supported_features', []))")
    assert ("kernel subshells" in features) == kernel.version.has_subshells


def test_an_idle_kernel_answers_at_once_on_the_thread_it_was_asked_on(kernel: KernelUnderTest) -> None:
    comm = open_echo(kernel)
    assert ask(kernel, comm, "three") is not kernel.version.has_subshells


def test_a_sleeping_cell_holds_messages_up_unless_they_have_a_subshell(kernel: KernelUnderTest) -> None:
    comm = open_echo(kernel)
    cell = begin(kernel, f"time.sleep({CELL_SECONDS})")
    on_main = ask(kernel, comm, "three")
    assert kernel.has_ended(cell) is not kernel.version.has_subshells
    assert on_main is not kernel.version.has_subshells


def test_a_publishing_cell_holds_up_its_own_comm_where_the_publisher_decides(kernel: KernelUnderTest) -> None:
    comm = open_echo(kernel)
    cell = begin(kernel, f"for step in range(20): comm.send({{'step': step}}); time.sleep({CELL_SECONDS} / 20)")
    kernel.wait_for(lambda m: m.comm_data.get("step") == 1)
    ask(kernel, comm, "three")
    prompt = kernel.version.has_subshells and not kernel.version.routes_by_publisher
    assert kernel.has_ended(cell) is not prompt


def test_without_a_subshell_every_kernel_waits_for_the_cell(kernel: KernelUnderTest) -> None:
    kernel.run(ECHO)
    comm = kernel.open_comm("echo")
    ask(kernel, comm, "one", subshell=False)
    cell = begin(kernel, f"time.sleep({CELL_SECONDS})")
    assert ask(kernel, comm, "two", subshell=False)
    assert kernel.has_ended(cell)


def test_a_worker_thread_publishes_while_a_cell_sleeps(kernel: KernelUnderTest) -> None:
    open_echo(kernel)
    cell = "threading.Thread(target=lambda: [comm.send({'step': i}) for i in range(40)]).start()\n"
    request = begin(kernel, f"{cell}time.sleep({CELL_SECONDS})")
    kernel.wait_for(lambda m: m.comm_data.get("step") == 39)
    assert not kernel.has_ended(request)


def test_a_widget_echoes_buffers_as_they_were(kernel: KernelUnderTest) -> None:
    comm = kernel.open_widget(WIDGET)
    buffers = (bytes(range(256)), b"", b"x" * 100_000)
    since = len(kernel.heard)
    kernel.send_custom(comm, {"say": "hello"}, buffers)
    heard = kernel.wait_for(lambda m: m.comm_data.get("content") == {"echo": "hello"}, since=since)
    assert heard.buffers == buffers


def test_an_interrupt_ends_a_cell_and_the_kernel_goes_on(kernel: KernelUnderTest) -> None:
    request = begin(kernel, "import time\ntime.sleep(60)")
    kernel.interrupt()
    with pytest.raises(CellError, match="KeyboardInterrupt"):
        kernel.wait_for_cell(request, timeout_s=30)
    kernel.recover()
    assert kernel.run("print('alive')") == "alive\n"


def test_a_restarted_kernel_has_forgotten(kernel: KernelUnderTest) -> None:
    kernel.run("here = 1")
    kernel.restart()
    assert kernel.run("print('here' in globals())") == "False\n"
