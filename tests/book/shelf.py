"""A small good book, and ways to write it with some of its files changed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import openpyxl

GOOD: Mapping[str, str] = {
    "accounts.csv": """\
account_id,name,region,account_type,rep_id,potential,since,status
A1,=1+1,North,Dealer,R1,1000,2019-03-01,active
A2,<script>,South,Chain,R2,,2020-01-01,active
A3,../x,South,Chain,,500.5,,active
""",
    "account_history.csv": """\
account_id,from,rep_id,potential,status
A1,2019-03-01,R2,800,active
A1,2024-07-01,R1,1000,active
""",
    "sales.csv": """\
date,account_id,product_line,revenue,quantity,cost,rep_id
2024-01-05,A1,Bikes,10.50,1,6,R1
2024-06-30,A1,Bikes,20,2,12,
2024-07-01,A1,Bikes,30,3,,
2024-07-02,A2,Parts,7.25,1,4,
""",
    "reps.csv": """\
rep_id,name,hired,left
R1,Ann,2015-01-01,
R2,王伟,2016-01-01,2025-02-01
""",
    "targets.csv": """\
period,starts,ends,rep_id,target
2024Q1,,,R1,100
,2024-04-01,2024-06-30,R2,200
""",
    "opportunities.csv": """\
opportunity_id,account_id,stage,amount,created,expected_close,closed,outcome
O1,A1,30,500,2024-02-01,2024-09-01,,open
O2,A2,100,700,2024-03-01,2024-05-01,2024-06-15,won
""",
    "stage_history.csv": """\
opportunity_id,date,stage,amount
O1,2024-02-01,10,400
O2,2024-03-01,50,700
""",
}


BASIC = ("accounts.csv", "sales.csv", "reps.csv")


def write_book(
    folder: Path, changes: Mapping[str, str | bytes | None] | None = None, *, names: Iterable[str] = GOOD
) -> Path:
    """Write a good book into `folder`, with files replaced, added or (None) left out, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes | None] = {**{name: GOOD[name] for name in names}, **(changes or {})}
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        elif content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder


def workbook(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    """Return a workbook of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
