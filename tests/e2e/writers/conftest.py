"""Makes the package beside this file importable; it stands here because its fixtures are for these tests only."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
