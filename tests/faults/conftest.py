"""Makes the helpers beside these tests importable, and those of the end-to-end tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from scene import Act
    from stagehand import Stagehand

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "actors" / "media")]


@pytest.fixture(scope="session")
def stagehand() -> Iterator[Stagehand]:
    """The warm process from which all services of these tests are forked."""
    from stagehand import Stagehand

    made = Stagehand()
    yield made
    made.close()


@pytest.fixture(scope="session")
def ended(
    request: pytest.FixtureRequest, stagehand: Stagehand, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Act], None]]:
    """What waits for an act of `scene`; all acts of the session begin with the first that is asked for."""
    from mounts import Mounts, NotAllowed
    from scene import acts_of, begun
    from stagehand import Stagehand

    mounted: list[tuple[Stagehand, Mounts] | str] = []

    def given(on_mounts: object) -> tuple[Stagehand, Mounts | None] | str:
        if not on_mounts:
            return stagehand, None
        if not mounted:
            try:
                # The warm process of the other tests was started before, and sees no mounts of ours.
                mounted.append((made := Mounts()) and (Stagehand(), made))
            except NotAllowed as refusal:
                mounted.append(str(refusal))
        return mounted[0]

    with begun(acts_of(request.session), tmp_path_factory.mktemp, given) as wait:
        yield wait
    for one in mounted:
        if isinstance(one, tuple):
            one[0].close()
