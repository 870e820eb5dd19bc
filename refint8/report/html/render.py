"""A page as one HTML file: template, style and script put together, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from refint8.report.html.page import Page

HERE = Path(__file__).parent


def render(page: Page) -> bytes:
    """The file's bytes. All that the page says is escaped; a policy in the file lets a browser run
    its one script and load nothing, so that even what slipped through would not run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(HERE, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    style, script = (_own(name) for name in ("report.css", "report.js"))
    text = environment.get_template("report.html.j2").render(
        page=page,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return text.encode("utf-8")


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
