"""Page of chapter 2 on one-off orders and slips that a forecast does not take at their word."""

from __future__ import annotations

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import to_money, to_ticks
from kamlib.packs.page import Page

_SHOWN = 15


def one_offs_page(one_offs: pd.DataFrame, accounts: pd.DataFrame, *, words: Words) -> Page:
    """Say which months were damped before they were forecast (forecast 8).

    Parameters
    ----------
    one_offs : pandas.DataFrame
        What `kamlib.forecast.list_one_offs` made; may be empty.
    accounts : pandas.DataFrame
        One row per account: account_id, name.
    words : Words
        Labels and sentences.
    """
    names = accounts.set_index("account_id")["name"]
    name = one_offs["account_id"].map(names).fillna(one_offs["account_id"])
    table = one_offs.drop(columns="account_id")
    table.insert(0, "name", name.fillna(words("forecast.no_account")).astype("str"))
    moved = to_ticks(one_offs["moved"])
    taken, added = to_money([-moved[moved < 0].sum(), moved[moved > 0].sum()])
    if table.empty:
        title = words("forecast.one_offs_title_none")
    else:
        largest = table.iloc[0]
        title = words("forecast.one_offs_title", n=words.count(len(table)), taken=words.money(taken),
                      added=words.money(added), name=largest["name"], line=largest["product_line"],
                      month=largest["period"])  # fmt: skip
    notes = [words("forecast.one_offs_rule"), words("forecast.one_offs_doubt")]
    if len(table) > _SHOWN:
        notes.insert(0, words("forecast.one_offs_more", shown=words.count(_SHOWN), n=words.count(len(table))))
    return Page(
        id="forecast_8",
        title=title,
        subtitle=words("forecast.one_offs_subtitle", currency=words.money_unit),
        table=table.head(_SHOWN),
        notes=tuple(notes),
        folded=False,
    )
