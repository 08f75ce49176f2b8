"""Some kernels overlook a request until somebody else connects to them; here somebody does, twice a second.

ipykernel 7.0 to 7.3 writes the reply to a cell past the stream that reads requests. A request that comes just then, a
click or the next cell, wakes nobody, and neither do those that follow it on the same connection (ipykernel#1554; 7.4
has it right). A new connection does: the socket looks up, and reads all that lies there.
"""

import contextlib
import sys
import threading
from typing import Any

NAME, SECONDS = "sam2_notebook awake", 0.5
ANYWHERE = ("0.0.0.0", "*", "")  # noqa: S104
FIRST_DEAF, FIRST_WELL = (7, 0), (7, 4)

_lock = threading.Lock()


def keep_kernel_awake() -> None:
    """From now on this process's kernel overlooks no request for long, if it is one of those that do; else nothing.

    May be called any number of times; nothing happens outside a kernel.
    """
    with _lock:
        if _is_deaf() and all(thread.name != NAME for thread in threading.enumerate()):
            from ipykernel.connect import get_connection_info

            with contextlib.suppress(OSError, RuntimeError, ValueError):  # a kernel without a connection file
                info = get_connection_info(unpack=True)
                assert isinstance(info, dict)
                threading.Thread(target=_knock, args=(info,), name=NAME, daemon=True).start()


def _is_deaf() -> bool:
    if "ipykernel" not in sys.modules:
        return False
    from ipykernel._version import version_info  # as `ipykernel.version_info`, which type checkers do not see
    from ipykernel.kernelapp import IPKernelApp

    return IPKernelApp.initialized() and FIRST_DEAF <= version_info[:2] < FIRST_WELL


def _knock(info: dict[str, Any]) -> None:
    import zmq

    port = info["shell_port"]
    host = "127.0.0.1" if info["ip"] in ANYWHERE else info["ip"]
    address = f"ipc://{info['ip']}-{port}" if info["transport"] == "ipc" else f"tcp://{host}:{port}"
    pause = threading.Event()
    with zmq.Context() as context:
        while True:
            with context.socket(zmq.DEALER) as socket:
                socket.linger = 0
                if info.get("curve_publickey"):
                    socket.curve_serverkey = socket.curve_publickey = info["curve_publickey"].encode()
                    socket.curve_secretkey = info["curve_secretkey"].encode()
                socket.connect(address)
                pause.wait(SECONDS)
