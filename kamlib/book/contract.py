"""The contract of a book, once: its tables, their columns, and what each check does when it finds something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "date", "money", "number", "count", "period", "choice"]


@dataclass(frozen=True)
class Column:
    """A column of the contract.

    Attributes
    ----------
    name : str
        Its name; meaning, unit and labels are in the glossary.
    kind : str
        ``id`` (text that names something), ``text``, ``date``, ``money``, ``number``, ``count``, ``period``,
        or ``choice`` (one of `choices`).
    required : bool
        Whether the column must be there and filled on every row.
    refers : str
        Table whose key the values must appear in; empty when they need not.
    choices : tuple of str
        Allowed values of a ``choice``.
    minimum, maximum : float or None
        Bounds of a number or amount; None where anything goes.
    """

    name: str
    kind: Kind
    required: bool = False
    refers: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of the contract: its columns, its key (unique per row when not empty), and the date it happened on.

    `dated` names the column that look-ahead is judged by: rows dated on or after the planning date are not seen.
    `serves` says which part of a pack is left out when the table is absent.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    dated: str = ""
    required: bool = False
    serves: str = ""

    def column(self, name: str) -> Column:
        """Return the column of this name; a KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]


def _c(text: str, kind: Kind, **more: object) -> Column:
    return Column(text.rstrip("*"), kind, text.endswith("*"), **more)  # type: ignore[arg-type]


