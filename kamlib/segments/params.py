"""Parameters of the segmentation: who is a key account, the tiers, the fields, the mix of key accounts."""

from __future__ import annotations

import itertools
from typing import ClassVar, Literal

from pydantic import field_validator, model_validator

from kamlib.params import Amount, Params, param

_ABC = "Dickie, H. F. (1951), ABC inventory analysis, Factory Management 109:92-94; authors vary the cuts"
_PARETO = (
    "Juran, J. M. (1954), Universals in management planning and controlling, after Pareto: the vital few"
)
_MIX = "Seed deck, KA-mix health by own market share"


class SegmentParams(Params):
    """Parameters of the chapter on accounts."""

    section: ClassVar[str] = "segments"

    key_share: float = param(
        0.80,
        en="Share of the total that the key accounts bring together; the account that crosses it is inside.",
        zh="大客户合计贡献的占比；跨过这条线的那个客户算在内。",
        unit="fraction",
        source=_PARETO,
        strength="vendor practice",
        gt=0,
        le=1,
    )
    key_threshold: Amount | None = param(
        None,
        en="An account that brings at least this much is key, instead of the share; null: the share holds.",
        zh="窗口期内达到该金额的客户即为大客户，替代占比规则；为空则按占比。",
        unit="currency",
        source="No amount fits every company; a company that has one sets it",
        strength="our choice",
        gt=0,
    )
    key_measure: Literal["revenue", "profit", "either"] = param(
        "revenue",
        en="What a key account is judged by: revenue, profit after cost to serve, or either of the two.",
        zh="判定大客户的依据：销售收入（revenue）、服务成本后贡献（profit），或两者之一（either）。",
        unit="",
        source="Key accounts are named by sales first; profit has its own page",
        strength="our choice",
    )
    tier_a_share: float = param(
        0.80,
        en="Tier A ends with the account that crosses this cumulative share of revenue.",
        zh="A 级截止到累计收入占比跨过该值的客户（含）。",
        unit="fraction",
        source=_ABC,
        strength="vendor practice",
        gt=0,
        lt=1,
    )
    tier_b_share: float = param(
        0.95,
        en="Tier B ends with the account that crosses this cumulative share of revenue; tier C is the tail.",
        zh="B 级截止到累计收入占比跨过该值的客户（含）；其余为 C 级，即长尾。",
        unit="fraction",
        source=_ABC,
        strength="vendor practice",
        gt=0,
        lt=1,
    )
    potential_share: float = param(
        0.80,
        en="Accounts that hold this share of all known potential together have a high potential.",
        zh="合计占已知采购潜力该比例的客户为高潜力客户。",
        unit="fraction",
        source="The same rule as for revenue, so that both axes are cut alike",
        strength="our choice",
        gt=0,
        le=1,
    )
    potential_threshold: Amount | None = param(
        None,
        en="A potential of at least this much a year is high, instead of the share; null: the share holds.",
        zh="年采购潜力达到该金额即为高潜力，替代占比规则；为空则按占比。",
        unit="currency/year",
        source="No amount fits every company; a company that has one sets it",
        strength="our choice",
        gt=0,
    )
    wallet_cut: float = param(
        0.50,
        en="A share of wallet of at least this is high: the company is the account's main supplier.",
        zh="钱包份额达到该值为高：本公司是该客户的主供应商。",
        unit="fraction",
        source="From half the wallet on no other supplier can be larger",
        strength="our choice",
        gt=0,
        le=1,
    )
    tenure_bands: list[float] = param(
        [1.0, 3.0, 5.0, 10.0],
        en="Years at which one band of tenure ends and the next begins, rising.",
        zh="合作年限分档的界点（年），由小到大。",
        unit="years",
        source="Round years; they group a display and decide nothing",
        strength="our choice",
    )
    silent_months: int = param(
        3,
        en="An account that has bought nothing for fewer months than this has not gone silent.",
        zh="未采购月数少于该值的客户不算沉默。",
        unit="months",
        source="A quarter; a month or two are holidays and stock",
        strength="our choice",
        ge=1,
    )
    silent_chance: float = param(
        0.05,
        en="A silence of at most this chance, at the account's own rhythm, means it has gone silent.",
        zh="按客户自身采购节奏，出现该沉默时长的概率不高于此值即判为沉默。",
        unit="fraction",
        source="One in twenty, as usual for a warning that is looked into",
        strength="our choice",
        gt=0,
        lt=1,
    )
    mix_shares: list[float] = param(
        [0.30, 0.40, 0.50, 0.60],
        en="Own market shares where the rule of the mix speaks: first to second, third to fourth, above.",
        zh="大客户占比规则所用的本公司市场份额界点：前两点之间、后两点之间、第四点以上。",
        unit="fraction",
        source=_MIX,
        strength="seed deck",
    )
    mix_reference: float = param(
        0.40,
        en="Share of key accounts in revenue that the rule of the mix compares with.",
        zh="大客户占比规则的参照值（大客户收入占比）。",
        unit="fraction",
        source=_MIX,
        strength="seed deck",
        gt=0,
        lt=1,
    )
    mix_about: float = param(
        0.05,
        en='How far from the reference still is "about" the reference.',
        zh="与参照值相差多少以内仍算“约等于”。",
        unit="fraction",
        source='The seed deck says "about 40 %" without a width',
        strength="our choice",
        gt=0,
        lt=1,
    )
    mix_well_above: float = param(
        0.10,
        en='How far above the reference is "well above" it.',
        zh="高出参照值多少才算“明显高于”。",
        unit="fraction",
        source='The seed deck says "well above 40 %" without an amount',
        strength="our choice",
        gt=0,
        lt=1,
    )

    @field_validator("tenure_bands")
    @classmethod
    def _check_bands(cls, values: list[float]) -> list[float]:
        if not values or values[0] <= 0 or not _rise(values):
            raise ValueError("write one or more rising numbers above 0")
        return values

    @field_validator("mix_shares")
    @classmethod
    def _check_shares(cls, values: list[float]) -> list[float]:
        if len(values) != 4 or values[0] <= 0 or values[-1] >= 1 or not _rise(values):
            raise ValueError("write 4 rising numbers between 0 and 1")
        return values

    @model_validator(mode="after")
    def _check_order(self) -> SegmentParams:
        if self.tier_a_share >= self.tier_b_share:
            raise ValueError(
                f"tier_a_share ({self.tier_a_share}) must be below tier_b_share ({self.tier_b_share})"
            )
        if self.mix_about >= self.mix_reference:
            raise ValueError(
                f"mix_about ({self.mix_about}) must be below mix_reference ({self.mix_reference})"
            )
        return self


def _rise(values: list[float]) -> bool:
    return all(low < high for low, high in itertools.pairwise(values))
