"""The contract of a book, once: its tables, their columns, and what each check does on finding something."""

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
    """A table of the contract: its columns, its key (unique per row when not empty), the day it happened on.

    `dated` names the column that look-ahead is judged by: rows dated on or after `as_of` are not seen.
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


_OPPORTUNITY_REQUIRED = _c("opportunity_id*", "id", refers="opportunities")
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
            serves="who served an account, and what was known of it, on an earlier day; "
            "without it rep, potential and status are taken as they stand today, which cannot be replayed",
        ),
        Table(
            "sales",
            (_c("date*", "date"), _ACCOUNT, _c("product_line*", "text"), _c("revenue*", "money"),
             _c("quantity", "number"), _c("cost", "money"), _c("product_id", "id"), _REP,
             _c("order_id", "id")),
            dated="date",
            required=True,
        ),
        Table(
            "reps",
            (_c("rep_id*", "id"), _c("name", "text"), _c("region", "text"), _c("team", "text"),
             _c("manager_id", "id"), _c("hired", "date"), _c("left", "date"),
             _c("ability", "number", minimum=0)),
            key=("rep_id",),
            dated="hired",
            serves="names of reps; checks of rep_id elsewhere",
        ),
        Table(
            "targets",
            (_c("period", "period"), _c("starts", "date"), _c("ends", "date"), _c("measure", "text"),
             _ACCOUNT, _REP, _c("region", "text"), _c("product_line", "text"), _c("account_type", "text"),
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
            (_OPPORTUNITY_REQUIRED, _c("date*", "date"), _c("stage*", "choice"),
             _c("amount", "money", minimum=0), _c("expected_close", "date")),
            key=("opportunity_id", "date"),
            dated="date",
            serves="win rates learned from the company's own history",
        ),
        Table(
            "rep_forecasts",
            (_c("made_on*", "date"), _c("period*", "period"), _REP_REQUIRED, _ACCOUNT,
             _c("amount*", "money")),
            dated="made_on",
            serves="forecasts submitted by reps beside the model's",
        ),
        Table(
            "activities",
            (_c("date*", "date"), _REP_REQUIRED, _ACCOUNT, _c("kind*", "text"),
             _c("invited", "count", minimum=0), _c("effective", "count", minimum=0),
             _c("hours", "number", minimum=0)),
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
            "objectives",
            (_c("objective*", "text"), _REP_REQUIRED, _c("kpi", "text"), _c("set_on*", "date"),
             _c("due*", "date"), _c("goal*", "number"), _c("reached", "number"),
             _c("better", "choice", choices=("more", "less")), _c("cause", "text")),
            key=("rep_id", "objective", "set_on"),
            dated="set_on",
            serves="objectives agreed with reps, and what the last plans changed",
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

STAGE_COLUMNS = ("opportunities.stage", "stage_history.stage")
"""Choices whose values the book itself states, under ``stages:``."""

DEFAULT_STAGES: Mapping[str, float] = {"10": 0.10, "30": 0.30, "50": 0.50, "70": 0.70, "100": 1.00}
"""Stages a book knows unless its ``stages:`` says otherwise, with their win rates (seed deck's funnel)."""


@dataclass(frozen=True)
class Check:
    """What a check of the contract does when it finds something, what it means, and the remedy.

    `severity` is ``"refuse"`` (nothing runs until it is mended) or ``"keep"`` (the rows stay in, counted with
    their money in a line of their own that the pack shows).
    """

    severity: Literal["refuse", "keep"]
    meaning: str
    remedy: str


CHECKS: Mapping[str, Check] = {
    "missing_table": Check(
        "refuse", "A required table is not in the book.", "Add the table; accounts and sales are required."
    ),
    "missing_file": Check("refuse", "A file is not there.", "Correct the file's name, or the root."),
    "empty_file": Check(
        "refuse", "A file has no content, or a required table no rows.", "Export the table again."
    ),
    "wrong_encoding": Check(
        "refuse", "A file's bytes are not text in the encoding stated.", "Set options: {encoding: ...}."
    ),
    "absent_sheet": Check(
        "refuse", "A workbook has no sheet of this name.", "Correct options: {sheet: ...}."
    ),
    "unreadable_file": Check(
        "refuse",
        "A file, or a line, cannot be read as what its name says.",
        "Mend the file or export it again.",
    ),
    "failed_sql": Check("refuse", "The SELECT of a table fails.", "Correct the sql of the table."),
    "missing_column": Check(
        "refuse", "A required column is not in the table.", "Add the column, or name it under columns:."
    ),
    "nearly_known_column": Check(
        "refuse",
        "A column is spelt nearly like one of the contract that is absent.",
        "Rename it, or name it under columns:.",
    ),
    "missing_value": Check("refuse", "A required value is empty.", "Fill it in at the source."),
    "blank_id": Check("refuse", "An id is empty or blank.", "Fill it in at the source."),
    "duplicate_key": Check(
        "refuse", "Several rows have the same key.", "Keep one row of each, or tell them apart."
    ),
    "orphan_account": Check(
        "refuse", "Rows name accounts that the accounts table lacks.", "Add the accounts, or correct the ids."
    ),
    "orphan_rep": Check(
        "refuse", "Rows name reps that the reps table lacks.", "Add the reps, or correct the ids."
    ),
    "orphan_opportunity": Check(
        "refuse",
        "Rows name opportunities that the opportunities table lacks.",
        "Add the opportunities, or correct the ids.",
    ),
    "unknown_stage": Check(
        "refuse", "A stage is not one of the book's.", "Correct it, or add it under stages: in book.yaml."
    ),
    "unknown_choice": Check(
        "refuse", "A value is not one of those allowed.", "Write one of the allowed values."
    ),
    "impossible_date": Check(
        "refuse",
        "A value is not a day, or lies outside 1900 to 2199.",
        "Write days as 2026-01-31, or set options: {date_format: ...}.",
    ),
    "dates_out_of_order": Check("refuse", "Something ends before it starts.", "Correct one of the two days."),
    "not_a_number": Check(
        "refuse",
        "A value is not an amount or a number, or is too large.",
        "Write digits only, or set options: {thousands: ..., decimal: ...}.",
    ),
    "out_of_bounds": Check("refuse", "A number lies outside its bounds.", "Correct the number."),
    "bad_period": Check(
        "refuse",
        "A period label is not one.",
        "Write a year (2026), a quarter (2026Q1) or a month (2026-01).",
    ),
    "no_window": Check("refuse", "A target says not for when.", "Fill in period, or both starts and ends."),
    "outcome_against_closed": Check(
        "refuse",
        "An opportunity is won or lost without a closing day, or open with one.",
        "Fill in closed for won and lost, and leave it empty for open.",
    ),
    "returns": Check("keep", "Lines of negative revenue.", "Nothing, if they are returns."),
    "sales_without_account": Check(
        "keep", "Sales that name no account.", "Name the account, if it is known."
    ),
    "sales_without_rep": Check(
        "keep",
        "Sales that name no rep, where others do; they count for the rep who served the account.",
        "Name the rep who sold.",
    ),
    "sales_of_closed_accounts": Check(
        "keep", "Sales of accounts that are closed.", "Check the status of these accounts."
    ),
    "sales_before_since": Check(
        "keep", "Sales dated before the account became one.", "Check the column since of these accounts."
    ),
    "accounts_without_rep": Check("keep", "Accounts that no rep serves (unassigned).", "Assign a rep."),
    "accounts_without_potential": Check(
        "keep", "Accounts whose potential is unknown.", "Estimate it; unknown is not zero."
    ),
    "extra_columns": Check(
        "keep", "Columns outside the contract; they are not read.", "Nothing, if they are not needed."
    ),
}
"""The one severity table: what each check means, whether it refuses or keeps, and what to do."""


_KIND_WORDS: Mapping[str, str] = {
    "id": "id",
    "text": "text",
    "date": "day",
    "money": "amount",
    "number": "number",
    "count": "whole number",
    "period": "period",
    "choice": "one of",
}


def contract_markdown() -> str:
    """Write the contract as Markdown: a table of the tables and a table of the checks.

    Returns
    -------
    str
        What ``data/README.md`` holds between its markers.

    Examples
    --------
    >>> contract_markdown().splitlines()[0]
    '| table | one row is told apart by | columns (* required) | without it a pack leaves out |'
    """
    lines = ["| table | one row is told apart by | columns (* required) | without it a pack leaves out |"]
    lines.append("|---|---|---|---|")
    for table in TABLES.values():
        name = f"{table.name}*" if table.required else table.name
        columns = ", ".join(_column_markdown(column) for column in table.columns)
        lines.append(f"| {name} | {', '.join(table.key)} | {columns} | {table.serves} |")
    lines += ["", "| check | does | when | what to do |", "|---|---|---|---|"]
    lines += [f"| {name} | {c.severity} | {c.meaning} | {c.remedy} |" for name, c in CHECKS.items()]
    return "\n".join(lines) + "\n"


def _column_markdown(column: Column) -> str:
    about = _KIND_WORDS[column.kind]
    if column.kind == "choice":
        about += f" {' / '.join(column.choices)}" if column.choices else " the book's stages"
    if column.minimum is not None:
        about += f" from {column.minimum:g}" + (
            f" to {column.maximum:g}" if column.maximum is not None else ""
        )
    star = "*" if column.required else ""
    return f"{column.name}{star} ({about})"
