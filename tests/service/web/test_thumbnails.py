"""Small pictures: made from what is larger, and everything else sent as it is."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from service.web import thumbnails

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


DESCRIPTORS = Path("/proc/self/fd")


def picture(width: int, height: int, *, form: str = "JPEG", mode: str = "RGB") -> bytes:
    """A picture that is no plane of one colour: noise below a gradient."""
    made = Image.effect_noise((width, height), 40).convert(mode)
    content = io.BytesIO()
    made.save(content, form, quality=88)
    return content.getvalue()


@pytest.fixture
def frame(shelf: Shelf) -> Path:
    """The first picture of a described video."""
    shelf.described("a.mp4")
    return next((shelf.output / "a" / "frames").glob("*.jpg"))


@pytest.fixture
def url(shelf: Shelf, frame: Path) -> str:
    (job,) = shelf.ledger.jobs()
    return f"/documents/{str(job.sha256)[:16]}/frames/{frame.name}"


SIZES = {
    "upright": ((1080, 1920), (360, 640)),
    "wide": ((1920, 1080), (360, 202)),
    "extreme": ((4000, 40), (360, 4)),
    "hardly larger": ((361, 361), (360, 360)),
}


@pytest.mark.parametrize(("given", "small"), SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_large_one_is_made_small_and_keeps_its_shape(
    client: TestClient, frame: Path, url: str, given: Any, small: Any, mode: str
) -> None:
    frame.write_bytes(picture(*given, mode=mode))
    answer = client.get(url, params={"size": "small"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content)) as made:
        assert (made.format, made.size) == ("JPEG", pytest.approx(small, abs=1))
    assert len(answer.content) < len(frame.read_bytes())
    assert client.get(url).content == frame.read_bytes()


NOT_MADE_SMALL = {
    "small already": picture(360, 640),
    "cut short": picture(1080, 1920)[:40_000],
    "another format": picture(1080, 1920, form="PNG"),
    "no picture": b"\xff\xd8 is how one begins",
    "empty": b"",
}


@pytest.mark.parametrize("content", NOT_MADE_SMALL.values(), ids=NOT_MADE_SMALL)
def test_everything_else_is_sent_as_it_is(client: TestClient, frame: Path, url: str, content: bytes) -> None:
    frame.write_bytes(content)
    answer = client.get(url, params={"size": "small"})
    assert (answer.status_code, answer.content) == (200, content)


def test_one_that_claims_more_than_a_video_has_is_not_unpacked(
    client: TestClient, frame: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "_MOST_PIXELS", 1080 * 1920 - 1)
    frame.write_bytes(picture(1080, 1920))
    assert client.get(url, params={"size": "small"}).content == frame.read_bytes()


def test_a_browser_keeps_it_until_the_picture_changes(client: TestClient, frame: Path, url: str) -> None:
    frame.write_bytes(picture(1080, 1920))
    small, whole = client.get(url, params={"size": "small"}), client.get(url)
    assert small.headers["etag"] != whole.headers["etag"], "a cache must not give one for the other"
    known = {"if-none-match": small.headers["etag"]}
    assert client.get(url, params={"size": "small"}, headers=known).status_code == 304
    os.utime(frame, (1, 1))
    assert client.get(url, params={"size": "small"}, headers=known).status_code == 200


def test_there_is_one_size(client: TestClient, url: str) -> None:
    assert client.get(url, params={"size": "huge"}).status_code == 422


def test_no_descriptor_is_left(client: TestClient, frame: Path, url: str) -> None:
    for content in (picture(1080, 1920), *NOT_MADE_SMALL.values()):
        frame.write_bytes(content)
        client.get(url, params={"size": "small"})
    before = len(list(DESCRIPTORS.iterdir()))
    for content in (picture(1080, 1920), *NOT_MADE_SMALL.values()):
        frame.write_bytes(content)
        etag = client.get(url, params={"size": "small"}).headers["etag"]
        client.get(url, params={"size": "small"}, headers={"if-none-match": etag})
    assert len(list(DESCRIPTORS.iterdir())) == before
