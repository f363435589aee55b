"""`reelwatch search` and `reelwatch index` as people use them."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from service.ledger.ledger import read_ledger
from service.ledger.lock import state_lock
from service.ledger.states import State
from service.state import LEDGER_FILE

if TYPE_CHECKING:
    from conftest import Home


@pytest.fixture
def indexed(home: Home) -> Home:
    """A ledger, and one document that is indexed."""
    home.start()
    home.describe("tips/clip.mp4")
    assert home.run("index").exit_code == 0
    return home


def test_a_find_is_printed_with_time_kind_text_and_document(indexed: Home) -> None:
    found = indexed.run("search", "dag kroner")
    assert found.exit_code == 0
    first, link, *_ = found.stdout.splitlines()
    line = first.split()
    assert line[:5] == ["0:03.1", "speech", "i", "dag", "43.000"]
    assert line[-1] == str(indexed.output / "tips/clip.json")
    assert re.fullmatch(r" {11}http://127\.0\.0\.1:8003/videos/[0-9a-f]{16}\?t=3\.1", link)


@pytest.mark.parametrize(
    ("listen", "face"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("0.0.0.0:8003", "http://localhost:8003"),
        ("[::]:8003", "http://localhost:8003"),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
    ],
)
def test_a_link_leads_to_where_the_web_face_listens(
    indexed: Home, monkeypatch: pytest.MonkeyPatch, listen: str, face: str
) -> None:
    monkeypatch.setenv("REELWATCH_WEB__LISTEN", json.dumps(listen))
    results = json.loads(indexed.run("search", "kind:speech,file", "--json").stdout)["results"]
    for result in results:
        at = "" if result["at_s"] is None else f"?t={result['at_s']:g}"
        assert result["link"] == f"{face}/videos/{result['video_id']}{at}"
    assert {result["at_s"] is None for result in results} == {True, False}


def test_json_has_the_places_of_what_matched(indexed: Home) -> None:
    said = json.loads(indexed.run("search", "dag", "--json").stdout)
    (result,) = [one for one in said["results"] if one["kind"] == "speech"]
    assert [result["text"][start:end] for start, end in result["matches"]] == ["dag"]
    assert (said["total"], said["bounded"], said["next_cursor"]) == (len(said["results"]), False, None)


def test_pages_go_on_by_cursor(indexed: Home) -> None:
    seen, cursor = [], []
    while True:
        said = json.loads(indexed.run("search", "kind:speech", "--json", "--limit", "1", *cursor).stdout)
        seen += [result["text"] for result in said["results"]]
        if said["next_cursor"] is None:
            break
        cursor = ["--cursor", said["next_cursor"]]
    assert len(seen) == len(set(seen)) == said["total"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere",), 1, "nothing was found"),
        (("dag", "--kind", "overlay"), 1, "nothing was found"),
        (("kind:nothing",), 2, "use one of speech"),
        (("dag before:soon",), 2, "(at character 5): write 3s"),
        (("!!",), 2, "type a word"),
        (("dag", "--cursor", "x"), 2, "begin again"),
        (("dag", "--limit", "0"), 2, "1<=x<=200"),
        ((), 2, "QUERY"),
    ],
)
def test_it_exits_as_grep_does(indexed: Home, arguments: tuple[str, ...], code: int, said: str) -> None:
    found = indexed.run("search", *arguments)
    assert (found.exit_code, said in found.stderr) == (code, True), found.stderr


def test_without_a_ledger_the_way_to_one_is_told(home: Home) -> None:
    home.output.mkdir()
    found = home.run("search", "dag")
    assert found.exit_code == 1
    assert "there is no ledger here yet" in found.stderr


def test_index_counts_what_it_read_and_what_is_gone(indexed: Home) -> None:
    assert "Indexed 1 documents, " in indexed.run("index").stdout
    (indexed.output / "tips/clip.json").unlink()
    assert indexed.run("index").stdout == "Indexed 0 documents, 0 passages; 1 that are gone were dropped.\n"


def test_index_makes_a_ledger_over_documents_from_elsewhere(home: Home) -> None:
    home.start()
    home.describe("clip.mp4")
    assert home.ledger is not None
    home.ledger.close()
    fresh = home.path / "fresh"
    assert home.run("index", "--state", fresh, "--output", home.output).exit_code == 0
    assert home.run("search", "dag", "--state", fresh, "--output", home.output).exit_code == 0
    ledger = read_ledger(fresh / LEDGER_FILE, output_root=os.fsencode(home.output))
    assert [(job.state, job.document) for job in ledger.jobs()] == [(State.DONE, "clip")], "no start describes it anew"
    ledger.close()


def test_index_runs_beside_a_service(indexed: Home) -> None:
    with state_lock(indexed.path / "state"):
        assert indexed.run("index").exit_code == 0


def test_index_of_a_folder_that_is_not_there_is_refused(home: Home) -> None:
    home.start()
    found = home.run("index", "--output", home.path / "nowhere")
    assert (found.exit_code, "cannot be read" in found.stderr) == (78, True)
