"""How a command ends when it is told to."""

from __future__ import annotations

import signal

__all__ = ["end_like_ctrl_c"]


def end_like_ctrl_c() -> None:
    """Make `kill`, `systemctl stop` and a closed terminal keep what is finished, as Ctrl-C does.

    What is ignored stays so: a shell starts background jobs deaf to Ctrl-C,
    and nohup makes them deaf to the terminal's end, on purpose.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
