"""How a company writes a required total: which cells, and how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from kamlib.params import Amount

ACCOUNT_SIDES = {"account": "account_id", "rep": "rep_id", "region": "region", "account_type": "account_type"}
"""What a required total can name of accounts, and the column it stands in."""

SIDES = (*ACCOUNT_SIDES, "product_line", "quarter", "month")


class Wish(BaseModel):
    """A required total: of what all named sides have in common, exactly, at least or at most an amount.

    Attributes
    ----------
    account, rep, region, account_type, product_line, quarter, month : str or None
        What it speaks of; a side that is not named: all of it.
    exactly, at_least, at_most : Decimal or None
        How much [currency]; `exactly` stands alone.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    account: str | None = None
    rep: str | None = None
    region: str | None = None
    account_type: str | None = None
    product_line: str | None = None
    quarter: str | None = None
    month: str | None = None
    exactly: Amount | None = None
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        for name in values if isinstance(values, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(
                    f'a required total takes no "{name}"; it takes {", ".join(cls.model_fields)}'
                )
        return values

    @model_validator(mode="after")
    def _check(self) -> Wish:
        amounts = [v for v in (self.exactly, self.at_least, self.at_most) if v is not None]
        if not amounts or (self.exactly is not None and len(amounts) > 1):
            raise ValueError(f"{self.label()}: write exactly, or at_least, at_most or both")
        if any(v < 0 for v in amounts):
            raise ValueError(f"{self.label()}: an amount is below zero; write zero or more")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"{self.label()}: at_least is above at_most; swap them")
        if not any(getattr(self, side) is not None for side in SIDES):
            raise ValueError("a required total names no side; write the total itself as sizing.total")
        return self

    def label(self) -> str:
        """Return what it speaks of in words.

        Examples
        --------
        >>> Wish(region="North", quarter="2026Q1", at_least=Decimal(5)).label()
        'region North, quarter 2026Q1'
        """
        named = [f"{side} {getattr(self, side)}" for side in SIDES if getattr(self, side) is not None]
        return ", ".join(named) or "everything"

    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """Return floor and cap; both the same where it is exact."""
        if self.exactly is not None:
            return self.exactly, self.exactly
        return self.at_least, self.at_most
