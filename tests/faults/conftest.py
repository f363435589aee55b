"""Makes the helpers beside these tests importable, and those of the end-to-end tests."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "actors" / "media")]
