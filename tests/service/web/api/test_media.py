"""Pictures and the video itself: ranges, and nothing from outside the roots."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

CONTENT = bytes(range(100))


@pytest.mark.parametrize(
    ("asked", "status", "expected", "told"),
    [
        (None, 200, CONTENT, None),
        ("bytes=0-9", 206, CONTENT[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, CONTENT[90:], "bytes 90-99/100"),
        ("bytes=-5", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=95-999", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=0-", 200, CONTENT, None),
        ("bytes=0-1,5-6", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("bytes=100-", 416, None, "bytes */100"),
        ("bytes=9-3", 416, None, "bytes */100"),
        ("bytes=-0", 416, None, "bytes */100"),
    ],
)
def test_ranges(
    client: TestClient, shelf: Shelf, asked: str | None, status: int, expected: bytes | None, told: str | None
) -> None:
    job = shelf.described("a.mp4", CONTENT)
    headers = {} if asked is None else {"range": asked}
    answer = client.get(f"/documents/{job.sha256[:16]}/video", headers=headers)
    assert (answer.status_code, answer.headers.get("content-range")) == (status, told)
    if expected is not None:
        assert answer.content == expected
        assert answer.headers["content-type"] == "video/mp4"


def test_what_a_browser_has_already(client: TestClient, shelf: Shelf) -> None:
    url = f"/documents/{shelf.described('a.mp4', CONTENT).sha256[:16]}/video"
    etag = client.get(url).headers["etag"]
    assert client.get(url, headers={"if-none-match": etag}).status_code == 304
    assert client.get(url, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert client.get(url, headers={"range": "bytes=0-9", "if-range": '"old"'}).status_code == 200


def test_a_source_that_is_gone_or_another_file(client: TestClient, shelf: Shelf) -> None:
    path = shelf.inbox / "a.mp4"
    url = f"/documents/{shelf.described('a.mp4', CONTENT).sha256[:16]}/video"
    path.write_bytes(b"something else")
    assert client.get(url).json()["type"] == "urn:reelwatch:source_gone"
    path.unlink()
    assert client.get(url).status_code == 410
    path.symlink_to("/etc/hostname")
    assert client.get(url).status_code == 410
    path.unlink()
    os.mkfifo(path)
    assert client.get(url).status_code == 410


def test_another_video_of_its_size_is_not_played_for_it(client: TestClient, shelf: Shelf) -> None:
    path = shelf.inbox / "a.mp4"
    url = f"/documents/{shelf.described('a.mp4', CONTENT).sha256[:16]}/video"
    path.write_bytes(CONTENT[::-1])
    assert client.get(url).status_code == 410


def test_a_video_that_was_touched_or_put_back_is_played(client: TestClient, shelf: Shelf) -> None:
    path = shelf.inbox / "a.mp4"
    url = f"/documents/{shelf.described('a.mp4', CONTENT).sha256[:16]}/video"
    os.utime(path)
    assert client.get(url).content == CONTENT
    path.rename(shelf.home / "kept.mp4")
    path.write_bytes(CONTENT)
    assert client.get(url).content == CONTENT


def test_a_picture(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("tips/a.mp4")
    answer = client.get(f"/documents/{job.sha256[:16]}/frames/a_s001.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "name",
    ["a_s999.jpg", "..%2F..%2Fa.json", "..%2f..%2f..%2fetc%2fpasswd", "a_s001.jpg%00", "%2Fetc%2Fpasswd", "a.json"],
)
def test_no_other_file_is_served(client: TestClient, shelf: Shelf, name: str) -> None:
    job = shelf.described("a.mp4")
    (shelf.output / "a" / "frames" / "a.json").write_text("{}")
    assert client.get(f"/documents/{job.sha256[:16]}/frames/{name}").status_code == 404


def test_no_link_is_followed(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    frames = shelf.output / "a" / "frames"
    picture = next(frames.glob("*.jpg"))
    picture.unlink()
    picture.symlink_to("/etc/hostname")
    assert client.get(f"/documents/{job.sha256[:16]}/frames/{picture.name}").status_code == 404
    picture.unlink()
    frames.rename(shelf.home / "elsewhere")
    (shelf.home / "elsewhere" / picture.name).write_bytes(b"x")
    frames.symlink_to(shelf.home / "elsewhere")
    assert client.get(f"/documents/{job.sha256[:16]}/frames/{picture.name}").status_code == 404
