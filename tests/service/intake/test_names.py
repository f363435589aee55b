import pytest

from service.intake.names import BusySiblings, NamePolicy, is_temporary, shown, sidecar_names, stem

POLICY = NamePolicy()


@pytest.mark.parametrize(
    "name",
    [
        b"x.mp4",
        b"X.MP4",
        b"x.MoV",
        b"x.mkv",
        b"x.webm",
        b"x.avi",
        b"x.m4v",
        b"x.ts",
        b"..mp4",
        b"...mp4",
        b"-rf.mp4",
        b" leading space.mp4",
        b"new\nline.mp4",
        b"tab\t.mp4",
        "emoji \U0001f600.mp4".encode(),
        "a\u030a.mp4".encode(),
        b"invalid \xff\xfe.mp4",
        b"%s.mp4",
        b"\x1b[31mred.mp4",
        b"quote'\".mp4",
        b"x.part1.mp4",
        b"partial.mp4",
        b"x.tmp.mp4",
        b"n" * 251 + b".mp4",
        b"clip.sync-conflict-20250101-120000-ABCDEFG.mp4",
    ],
)
def test_a_users_video_is_taken(name: bytes) -> None:
    assert POLICY.is_video(name)


@pytest.mark.parametrize(
    "name",
    [
        b".mp4",
        b".x.mp4",
        b"._x.mp4",
        b"~x.mp4",
        b"~$x.mp4",
        b"x.mp4.part",
        b"x.mp4.PART",
        b"x.mp4.partial",
        b"x.mp4.filepart",
        b"x.mp4.crdownload",
        b"x.mp4.download",
        b"x.mp4.tmp",
        b"x.mp4.temp",
        b"x.mp4.aria2",
        b"x.mp4.aria2__temp",
        b"x.mp4.!qB",
        b".x.mp4.~1a2b",
        b"x.~1a2b.mp4",
        b"x.mp4.ocTransferId123.part",
        b"x.ocTransferId123.mp4",
        b"x.mp4.nextcloud",
        b".x.mp4.swp",
        b".x.mp4.AbCdEf",
        b".syncthing.x.mp4.tmp",
        b"~syncthing~x.mp4.tmp",
        b"x.mp4.1a2b3c4d.partial",
        b"x.txt",
        b"mp4",
        b"x.m4a",
        b"x.mp4.json",
    ],
)
def test_what_is_no_finished_video_is_not(name: bytes) -> None:
    assert not POLICY.is_video(name)


def test_extensions_are_configuration() -> None:
    policy = NamePolicy(("WMV", ".flv"))
    assert policy.is_video(b"a.wmv")
    assert policy.is_video(b"a.FLV")
    assert not policy.is_video(b"a.mp4")


@pytest.mark.parametrize(
    "name",
    [
        b".~tmp~",
        b".stfolder",
        b".stversions",
        b".dropbox.cache",
        b".maestral.cache",
        b".tmp.drivedownload",
        b".tmp.driveupload",
        b"@eaDir",
        b"#recycle",
        b".Trash-1000",
        b"lost+found",
        b"__MACOSX",
        b".git",
        b"$RECYCLE.BIN",
        b"x.mp4.download",
    ],
)
def test_directories_of_programs_are_pruned(name: bytes) -> None:
    assert POLICY.is_pruned(name)


@pytest.mark.parametrize("name", [b"x.mp4", b"Trash", b"tmp", b"my.download", b"..", b"..odd", b"recycle", b"-rf"])
def test_directories_of_users_are_entered(name: bytes) -> None:
    assert not POLICY.is_pruned(name)


@pytest.mark.parametrize(
    ("temporary", "final"),
    [
        (b"x.mp4.aria2", b"x.mp4"),
        (b"x.mp4.aria2__temp", b"x.mp4"),
        (b"x.mp4.part", b"x.mp4"),
        (b"x.Ab12Cd34.mp4.part", b"x.mp4"),
        (b"a.b.Ab12Cd34.mp4.part", b"a.b.mp4"),
        (b"x.mp4.crdownload", b"x.mp4"),
        (b"x.mp4.filepart", b"x.mp4"),
        (b"x.mp4.partial", b"x.mp4"),
        (b"x.mp4.1a2b3c4d.partial", b"x.mp4"),
        (b".x.mp4.AbCdEf", b"x.mp4"),
        (b".x.mp4.~1a2b", b"x.mp4"),
        (b".syncthing.x.mp4.tmp", b"x.mp4"),
        (b"~syncthing~x.mp4.tmp", b"x.mp4"),
        (b"x.mp4.ocTransferId77.part", b"x.mp4"),
        (b"x.mp4.!qB", b"x.mp4"),
    ],
)
def test_a_temporary_name_holds_its_final_name_busy(temporary: bytes, final: bytes) -> None:
    assert is_temporary(temporary)
    assert BusySiblings([temporary]).of(final) == temporary


@pytest.mark.parametrize(
    ("temporary", "other"),
    [
        (b"x.mp4.part", b"y.mp4"),
        (b"._x.mp4", b"x.mp4"),
        (b".DS_Store", b"DS_Store.mp4"),
        (b".x.mp4.AbCdEf", b"xx.mp4"),
        (b"a.b.c.d.mp4.part", b"a.mp4"),
    ],
)
def test_and_no_other(temporary: bytes, other: bytes) -> None:
    assert BusySiblings([temporary]).of(other) is None


def test_sidecars_are_named_after_the_stem() -> None:
    assert sidecar_names(b"a.b.mp4") == (b"a.b.info.json", b"a.b.json", b"a.b.txt")
    assert stem(b"..mp4") == b"."


@pytest.mark.parametrize(("path", "text"), [(b"a\xff", "a\\xff"), ("ø".encode(), "ø"), (b"", "")])
def test_paths_are_shown_as_valid_text(path: bytes, text: str) -> None:
    assert shown(path) == text
    shown(path).encode()
