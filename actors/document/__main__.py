"""Print the document's JSON Schema."""

import json
import sys

from actors.document import schema

json.dump(schema(), sys.stdout, ensure_ascii=False, indent=2)
sys.stdout.write("\n")
