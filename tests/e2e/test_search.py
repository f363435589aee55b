"""Search over what the real service and the real `process` have described, also after a kill."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bad_files
import pytest
from processes import WITHOUT_MODELS, Home, until

from service.ledger.ledger import read_ledger
from service.ledger.library.asking import TextQuery
from service.search.language import parse
from service.search.search import Hits, hits


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, WITHOUT_MODELS)


def found(home: Home, text: str) -> list[str]:
    """The documents in which something is found, as the web face finds them: through the ledger of another process."""
    query = parse(text)
    assert isinstance(query, TextQuery)
    ledger = read_ledger(home.path / "state" / "ledger.sqlite3", output_root=os.fsencode(home.output))
    try:
        page = hits(ledger.library, query)
    finally:
        ledger.close()
    assert isinstance(page, Hits)
    return sorted({hit.row.document for hit in page.hits})


def put(home: Home, name: str, says: str, model: bytes) -> Path:
    """Write a video of its own content, what its author wrote beside it first."""
    path = home.inbox / name
    path.with_suffix(".txt").write_text(says)
    path.write_bytes(model + bad_files.box(b"free", says.encode()))
    return path


def test_a_video_is_found_when_it_is_described_and_no_kill_hides_it(home: Home) -> None:
    model = bad_files.clip(home.path / "model.mp4").read_bytes()
    with home.service() as service:
        put(home, "a.mp4", "Blåbærsyltetøy på fjellet #mat", model)
        service.ready().until_event("job.done", "a.mp4")
        until(lambda: found(home, "blåbærsyltetøy") == ["a"], "the first is found", within_s=20)
        put(home, "b.mp4", "Noe helt annet #mat", model)
        service.until_event("job.done", "b.mp4")
        service.kill()
    with home.service() as service:
        service.ready()
        until(lambda: found(home, "#mat kind:sidecar") == ["a", "b"], "the second is found after the kill", within_s=20)
        (home.output / "a.json").unlink()
        told = home.run("index")
        # Whether it or the service, which compares now and then, drops what is gone is a matter of chance.
        assert told.stdout.startswith(b"Indexed 1 documents, 3 passages"), told
        assert found(home, "#mat") == ["b"]
        assert service.named("housekeeping.failed") == []
        assert service.terminate()[0] == 0


def test_what_process_has_described_is_found_when_it_ends(home: Home) -> None:
    path = bad_files.clip(home.path / "c.mp4")
    path.with_suffix(".txt").write_text("Oppskrift på kaffe")
    assert home.run("process", path).returncode == 0
    told = home.run("search", "--json", "kaffe", "kind:sidecar")
    assert told.returncode == 0, told.stderr
    (result,) = json.loads(told.stdout)["results"]
    assert (result["filename"], result["kind"], result["text"]) == ("c.mp4", "sidecar", "Oppskrift på kaffe")
