"""Programs that tests start hear signals, whatever shell has started the tests."""

import signal

__all__ = ["hear_signals"]


def hear_signals() -> None:
    """Undo, in a child before its program, what a background job or nohup has made it deaf to."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
