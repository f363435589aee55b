"""Makes the helpers beside these tests importable, and the maker of clips of the decoding tests."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "actors" / "media")]
