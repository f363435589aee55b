"""Names of strangers, cleaned; and names that are taken."""

from __future__ import annotations

import os

import pytest

from service.intake.names import NamePolicy
from service.received.names import STEM_BYTES, clean_name, free_name, sidecar_name

EXTENSIONS = (".mp4", ".mov", ".ts")

NAMES = {
    "clip.mp4": "clip.mp4",
    "Clip.MP4": "Clip.mp4",
    "three tips.mov": "three tips.mov",
    "../../etc/cron.d/evil.mp4": "evil.mp4",
    "/etc/passwd.mp4": "passwd.mp4",
    "C:\\Users\\a\\clip.mp4": "clip.mp4",
    "..\\clip.mp4": "clip.mp4",
    ".hidden.mp4": "hidden.mp4",
    "...mp4": None,
    "..mp4.mp4": "mp4.mp4",
    "~lock.mp4": "lock.mp4",
    ".mp4": None,
    "mp4": None,
    "": None,
    "clip.exe": None,
    "clip.mp4.exe": None,
    "clip.mp4\0.exe": None,
    "clip.mp4/": None,
    "clip.mp4.part": None,
    "clip.~tmp.mp4": "video.mp4",
    "clip.aria2.mp4": "video.mp4",
    "bl\u00e5ba\u0308r.mp4": "bl\u00e5b\u00e4r.mp4",
    "a\nb\x1b[31m.mp4": "a_b_[31m.mp4",
    "\u202egpj.mp4": "_gpj.mp4",
    "bad\udce9.mp4": "bad___.mp4",
    "-rf.mp4": "_rf.mp4",
    "a.info.mp4": "a_info.mp4",
    "x" * 300 + ".mp4": "x" * STEM_BYTES + ".mp4",
    "\u00e5" * 300 + ".mp4": "\u00e5" * (STEM_BYTES // 2) + ".mp4",
}


@pytest.mark.parametrize(("given", "name"), NAMES.items(), ids=[repr(given[:20]) for given in NAMES])
def test_a_name_is_cleaned_or_refused(given: str, name: str | None) -> None:
    found = clean_name(given, EXTENSIONS)
    assert found == name
    assert found is None or NamePolicy(("mp4", "mov", "ts")).is_video(os.fsencode(found)), "intake would pass over it"


TAKEN = {
    "nothing": ((), "clip.mp4"),
    "itself": (("clip.mp4",), "clip-2.mp4"),
    "another case": (("CLIP.MP4",), "clip-2.mp4"),
    "its stem": (("clip.mov",), "clip-2.mp4"),
    "a sidecar of its stem": (("clip.info.json",), "clip-2.mp4"),
    "numbers": (("clip.mp4", "clip-2.mov", "clip-3.info.json"), "clip-4.mp4"),
    "others": ((".incoming", "clip 2.mp4", "lip.mp4"), "clip.mp4"),
}


@pytest.mark.parametrize(("taken", "name"), TAKEN.values(), ids=TAKEN)
def test_no_two_videos_share_a_stem(taken: tuple[str, ...], name: str) -> None:
    assert free_name("clip.mp4", taken) == name


def test_the_longest_name_fits_a_file_system_with_its_sidecar() -> None:
    name = free_name(clean_name("\u00e5" * 300 + ".mp4", EXTENSIONS) or "", ["\u00e5" * (STEM_BYTES // 2) + ".mp4"])
    assert len(os.fsencode(f".{sidecar_name(name)}.tmp-0123456789")) < 255
    assert sidecar_name("clip.mp4") == "clip.info.json"
