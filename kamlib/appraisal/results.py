"""What was reached, by every dimension, and why it changed since last year."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kamlib.appraisal.facts import RepFacts
from kamlib.appraisal.window import Window
from kamlib.measures.bridges import price_volume_mix
from kamlib.measures.money import as_float, sum_money, to_money, to_ticks

DIMENSIONS = ("company", "rep", "region", "product_line", "account_type")


def attain_by_dimension(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    window: Window,
    targets: Mapping[str, Mapping[str, float]],
    budgets: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Set actual revenue beside the target and last year, by every dimension.

    A sale counts for the rep who made it; region and account type are the account's.

    Parameters
    ----------
    cube : pandas.DataFrame
        account_id, product_line, rep_id, month, revenue [currency].
    accounts : pandas.DataFrame
        account_id, region, account_type.
    window : Window
        What is judged.
    targets : mapping of str to mapping of str to float
        By dimension and key [currency]; the company's key is ``company``.
    budgets : mapping of str to mapping of str to float, optional
        Budgets, likewise; without any the two columns of the budget are left out.

    Returns
    -------
    pandas.DataFrame
        One row per dimension and key, largest first: dimension, key (null for sales without one), actual,
        target (null where none is set), attainment [fraction], target_gap (actual less target),
        actual_last_year, against_last_year [currency]; and with budgets budget (null where none is set) and
        against_budget [currency].
    """
    about = accounts.set_index("account_id")
    sold = cube.assign(
        company="company",
        rep=cube["rep_id"],
        region=cube["account_id"].map(about["region"]),
        account_type=cube["account_id"].map(about["account_type"]),
    )
    before = window.last_year()
    parts = []
    for dimension in DIMENSIONS:
        now, then = (
            sum_money(
                sold.loc[sold["month"].isin(w.months), [dimension, "revenue"]]
                .assign(known=sold[dimension].notna())
                .fillna({dimension: ""}),
                [dimension, "known"],
                ["revenue"],
            ).rename(columns={"revenue": name})
            for w, name in ((window, "actual"), (before, "actual_last_year"))
        )
        asked = dict(targets.get(dimension, {}))
        table = now.merge(then, on=[dimension, "known"], how="outer")
        spent = dict((budgets or {}).get(dimension, {}))
        extra = [key for key in {**asked, **spent} if key not in set(table[dimension])]
        if extra:
            table = pd.concat([table, pd.DataFrame({dimension: extra, "known": True})], ignore_index=True)
        for column in ("actual", "actual_last_year"):
            ticks = [0 if pd.isna(v) else int(v * 10_000) for v in table[column]]
            table[column] = to_money(ticks)
        known = table["known"].astype(bool)
        table["key"] = table[dimension].astype("str").where(known)
        table["target"] = table["key"].map(asked).astype("float64")
        table["budget"] = table["key"].map(spent).astype("float64")
        parts.append(table.assign(dimension=dimension))
    found = pd.concat(parts, ignore_index=True)
    actual, last = as_float(found["actual"]), as_float(found["actual_last_year"])
    found["attainment"] = actual / found["target"].where(found["target"] > 0)
    found["target_gap"] = actual - found["target"]
    found["against_last_year"] = to_money(to_ticks(found["actual"]) - to_ticks(found["actual_last_year"]))
    found["against_budget"] = actual - found["budget"]
    order = {name: k for k, name in enumerate(DIMENSIONS)}
    found = found.assign(place=found["dimension"].map(order), sold=-actual, last=-last)
    found = found.sort_values(["place", "sold", "last", "key"], ignore_index=True)
    return found[
        [
            "dimension",
            "key",
            "actual",
            "target",
            "attainment",
            "target_gap",
            "actual_last_year",
            "against_last_year",
            *(("budget", "against_budget") if budgets else ()),
        ]
    ]


