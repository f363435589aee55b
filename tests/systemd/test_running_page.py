"""The page "Running it": every command, setting, event and reason on it exists, and no reason is left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from service.cli.main import cli
from service.configuration.refusals import KNOWN
from service.disk import _REMEDIES
from service.intake.verdicts import Reason
from service.logs.examples import HEARTBEAT
from service.logs.vocabulary import EVENTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "systemd" / "RUNNING.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
PROSE = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
INLINE = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", PROSE)]
_ENDS = {"|", "&&", "||", ";", ">", ">/dev/null"}


def commands() -> Iterator[str]:
    """Every call of reelwatch on the page, as its arguments."""
    for line in [*BLOCKS.splitlines(), *INLINE]:
        if "reelwatch" not in line or line.startswith("#") or '"$@"' in line or line.endswith("\\"):
            continue
        words = shlex.split(line, comments=True) if line.count("'") % 2 == 0 else []
        for place, word in enumerate(words):
            before = [w for w in words[:place] if w != "sudo"]
            if word.rpartition("/")[2] == "reelwatch" and (not before or before[-1] in _ENDS):
                end = next((n for n, w in enumerate(words) if n > place and w in _ENDS), len(words))
                yield shlex.join(words[place + 1 : end])


COMMANDS = sorted(set(commands()) - {""})


def parsed(arguments: list[str]) -> click.Context:
    """Parse as the program does, without doing anything; raises `click.UsageError`."""
    context = cli.make_context("reelwatch", list(arguments))
    command: click.Command = cli
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        context = found.make_context(name, rest, parent=context)
        command = found
    return context


def test_the_page_has_commands_of_every_kind() -> None:
    assert {command.split()[0] for command in COMMANDS} >= {
        *("config", "doctor", "models", "process", "reprocess", "retry", "service", "status", "why"),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one(command: str) -> None:
    try:
        parsed(shlex.split(command))
    except click.MissingParameter:
        named = all(word.startswith("--") for word in command.split()[1:])
        assert named, "only where a command or its option is named may it lack what it needs"


@pytest.mark.parametrize("wrong", ["serve", "status --jsn", "why --jsn FILE", "models pul"])
def test_what_is_no_command_is_found_out(wrong: str) -> None:
    with pytest.raises(click.UsageError):
        parsed(shlex.split(wrong))


SECTIONS = {key[0] for key in KNOWN}
SETTINGS = {code.partition(" ")[0] for code in INLINE if re.fullmatch(r"[a-z]+(\.[a-z_]+)+( = .*)?", code)}


def test_every_setting_exists() -> None:
    named = {setting for setting in SETTINGS if setting.split(".")[0] in SECTIONS and setting not in EVENTS}
    assert len(named) > 10
    assert {setting for setting in named if tuple(setting.split(".")) not in KNOWN} == set()


def test_every_event_exists() -> None:
    heads = {event.partition(".")[0] for event in EVENTS}
    named = {code for code in INLINE if re.fullmatch(r"[a-z]+\.[a-z_]+", code) and code.split(".")[0] in heads}
    known = EVENTS.keys() | {".".join(key) for key in KNOWN}
    assert len(named) > 10
    assert named - known == set()


def container_reasons() -> set[str]:
    sources = [(ROOT / "service" / "intake" / f"{name}.py").read_text() for name in ("container", "isobmff", "ebml")]
    return set(re.findall(r"\bincomplete\(\s*\"(\w+)\"", "\n".join(sources)))


def test_every_reason_to_wait_has_a_remedy() -> None:
    waits = {reason.value for reason in Reason} - {Reason.SETTLED, Reason.TRUNCATED} | container_reasons()
    rows = {code for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)}
    assert len(container_reasons()) >= 6
    assert waits - rows == set()


def test_every_reason_not_to_watch_has_a_remedy() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "service" / "intake").glob("*.py"))
    reasons = set(re.findall(r"\bWatchProblem\(\s*\"(\w+)\"", sources))
    table = PAGE.partition("`watch.degraded` says")[2].partition("`watch.overflow`")[0]
    assert len(reasons) >= 4
    assert {reason for reason in reasons if f"| `{reason}` |" not in table} == set()


def test_every_pause_is_explained() -> None:
    section = PAGE.partition("## A disk that fills")[2].partition("\n## ")[0]
    assert {reason for reason in _REMEDIES if f"`{reason}`" not in section and f"{reason}:" not in section} == set()


def test_every_figure_of_the_heartbeat_is_explained() -> None:
    table = PAGE.partition("| figure |")[2].partition("\n\n")[0]
    told = set(re.findall(r"`(\w+)`", table))
    assert HEARTBEAT.keys() - told == {"seen", "running", "uptime_s"}
    assert {figure for figure in told if figure not in HEARTBEAT} == set()


def test_every_link_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = target.partition("#")
        assert (anchor in anchors) if not path else (ROOT / "systemd" / path).exists(), target
