from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from kamlib.errors import ParameterError
from kamlib.targets import split_bounded
from kamlib.targets.fitted import check_table
from kamlib.targets.interior import fit_inside
from kamlib.targets.margins import fit_margins
from kamlib.targets.patterns import Request
from kamlib.targets.requirements import require
from kamlib.targets.room import find_room, solve_linear
from kamlib.targets.scaling import scale_to_margins
from tests.targets.joint import Asked, can_be_met, could_fall, nested_requests, requests

SEED = np.array([[40.0, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]])
ROWS = require("row", ["a", "b", "c", "d"], None, total=[150, 300, 400, 150])
COLUMNS = require("column", None, ["w", "x", "y", "z"], total=[200, 300, 400, 100])


def test_published_table_of_iterative_proportional_fitting() -> None:
    # https://en.wikipedia.org/wiki/Iterative_proportional_fitting, the example's last table
    expected = [
        [64.5585, 46.2325, 35.3843, 3.8247],
        [49.9679, 68.1594, 156.4985, 25.3742],
        [56.7219, 144.4282, 145.0825, 53.7673],
        [28.7516, 41.1800, 63.0347, 17.0337],
    ]
    fit = fit_margins(SEED, [ROWS, COLUMNS])
    assert fit.table.round(4).tolist() == expected
    assert fit.converged
    assert fit.gap <= 1e-10


def test_same_table_with_every_cell_within_bounds() -> None:
    expected = [
        [39.58989, 41.83293, 63.57718, 5],
        [52.88700, 106.44461, 120, 20.66839],
        [92.51235, 120, 120, 67.48765],
        [15.01076, 31.72246, 96.42282, 6.84396],
    ]
    fit = fit_margins(SEED, [COLUMNS, ROWS], lower=5, upper=120)
    assert fit.table.round(5).tolist() == expected