def bridge_from_last_year(sold: pd.DataFrame, *, window: Window) -> pd.DataFrame:
    """Say why revenue differs from last year: accounts lost and new, then price, volume and mix.

    Accounts with revenue in both periods are kept; their change is split by product into price, volume and
    mix where quantities are known, and into products new, lost or without quantities. Units add up within a
    product line only, so volume and mix are those of each line. A sale that names no product counts for its
    product line as one. Sales without an account, and accounts whose returns exceed
    their sales, are ``other``. The parts add up exactly.

    Parameters
    ----------
    sold : pandas.DataFrame
        account_id, product_line, month, revenue [currency], quantity (null where unknown on any line) and,
        optionally, product_id.
    window : Window
        What is judged.

    Returns
    -------
    pandas.DataFrame
        One row per part, in the order of the bridge: part (before, lost, new, price, volume, mix,
        new_products, lost_products, other, after), amount [currency].
    """
    product = sold["product_line"].astype("object")
    if "product_id" in sold:
        product = sold["product_id"].astype("object").where(sold["product_id"].notna(), product)
    both = {}
    for name, w in (("before", window.last_year()), ("after", window)):
        rows = sold.assign(product=product)[sold["month"].isin(w.months)]
        both[name] = rows.assign(ticks=to_ticks(rows["revenue"]))
    of_account = {name: rows.groupby("account_id")["ticks"].sum() for name, rows in both.items()}
    bought = {name: set(sums.index[sums > 0]) for name, sums in of_account.items()}
    kept = bought["before"] & bought["after"]
    gone, fresh = bought["before"] - kept, bought["after"] - kept
    before, after = (_by_product(rows[rows["account_id"].isin(kept)]) for rows in both.values())
    split = pd.concat(
        [
            price_volume_mix(*(t[t["product_line"] == line] for t in (before, after)), by="product")
            for line in sorted({*before["product_line"], *after["product_line"]})
        ]
        or [price_volume_mix(before, after, by="product")]
    )
    parts = {
        name: int(to_ticks(split[name]).sum()) for name in ("price", "volume", "mix", "new", "lost", "other")
    }
    start, end = (int(rows["ticks"].sum()) for rows in both.values())
    left = int(of_account["before"].reindex(sorted(gone)).sum())
    came = int(of_account["after"].reindex(sorted(fresh)).sum())
    steps = {
        "before": start,
        "lost": -left,
        "new": came,
        "price": parts["price"],
        "volume": parts["volume"],
        "mix": parts["mix"],
        "new_products": parts["new"],
        "lost_products": parts["lost"],
    }
    steps["other"] = end - sum(steps.values())
    steps["after"] = end
    return pd.DataFrame({"part": list(steps), "amount": to_money(list(steps.values()))})


def _by_product(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum sales by line and product; a quantity is known where every row of the product has one."""
    counted = rows.assign(blind=rows["quantity"].isna()).groupby(["product_line", "product"])
    sums = counted[["ticks", "quantity", "blind"]].sum()
    return pd.DataFrame(
        {
            "product_line": sums.index.get_level_values(0),
            "product": sums.index.get_level_values(1),
            "revenue": to_money(sums["ticks"].to_numpy()),
            "quantity": sums["quantity"].where(sums["blind"] == 0).to_numpy(dtype="float64"),
        }
    )


def sold_by_others(
    cube: pd.DataFrame, accounts: pd.DataFrame, *, window: Window, history: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List what reps sold into accounts that another rep serves; the sale counts for its seller.

    Who served the account on a day of the month sold into an own account, whoever serves it by now.

    Parameters
    ----------
    cube, accounts : pandas.DataFrame
        As `attain_by_dimension` takes them.
    window : Window
        What is judged.
    history : pandas.DataFrame, optional
        Who served the accounts when, as `kamlib.appraisal.facts.serving_spells` takes it.

    Returns
    -------
    pandas.DataFrame
        One row per account, seller and serving rep (at the window's end), largest first: account_id, rep_id
        (who serves), seller, amount [currency].
    """
    facts = RepFacts({"accounts": accounts} | ({} if history is None else {"account_history": history}), ())
    months = (window.first.shift(k) for k in range(window.length))
    held = pd.concat([facts.held(Window(month, month)).assign(month=str(month)) for month in months])
    own = pd.MultiIndex.from_frame(held[["account_id", "rep_id", "month"]])
    rows = cube[cube["month"].isin(window.months) & cube["account_id"].notna() & cube["rep_id"].notna()]
    rows = rows[~pd.MultiIndex.from_frame(rows[["account_id", "rep_id", "month"]]).isin(own)]
    rows = rows.assign(seller=rows["rep_id"], server=rows["account_id"].map(facts.rep_of(window)))
    rows = rows[rows["server"].notna() & (rows["server"] != rows["seller"])]
    sums = sum_money(rows, ["account_id", "server", "seller"], ["revenue"])
    table = sums.rename(columns={"server": "rep_id", "revenue": "amount"})
    order = pd.Series(-as_float(table["amount"]), index=table.index)
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)
