"""Write what follows from the declarations: port types, the page's layout, tables of the docs."""

import argparse
from pathlib import Path
from typing import Any

from operators.message_table import messages_markdown
from operators.page_layout import javascript
from operators.port_types import port_types_yaml
from operators.settings import ROOT
from operators.settings_table import settings_markdown


def add_parser(commands: Any) -> None:
    """Add `panodora generate`."""
    parser = commands.add_parser(
        "generate", help="write the files that follow from operators/messages.py and settings.py"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Write all of them."""
    for path, content in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


def generated_files() -> dict[Path, str]:
    """What is generated, by its path."""
    return {
        ROOT / "dataflows/types/panodora/v1.yml": port_types_yaml(),
        ROOT / "assets/page/messages.js": javascript(),
        ROOT / "docs/messages.md": messages_markdown(),
        ROOT / "docs/settings.md": settings_markdown(),
    }