@settings(max_examples=40, deadline=None)
@given(requests())
def test_margins_are_met_and_bounds_kept_by_rates(asked: Asked) -> None:
    fit = fit_margins(asked.seed, asked.requirements, lower=asked.lower, upper=asked.upper)
    top = np.where(asked.seed > 0, asked.upper, asked.lower)
    assert (fit.table >= asked.lower).all()
    assert (fit.table <= top).all()
    for one in asked.requirements:
        sums = one.sums(fit.table)
        off = np.abs(sums - np.clip(sums, one.lower, one.upper))
        assert (off <= 1e-10 * np.maximum(one.upper, 1.0)).all()
    # nothing that may still move lies nearer to the seed in the direction of the table the sums came from
    inside = (fit.table > 1e-9) & (asked.seed > 0)
    slope = np.log(fit.table[inside] / asked.seed[inside])
    way = (asked.table - fit.table)[inside]
    rest = ~inside & (asked.table > fit.table + 1e-9)
    assert rest.any() or float((slope * way).sum()) >= -1e-6 * (1 + np.abs(way).sum())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_equals_a_general_solver(number: int) -> None:
    rng = np.random.default_rng(number)
    seed, table = rng.uniform(1, 9, (3, 4)), rng.uniform(2, 8, (3, 4))
    lower, upper = table * rng.uniform(0.5, 1, table.shape), table * rng.uniform(1, 1.5, table.shape)
    rows = require("row", [0, 1, 2], None, total=table.sum(1))
    caps = require("column", None, [0, 0, 1, 1], upper=[table[:, :2].sum() * 1.01, table[:, 2:].sum() * 1.01])
    fit = fit_margins(seed, [rows, caps], lower=lower, upper=upper)
    limits = [
        LinearConstraint(
            np.array([(one.cell_groups(seed.shape) == g).ravel() for g in range(one.size)], dtype=float),
            one.lower,
            one.upper,
        )
        for one in (rows, caps)
    ]
    found = minimize(
        lambda x: float((x * np.log(x / seed.ravel()) - x).sum()),
        table.ravel(),
        jac=lambda x: np.log(x / seed.ravel()),
        bounds=np.column_stack([lower.ravel(), upper.ravel()]),
        constraints=limits,
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    assert fit.table.ravel() == pytest.approx(found.x, abs=2e-5)


@settings(max_examples=20, deadline=None)
@given(requests(), st.randoms())
def test_order_of_positions_and_requirements_changes_nothing(asked: Asked, random: object) -> None:
    plain = scale_to_margins(asked.seed, asked.requirements, lower=asked.lower, upper=asked.upper)
    order = list(range(len(asked.seed)))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = []
    for one in asked.requirements:
        groups = [
            None if codes is None else (codes[order] if axis == 0 else codes)
            for axis, codes in enumerate(one.codes)
        ]
        mixed.append(require(one.name, *groups, lower=one.lower, upper=one.upper))
    other = scale_to_margins(asked.seed[order], mixed, lower=asked.lower[order], upper=asked.upper[order])
    if plain.converged:
        scale = max(1.0, float(plain.table.max()))
        assert np.abs(other.table - plain.table[order]).max() <= 1e-9 * scale


@settings(max_examples=100, deadline=None)
@given(nested_requests())
def test_groups_that_lie_in_each_other_are_met_and_nothing_nearer_to_the_seed_is(asked: Asked) -> None:
    assume(can_be_met(asked))
    fit = fit_margins(asked.seed, asked.requirements, lower=asked.lower, upper=asked.upper)
    assert (fit.table >= asked.lower).all()
    assert (fit.table <= np.where(asked.seed > 0, asked.upper, asked.lower)).all()
    for one in asked.requirements:
        sums = one.sums(fit.table)
        off = np.abs(sums - np.clip(sums, one.lower, one.upper))
        assert (off <= 1e-10 * np.maximum(np.minimum(one.upper, sums), 1.0)).all()
    assert could_fall(asked, fit.table) < 1e-6


def test_a_floor_that_stands_in_the_way_of_another_of_the_same_cells() -> None:
    # region c at least 1,222, and its lines at least 1,223: of five accounts by hand, in the order of the seed
    region, rep = list("cbacc"), list("cabaa")
    asked = [
        require("region", region, None, lower={"a": 549, "c": 1222}, upper={"a": 555, "b": 2, "c": 1225}),
        require("rep", rep, None, total={"a": 295, "b": 552, "c": 929}),
        require("account", range(5), None, lower=[929, 0, 552, 293, 0], upper=[np.inf] * 4 + [0]),
        require("region x line", region, ["x"], lower=[[552], [0], [1223]]),
    ]
    fit = fit_margins(np.ones((5, 1)), asked)
    assert fit.table.ravel() == pytest.approx([929, 1, 552, 294, 0], abs=1e-9)
    assert fit.sweeps < 100


def test_sums_that_leave_each_other_a_unit_in_millions() -> None:
    # by hand: reps hold all of 27,084,663; type b leaves c 5,546,139 at least, type a one more at most; the
    # seed wants more there, and d and e share the rest in its proportion
    seed = np.array([9_456_880, 798_444, 17_369_080, 1_692_936, 843_779], dtype=float)
    rest = 17_815_050 - 5_546_140
    expected = [0, 9_269_613, 5_546_140, rest * 1_692_936 / 2_536_715, rest * 843_779 / 2_536_715]
    asked = [
        require("total", None, lower=27_084_662, upper=27_084_663),
        require("rep", list("abccc"), total=[0, 9_269_613, 17_815_050]),
        require("type", list("bbabb"), upper={"a": 5_546_140, "b": 21_538_524}),
        require("region", list("ccaba"), upper={"a": 18_651_027, "b": 9_304_248, "c": 14_439_271}),
    ]
    fit = fit_margins(seed, asked)
    assert fit.table == pytest.approx(expected, rel=1e-6)
    assert fit.gap <= 1e-10
    for one in asked:
        sums = one.sums(fit.table)
        assert sums == pytest.approx(np.clip(sums, one.lower, one.upper), rel=1e-10)
    # a small cell beside: what the steps miss is laid on the large ones, and it keeps its proportion to e
    small = [
        require(one.name, list(labels), **amounts)
        for one, labels, amounts in zip(
            asked,
            ("tttttt", "abcccc", "bbabbb", "ccabac"),
            (
                {"lower": 27_084_662, "upper": 27_084_663},
                {"total": {"a": 0, "b": 9_269_613, "c": 17_815_050}},
                {"upper": {"a": 5_546_140, "b": 21_538_524}},
                {"upper": {"a": 18_651_027, "b": 9_304_248, "c": 14_439_271}},
            ),
            strict=True,
        )
    ]
    table = fit_margins(np.append(seed, 0.05), small).table
    assert table[5] / 0.05 == pytest.approx(table[4] / seed[4], rel=1e-3)


def test_what_a_request_settles_without_saying_so() -> None:
    # floors of rows add up to the total; the floors of x and y leave row b's other cell nothing
    seed = np.array([[3.0, 1, 2], [1, 1, 1]])
    asked = [
        require("total", None, None, total=10),
        require("row", ["a", "b"], None, lower=[6, 4], upper=[9, 9]),
        require("column", None, ["x", "y", None], lower=[5, 3]),
        require("pair", ["p", None], ["p", "p", None], upper=4),
    ]
    cells = check_table(seed, asked, 0, np.inf)
    room = find_room(Request.of(seed.shape, *cells[1:], asked))
    assert room.at_floor.tolist() == [False, True, True, True, True, False]
    assert room.at_cap.tolist() == [False, False, False, False, False, True]
    assert room.at_least.sum() == 1
    # by hand: the seed's odds of x in rows a and b are 3 to 1, and 3 x 2 = 3 x (1 x 2)
    expected = [[3, 1, 2], [2, 2, 0]]
    assert fit_inside(*cells, asked, tolerance=1e-10).table == pytest.approx(np.array(expected), abs=1e-9)
    assert fit_margins(seed, asked).table == pytest.approx(np.array(expected), abs=1e-8)


def test_a_linear_program_without_a_solution_says_what_it_was_for() -> None:
    rows = {"A_ub": np.ones((1, 1)), "b_ub": np.array([-1.0]), "bounds": [(0, None)]}
    with pytest.raises(ParameterError, match=r"^the room was not found out \(.+infeasible.+\)\. Leave"):
        solve_linear(np.ones(1), "the room", **rows)


@settings(max_examples=60, deadline=None)
@given(nested_requests())
def test_from_within_is_the_same_table_as_by_scaling(asked: Asked) -> None:
    bounds = {"lower": asked.lower, "upper": asked.upper}
    scaled = scale_to_margins(asked.seed, asked.requirements, tolerance=1e-12, **bounds)
    assume(scaled.converged and asked.requirements)
    cells = check_table(asked.seed, asked.requirements, asked.lower, asked.upper)
    inside = fit_inside(*cells, asked.requirements, tolerance=1e-10)
    assert inside.converged
    scale = max(1.0, float(scaled.table.max()))
    assert np.abs(inside.table - scaled.table).max() < 1e-7 * scale


@pytest.mark.parametrize("draw", [19, 27, 31])
def test_small_accounts_beside_millions_are_met_to_the_same_tolerance(draw: int) -> None:
    rng = np.random.default_rng(draw)
    size = 10.0 ** np.concatenate([rng.uniform(6, 7.7, 4), rng.uniform(0, 2.5, 4)])
    seed = rng.gamma(1, 1, (8, 2)) * size[:, None]
    known = np.rint(seed * rng.uniform(0.3, 2, seed.shape))
    asked = []
    for name, groups in {
        "rep": (rng.integers(0, 3, 8), None), "type": (rng.integers(0, 2, 8), None), "line": (None, np.arange(2)),
        "region": (rng.integers(0, 3, 8), np.arange(2)), "account": (np.arange(8), None),
    }.items():  # fmt: skip
        sums = require(name, *groups, lower=0).sums(known)
        below = np.maximum(sums - rng.integers(0, 2, sums.shape), 0)
        asked.append(require(name, *groups, lower=below, upper=sums + rng.integers(0, 2, sums.shape)))
    fit = fit_margins(seed, asked)
    for one in asked:
        sums = one.sums(fit.table)
        off = np.abs(sums - np.clip(sums, one.lower, one.upper))
        assert (off <= 1e-10 * np.maximum(one.lower, 1)).all()


def test_one_total_is_the_bounded_proportional_split() -> None:
    total = require("all", None, total=100)
    fit = fit_margins([50, 30, 20], [total], lower=[0, 0, 25], upper=[40, 100, 100])
    exact = split_bounded([50, 30, 20], 100, lower=[0, 0, 25], upper=[40, 100, 100]).exact
    assert fit.table.tolist() == pytest.approx(exact.tolist(), abs=1e-9)


def test_floors_and_caps_that_do_not_bind_change_nothing() -> None:
    loose = require("half", ["p", "p", "q", "q"], None, lower=100, upper=900)
    plain, fit = fit_margins(SEED, [ROWS, COLUMNS]), fit_margins(SEED, [loose, ROWS, COLUMNS])
    assert np.abs(fit.table - plain.table).max() < 1e-7
    assert fit.rates[0].tolist() == [1.0, 1.0]
    floor = require("corner", ["a", None, None, None], ["w", None, None, None], lower=80)
    bound = fit_margins(SEED, [floor, ROWS, COLUMNS])
    assert bound.table[0, 0] == pytest.approx(80, abs=1e-7)
    assert bound.rates[0][0, 0] > 1


def test_floors_and_caps_close_together_are_met() -> None:
    seed, floor = np.array([5e5, 3e5, 2e5]), np.array([4e5, 3.5e5, 2.5e5])
    total = require("total", None, total=1_000_003)
    region = require("region", ["a", "b", "c"], lower=floor, upper=floor + 2)
    # by hand: a wants the most and is stopped by its cap, c the least and by its floor; b takes the rest
    np.testing.assert_allclose(
        fit_margins(seed, [total, region]).table, [400_002, 350_001, 250_000], rtol=1e-11
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 3)), min_size=2, max_size=8
    ),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_narrow_windows_beside_a_total_are_the_bounded_proportional_split(
    parts: list[tuple[int, int, int]], above: int, lines: int
) -> None:
    weight, floor, width = np.array(parts).T
    cap = floor + width
    whole = int(min(floor.sum() + above, cap.sum()))
    asked = [
        require("total", None, None, total=whole),
        require("region", np.arange(len(parts)), None, lower=floor, upper=cap),
    ]
    seed = np.outer(weight, np.full(lines, 1 / lines))
    fit = fit_margins(seed, asked).table.sum(axis=1)
    exact = split_bounded(weight, whole, lower=floor, upper=cap).exact
    np.testing.assert_allclose(fit, exact, rtol=0, atol=1e-9 * whole)


def test_cells_without_a_choice_are_held_at_their_lower_bound() -> None:
    rows = require("row", ["a", "b"], None, total=[60, 40])
    columns = require("column", None, ["x", "y"], total=[40, 60])
    fit = fit_margins([[1, 1], [1, 0]], [rows, columns])
    assert fit.table == pytest.approx(np.array([[0, 60], [40, 0]]), abs=1e-7)


@pytest.mark.parametrize(
    ("seed", "bounds", "words"),
    [
        ([-1.0, 1.0], {}, r"the seed is -1 at \(0,\) \(1 cells\)"),
        ([np.nan, 1.0], {}, "the seed is nan"),
        ([1.0, 1.0], {"lower": -2}, "lower is -2"),
        ([1.0, 1.0], {"lower": np.inf}, "lower is inf"),
        ([1.0, 1.0], {"lower": 3, "upper": 2}, "lower bound 3 is above the upper bound 2"),
        ([1.0, 1.0, 1.0], {}, '"all" speaks of 1 axes of sizes'),
    ],
)
def test_broken_tables_are_refused(seed: list[float], bounds: dict[str, float], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        fit_margins(seed, [require("all", ["a", "b"], total=1)], **bounds)
