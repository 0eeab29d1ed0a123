"""Why targets differ between two runs: parts that add up to the change, in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.measures.money import to_money
from kamlib.runs import Run
from kamlib.runs.explain import changed_accounts, explain_targets

FACTS = {"pack": "planning", "period": "2026Q1"}


HALF = {"history": 0.5, "potential": 0.5}


def run_of(folder: Path, rows: list[dict[str, object]], weights: dict[str, float] | None = HALF) -> Run:
    table = pd.DataFrame(rows).astype({"target": "int64"})
    for name in ("proposal", "bounded", "by_own_bounds", "by_required", "by_rest"):
        table[name] = to_money((table[name] * 10_000).astype("int64"))
    run = Run(folder, FACTS)
    run.save("target_accounts", table)
    if weights is not None:
        factors = pd.DataFrame({"factor": list(weights), "weight": list(weights.values())})
        run.save("target_weights", factors)
    return run


def account(key: str, blend: float, total: int, *, held: int = 0, bound: str = "none", target: int | None = None,
            history: float | None = None, rule: str = "blend") -> dict[str, object]:  # fmt: skip
    proposal = int(blend * total)
    share = blend if history is None else history
    return {"account_id": key, "rule": rule, "history_share": share, "potential_share": 2 * blend - share,
            "blend": blend, "proposal": proposal, "bounded": proposal + held, "bound": bound,
            "by_own_bounds": held if bound != "none" else 0, "by_required": 0,
            "by_rest": held if bound == "none" else 0,
            "target": proposal + held if target is None else target}  # fmt: skip


def reasons(tmp_path: Path, old: list[dict[str, object]], new: list[dict[str, object]]) -> dict[object, str]:
    rows = explain_targets(run_of(tmp_path / "a", old), run_of(tmp_path / "b", new))
    assert all(row[2] - row[1] == row[3] for row in rows)
    return {row[0]: str(row[4]) for row in rows}


def test_a_total_a_share_and_a_cap_each_get_their_part(tmp_path: Path) -> None:
    old = [account("A", 0.5, 1000, held=100), account("B", 0.5, 1000, held=-100, bound="cap")]
    new = [account("A", 0.55, 1200, history=0.5), account("B", 0.45, 1200, history=0.5)]
    assert reasons(tmp_path, old, new) == {
        "A": "+100 the total changed; +60 potential share +10.0 points; "
        "-100 its share of what all bounds leave over",
        "B": "+100 the total changed; -60 potential share -10.0 points; +100 the cap no longer cuts",
    }


def test_parts_add_up_to_the_change(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    blend = rng.dirichlet(np.ones(20), 2)
    old, new = ([account(f"A{i:02}", b, 1000 * (k + 3), held=int(rng.integers(-9, 9)), bound="floor")
                 for i, b in enumerate(row)] for k, row in enumerate(blend))  # fmt: skip
    runs = run_of(tmp_path / "a", list(old)), run_of(tmp_path / "b", list(new))
    rows = explain_targets(*runs)
    assert (len(rows), changed_accounts(*runs)) == (12, 20)
    for _, before, after, change, why in rows:
        parts = [int(part.split()[0].replace(",", "")) for part in str(why).split("; ")]
        assert sum(parts) == change == int(str(after)) - int(str(before))
    sizes = [abs(int(str(row[3]))) for row in rows]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("before", "after", "held", "said"),
    [("none", "cap", (0, -7), "-7 the cap cuts now"), ("floor", "none", (7, 0), "-7 the floor no longer raises"),
     ("floor", "floor", (0, 7), "+7 the floor raises now"), ("cap", "none", (-7, 0), "+7 the cap no longer cuts"),
     ("cap", "cap", (-7, 0), "+7 the cap no longer cuts"), ("cap", "cap", (-7, -9), "-2 the cap cuts more"),
     ("floor", "floor", (9, 7), "-2 the floor raises less"),
     ("floor", "cap", (4, -3), "-7 the floor no longer raises, the cap cuts now"),
     ("none", "pin", (0, 7), "+7 the pin holds now"), ("pin", "none", (7, 0), "-7 the pin no longer holds"),
     ("pin", "pin", (2, 9), "+7 its pin"), ("pin", "cap", (-9, -2), "+7 the cap in place of the pin"),
     ("none", "none", (0, 7), "+7 its share of what all bounds leave over")],
)  # fmt: skip
def test_bounds_in_words(tmp_path: Path, before: str, after: str, held: tuple[int, int], said: str) -> None:
    old, new = (account("A", 0.5, 100, bound=b, held=h) for b, h in zip((before, after), held, strict=True))
    assert said in reasons(tmp_path, [old], [new])["A"].split("; ")


def test_of_a_run_that_tells_no_bounds_apart_they_are_one_part(tmp_path: Path) -> None:
    old, new = account("A", 0.5, 100), account("A", 0.5, 100, held=-7, bound="cap")
    before, after = run_of(tmp_path / "a", [old]), run_of(tmp_path / "b", [new])
    before.save("target_accounts", before.load("target_accounts").drop(columns="by_rest"))
    why = str(explain_targets(before, after)[0][4])
    assert "-7 floors, caps and the rest" in why.split("; ")


def test_an_account_pushed_to_its_cap_is_asked_more_by_the_rest_not_by_the_cap(tmp_path: Path) -> None:
    old = account("A", 0.5, 1000, held=-30, bound="cap") | {"bound": "none", "by_rest": -20, "target": 450}
    new = account("A", 0.5, 1000, bound="cap") | {"by_required": 60, "by_rest": 40, "target": 601}
    rest = [account("Z", 0.5, 1000, target=target) for target in (550, 399)]
    assert reasons(tmp_path, [old, rest[0]], [new, rest[1]])["A"] == (
        "+30 the cap no longer cuts; +60 required totals; +60 its share of what all bounds leave over; "
        "+1 by rounding"
    )


def random_account(rng: np.random.Generator, key: str, share: float) -> dict[str, object]:
    """Return an account whose steps are any, in cents; own bounds have the sign of the bound, or are nothing."""
    steps = dict(
        zip(("by_own_bounds", "by_required", "by_rest"), rng.integers(-4, 5, 3) * 25.25, strict=True)
    )
    bound = str(rng.choice(["none", "floor", "cap", "pin"]))
    if bound != "pin" and rng.random() < 0.7:
        steps["by_own_bounds"] = abs(steps["by_own_bounds"]) * {"none": 0, "floor": 1, "cap": -1}[bound]
    bounded = int(10_000 * share) + sum(steps.values())
    return account(key, share, 10_000, bound=bound, target=round(bounded)) | steps | {"bounded": bounded}


SIGNS = {
    "the cap cuts now": "-", "the cap cuts more": "-", "the cap cuts less": "+", "the cap no longer cuts": "+",
    "the floor raises now": "+", "the floor raises more": "+", "the floor raises less": "-",
    "the floor no longer raises": "-",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_no_part_is_named_by_what_would_have_moved_it_the_other_way(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamlib.runs.explain._LARGEST", 500)
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(500), 2)
    sides = [[random_account(rng, f"A{i:03}", share) for i, share in enumerate(side)] for side in shares]
    old, new = ({row["account_id"]: row for row in side} for side in sides)
    rows = explain_targets(run_of(tmp_path / "a", sides[0]), run_of(tmp_path / "b", sides[1]))
    said = set()
    for key, _, _, change, why in rows:
        parts = {words: amount for amount, words in (part.split(" ", 1) for part in str(why).split("; "))}
        amounts = {words: int(amount.replace(",", "")) for words, amount in parts.items()}
        assert sum(amounts.values()) == change
        assert 0 not in amounts.values()
        for words, step in (
            ("required totals", "by_required"),
            ("its share of what all bounds leave over", "by_rest"),
        ):
            assert amounts.get(words, 0) == round(float(str(new[key][step])) - float(str(old[key][step])))
        found = {words: parts[text][0] for text in parts for words in SIGNS if words in text.split(", ")}
        assert found == {words: SIGNS[words] for words in found}
        said |= set(found)
    assert said == set(SIGNS)


def test_a_share_and_weights_that_moved_each_get_their_part(tmp_path: Path) -> None:
    # A: history 20 -> 21 %, potential 60 %; weights 50 / 50 -> 40 / 60: blend 40 -> 44.4 %
    share = {"history_share": 0.2, "potential_share": 0.6}
    old = [account("A", 0.4, 10_000) | share, account("Z", 0.6, 10_000)]
    new = [account("A", 0.444, 10_000, target=4440) | share | {"history_share": 0.21},
           account("Z", 0.556, 10_000, target=5560)]  # fmt: skip
    before = run_of(tmp_path / "a", old)
    after = run_of(tmp_path / "b", new, {"history": 0.4, "potential": 0.6})
    # 0.45 x 1 point of 10,000; 0.205 x -10 points and 0.6 x +10 points of it
    assert explain_targets(before, after)[0][4] == (
        "+45 history share +1.0 points; +395 weights of history 50 to 40 %, potential 50 to 60 %"
    )


def test_a_factor_that_one_run_alone_weighs_moves_by_its_weight(tmp_path: Path) -> None:
    plain = account("A", 0.2, 1000, history=0.2) | {"potential_share": 0.6}
    rest = account("Z", 0.8, 1000, history=0.8) | {"potential_share": 0.4}
    before = run_of(tmp_path / "a", [plain, rest], {"history": 1.0})
    more = account("A", 0.25, 1000, history=0.2) | {"potential_share": 0.6, "forecast_share": 0.3}
    rest = account("Z", 0.75, 1000, history=0.8) | {"potential_share": 0.4, "forecast_share": 0.7}
    after = run_of(tmp_path / "b", [more, rest], {"history": 0.5, "forecast": 0.5})
    assert explain_targets(before, after)[0][4] == "+50 weights of history 100 to 50 %, forecast 0 to 50 %"


def test_without_weights_shares_and_weights_are_one_part(tmp_path: Path) -> None:
    runs = [
        run_of(tmp_path / str(blend), [account("A", blend, 1000), account("Z", 1 - blend, 1000)], None)
        for blend in (0.4, 0.5)
    ]
    assert explain_targets(*runs)[0][4] == "+100 shares and weights moved the blend +10.0 points"


def test_a_new_rule_and_a_new_account(tmp_path: Path) -> None:
    old = [account("A", 0.4, 1000, history=0.2), account("B", 0.6, 1000, history=0.6)]
    new = [account("A", 0.5, 1000, history=0.4, rule="potential"), account("C", 0.5, 1000, rule="potential")]
    found = reasons(tmp_path, old, new)
    assert found["A"] == "+100 history share +20.0 points; (rule potential in place of blend)"
    assert found["B"] == "the account is only in A"
    assert found["C"] == "the account is only in B"


def test_runs_without_targets_by_account_explain_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "a", FACTS)
    assert explain_targets(run, run) == []
    assert changed_accounts(run, run) == 0
