"""Exit codes and wording that all rooms share."""

from __future__ import annotations

from kamlib.errors import BookError, KamError, ParameterError, Problem, RunError, did_you_mean


def test_exit_codes() -> None:
    assert [e.exit_code for e in (KamError, RunError, ParameterError, BookError)] == [1, 1, 2, 3]


def test_did_you_mean_keeps_the_known_spelling() -> None:
    assert did_you_mean("acount_ID", iter(["account_id", "name"])) == ' Did you mean "account_id"?'
    assert did_you_mean("zzz", ["account_id"]) == ""


def test_a_problem_reads_as_a_sentence_with_its_place() -> None:
    problem = Problem("blank_id", "refuse", "sales", "account_id", 2, (" ",), "2 blank ids.", "Fill them.")
    assert str(problem) == "sales.account_id: 2 blank ids. Fill them."
    assert BookError("no", [problem]).problems == (problem,)
