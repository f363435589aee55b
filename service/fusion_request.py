"""What fusion is told about one video besides what the stages found."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from actors.fusion.published import is_foreign
from actors.fusion.request import FusionRequest
from actors.plan import Plan
from service import sidecars
from service.ledger.ledger import Ledger
from service.ledger.values import Job


@dataclass(frozen=True, slots=True)
class Imprint:
    """What every document of this service has in common."""

    output_root: bytes
    profile: str
    version: str
    file_mode: int = 0o644


def fusion_request(
    job: Job, ledger: Ledger, imprint: Imprint, *, plan: Plan, timings: dict[str, float]
) -> FusionRequest:
    """Allocate the document's name and gather what lies beside the video; timings in seconds, by phase.

    The name passes over what strangers have put into the output. Sidecars are those of the video, or where it has none
    of the first of its copies that has some, for they speak of the same content.
    """
    name = ledger.allocate_name(job, is_foreign=lambda name: _is_foreign(imprint.output_root, name))
    document = os.path.join(imprint.output_root, os.fsencode(name) + b".json")  # noqa: PTH118 - bytes paths
    copies = ledger.copies(job.sha256 or "")
    return FusionRequest(
        output_root=imprint.output_root,
        name=name,
        run_id=job.run_id,
        filename=readable(os.path.basename(job.path)),  # noqa: PTH119 - bytes paths
        relative_path=readable(job.path),
        sha256=job.sha256 or "",
        profile=imprint.profile,
        version=imprint.version,
        settings_key=plan.settings_key,
        also_at=tuple(readable(os.path.join(*copy)) for copy in copies),  # noqa: PTH118 - bytes paths
        sidecars=sidecars.of_first([job.location, *copies], except_for=document),
        expected=plan.expected,
        truncated=job.truncated,
        timings=timings,
        file_mode=imprint.file_mode,
    )


def readable(path: bytes) -> str:
    """Return a path as text that JSON can hold; bytes that are not UTF-8 become backslash escapes."""
    return path.decode("utf-8", "backslashreplace")


def _is_foreign(output_root: bytes, name: str) -> bool:
    with suppress(OSError):  # a disk that does not answer is fusion's to report
        return is_foreign(output_root, name)
    return False
