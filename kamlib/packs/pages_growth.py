"""Pages of the appraisal's fifth chapter: what it pays, and what each rep should work on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from IPython.display import display

from kamlib.appraisal.draws import draw_scores
from kamlib.appraisal.growth import GrowthParams, cost_drivers
from kamlib.appraisal.objectives import plan_effects
from kamlib.appraisal.weighting import WeightParams
from kamlib.charts import appraisal as charts
from kamlib.errors import BookError
from kamlib.glossary import Words
from kamlib.incentives.outlook import pay_fairness, rank_stakes
from kamlib.incentives.pay import give_rewards, pay_cost, pay_curve, pay_reps, target_pays
from kamlib.incentives.pay_params import PayParams, Reward
from kamlib.measures.money import as_float
from kamlib.packs.judging import Case, Judged, judge
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import label_of, subtitle
from kamlib.packs.ranked import Ranked

_ATTAINMENT = "target_attainment"
_NEAR = 0.05  # of attainment: within reach of the threshold


def pay_basis(judged: Judged, ranked: Ranked, params: PayParams) -> pd.DataFrame:
    """Return what each rep is paid on: attainment of the revenue target, or the final score over 100."""
    if params.by == "score":
        table = ranked.table[["rep_id", "final_score"]]
        return pd.DataFrame({"rep_id": table["rep_id"], "pay_basis": table["final_score"] / 100})
    mine = judged.scores[judged.scores["kpi"] == _ATTAINMENT].set_index("rep_id")["attainment"]
    order = ranked.table["rep_id"]
    return pd.DataFrame({"rep_id": order, "pay_basis": order.map(mine).astype("float64")})


def show_pay(judged: Judged, ranked: Ranked, params: PayParams) -> None:
    """Pay all reps, save it and show the page (pay).

    Parameters
    ----------
    judged, ranked : Judged, Ranked
        What chapters 2 and 4 found.
    params : PayParams
        Of the period (`kamlib.packs.paying.period_pay`).
    """
    run = judged.case.run
    basis = pay_basis(judged, ranked, params).assign(score_rank=ranked.table["score_rank"].to_numpy())
    basis["revenue"] = basis["rep_id"].map(_revenue(judged.case)).fillna(0.0)
    table = pay_reps(basis, params=params)
    if params.rank_bonus:
        table = table.merge(rank_stakes(ranked.table, ranked.ranks, params=params), on="rep_id")
    rewards = give_rewards(
        ranked.table[["rep_id", "worst_rank"]].assign(total_score=ranked.table["final_score"]), params=params
    )
    given = rewards.groupby("rep_id")["reward"].agg("; ".join)
    table["rewards"] = table["rep_id"].map(given).astype("str").where(table["rep_id"].isin(given.index))
    run.save("pay", table)
    fair = pay_fairness(_territories(judged).merge(table, on="rep_id"), rng=np.random.default_rng(run.seed))
    run.save("pay_fairness", fair)
    display(show(run, pay_page(judged, table, fair, params)))


def _revenue(case: Case) -> dict[str, float]:
    """Return what each rep sold in the window [currency]."""
    cube = case.tables["cube"]
    sold = cube[cube["month"].isin(case.window.months)]
    sums = sold.assign(revenue=as_float(sold["revenue"])).groupby("rep_id")["revenue"].sum()
    return {str(rep): float(amount) for rep, amount in sums.items()}


def _territories(judged: Judged) -> pd.DataFrame:
    """Return what each rep serves: rep_id, region, territory_size (the revenue target), accounts."""
    tables, reps = judged.case.tables, pd.Series(judged.case.reps)
    accounts = tables["accounts"][tables["accounts"]["status"] != "closed"]
    target = judged.scores[judged.scores["kpi"] == _ATTAINMENT].set_index("rep_id")["kpi_target"]
    region = tables["reps"].set_index("rep_id")["region"].to_dict() if "reps" in tables else {}
    return pd.DataFrame(
        {
            "rep_id": reps,
            "region": reps.map(region).astype("str").where(reps.isin(list(region))),
            "territory_size": reps.map(target).astype("float64"),
            "accounts": reps.map(accounts["rep_id"].value_counts()).fillna(0).astype("int64"),
        }
    )


def pay_page(judged: Judged, pay: pd.DataFrame, fair: pd.DataFrame, params: PayParams) -> Page:
    """Answer who is paid what, and what it costs in all (pay)."""
    case, words = judged.case, judged.case.run.words
    table = pay.copy()
    table.insert(1, "name", table["rep_id"].map(case.names))
    total = float(table["payout"].sum())
    known = table[table["payout"].notna()]
    shown = known[known["pay_basis"].notna()]
    first, last = params.curve[0][0], params.curve[-1][0]
    reach = max(last * 1.1, float(shown["pay_basis"].max() if len(shown) else 0) * 1.05)
    at = np.sort(np.concatenate([np.linspace(0, reach, 200), [first - 1e-9], [p[0] for p in params.curve]]))
    curve = pd.DataFrame({"at": at, "pay": pay_curve(at, params.curve)})
    dots = pd.DataFrame({"name": shown["name"], "at": shown["pay_basis"], "pay": shown["pay_part"]})
    nothing = int((known["payout"] == 0).sum())
    notes = [
        words(
            "appraisal.pay_rule",
            period=label_of(case),
            months=case.window.length,
            target=_span(table["target_pay"], words),
            by=words.value("paid_by", params.by),
        )
    ]
    if len(known):
        notes.append(_cost_note(judged, params))
    together = _fairness(judged, known)
    if together is not None:
        notes.append(words("appraisal.pay_fair", correlation=f"{together:+.2f}"))
    return Page(
        id="pay",
        title=words("appraisal.sum_pay_none")
        if known.empty
        else words(
            "appraisal.pay_title",
            total=words.money(total),
            reps=len(known),
            nothing=nothing,
            full=int((known["pay_part"] >= 1).sum()),
        ),
        subtitle=subtitle(case, words("appraisal.pay_what", currency=words.money_unit)),
        table=table,
        figures=(charts.curve_chart(curve, dots, words=words),) if len(dots) else (),
        totals=("payout",),
        sentences=(
            *_near_said(known, params, case),
            *_rewards_said(known, params, case),
            *_tiers_said(known, params, case),
            *_stake_said(known, case),
            *_fair_said(fair, case),
        ),
        notes=tuple(notes),
    )


def _span(amounts: pd.Series, words: Words) -> str:
    """Write the amount that all have, or the least and the most."""
    low, high = words.money(amounts.min()), words.money(amounts.max())
    return low if low == high else f"{low} – {high}"


def _near_said(known: pd.DataFrame, params: PayParams, case: Case) -> tuple[str, ...]:
    """Name who stands just below the point from which anything is paid; nothing where nobody does."""
    words, threshold = case.run.words, params.curve[0][0]
    near = known[(known["pay_basis"] < threshold) & (known["pay_basis"] >= threshold - _NEAR)]
    if near.empty:
        return ()
    names = words("targets.list").join(
        f"{name} ({words.percent(at)})" for name, at in zip(near["name"], near["pay_basis"], strict=True)
    )
    return (words("appraisal.pay_near", threshold=words.percent(threshold), names=names),)


def _rewards_said(known: pd.DataFrame, params: PayParams, case: Case) -> tuple[str, ...]:
    """Say which rewards nobody meets, and what they ask."""
    words = case.run.words
    met = set(known["rewards"].dropna().str.split("; ").explode()) if "rewards" in known else set()
    missed = [
        words("appraisal.reward_rule", name=reward.name, rule=_asks(reward, words))
        for reward in params.rewards
        if reward.name not in met
    ]
    return (words("appraisal.rewards_missed", list=words("targets.list").join(missed)),) if missed else ()


def _asks(reward: Reward, words: Words) -> str:
    asked = {"score_from": reward.score_from, "score_below": reward.score_below, "ranks": reward.best_ranks}
    return words("targets.list").join(
        words(f"appraisal.reward_{name}", value=f"{value:g}")
        for name, value in asked.items()
        if value is not None
    )


def _tiers_said(known: pd.DataFrame, params: PayParams, case: Case) -> tuple[str, ...]:
    """Say which tiers of revenue pay what; nothing without tiers."""
    if not params.tiers:
        return ()
    words = case.run.words
    tiers = [
        words("appraisal.pay_tier", start=words.money(start), rate=f"{100 * rate:g} %")
        for start, rate in params.tiers
    ]
    return (
        words(
            f"appraisal.pay_tiers_{params.tiers_how}",
            tiers=words("targets.list").join(tiers),
            total=words.money(known["commission"].sum()),
        ),
    )


def _stake_said(known: pd.DataFrame, case: Case) -> tuple[str, ...]:
    """Say how much of the bonuses by rank is chance; nothing without such bonuses."""
    if "bonus_at_stake" not in known or not known["rank_bonus"].sum() > 0:
        return ()
    words, worst = case.run.words, known.loc[known["bonus_at_stake"].idxmax()]
    return (
        words(
            "appraisal.pay_stake",
            total=words.money(known["rank_bonus"].sum()),
            reps=int((known["bonus_at_stake"] > 0.2).sum()),
            name=worst["name"],
            chance=words.chance(worst["bonus_at_stake"]),
        ),
    )


def _fair_said(fair: pd.DataFrame, case: Case) -> tuple[str, ...]:
    """Say which size of territory is paid most and least for a point of attainment, and how sure that is."""
    words, sized = case.run.words, fair[(fair["pay_side"] == "territory") & fair["ratio_low"].notna()]
    if len(sized) < 2:
        return ()
    most, least = sized.loc[sized["against_all"].idxmax()], sized.loc[sized["against_all"].idxmin()]
    apart = most["ratio_low"] > least["ratio_high"]
    return (
        words(
            "appraisal.pay_groups_apart" if apart else "appraisal.pay_groups_alike",
            most=words.value("pay_group", most["pay_group"]),
            high=words.money(most["pay_per_point"]),
            least=words.value("pay_group", least["pay_group"]),
            low=words.money(least["pay_per_point"]),
            reached=words.percent(most["mean_basis"]),
            other=words.percent(least["mean_basis"]),
        ),
    )


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
    asked = judged.scores[judged.scores["kpi"] == _ATTAINMENT].set_index("rep_id")["kpi_target"]
    reps = pd.Series(judged.case.reps)
    cost = pay_cost(
        drawn[:, :, at] / 100,
        params=params,
        pays=target_pays(reps, params=params),
        targets=reps.map(asked).to_numpy(dtype=float),
    ).iloc[0]
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
    """Name each rep's costliest KPIs and what the last plans changed, and show the page (growth)."""
    case = judged.case
    drivers = cost_drivers(judged.scores, params=params, territories=_territories(judged))
    case.run.save("growth_drivers", drivers)
    effects = _effects(judged)
    if effects is not None and len(effects):
        case.run.save("growth_effects", effects)
    display(show(case.run, growth_page(case, drivers, params, effects)))


