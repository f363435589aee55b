"""What errors are about: every code the API answers with, by its HTTP status, and what is told of it, by example."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

_BY_STATUS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.BAD_REQUEST: {
        "aborted": "the connection ended before the request did.",
        "bad_cursor": "the cursor is none of ours: give back `next` as it was, with the same order, or leave it out.",
        "bad_filter": "no author is named: a name has letters or digits.",
        "bad_form": "the form cannot be read: it has no file in a field `file`.",
        "bad_query": "there is no kind 'x' (at character 1): use one of speech, overlay.",
    },
    HTTPStatus.UNAUTHORIZED: {
        "token_needed": "a token is needed: send `Authorization: Bearer TOKEN`, or log in on the page /login.",
    },
    HTTPStatus.FORBIDDEN: {
        "cross_site": "requests from pages of other sites change nothing here.",
        "outside_roots": "it lies in none of the folders that may be asked for (/srv/videos/inbox). Put it into an "
        "inbox, or name its folder in requests.roots.",
        "private_address": "127.0.0.1 is no public address. Where that is meant, set "
        "download.allow_private_addresses = true.",
        "unreadable": "it cannot be read: Permission denied",
    },
    HTTPStatus.NOT_FOUND: {
        "missing": "no such file or directory; check the path",
        "no_transcript": "what is said in 0123456789abcdef is not known; processing.stages.asr of its document tells "
        "why.",
        "unknown_document": "there is no document 0123456789abcdef. It may have been deleted.",
        "unknown_frame": "document 0123456789abcdef has no picture 'clip_s009.jpg'.",
        "unknown_job": "there is no job 7.",
        "unknown_request": "there is no request 3 (any more).",
    },
    HTTPStatus.REQUEST_TIMEOUT: {"stalled": "nothing has come for 60 s. Send it once more."},
    HTTPStatus.CONFLICT: {
        "elsewhere": "the service behind this ledger works on studio in another state directory than /srv/state. "
        "Ask the web face there.",
        "in_work": "0123456789abcdef is being described already, or its video is no longer there.",
        "nothing_to_retry": "job 7 is done: nothing there has failed.",
        "source_unknown": "where the video of 0123456789abcdef lies is not known; drop it once more.",
        "unfinished": "its name, or its folder's, is one for what is hidden or not finished",
    },
    HTTPStatus.GONE: {"source_gone": "the video is no longer where it was described; its document stays."},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {
        "too_large": "it is larger than 4096 MiB (media.max_file_mib). Put it into an inbox instead."
    },
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {
        "extension": "its name ends in none of .mp4 .webm (intake.extensions). Rename it.",
        "media_type": "send application/json, or multipart/form-data with a file.",
    },
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: {"bad_range": "the file has 2414117 bytes."},
    HTTPStatus.MISDIRECTED_REQUEST: {
        "unknown_host": "this server does not answer under that name. Ask for localhost, or add the name to web.hosts.",
    },
    HTTPStatus.UNPROCESSABLE_ENTITY: {
        "bad_url": "name an address that begins with https:// or http://",
        "empty": "the file is empty",
        "invalid_request": "query.limit: Input should be less than or equal to 200",
        "not_a_file": "it is a folder; name a video",
        "not_absolute": "name the whole path, from / on",
    },
    HTTPStatus.INTERNAL_SERVER_ERROR: {"bug": "this is a fault of Reelwatch; its log has the event web.failed."},
    HTTPStatus.NOT_IMPLEMENTED: {
        "parquet_unavailable": "parquet needs pyarrow: pip install 'reelwatch[parquet]'",
        "unavailable": "downloads need yt-dlp: pip install 'reelwatch[download]'",
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "busy": "3 tables are being written, each read from all documents. Ask again in a moment.",
        "ledger_busy": "another process is writing to the ledger and does not finish.",
        "ledger_unavailable": "there is no ledger yet: `reelwatch run` makes it.",
        "output_unreadable": "the folder of the documents cannot be read: Not a directory.",
        "overloaded": "too many are connected at present. Try again in a while.",
        "too_many_followers": "too many follow already: come again in a moment, or read /jobs instead.",
    },
    HTTPStatus.INSUFFICIENT_STORAGE: {
        "disk_full": "900 MiB are free where uploads land, and 1024 MiB must stay so (disk.low_water_mib). Free "
        "space there.",
        "not_written": "it could not be written: Input/output error",
    },
}
CODES: Mapping[str, tuple[HTTPStatus, str]] = MappingProxyType(
    {code: (status, detail) for status, told in _BY_STATUS.items() for code, detail in told.items()}
)
"""By code: its status, and what the detail may say."""
EVERYWHERE = (
    *("bug", "cross_site", "invalid_request", "ledger_busy", "ledger_unavailable"),
    *("overloaded", "token_needed", "unknown_host"),
)
"""What any endpoint may answer: it may be asked in a way it does not understand, and the ledger may be away."""
