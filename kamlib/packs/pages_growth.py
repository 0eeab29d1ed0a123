"""Pages of the appraisal's fifth chapter: what it pays, and what each rep should work on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from IPython.display import display

from kamlib.appraisal.draws import draw_scores
from kamlib.appraisal.growth import GrowthParams, cost_drivers
from kamlib.charts import appraisal as charts
from kamlib.incentives.pay import PayParams, give_rewards, pay_cost, pay_curve, pay_reps
from kamlib.packs.judging import Case, Judged, Ranked
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import subtitle

_ATTAINMENT = "target_attainment"
_NEAR = 0.05  # of an axis: a label is about as wide and high


def pay_basis(judged: Judged, ranked: Ranked, params: PayParams) -> pd.DataFrame:
    """Return what each rep is paid on: attainment of the revenue target, or the final score over 100."""
    if params.by == "score":
        table = ranked.table[["rep_id", "final_score"]]
        return pd.DataFrame({"rep_id": table["rep_id"], "pay_basis": table["final_score"] / 100})
    mine = judged.scores[judged.scores["kpi"] == _ATTAINMENT].set_index("rep_id")["attainment"]
    order = ranked.table["rep_id"]
    return pd.DataFrame({"rep_id": order, "pay_basis": order.map(mine).astype("float64")})


def show_pay(judged: Judged, ranked: Ranked, params: PayParams) -> None:
    """Pay all reps, save it and show the page (pay)."""
    run = judged.case.run
    table = pay_reps(pay_basis(judged, ranked, params), params=params)
    rewards = give_rewards(
        ranked.table[["rep_id", "worst_rank"]].assign(total_score=ranked.table["final_score"]), params=params
    )
    given = rewards.groupby("rep_id")["reward"].agg("; ".join)
    table["rewards"] = table["rep_id"].map(given).astype("str").where(table["rep_id"].isin(given.index))
    run.save("pay", table)
    display(show(run, pay_page(judged, table, params)))


def pay_page(judged: Judged, pay: pd.DataFrame, params: PayParams) -> Page:
    """Answer who is paid what, and what it costs in all (pay)."""
    case, words = judged.case, judged.case.run.words
    table = pay.copy()
    table.insert(1, "name", table["rep_id"].map(case.names))
    total = float(table["payout"].sum())
    known = table[table["pay_basis"].notna()]
    first, last = params.curve[0][0], params.curve[-1][0]
    reach = max(last * 1.1, float(known["pay_basis"].max() if len(known) else 0) * 1.05)
    at = np.sort(np.concatenate([np.linspace(0, reach, 200), [first - 1e-9], [p[0] for p in params.curve]]))
    curve = pd.DataFrame({"at": at, "pay": params.target_pay * pay_curve(at, params.curve)})
    dots = _near(known, reach, params)
    nothing = int((known["payout"] == 0).sum())
    notes = [words("appraisal.pay_rule", by=words.value("paid_by", params.by))]
    notes.append(_cost_note(judged, params))
    fair = _fairness(judged, known)
    if fair is not None:
        notes.append(words("appraisal.pay_fair", correlation=f"{fair:+.2f}"))
    return Page(
        id="pay",
        title=words(
            "appraisal.pay_title",
            total=words.money(total),
            reps=len(known),
            nothing=nothing,
            full=int((known["pay_part"] >= 1).sum()),
        ),
        subtitle=subtitle(case, words("appraisal.pay_what", currency=words.currency)),
        table=table,
        figures=(charts.curve_chart(curve, dots, words=words),) if len(dots) else (),
        totals=("payout",),
        notes=tuple(notes),
    )


def _near(known: pd.DataFrame, reach: float, params: PayParams) -> pd.DataFrame:
    """Return a dot per rep; reps who stand close share one label, so that names stay readable."""
    dots = pd.DataFrame({"name": known["name"], "at": known["pay_basis"], "pay": known["payout"]})
    dots = dots.sort_values("at", ignore_index=True)
    near = (dots["at"].diff().fillna(np.inf) < _NEAR * reach) & (
        dots["pay"].diff().abs().fillna(np.inf) < _NEAR * max(params.target_pay, 1.0)
    )
    group = (~near).cumsum()
    first = ~group.duplicated()
    dots["name"] = dots.groupby(group)["name"].transform(", ".join).where(first, "")
    return dots


def _cost_note(judged: Judged, params: PayParams) -> str:
    """Say what the total would have ranged over had each rep's accounts come out otherwise."""
    words, kpis = judged.case.run.words, judged.case.params.kpis
    names = [kpi.measure for kpi in kpis]
    if _ATTAINMENT not in names or params.by == "score":
        return words("appraisal.pay_cost_plain")
    at = names.index(_ATTAINMENT)
    open_kpi = kpis[at].model_copy(update={"cap": 1e6})
    wide = tuple(open_kpi if k == at else kpi for k, kpi in enumerate(kpis))
    drawn = draw_scores(judged.cases, kpis=wide, draws=1000, rng=np.random.default_rng(judged.case.run.seed))
    cost = pay_cost(drawn[:, :, at] / 100, params=params).iloc[0]
    return words(
        "appraisal.pay_cost",
        low=words.money(cost["low_cost"]),
        high=words.money(cost["high_cost"]),
        full=words.money(cost["full_cost"]),
    )


