"""Page of chapter 2 on textbook models beside the forecast in use."""

from __future__ import annotations

import pandas as pd

from kamlib.glossary import Words
from kamlib.packs.page import Page


def opinion_page(opinions: pd.DataFrame, accounts: pd.DataFrame, *, words: Words) -> Page:
    """Say what textbook models make of the company and its largest accounts (forecast 7).

    Parameters
    ----------
    opinions : pandas.DataFrame
        What `kamlib.forecast.sales_opinions` made.
    accounts : pandas.DataFrame
        One row per account: account_id, name.
    words : Words
        Labels and sentences.
    """
    company = opinions[opinions["level"] == "company"]
    others = company["total"].iloc[1:].dropna()
    if others.empty:
        title = words("forecast.opinion_title_none")
    else:
        ends = {"low": min(others), "high": max(others), "own": company["total"].iloc[0]}
        title = words("forecast.opinion_title", **{k: words.money(v) for k, v in ends.items()})
    names = accounts.set_index("account_id")["name"]
    name = opinions["key"].map(names).where(opinions["level"] == "account", words("forecast.company"))
    keys = opinions.loc[opinions["level"] == "account", "key"]
    table = opinions.drop(columns=["level", "key"])
    table.insert(0, "name", name.fillna(opinions["key"]).astype("str"))
    return Page(
        id="forecast_7",
        title=title,
        subtitle=words("forecast.opinion_subtitle", n=words.count(keys.nunique()), currency=words.money_unit),
        table=table,
        notes=(words("forecast.opinion_note"), words("forecast.opinion_doubt")),
        folded=False,
    )
