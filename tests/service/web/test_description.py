"""Every endpoint against its own OpenAPI description, asked with sense and without (schemathesis)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from service.web.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from schemathesis import APIOperation, Case, CheckContext, Response
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

pytest.importorskip("schemathesis", reason="schemathesis is not installed (the extra `test`)")

FEW, MANY = 10, 500
HEADERS = {"host": "localhost"}
ENDLESS = frozenset({"GET /events"})
"""Answers that do not end by themselves have tests of their own."""
NO_PROBLEM = frozenset({"GET /health/ready"})
"""Its 503 is what was asked for, and no error."""


def test_every_problem_has_an_honest_example(client: TestClient) -> None:
    responses = [
        (label, int(status), answer)
        for label, operation in _operations(client).items()
        for status, answer in operation["responses"].items()
        if MEDIA_TYPE in answer.get("content", {})
    ]
    for label, status, answer in responses:
        for code, example in answer["content"][MEDIA_TYPE]["examples"].items():
            told = Problem.model_validate(example["value"])
            assert (told.status, told.type, bool(told.detail)) == (status, f"urn:reelwatch:{code}", True), label
        assert ("retry-after" in answer.get("headers", {})) is (status == 503)
    assert {500, 503, 404} <= {status for _, status, _ in responses}


@pytest.mark.parametrize(
    ("operation", "asked", "answered"),
    [
        ("POST /analyze", set(), {"202": {"location"}}),
        (
            "GET /documents/{video_id}/video",
            {"range", "if-none-match", "if-range"},
            {"200": {"etag"}, "206": {"content-range", "etag"}, "304": {"etag"}, "416": {"content-range"}},
        ),
        (
            "GET /documents/{video_id}/frames/{name}",
            {"range", "if-none-match", "if-range"},
            {"200": {"etag"}, "206": {"content-range", "etag"}, "304": {"etag"}, "416": {"content-range"}},
        ),
    ],
)
def test_headers_are_described(
    client: TestClient, operation: str, asked: set[str], answered: dict[str, set[str]]
) -> None:
    described = _operations(client)[operation]
    assert asked == {one["name"] for one in described.get("parameters", ()) if one["in"] == "header"}
    assert all(names <= described["responses"][status]["headers"].keys() for status, names in answered.items())


def _operations(client: TestClient) -> dict[str, dict[str, Any]]:
    paths = client.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}": each for path, found in paths.items() for method, each in found.items()}


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_every_endpoint_does_what_its_description_says(shelf: Shelf, make_client: MakeClient, examples: int) -> None:
    import schemathesis

    job = shelf.described("a.mp4", b"a")
    shelf.done("tips/b.mp4", b"b")
    refused = shelf.claimed("c.mp4")
    shelf.ledger.reject(refused.job_id, reason="no_stream", detail="there is no picture and no sound in it")
    known = {"video_id": job.sha256[:16], "job_id": refused.job_id, "name": "a_s001.jpg"}
    app: FastAPI = make_client().app  # type: ignore[assignment] # the client's own type is looser
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS)
    operations = {one.label: one for result in schema.get_all_operations() if (one := result.ok()) is not None}
    described = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    assert set(operations) == described
    faults: dict[str, str] = {}
    for label, operation in operations.items():
        if label not in ENDLESS:
            try:
                assert _asked(operation, known, examples) > 0
            except (AssertionError, BaseExceptionGroup) as exc:
                faults[label] = str(exc)
    assert not faults, "\n\n".join(f"{label}: {fault}" for label, fault in faults.items())


def _asked(operation: APIOperation[Any, Any, Any, Any], known: dict[str, Any], examples: int) -> int:
    """Ask an endpoint as it may be asked and as it may not, every other time for something there is; say how often."""
    import hypothesis
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    asked = 0
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy() | wrong, of_known=st.booleans())
    def ask(case: Case, *, of_known: bool) -> None:
        nonlocal asked
        asked += 1
        if of_known:
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        case.call_and_validate(
            headers=HEADERS,
            additional_checks=[no_fault, problem_is_one],
            excluded_checks=_excluded(case, of_known=of_known),
        )

    ask()
    return asked


def _excluded(case: Case, *, of_known: bool) -> list[Callable[..., bool | None]]:
    """Return the checks that cannot hold here: cursors and the search language say more than a schema can."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    # 503 is an answer of ours, where it is described (`status_code_conformance` sees to that); `no_fault` refuses 500.
    without = [not_a_server_error, positive_data_acceptance]
    # A wrong id may have been replaced by a known one; in a query all is text, and may be right where its type is not.
    mended = of_known or bool(case.query)
    return [*without, negative_data_rejection] if mended else without


def no_fault(_context: CheckContext, response: Response, _case: Case) -> None:
    assert response.status_code != 500, response.text


def problem_is_one(_context: CheckContext, response: Response, case: Case) -> None:
    if response.status_code < 400 or case.operation.label in NO_PROBLEM:
        return
    assert response.headers["content-type"] == [MEDIA_TYPE], response.headers
    problem = Problem.model_validate_json(response.content)
    assert (problem.status, problem.title) == (response.status_code, HTTPStatus(response.status_code).phrase)
    told = case.operation.definition.raw["responses"][str(response.status_code)]["content"][MEDIA_TYPE]["examples"]
    assert problem.type.removeprefix("urn:reelwatch:") in told
