"""The settings of what follows a document: what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.configuration import Configuration, load
from service.errors import ConfigError

BASE = {"intake.inboxes": ["/srv/v/in"], "output.dir": "/srv/v/out", "state.dir": "/srv/v/state"}


def loaded(**flags: Any) -> Configuration:
    given = {name.replace("__", "."): value for name, value in flags.items()}
    return load(BASE | given, environ={"HOME": "/nowhere"}).configuration


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "move, but where to": ({"done__after_done": "move"}, "needs done.move_to"),
    "into the inbox": ({"done__move_to": "/srv/v/in/archive"}, "done.move_to = /srv/v/in/archive and the inbox"),
    "around the inbox": ({"done__move_to": "/srv/v"}, "lie in each other"),
    "into the output": ({"done__move_to": "/srv/v/out/a"}, "output.dir"),
    "into the state": ({"done__move_to": "/srv/v/state"}, "state.dir"),
    "an unknown word": ({"done__after_done": "delete"}, "expected 'keep' or 'move'"),
    "no URL": ({"webhook__url": "example.com/hook"}, "expected a URL like"),
    "another scheme": ({"webhook__url": "file:///etc/passwd"}, "expected a URL like"),
    "a password in the URL": ({"webhook__url": "https://a:b@example.com/"}, "without a user name"),
    "a line break in the URL": ({"webhook__url": "https://example.com/\r\nX: y"}, "expected a URL like"),
    "an unknown event": ({"webhook__events": ["done", "gone"]}, "expected 'done'"),
    "no events": ({"webhook__events": []}, "expected at least one item"),
    "waits that shrink": ({"webhook__retry_most_s": 1.0}, "Raise the one or lower the other"),
    "a receiver that may take minutes": ({"webhook__timeout_s": 120.0}, "must be at most 30"),
    "half a day": ({"retention__keyframes_days": 0.5}, "expected a whole number"),
    "a kind that nobody knows": ({"privacy__redact": ["name"]}, "expected 'email', 'phone' or 'id_number'"),
    "a country in full": ({"privacy__phone_regions": ["Norway"]}, 'expected countries by their two letters, like "NO"'),
}


@pytest.mark.parametrize(("flags", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_with_the_remedy(flags: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(**flags)
    assert said in str(refused.value)


def test_by_default_nothing_follows_a_document() -> None:
    given = loaded()
    assert (given.done.after_done, given.done.move_to, given.webhook.announces) == ("keep", None, ())
    assert (given.retention.documents_days, given.privacy.redact) == (0, ())


def test_paths_start_from_the_file_they_stand_in(tmp_path: Path) -> None:
    file = tmp_path / "reelwatch.toml"
    file.write_text('[done]\nmove_to = "archive"\n[webhook]\nsecret_file = "secret"\nurl = "http://127.0.0.1:9/x"\n')
    given = load(BASE, config_path=file, environ={"HOME": "/nowhere"}).configuration
    assert (given.done.move_to, given.webhook.secret_file) == (tmp_path / "archive", tmp_path / "secret")
    assert given.webhook.announces == ("done", "failed", "rejected", "parked")
