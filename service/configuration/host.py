"""The section `[host]`: how much of the host the service leaves to others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.configuration.kinds import Section, Whole


class HostSettings(Section):
    """What is added to niceness, the class of disk access, and processor time in percent of one core (0: no bound)."""

    niceness: Annotated[int, Field(strict=True, ge=0, le=19)]
    io_class: Literal["best-effort", "idle", "none"]
    cpu_quota_percent: Whole

    @property
    def own_niceness(self) -> int:
        """What the service takes on itself: half, so that it goes before its models and notices files while they work.

        The rest is the models' processes' (`model_niceness`), which inherit the service's.
        """
        return self.niceness // 2

    @property
    def model_niceness(self) -> int:
        """What the models' processes add to what they inherit."""
        return self.niceness - self.own_niceness
