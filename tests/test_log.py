"""The log: a line an event, with its connection and stream."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from relay import log
from relay.settings import LogSettings

logger = logging.getLogger("relay.test")


class Written(io.StringIO):
    """What the log wrote."""

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()

    @property
    def last(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.lines[-1])
        return event


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the process's logging as the test found it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in log.TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(level: str = "info", format_: str = "text") -> Written:
    output = Written()
    log.configure(LogSettings(level=level, format=format_), output)
    return output


def test_a_text_line_names_time_level_logger_and_message():
    """In this order, so that columns line up."""
    output = written()
    logger.info("stream %s started", "stream_1")
    (line,) = output.lines
    assert line[4] == line[7] == "-"
    assert line[23:] == " INFO    relay.test: stream stream_1 started"


def test_a_json_line_is_an_object_with_always_the_same_keys():
    """So that a collector needs no exceptions."""
    output = written(format_="json")
    logger.warning("it is %d o'clock", 5)
    event = output.last
    assert event.pop("time").endswith("Z")
    assert event == {
        "level": "warning",
        "logger": "relay.test",
        "connection": None,
        "stream": None,
        "message": "it is 5 o'clock",
        "exception": None,
    }


@pytest.mark.parametrize("format_", ["text", "json"])
def test_text_from_outside_cannot_forge_a_line(format_: str):
    """A name with line breaks or escape sequences stays inside its own line."""
    output = written(format_=format_)
    logger.info("name %r, raw %s", "x", "a\nERROR all is lost\r\x1b[31m\u2028")
    assert len(output.lines) == 1
    assert "\x1b" not in output.getvalue()


def test_a_traceback_in_text_is_indented_below_its_line():
    """No line of it looks like an event."""
    output = written()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("it broke")
    first, *rest = output.lines
    assert first.endswith("it broke")
    assert all(line.startswith("    ") for line in rest)
    assert "ValueError: two" in output.getvalue()


def test_a_traceback_in_json_stays_on_the_line():
    """One event a line, also when it broke."""
    output = written(format_="json")
    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("it broke")
    assert len(output.lines) == 1
    assert "ValueError: boom" in output.last["exception"]


async def test_every_record_of_a_task_carries_its_ids():
    """Tasks side by side do not mix theirs up, and who sets none has none."""
    output = written(format_="json")

    async def work(connection: str, stream: str | None) -> None:
        log.connection_id.set(connection)
        log.stream_id.set(stream)
        await asyncio.sleep(0)
        logging.getLogger("some.library").warning("from %s", connection)

    await asyncio.gather(work("c1", "stream_1"), work("c2", None))
    logger.info("from nobody")
    ids = {
        (event["connection"], event["stream"]): event["message"]
        for event in map(json.loads, output.lines)
    }
    assert ids == {
        ("c1", "stream_1"): "from c1",
        ("c2", None): "from c2",
        (None, None): "from nobody",
    }


def test_ids_stand_in_the_text_line():
    """Between the logger and the message."""
    output = written()
    token = log.connection_id.set("3f2a")
    logger.info("joined", extra={"stream_id": "stream_9"})
    log.connection_id.reset(token)
    assert output.lines[0].endswith("relay.test [3f2a] [stream_9]: joined")


@pytest.mark.parametrize("level", log.LEVELS)
def test_the_level_decides_what_is_written(level: str):
    """Everything at the level and above, nothing below."""
    output = written(level)
    for name in log.LEVELS:
        logger.log(log.LEVELS[name], name)
    names = list(log.LEVELS)
    assert [line.split()[-1] for line in output.lines] == names[names.index(level) :]


@pytest.mark.parametrize("name", ["aioice.ice", "aiortc.rtcrtpreceiver"])
def test_the_webrtc_libraries_are_quiet_below_warning(name: str):
    """Their debug output is a line per packet; only trace wants it."""
    library = logging.getLogger(name)
    output = written("debug")
    library.info("a packet")
    library.warning("a problem")
    assert [line.split(": ")[1] for line in output.lines] == ["a problem"]
    output = written("trace")
    library.debug("a packet")
    assert len(output.lines) == 1


def test_a_quiet_log_is_not_made_louder_for_the_libraries():
    """At error level their warnings are left out as well."""
    output = written("error")
    logging.getLogger("aioice.ice").warning("a problem")
    assert output.lines == []


def test_configuring_again_replaces_the_first_configuration():
    """No event is written twice."""
    first, second = written(), written()
    logger.info("once")
    assert (len(first.lines), len(second.lines)) == (0, 1)


def test_the_log_goes_to_stderr(monkeypatch: pytest.MonkeyPatch):
    """Standard output is left to what a person asked for."""
    output = Written()
    monkeypatch.setattr(sys, "stderr", output)
    log.configure(LogSettings(level="info", format="text"))
    logger.info("here")
    assert len(output.lines) == 1
