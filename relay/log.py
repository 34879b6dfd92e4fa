"""How the log looks: one event a line, as text or JSON, each with its connection and stream."""

import json
import logging
import re
import sys
import time
from contextvars import ContextVar
from typing import TextIO

from relay.settings import LogSettings

connection_id: ContextVar[str | None] = ContextVar("connection_id", default=None)
"""The connection on whose behalf the running task works; set by who starts the task."""

stream_id: ContextVar[str | None] = ContextVar("stream_id", default=None)
"""The stream it works for."""

TRACE = 5
LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# At debug they write a line per packet or per request, which is of use only to those who
# work on them.
TALKATIVE = ("aiortc", "aioice", "aiohttp.access")

_HANDLER_NAME = "earshot"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(settings: LogSettings, output: TextIO | None = None) -> None:
    """Send every logger's records to ``output`` (stderr). Calling it again replaces the first."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(output or sys.stderr)
    handler.set_name(_HANDLER_NAME)
    handler.addFilter(add_ids)
    handler.setFormatter(
        JsonFormatter() if settings.format == "json" else TextFormatter()
    )
    level = LEVELS[settings.level]
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(
            level if level == TRACE else max(level, logging.WARNING)
        )


def add_ids(record: logging.LogRecord) -> bool:
    """
    Note in the record whom it is about; a filter that lets everything pass.

    A record that names its ids itself (``extra={"stream_id": ...}``) keeps them.
    """
    for name, current in (("connection_id", connection_id), ("stream_id", stream_id)):
        if getattr(record, name, None) is None:
            setattr(record, name, current.get())
    return True


class TextFormatter(logging.Formatter):
    """
    A line for people: time, level, logger, ids, message.

    Control characters are escaped, so that text from outside can neither start a
    line of its own nor talk to a terminal. A traceback follows, indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        ids = "".join(f" [{id_}]" for id_ in _ids(record) if id_)
        message = _CONTROL.sub(_escape, record.getMessage())
        line = (
            f"{clock}.{int(record.msecs):03d} {record.levelname:<7}"
            f" {record.name}{ids}: {message}"
        )
        return line + "".join(
            f"\n    {_CONTROL.sub(_escape, trace_line)}"
            for trace_line in (_traceback(record) or "").splitlines()
        )


class JsonFormatter(logging.Formatter):
    """A line for machines: one JSON object, always with the same keys; time is UTC."""

    def format(self, record: logging.LogRecord) -> str:
        connection, stream = _ids(record)
        clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return json.dumps(
            {
                "time": f"{clock}.{int(record.msecs):03d}Z",
                "level": record.levelname.lower(),
                "logger": record.name,
                "connection": connection,
                "stream": stream,
                "message": record.getMessage(),
                "exception": _traceback(record),
            }
        )


def _ids(record: logging.LogRecord) -> tuple[str | None, str | None]:
    return getattr(record, "connection_id", None), getattr(record, "stream_id", None)


def _traceback(record: logging.LogRecord) -> str | None:
    if record.exc_info is None or record.exc_info[0] is None:
        return None
    return logging.Formatter().formatException(record.exc_info)


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
