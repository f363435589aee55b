"""Stage results on their way into the ledger and back: JSON text in, the stage's own model out."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from actors.backend import Outcome, StageStatus
from actors.plan import PlannedStage
from actors.redaction.redactor import redaction_of
from actors.results import RESULT_TYPES
from service.ledger.values import StoredResult


def stored(outcome: Outcome, stage: PlannedStage, *, sha256: str, key: str) -> StoredResult:
    """Return what the ledger keeps of a durable outcome."""
    return StoredResult(
        key,
        sha256,
        stage.name,
        stage.backend or "",
        stage.revision,
        str(outcome.status),
        outcome.data.model_dump_json() if outcome.data is not None else None,
        reason=outcome.reason,
        model=outcome.model,
        device=outcome.device,
        seconds=outcome.seconds,
        redaction=redaction_of(stage.options.get("redact", ()), stage.options.get("phone_regions", ())),
    )


def outcomes(results: Iterable[StoredResult]) -> dict[str, Outcome]:
    """Return stored results as outcomes by key; one that this version cannot read is left out, and so made anew."""
    found = {}
    for result in results:
        model = RESULT_TYPES.get(result.stage)
        try:
            data = model.model_validate_json(result.data) if model is not None and result.data is not None else None
            status = StageStatus(result.status)
        except (ValidationError, ValueError):
            continue
        if status is StageStatus.DONE and data is None:
            continue
        found[result.key] = Outcome(
            status,
            data=data,
            reason=result.reason,
            backend=result.backend,
            model=result.model,
            device=result.device,
            seconds=result.seconds,
        )
    return found
