"""Which form the log takes, and what becomes of libraries' messages."""

from __future__ import annotations

import json
import logging
import os
import pty
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.logs import start
from service.logs.render import choose, is_journal


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, before = logging.getLogger(), logging.getLogger().handlers
    yield
    root.handlers = before
    logging.captureWarnings(capture=False)


def test_the_journal_is_known_by_its_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream, (tmp_path / "other").open("w") as other:
        stat = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        assert is_journal(stream, environ)
        assert not is_journal(other, environ)
        assert not is_journal(stream, {})
        assert choose("auto", stream, environ)({"level": "error"}).startswith("<3>{")
        assert choose("auto", other, environ)({"level": "error"}).startswith("{")


def test_a_terminal_gets_colours_unless_they_are_unwanted() -> None:
    master, slave = pty.openpty()
    entry = {"time": "2027-01-15T08:00:00.000Z", "level": "error", "event": "job.failed"}
    with open(slave, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        assert "\x1b[31merror" in choose("auto", stream, {})(entry)
        assert "\x1b" not in choose("auto", stream, {"NO_COLOR": "1"})(entry)
    os.close(master)


MESSAGES = {
    "formatted": ("hey %s", (3,), "hey 3"),
    "broken format": ("hey %s %s", (3,), "hey %s %s"),
    "line break": ("a\nb", (), "a\\nb"),
}


@pytest.mark.parametrize(("message", "arguments", "shown"), MESSAGES.values(), ids=MESSAGES.keys())
def test_libraries_speak_through_the_vocabulary(
    tmp_path: Path, message: str, arguments: tuple[object, ...], shown: str
) -> None:
    logging.getLogger().handlers = []  # pytest's own handlers raise at a broken format
    with (tmp_path / "log").open("w") as stream:
        emit = start(format="json", stream=stream)
        logging.getLogger("some.library").warning(message, *arguments)
        logging.getLogger("some.library").info("not important")
        emit.close()
    (line,) = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (line["event"], line["logger"], line["message"]) == ("log.library", "some.library", shown)


def test_warnings_of_libraries_are_logged(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream, warnings.catch_warnings():
        warnings.simplefilter("always")
        emit = start(format="json", stream=stream)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        emit.close()
        logging.captureWarnings(capture=False)
    assert "DeprecationWarning: old" in (tmp_path / "log").read_text()
