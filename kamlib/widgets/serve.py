"""Serves the slider workbooks: Voilà for who asks by this machine's own name."""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import ErrorHandler
from voila.app import Voila

_OWN = ("127.0.0.1", "localhost")


class _Foreign(Matcher):  # type: ignore[misc]
    """Matches requests by another host name: a web page can have its own name lead to this machine."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return None if request.host_name in _OWN else {}


class LocalVoila(Voila):  # type: ignore[misc]
    """Voilà that refuses requests by a name that is not this machine's own."""

    def listen(self) -> None:
        """Put the refusal before all pages, then listen."""
        self.app.default_router.rules.insert(0, Rule(_Foreign(), ErrorHandler, {"status_code": 403}))
        super().listen()


if __name__ == "__main__":
    LocalVoila.launch_instance()
