"""Sidecars: what they tell, which one wins, and that nothing in them can fail a video."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.document import Counts
from actors.fusion.request import Sidecar
from actors.fusion.sidecar_fields import MAX_HASHTAGS
from actors.fusion.sidecars import MAX_SIDECAR_BYTES, Publication, read_sidecars


def read(**contents: Any) -> tuple[Publication, list[str]]:
    """Read sidecars named `v.<key>` (`info` is `.info.json`); return what they say and the fields warned about."""
    names = {"info": "v.info.json", "json": "v.json", "txt": "v.txt"}
    sidecars = [
        Sidecar(names[key], value if isinstance(value, bytes) else json.dumps(value).encode())
        for key, value in contents.items()
    ]
    publication, warnings = read_sidecars(sidecars)
    assert {warning.code for warning in warnings} <= {"sidecar_unreadable"}
    return publication, [f"{warning.field}" for warning in warnings]


YT_DLP_TIKTOK = {
    "id": "7234567890123456789",
    "title": "Blåbær til halv pris…",
    "description": "Blåbær til halv pris i dag #Blåbær #fyp",
    "timestamp": 1759602600,
    "upload_date": "20251004",
    "view_count": 1200,
    "like_count": 34,
    "repost_count": 2,
    "comment_count": 5,
    "save_count": 7,
    "uploader": "kari",
    "uploader_id": "6812",
    "channel": "Kari N.",
    "extractor": "TikTok",
    "webpage_url": "https://www.tiktok.com/@kari/video/7234567890123456789",
    "formats": [{"url": "https://example.invalid"}],
}
TIKTOK_API = {
    "id": "7234567890123456789",
    "desc": "hei #fyp",
    "createTime": 1759602600,
    "author": {"uniqueId": "kari", "nickname": "Kari N."},
    "stats": {"playCount": 1200, "diggCount": 34, "commentCount": 5, "shareCount": 2, "collectCount": "7"},
}


def test_yt_dlps_file() -> None:
    assert read(info=YT_DLP_TIKTOK) == (
        Publication(
            platform_id="7234567890123456789",
            caption="Blåbær til halv pris i dag #Blåbær #fyp",
            hashtags=("Blåbær", "fyp"),
            author="kari",
            posted_at="2025-10-04T18:30:00Z",
            counts=Counts(views=1200, likes=34, comments=5, shares=2, saves=7),
        ),
        [],
    )


def test_tiktoks_own_names() -> None:
    publication, warned = read(json=TIKTOK_API)
    assert (publication.author, publication.caption, publication.posted_at) == (
        "kari",
        "hei #fyp",
        "2025-10-04T18:30:00Z",
    )
    assert publication.counts == Counts(views=1200, likes=34, comments=5, shares=2, saves=7)
    assert warned == []


def test_a_persons_files() -> None:
    publication, _ = read(json={"caption": "Hei", "hashtags": "#a, b", "posted_at": "2025-10-04"}, txt=b"unused")
    assert (publication.caption, publication.hashtags, publication.posted_at) == ("Hei", ("a", "b"), "2025-10-04")
    assert publication.counts is None


def test_precedence_is_field_by_field() -> None:
    publication, _ = read(txt=b"fra txt #t", json={"author": "json", "likes": 1}, info={"uploader": "info"})
    assert (publication.author, publication.caption, publication.hashtags) == ("info", "fra txt #t", ("t",))
    assert publication.counts == Counts(views=None, likes=1, comments=None, shares=None, saves=None)


def test_nothing_is_known_without_sidecars() -> None:
    assert read() == (Publication(None, None, None, None, None, None), [])


def test_our_own_document_is_no_sidecar() -> None:
    assert read(json={"schema_version": "1.0", "video_id": "x", "processing": {}, "author": "y"})[0].author is None


@pytest.mark.parametrize(
    ("content", "caption"),
    [
        pytest.param("Blåbær\r\n#a\n".encode(), "Blåbær\n#a", id="UTF-8"),
        pytest.param(b"\xef\xbb\xbfhei", "hei", id="UTF-8 with mark"),
        pytest.param("blå".encode("utf-16"), "blå", id="UTF-16, as Notepad writes"),
        pytest.param(b" \n", None, id="blank"),
        pytest.param(b"a\x1b[31mb\x07", "a[31mb", id="terminal escapes"),
    ],
)
def test_caption_file(content: bytes, caption: str | None) -> None:
    publication, warned = read(txt=content)
    assert (publication.caption, warned) == (caption, [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"hei"', id="a string"),
        pytest.param(b"\xff\xfe\xfa", id="binary"),
        pytest.param(b"[" * 200_000, id="nested deeply"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="nested deeply and closed"),
        pytest.param(b'{"description": "x", "view_count": NaN}', id="NaN"),
        pytest.param(b'{"description": "x", "view_count": ' + b"9" * 10_000 + b"}", id="endless number"),
        pytest.param(b'{"description": "\x00"}', id="NUL"),
        pytest.param(b'{"description": "' + b"x" * MAX_SIDECAR_BYTES + b'"}', id="huge"),
        pytest.param(b'{"description": "caf\xe9"}', id="not UTF-8"),
    ],
)
def test_unreadable_file_is_a_warning_and_the_next_one_is_read(content: bytes) -> None:
    publication, warned = read(info=content, txt=b"from the text file")
    assert (publication.caption, warned) == ("from the text file", ["source"])


@pytest.mark.parametrize(
    ("field", "value", "warned"),
    [
        pytest.param("view_count", "lots", "source.counts.views", id="count in words"),
        pytest.param("view_count", -1, "source.counts.views", id="negative count"),
        pytest.param("view_count", True, "source.counts.views", id="boolean count"),
        pytest.param("view_count", 1.5, "source.counts.views", id="half a view"),
        pytest.param("view_count", 1e300, "source.counts.views", id="endless count"),
        pytest.param("description", 7, "source.caption", id="caption that is a number"),
        pytest.param("description", "x" * 100_001, "source.caption", id="caption without end"),
        pytest.param("description", "\u0000\u0007", "source.caption", id="caption of control characters"),
        pytest.param("uploader", ["a"], "source.author", id="author that is a list"),
        pytest.param("timestamp", "soon", "source.posted_at", id="time in words"),
        pytest.param("timestamp", 1e18, "source.posted_at", id="time beyond the calendar"),
        pytest.param("timestamp", 0, "source.posted_at", id="epoch"),
        pytest.param("upload_date", "20251399", "source.posted_at", id="thirteenth month"),
        pytest.param("id", {"$oid": 1}, "source.platform_id", id="id that is an object"),
    ],
)
def test_unusable_field_is_null_with_a_warning(field: str, value: Any, warned: str) -> None:
    publication, warnings = read(info={field: value})
    assert publication == Publication(None, None, None, None, None, None)
    assert warnings == [warned]


def test_unusable_field_gives_way_to_a_usable_one_without_a_warning() -> None:
    publication, warned = read(
        info={"comment_count": 3, "comments": [{"text": "hei"}], "timestamp": "x", "upload_date": "20251004"}
    )
    assert publication.counts is not None
    assert (publication.counts.comments, publication.posted_at, warned) == (3, "2025-10-04", [])


@pytest.mark.parametrize(
    ("raw", "posted_at"),
    [
        (1759602600, "2025-10-04T18:30:00Z"),
        (1759602600.9, "2025-10-04T18:30:00Z"),
        (1759602600000, "2025-10-04T18:30:00Z"),
        ("1759602600", "2025-10-04T18:30:00Z"),
        ("20251004", "2025-10-04"),
        ("2025-10-04", "2025-10-04"),
        ("2025-10-04T20:30:00+02:00", "2025-10-04T18:30:00Z"),
        ("2025-10-04T18:30:00Z", "2025-10-04T18:30:00Z"),
        ("2025-10-04 18:30", "2025-10-04"),
    ],
)
def test_times(raw: Any, posted_at: str) -> None:
    assert read(json={"timestamp": raw})[0].posted_at == posted_at


@pytest.mark.parametrize("listed", [[f"#t{n}" for n in range(5000)], " ".join(f"#t{n}" for n in range(5000))])
def test_of_a_list_without_end_the_first_thousand_are_taken(listed: Any) -> None:
    hashtags = read(json={"hashtags": listed})[0].hashtags
    assert hashtags is not None
    assert (len(hashtags), hashtags[-1]) == (MAX_HASHTAGS, "t999")


TEXT = st.text(st.sampled_from("a1 #\0\ud800\u200d\u0902"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["id", "description", "author", "timestamp", "stats", "view_count", "hashtags", "playCount"])


@settings(deadline=None)  # a busy machine is no failure
@given(data=st.dictionaries(NAMES, JSON), raw=st.binary(max_size=40))
def test_nothing_in_a_sidecar_fails_a_video(data: dict[str, Any], raw: bytes) -> None:
    publication, _ = read(info=data, json=raw, txt=raw)
    said = (publication.caption, publication.author, *(publication.hashtags or ()))
    assert all("\0" not in text and text == text.encode().decode() for text in said if text is not None)
    counts = publication.counts.model_dump() if publication.counts else {}
    assert all(count is None or count >= 0 for count in counts.values())
