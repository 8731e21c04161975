"""Text as the name of a file or folder, which every file system takes and no shell reads as more than a word."""

from __future__ import annotations

import re

OTHERS = re.compile(r"[^A-Za-z0-9._=,+-]+")
LONGEST = 120
"""Characters; a file system takes 255 bytes."""
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
"""Names that Windows keeps for devices."""


def make_file_name(text: str, otherwise: str) -> str:
    """A name that says what the text says as far as it can; `otherwise` where nothing of it is left."""
    name = OTHERS.sub("_", text).strip("._").lstrip("-")[:LONGEST] or otherwise
    return f"{name}_" if RESERVED.fullmatch(name) else name
