"""Wording of problems."""

from __future__ import annotations

from decimal import Decimal

from kamlib.book.findings import SourceError, count_of, make_problem, quote


def test_severity_and_remedy_come_from_the_table_of_checks() -> None:
    problem = make_problem("returns", "sales", "revenue", count=2, message="m.", money=Decimal("-3.5"))
    assert (problem.severity, problem.remedy, problem.money) == (
        "keep",
        "Nothing, if they are returns.",
        Decimal("-3.5"),
    )
    assert make_problem("empty_file", "sales", count=0, message="m.", remedy="r.").remedy == "r."
    assert make_problem("empty_file", "sales", count=0, message="m.").severity == "refuse"


def test_values_are_quoted_shortened_and_made_visible() -> None:
    assert quote(['say "hi"', "a\tb", "客户"]) == '"say \\"hi\\"", "a\\tb", "客户"'
    assert quote(["x" * 40]) == f'"{"x" * 40}"'
    assert quote(["x" * 41]) == f'"{"x" * 39}…"'
    assert quote([]) == ""


def test_counts_take_their_noun() -> None:
    assert count_of(0, "row") == "0 rows"
    assert count_of(1, "line is", "lines are") == "1 line is"


def test_a_source_error_carries_check_and_message() -> None:
    error = SourceError("empty_file", "it is empty.")
    assert (str(error), error.check, error.remedy) == ("it is empty.", "empty_file", "")