def _fairness(judged: Judged, known: pd.DataFrame) -> float | None:
    """Return the rank correlation of pay with the size of the territory (target); None under five reps."""
    target = judged.scores[judged.scores["kpi"] == _ATTAINMENT].set_index("rep_id")["kpi_target"]
    size = known["rep_id"].map(target).astype("float64")
    usable = size.notna() & known["payout"].notna()
    if usable.sum() < 5 or known.loc[usable, "payout"].nunique() < 2:
        return None
    return float(size[usable].rank().corr(known.loc[usable, "payout"].rank()))


def show_growth(judged: Judged, params: GrowthParams) -> None:
    """Name each rep's costliest KPIs, save them and show the page (growth)."""
    drivers = cost_drivers(judged.scores, params=params)
    judged.case.run.save("growth_drivers", drivers)
    display(show(judged.case.run, growth_page(judged.case, drivers, params)))


def growth_page(case: Case, drivers: pd.DataFrame, params: GrowthParams) -> Page:
    """Answer what each rep should work on (growth)."""
    words = case.run.words
    table = drivers.assign(
        name=drivers["rep_id"].map(case.names), kpi=[words.value("kpi", k) for k in drivers["kpi"]]
    )
    table[["score", "peer_score", "points_lost"]] = table[["score", "peer_score", "points_lost"]].round(1)
    table = table[["rep_id", "name", "driver", "kpi", "score", "peer_score", "points_lost", "plan"]]
    top = table.sort_values(["points_lost", "rep_id"], ascending=[False, True]).head(12)
    bars = pd.DataFrame(
        {
            "name": [f"{n} · {k}" for n, k in zip(top["name"], top["kpi"], strict=True)],
            "points": -top["points_lost"],
            "text": [f"-{c:.1f}" for c in top["points_lost"]],
        }
    )
    if not len(table):
        title = words("appraisal.growth_title_none")
    else:
        common = table["kpi"].value_counts()
        first = top.iloc[0]
        title = words(
            "appraisal.growth_title",
            kpi=common.index[0],
            reps=int(common.iloc[0]),
            name=first["name"],
            driver=first["kpi"],
            cost=f"{first['points_lost']:.1f}",
        )
    return Page(
        id="growth",
        title=title,
        subtitle=subtitle(case, words("appraisal.growth_what", drivers=params.drivers)),
        table=table,
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        notes=(words("appraisal.growth_rule"), words("appraisal.growth_plans")),
    )
