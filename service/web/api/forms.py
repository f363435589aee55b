"""A form that a file comes in (RFC 7578), read as it arrives: nothing of it is kept in memory or beside its folder.

Starlette's own reader would first write the whole file to the system's temporary folder, whatever its size.
"""

from __future__ import annotations

from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.received.refusal import Refusal as NotReceived
from service.web.codes import CODES
from service.web.problems import Refusal

if TYPE_CHECKING:
    from service.ledger.request_values import Request
    from service.received.reception import Reception
    from service.received.upload import Upload

FIELD = b"file"
FORM_BYTES = 16 * 1024
"""More than the lines of a form around its file take."""


def refused(refusal: NotReceived) -> Refusal:
    """Return the answer to what is not received."""
    status, _ = CODES.get(refusal.reason, CODES["invalid_request"])
    return Refusal(status, refusal.reason, refusal.detail)


class FormUpload:
    """Hands the file of a form on to an upload. Every method may block, and raises `Refusal`; `close` is always due."""

    def __init__(self, reception: Reception, boundary: bytes, *, length: int | None, force: bool) -> None:
        self._reception = reception
        self._least_bytes = max(0, (length or 0) - FORM_BYTES)
        self._force = force
        self._upload: Upload | None = None
        self._open = ExitStack()
        self._header = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._in_file = self._complete = False
        self._beside_bytes = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": lambda data, start, end: self._header_part(0, data[start:end]),
                    "on_header_value": lambda data, start, end: self._header_part(1, data[start:end]),
                    "on_header_end": self._header_ended,
                    "on_headers_finished": self._part_begins,
                    "on_part_data": lambda data, start, end: self._part_goes_on(data[start:end]),
                    "on_part_end": self._part_ended,
                    "on_end": self._ended,
                },
            )
        except FormParserError as exc:
            raise _bad_form(str(exc)) from exc

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        if self._complete:  # what follows the last boundary means nothing, but may be without an end
            self._beside(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError as exc:
            raise _bad_form(str(exc)) from exc

    def finish(self) -> Request:
        """Let the file appear, once the body has ended."""
        if not self._complete:
            raise _bad_form("it ends before its last boundary")
        if self._upload is None:
            raise _bad_form(f"it has no file in a field `{FIELD.decode()}`")
        ended = self._upload.finish()
        if isinstance(ended, NotReceived):
            raise refused(ended)
        return ended

    def close(self) -> None:
        """End it; what was not finished leaves nothing."""
        self._open.close()

    def _header_part(self, place: int, data: bytes) -> None:
        self._header[place] += data

    def _header_ended(self) -> None:
        name, value = self._header
        self._headers[name.lower()] = value
        self._header = [b"", b""]

    def _part_begins(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" not in options:
            return
        if options.get(b"name") != FIELD:
            raise _bad_form(f"its file is in another field; send the file in a field `{FIELD.decode()}`")
        if self._upload is not None:
            raise _bad_form("it has more than one file; send each in a form of its own")
        name = options[b"filename"].decode("utf-8", "replace")
        begun = self._reception.begin_upload(name, force=self._force, least_bytes=self._least_bytes)
        if isinstance(begun, NotReceived):
            raise refused(begun)
        self._upload, self._in_file = self._open.enter_context(begun), True

    def _part_goes_on(self, data: bytes) -> None:
        if not self._in_file or self._upload is None:
            self._beside(data)
            return
        refusal = self._upload.write(data)
        if refusal is not None:
            raise refused(refusal)

    def _beside(self, data: bytes) -> None:
        self._beside_bytes += len(data)
        if self._beside_bytes > FORM_BYTES:
            raise _bad_form("there is too much beside its file")

    def _part_ended(self) -> None:
        self._in_file = False

    def _ended(self) -> None:
        self._complete = True


def _bad_form(why: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_form", f"the form cannot be read: {why}.")
