"""Packs: chapters run, pages rendered to HTML and Excel."""

from kamlib.packs.page import Page, show

__all__ = ["Page", "show"]
