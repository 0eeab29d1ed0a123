"""Key-account planning and appraisal: from a company's book to a pack whose every number can be traced.

The public names load their rooms when they are first used, so that ``import kamlib`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kamlib.book import open_book
    from kamlib.forecast import forecast_panel
    from kamlib.runs import open_run
    from kamlib.segments import segment_accounts
    from kamlib.targets import allocate_targets

__version__ = "0.1.0"

_ROOMS = {
    "open_book": "kamlib.book",
    "open_run": "kamlib.runs",
    "segment_accounts": "kamlib.segments",
    "forecast_panel": "kamlib.forecast",
    "allocate_targets": "kamlib.targets",
}
__all__ = [
    "__version__",
    "allocate_targets",
    "forecast_panel",
    "open_book",
    "open_run",
    "segment_accounts",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'kamlib' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
