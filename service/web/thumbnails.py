"""Pictures made small for lists: a keyframe is as large as its video, and a page of the library shows sixty of them."""

from __future__ import annotations

import io
import os
from http import HTTPStatus
from typing import TYPE_CHECKING

from PIL import Image
from starlette.responses import Response

from service.web.files import file_response, validators

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH_PX = 360
"""A card of the library on a phone, at two pixels to one of CSS's."""
_QUALITY = 80
_MOST_PIXELS = 8192 * 8192
"""More than any video has; a file that claims more is somebody's trap and is sent as it is."""


def small_picture(descriptor: int, headers: Mapping[str, str]) -> Response:
    """Answer with an open JPEG file, `WIDTH_PX` wide at most; takes the descriptor. headers: of the request.

    What is no such picture is sent whole, as `file_response` sends it.
    """
    told = validators(os.fstat(descriptor), f"-{WIDTH_PX}")
    if headers.get("if-none-match") == told["etag"]:
        os.close(descriptor)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
    content = _shrunk(descriptor)
    if content is None:
        return file_response(descriptor, headers, media_type="image/jpeg")
    os.close(descriptor)
    return Response(content, headers=told, media_type="image/jpeg")


def _shrunk(descriptor: int) -> bytes | None:
    """Return the picture as a smaller JPEG; None for what is small already, or is none. The descriptor stays open."""
    try:
        with open(os.dup(descriptor), "rb") as file, Image.open(file, formats=("JPEG",)) as picture:  # noqa: PTH123 - a descriptor
            width, height = picture.size
            if width <= WIDTH_PX or width * height > _MOST_PIXELS:
                return None
            # libjpeg skips what is not needed while it decodes (draft mode): a fifth of the time.
            picture.thumbnail((WIDTH_PX, height), reducing_gap=2.0)
            small = io.BytesIO()
            picture.save(small, "JPEG", quality=_QUALITY)
            return small.getvalue()
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
