"""The page itself: our own style and script around data, and the policy that lets a browser run nothing else."""

from __future__ import annotations

import base64
import hashlib

from ...emit.picture.opened import ALL
from ...emit.picture.style import write_style_sheet
from ...text.escape import html
from ...text.files import read_own
from .describe import Json
from .views import Views

MOST_VARIANTS, MOST_BYTES = 24, 24_000_000
"""What one file holds of variants, and about how long it gets before folds open all together only."""


def _read_own(name: str) -> str:
    return read_own("editor", "page", "data", name).decode("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def make_policy(connects: bool) -> str:
    """The Content-Security-Policy: our script and the two style sheets by their digests, and requests to the server alone."""
    styles = f"{_digest(_read_own('page.css'))} {_digest(write_style_sheet())}"
    connect = "'self'" if connects else "'none'"
    return (
        f"default-src 'none'; script-src {_digest(_read_own('page.js'))}; style-src {styles}; connect-src {connect};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def make_page(title: str, given: Json | None) -> str:
    """The page; `given` is what a page without a server shows."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape_text(make_policy(given is None))}">'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{policy}\n'
        '<meta name="viewport" content="width=device-width">\n<link rel="icon" href="data:,">\n'
        f"<title>{html.escape_text(title)}</title>\n<style>{_read_own('page.css')}</style>\n</head>\n<body>\n"
        f"{_read_own('body.html')}"
        f'<script type="application/json" id="given">{html.escape_data(given)}</script>\n'
        f"<script>{_read_own('page.js')}</script>\n</body>\n</html>\n"
    )


def make_file(views: Views) -> str:
    """The page as one file: the variants, the details of their layers, and the picture for each fold that a click opens."""
    states, size = [], 0
    labels = views.list_variants()
    shown: list[int | None] = [None, *range(min(len(labels), MOST_VARIANTS))]
    for variant in shown:
        state = views.describe_state(variant, frozenset())
        pictures = {"": state.pop("picture")}
        folds = sorted({box["fold"] for box in pictures[""]["boxes"] if box["fold"]})
        for name in [ALL, *folds] if folds else []:
            if name == ALL or size < MOST_BYTES:
                pictures[name] = views.describe_state(variant, frozenset({name}))["picture"]
                size += len(pictures[name]["svg"])
        details = [views.describe_details(variant, number) for number in range(len(state["nodes"]))]
        state["variants"] = state["variants"][:MOST_VARIANTS]
        state["more"] = len(labels) - len(state["variants"]) + state["more"]
        states.append({**state, "pictures": pictures, "details": details})
    return make_page(states[0]["title"], {"states": states})