_ACCOUNT = _c("account_id", "id", refers="accounts")
_ACCOUNT_REQUIRED = _c("account_id*", "id", refers="accounts")
_REP = _c("rep_id", "id", refers="reps")
_REP_REQUIRED = _c("rep_id*", "id", refers="reps")
STATUSES = ("active", "closed", "prospect")

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "accounts",
            (
                _c("account_id*", "id"),
                _c("name", "text"),
                _c("region*", "text"),
                _c("account_type*", "text"),
                _REP,
                _c("potential", "money", minimum=0),
                _c("service_cost", "money", minimum=0),
                _c("since", "date"),
                _c("industry", "text"),
                _c("size", "text"),
                _c("ownership", "text"),
                _c("parent_id", "id", refers="accounts"),
                _c("status", "choice", choices=STATUSES),
            ),
            key=("account_id",),
            dated="since",
            required=True,
        ),
        Table(
            "account_history",
            (_ACCOUNT_REQUIRED, _c("from*", "date"), _REP, _c("potential", "money", minimum=0),
             _c("status", "choice", choices=STATUSES)),
            key=("account_id", "from"),
            dated="from",
            serves="who served an account, and what was known of it, on an earlier day",
        ),
        Table(
            "sales",
            (_c("date*", "date"), _ACCOUNT, _c("product_line*", "text"), _c("revenue*", "money"),
             _c("quantity", "number"), _c("cost", "money"), _c("product_id", "id"), _REP, _c("order_id", "id")),
            dated="date",
            required=True,
        ),
        Table(
            "reps",
            (_c("rep_id*", "id"), _c("name", "text"), _c("region", "text"), _c("team", "text"),
             _c("manager_id", "id"), _c("hired", "date"), _c("left", "date"), _c("ability", "number", minimum=0)),
            key=("rep_id",),
            serves="names of reps; checks of rep_id elsewhere",
        ),
        Table(
            "targets",
            (_c("period", "period"), _c("starts", "date"), _c("ends", "date"), _c("measure", "text"), _ACCOUNT,
             _REP, _c("region", "text"), _c("product_line", "text"), _c("account_type", "text"),
             _c("target*", "money")),
            serves="past targets beside what was reached",
        ),
        Table(
            "opportunities",
            (_c("opportunity_id*", "id"), _ACCOUNT, _REP, _c("product_line", "text"), _c("stage*", "choice"),
             _c("amount*", "money", minimum=0), _c("created*", "date"), _c("expected_close", "date"),
             _c("closed", "date"), _c("outcome*", "choice", choices=("won", "lost", "open"))),
            key=("opportunity_id",),
            dated="created",
            serves="the pipeline",
        ),
        Table(
            "stage_history",
            (_c("opportunity_id*", "id", refers="opportunities"), _c("date*", "date"), _c("stage*", "choice"),
             _c("amount", "money", minimum=0), _c("expected_close", "date")),
            key=("opportunity_id", "date"),
            dated="date",
            serves="win rates learned from the company's own history",
        ),
        Table(
            "rep_forecasts",
            (_c("made_on*", "date"), _c("period*", "period"), _REP_REQUIRED, _ACCOUNT, _c("amount*", "money")),
            dated="made_on",
            serves="forecasts submitted by reps beside the model's",
        ),
        Table(
            "activities",
            (_c("date*", "date"), _REP_REQUIRED, _ACCOUNT, _c("kind*", "text"), _c("invited", "count", minimum=0),
             _c("effective", "count", minimum=0), _c("hours", "number", minimum=0)),
            dated="date",
            serves="effort and contacts per account",
        ),
        Table(
            "surveys",
            (_c("date*", "date"), _ACCOUNT_REQUIRED, _c("aspect*", "text"), _c("score*", "number")),
            dated="date",
            serves="satisfaction",
        ),
        Table(
            "complaints",
            (_c("opened*", "date"), _ACCOUNT_REQUIRED, _c("closed", "date"), _c("result", "text")),
            dated="opened",
            serves="complaints and how they ended",
        ),
        Table(
            "loss_reviews",
            (_ACCOUNT_REQUIRED, _c("lost_on*", "date"), _c("reviewed_on", "date"), _c("cause", "text")),
            dated="lost_on",
            serves="why accounts were lost",
        ),
        Table(
            "receivables",
            (_ACCOUNT_REQUIRED, _c("due*", "date"), _c("amount*", "money"), _c("paid_on", "date")),
            dated="due",
            serves="overdue payments",
        ),
        Table(
            "feedback",
            (_c("cycle*", "text"), _REP_REQUIRED, _c("rater_id*", "id"),
             _c("rater_group*", "choice", choices=("superior", "subordinate", "peer", "customer")),
             _c("competency*", "text"), _c("score*", "number"), _c("comment", "text")),
            key=("cycle", "rep_id", "rater_id", "competency"),
            serves="360-degree feedback",
        ),
        Table(
            "incidents",
            (_c("date*", "date"), _REP_REQUIRED, _c("polarity*", "choice", choices=("+", "-")),
             _c("severity*", "number", minimum=0), _c("note", "text")),
            dated="date",
            serves="critical incidents",
        ),
        Table(
            "market",
            (_c("period*", "period"), _c("region*", "text"), _c("product_line", "text"),
             _c("size*", "money", minimum=0), _c("own_share", "number", minimum=0, maximum=1),
             _c("competitor_share", "number", minimum=0, maximum=1)),
            key=("period", "region", "product_line"),
            serves="own market share, and with it whether the mix of key accounts is healthy",
        ),
        Table(
            "sightings",
            (_c("date*", "date"), _ACCOUNT_REQUIRED, _c("competitor*", "text"), _c("kind", "text")),
            dated="date",
            serves="competitors seen at accounts",
        ),
        Table(
            "contacts",
            (_ACCOUNT_REQUIRED, _c("person*", "text"),
             _c("role*", "choice", choices=("decision", "user", "purchasing", "interface"))),
            key=("account_id", "person", "role"),
            serves="who decides at an account",
        ),
    )
}  # fmt: skip

DEFAULT_STAGES: Mapping[str, float] = {"10": 0.10, "30": 0.30, "50": 0.50, "70": 0.70, "100": 1.00}
"""Stages a book knows unless its ``stages:`` says otherwise, with their win rates (seed deck's funnel)."""
