"""What the pipeline can be told, and where each default comes from."""

from __future__ import annotations

from typing import ClassVar

from kamlib.params import Params, param


class PipelineParams(Params):
    """Parameters of the pipeline."""

    section: ClassVar[str] = "pipeline"

    stage_prior: int = param(
        20,
        en="closed opportunities that a stage's given win rate counts as, beside those found",
        zh="阶段给定赢率所相当的已关闭商机数，与实际结果一并计算",
        unit="",
        source="at twenty of its own a stage's finding counts as much as what is given; its standard error "
        "is then about 10 points",
        strength="our choice",
        ge=0,
        le=1000,
    )
    repeat_months: int = param(
        12,
        en="months in which an account that bought a product line counts as a buyer the base forecast holds",
        zh="客户购买某产品线后视为已含在基础预测内的月数",
        unit="months",
        source="one season: who buys once a year is still a buyer",
        strength="our choice",
        ge=1,
        le=60,
    )
    work_per_rep: int = param(
        5,
        en="opportunities on a rep's work plan for the month",
        zh="每位客户经理当月工作计划中的商机数",
        unit="",
        source="about one a week",
        strength="our choice",
        ge=1,
        le=50,
    )
