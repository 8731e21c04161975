"""Variables as other tools write them. Imports nothing of ours."""

from __future__ import annotations

import re

JINJA = re.compile(r"\{\{\s*(?:vars\.)?([A-Za-z_]\w*)\s*\}\}")
"""`{{ units }}`, of templates."""
DOTTED = re.compile(r"\$\{\s*[A-Za-z_][\w.]*[.:]([A-Za-z_]\w*)\s*\}")
"""`${model.units}`, `${oc.env:UNITS}`, of configurations that name their own keys."""