def _effects(judged: Judged) -> pd.DataFrame | None:
    """Compare scores with those of the window before, where objectives name KPIs and sales reach back.

    Empty where a target of the window before is zero, so that nothing can be set against it.
    """
    case = judged.case
    earlier = case.window.before()
    objectives = case.run.load("objectives") if case.run.has("objectives") else None
    if objectives is None or str(case.tables["cube"]["month"].min()) > earlier.months[0]:
        return None
    then = Case(case.run, earlier, case.params)
    try:
        _ = then.asked
    except BookError:
        return pd.DataFrame()
    found = plan_effects(objectives, judged.scores, judge(then, WeightParams()).scores, window=case.window)
    return found if len(found) else None


def growth_page(
    case: Case, drivers: pd.DataFrame, params: GrowthParams, effects: pd.DataFrame | None = None
) -> Page:
    """Answer what each rep should work on (growth)."""
    words = case.run.words
    table = drivers.assign(
        name=drivers["rep_id"].map(case.names), kpi=[words.value("kpi", k) for k in drivers["kpi"]]
    )
    numbers = ["score", "peer_score", "points_lost", "points_short"]
    table[numbers] = table[numbers].round(1)
    table = table[["rep_id", "name", "driver", "kpi", *numbers, "plan"]]
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
        lost = drivers.assign(kpi=table["kpi"]).groupby("kpi")["points_lost"].agg(["sum", "count"])
        common = lost.sort_values(["sum", "count"], ascending=False)
        first = top.iloc[0]
        title = words(
            "appraisal.growth_title",
            kpi=common.index[0],
            sum=f"{common['sum'].iloc[0]:.1f}",
            reps=int(common["count"].iloc[0]),
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
        sentences=() if effects is None else (_effect_said(case, effects),),
        notes=(words("appraisal.growth_rule"), words("appraisal.growth_plans", peers=params.peers)),
    )


def _effect_said(case: Case, effects: pd.DataFrame) -> str:
    """Say what KPIs with a plan did beside those of reps without one."""
    words = case.run.words
    if not len(effects):
        return words("appraisal.growth_effect_none")
    known = effects[effects["plan_effect"].notna()]
    if not len(known):
        return words("appraisal.growth_effect_all", count=len(effects))
    first = known.iloc[0]
    return words(
        "appraisal.growth_effect",
        count=len(known),
        median=f"{known['plan_effect'].median():+.1f}",
        better=int((known["plan_effect"] > 0).sum()),
        name=case.names.get(first["rep_id"], first["rep_id"]),
        kpi=words.value("kpi", first["kpi"]),
        most=f"{first['plan_effect']:+.1f}",
    )
