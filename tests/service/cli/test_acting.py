"""retry, reprocess, export, process: what they do, say and exit with."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service import exports, processing
from service.cli import export as cli_export
from service.ledger.lock import state_lock
from service.ledger.values import WorkPause
from service.processing import Processed, ProgressEvent


def test_retry_queues_what_failed(home: Any) -> None:
    ledger = home.open()
    job = home.work("bad.mp4", sha256="b" * 64)
    ledger.fail(job.job_id, reason="transient")
    result = home.run("retry", "inbox/bad.mp4")
    assert (result.exit_code, result.stdout) == (0, f"queued: {home.inbox}/bad.mp4\n")
    assert "No service is running" in result.stderr
    assert ledger.job(job.job_id).state == "queued"


def test_retry_of_nothing_says_so(home: Any) -> None:
    home.open()
    home.describe("done.mp4")
    result = home.run("retry", "--all")
    assert (result.exit_code, "nothing there has failed" in result.stderr) == (1, True)


REPROCESS = {
    "everything": ([], None),
    "a stage and what depends on it": (["--stage", "decode"], {"decode", "vad", "ocr", "fusion"}),
    "fusion alone": (["--stage", "fusion"], {"fusion"}),
}


@pytest.mark.parametrize(("arguments", "stages"), REPROCESS.values(), ids=REPROCESS.keys())
def test_reprocess(home: Any, arguments: list[str], stages: set[str] | None) -> None:
    ledger = home.open()
    job = home.describe("done.mp4")
    assert home.run("reprocess", "--all", *arguments).exit_code == 0
    again = ledger.job(job.job_id)
    assert again.state == "queued"
    if stages is None:
        assert again.stage_request is None
    else:
        assert stages <= set(again.stage_request)
        assert (len(stages) == 1) == (len(again.stage_request) == 1)


def test_reprocess_of_an_unknown_stage(home: Any) -> None:
    home.open()
    result = home.run("reprocess", "--all", "--stage", "captoins")
    assert (result.exit_code, "The stages are decode" in result.stderr) == (2, True)


def test_export_csv_to_stdout_and_file(home: Any) -> None:
    home.open()
    home.describe("done.mp4")
    shown = home.run("export", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(shown))
    assert row["status"] == "complete"
    written = home.run("export", "csv", "-o", "all.csv")
    assert written.stdout == "all.csv\n"
    assert (home.path / "all.csv").read_bytes().decode() == shown.replace("\n", "\r\n").replace("\r\r", "\r")


@pytest.mark.parametrize(("table", "rows"), [("videos", 1), ("shots", 3), ("words", 8)])
def test_export_parquet_to_stdout_and_file(home: Any, table: str, rows: int) -> None:
    import pyarrow.parquet

    home.open()
    home.describe("done.mp4")
    shown = home.run("export", "parquet", "--table", table)
    assert pyarrow.parquet.read_table(io.BytesIO(shown.stdout_bytes)).num_rows == rows
    assert home.run("export", "parquet", "--table", table, "-o", "all.parquet").stdout == "all.parquet\n"
    assert (home.path / "all.parquet").read_bytes() == shown.stdout_bytes
    lines = home.run("export", "csv", "--table", table).stdout.splitlines()
    assert len(lines) == 1 + rows


def test_export_parquet_without_pyarrow_says_what_to_install(home: Any) -> None:
    home.output.mkdir()
    home.monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = home.run("export", "parquet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pip install -c constraints.txt 'reelwatch[parquet]'" in result.stderr


def test_export_to_a_full_disk_says_so(home: Any) -> None:
    home.open()
    home.describe("done.mp4")
    command = [sys.executable, "-m", "service.cli.main", "export", "csv", "--output", str(home.output)]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == 1
    assert ended.stderr == (
        "reelwatch: stdout cannot be written: No space left on device. What was written is no whole table.\n"
    )


def test_export_offers_what_there_is() -> None:
    assert (exports.FORMATS, tuple(exports.TABLE_FORMATS)) == (cli_export._FORMATS, cli_export._TABLE_FORMATS)
    assert tuple(exports.TABLES) == cli_export._TABLES


def test_export_of_texts_has_no_table(home: Any) -> None:
    home.output.mkdir()
    result = home.run("export", "srt", "--table", "words")
    assert (result.exit_code, "srt is no table" in result.stderr) == (2, True)


@pytest.mark.parametrize("form", ["srt", "vtt", "vtt-words", "txt"])
def test_export_beside_the_documents_or_elsewhere(home: Any, form: str) -> None:
    home.open()
    home.describe("done.mp4")
    suffix = {"vtt-words": "words.vtt"}.get(form, form)
    assert home.run("export", form).stdout == f"{home.output}/done.{suffix}\n"
    assert home.run("export", form, "-o", home.path / "else").stdout == f"{home.path}/else/done.{suffix}\n"
    assert (home.path / "else" / f"done.{suffix}").read_text() == (home.output / f"done.{suffix}").read_text() != ""


def test_export_of_texts_wants_a_folder(home: Any) -> None:
    home.output.mkdir()
    (home.path / "file").touch()
    result = home.run("export", "srt", "-o", "file")
    assert (result.exit_code, "Name a folder" in result.stderr) == (2, True)


def test_export_leaves_what_was_edited_by_hand_and_says_so(home: Any) -> None:
    home.open()
    home.describe("done.mp4")
    home.run("export", "srt")
    (home.output / "done.srt").write_text("mended by hand")
    result = home.run("export", "srt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{home.output}/done.srt: is there with another content and is left as it is; --force" in result.stderr
    assert (home.output / "done.srt").read_text() == "mended by hand"
    assert home.run("export", "srt", "--force").exit_code == 0
    assert (home.output / "done.srt").read_text() != "mended by hand"


NOT_OVER = {
    "a video": ("clip.mp4", "is the name of a video"),
    "somebody's text": ("notes.txt", "give --force"),
    "a document": ("output/done.json", "is the name of a document"),
    "into an inbox": ("inbox/all.csv", "lies inside the inbox"),
}


@pytest.mark.parametrize(("target", "message"), NOT_OVER.values(), ids=NOT_OVER.keys())
def test_export_csv_does_not_go(home: Any, target: str, message: str) -> None:
    home.open()
    home.describe("done.mp4")
    path = home.path / target
    if not path.exists() and path.parent != home.inbox:
        path.write_bytes(b"mine")
    before = path.read_bytes() if path.exists() else None
    result = home.run("export", "csv", "-o", target)
    assert (result.exit_code, message in result.stderr, str(path.name) in result.stderr) == (2, True, True)
    assert (path.read_bytes() if path.exists() else None) == before


def test_export_keeps_out_of_the_inbox_of_the_last_service(home: Any) -> None:
    home.start(inbox=home.path / "other")
    home.describe("done.mp4")
    (home.path / "other").mkdir()
    result = home.run("export", "txt", "-o", "other/texts", "--force")
    assert (result.exit_code, f"lies inside the inbox {home.path}/other" in result.stderr) == (2, True)
    assert list((home.path / "other").iterdir()) == []


def test_export_finds_the_documents_of_the_last_service(home: Any) -> None:
    home.monkeypatch.delenv("REELWATCH_OUTPUT__DIR")
    home.start()
    home.describe("done.mp4")
    assert home.run("export", "srt").stdout == f"{home.output}/done.srt\n"


SILENT = {
    "no words were believed": ({"status": "done", "reason": "5 words were heard, none of them surely"}, "none of them"),
    "no speech": ({"status": "no_speech", "reason": None}, "asr: no_speech"),
}


@pytest.mark.parametrize(("record", "said"), SILENT.values(), ids=SILENT.keys())
def test_export_says_why_a_video_has_no_words(home: Any, record: dict[str, Any], said: str) -> None:
    document = json.loads(GOLDEN.read_text(encoding="utf-8")) | {"filename": "two\nlines.mp4"}
    document["transcript"] |= {"text": "", "words": [], "segments": []}
    document["shots"] = [shot | {"transcript_text": "", "word_range": [0, 0]} for shot in document["shots"]]
    document["processing"]["stages"]["asr"] |= record
    home.output.mkdir()
    (home.output / "silent.json").write_text(json.dumps(document), encoding="utf-8")
    result = home.run("export", "srt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("reelwatch: two\\nlines.mp4: has no words, so there is no srt: ")
    assert said in result.stderr


GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"


@pytest.fixture
def processed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SimpleNamespace]:
    """Answer `process` with given results, and keep what it was asked."""

    def answer(*results: Processed) -> SimpleNamespace:
        asked = SimpleNamespace()

        def process(
            configuration: Any, paths: Any, *, force: bool, emit: Any, progress: Any, on_pause: Any
        ) -> list[Processed]:
            asked.on_pause, asked.emit = on_pause, emit
            asked.paths, asked.force, asked.output = list(paths), force, configuration.output.dir
            for result in results:
                progress(ProgressEvent(result.path, "asr", 1, 2, len(results)))
            emit("job.failed", path=b"x", reason="r")
            return list(results)

        monkeypatch.setattr(processing, "process", process)
        return asked

    return answer


GOOD = Processed(Path("/v/a.mp4"), Path("/out/a.json"), "complete")
ODD_NAME = Processed(Path("/v/caf\udce9\n.mp4"), Path("/out/caf_.json"), "complete")
PARTIAL = Processed(Path("/v/p.mp4"), Path("/out/p.json"), "partial", "asr: timed out")
BAD = Processed(Path("/v/b.mp4"), None, "rejected", "no streams were found")

ENDS = {
    "good": ([GOOD], [], 0, "/out/a.json\n", []),
    "partial": ([PARTIAL], [], 0, "/out/p.json\n", ["/v/p.mp4: the document is partial: asr: timed out"]),
    "partial, strictly": ([PARTIAL], ["--strict"], 1, "/out/p.json\n", ["is partial"]),
    "one bad": ([GOOD, BAD], [], 1, "/out/a.json\n", ["/v/b.mp4: no document: rejected: no streams were found"]),
    "odd name": ([ODD_NAME], [], 0, "/out/caf_.json\n", ["/v/caf\\xe9\\n.mp4: asr (1/2)"]),
}


@pytest.mark.parametrize(("results", "arguments", "code", "stdout", "said"), ENDS.values(), ids=ENDS.keys())
def test_process_ends(
    home: Any, processed: Any, results: list[Processed], arguments: list[str], code: int, stdout: str, said: list[str]
) -> None:
    processed(*results)
    result = home.run("process", "a.mp4", *arguments)
    assert (result.exit_code, result.stdout) == (code, stdout)
    assert all(text in result.stderr for text in said)


def test_a_partial_document_says_which_stage_it_lacks(home: Any, processed: Any) -> None:
    document = json.loads(GOLDEN.read_text(encoding="utf-8"))
    document["processing"]["stages"]["asr"] |= {"status": "timed_out", "reason": "no answer within 60 s"}
    (home.path / "p.json").write_text(json.dumps(document), encoding="utf-8")
    processed(Processed(Path("/v/p.mp4"), home.path / "p.json", "partial"))
    assert "is partial: asr timed_out (no answer within 60 s)" in home.run("process", "p.mp4").stderr


def test_process_hands_on_what_was_asked(home: Any, processed: Any) -> None:
    asked = processed(GOOD)
    home.run("process", "a.mp4", "../b.mp4", "--force", "--output", "out")
    assert asked.paths == [home.path / "a.mp4", home.path.parent / "b.mp4"]
    assert (asked.force, asked.output) == (True, home.path / "out")


def test_process_says_what_it_waits_for(home: Any, processed: Any) -> None:
    asked = processed(GOOD)
    home.run("process", "a.mp4")
    with home.said() as said:
        asked.emit("work.paused", reason="disk_full", path=b"/proc", low_water_mib=512, remedy="it")
        asked.on_pause(WorkPause("disk_full", b"/proc", 512))
    (line,) = said
    assert line.startswith("reelwatch: work is paused: disk_full: /proc (0 MiB free, bound 512 MiB): free space")
    assert "30 s at most" in line


def test_a_process_that_is_refused_makes_no_output(home: Any) -> None:
    (home.path / "a.mp4").touch()
    with state_lock(home.path / "state"):
        result = home.run("process", "a.mp4", "--output", "new")
    assert (result.exit_code, "in use by process" in result.stderr) == (75, True)
    assert not (home.path / "new").exists()


def test_process_counts_what_it_passes_over_in_a_folder(home: Any, processed: Any) -> None:
    processed(GOOD)
    for name in ("a.mp4", "a.txt", "b.wav", "c.mp3", "d.jpg", "e\n.png", "lone.txt", "z.gif", ".hidden", "x.mp4.part"):
        (home.inbox / name).touch()
    (home.inbox / "link.mp4").symlink_to("a.mp4")
    (home.inbox / "@eaDir").mkdir()
    (home.inbox / "@eaDir" / "thumb.mp4").touch()
    lines = [line for line in home.run("process", "inbox").stderr.splitlines() if "passed over" in line]
    (line,) = lines
    assert "6 whose names end in none of .mp4" in line
    assert "2 hidden or unfinished by their names" in line
    assert "1 links, which are not followed" in line
    assert "1 folders that are never entered" in line
    assert line.count(", ") >= 5
    assert "a.txt" not in line, "it describes a.mp4"


def test_process_has_nothing_to_say_of_files_that_are_named_or_taken(home: Any, processed: Any) -> None:
    processed(GOOD)
    (home.inbox / "a.mp4").touch()
    (home.path / "b.wav").touch()
    assert "passed over" not in home.run("process", "inbox", "b.wav").stderr


def test_a_documents_path_comes_out_in_the_file_systems_own_bytes(home: Any, processed: Any) -> None:
    processed(Processed(Path("/v/a.mp4"), Path("/out/caf\udce9.json"), "complete"))
    assert home.run("process", "a.mp4").stdout_bytes == os.fsencode("/out/caf\udce9.json") + b"\n"
