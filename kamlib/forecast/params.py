"""What chapter 2 can be told, and where each default comes from."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.params import Params, param

Method = Literal["seasonal_naive", "simple", "holt", "damped", "theta", "adida", "imapa", "tsb", "blend"]


class ForecastParams(Params):
    """Parameters of the forecast."""

    section: ClassVar[str] = "forecast"

    method: Method = param(
        "blend",
        en="forecasting method; blend is the mean of smoothing, Theta and drift, weighted by past errors",
        zh="预测方法；blend 为指数平滑、Theta 法与漂移法的平均，按各自以往误差加权",
        unit="",
        source="Makridakis & Hibon 2000, M3: the mean of simple methods beats each of them",
        strength="study",
    )
    season_length: int = param(
        12,
        en="months after which the season repeats",
        zh="季节周期的月数",
        unit="months",
        source="calendar months repeat every year",
        strength="our choice",
        ge=1,
        le=24,
    )
    history_months: int = param(
        60,
        en="months of history a forecast looks back on",
        zh="预测所依据的历史月数",
        unit="months",
        source="sums of M3 and of Australian retail series: five years forecast a year better than less",
        strength="our choice",
        ge=1,
        le=240,
    )
    holdout_months: int = param(
        12,
        en="months held out, over which past forecasts are judged",
        zh="留作检验的月数，用于评价以往预测",
        unit="months",
        source="one whole season, so that no month is judged more than another",
        strength="our choice",
        ge=1,
        le=36,
    )
    holdout_step: int = param(
        3,
        en="months between two past planning dates that are judged",
        zh="相邻两个检验起点之间的月数",
        unit="months",
        source="planning is done once a quarter",
        strength="our choice",
        ge=1,
        le=12,
    )
    reconciliation: Literal["bottom_up", "wls", "mint_shrink"] = param(
        "mint_shrink",
        en="how forecasts of all levels are made to add up; bottom_up takes those of the accounts alone",
        zh="各层级预测如何协调一致；bottom_up 只采用客户层级的预测",
        unit="",
        source="Wickramasuriya, Athanasopoulos & Hyndman 2019, JASA 114:804-819",
        strength="study",
    )
    error_origins: int = param(
        12,
        en="past planning dates, a month apart, whose errors set the ranges",
        zh="用于确定预测区间的过去时点个数（逐月）",
        unit="",
        source="three years of history leave about a dozen dates with a whole season before and a year after",
        strength="our choice",
        ge=2,
        le=60,
    )
    paths: int = param(
        1000,
        en="sample paths that ranges are counted from",
        zh="用于计算区间的样本路径数",
        unit="",
        source="the standard error of a 10 % tail is then 1 % of probability",
        strength="our choice",
        ge=100,
        le=10_000,
    )
    opinion_accounts: int = param(
        3,
        en="largest accounts that textbook models forecast too, beside the company",
        zh="除全公司外，另由教科书模型预测的最大客户数",
        unit="",
        source="each takes seconds; three are enough to see whether the models differ",
        strength="our choice",
        ge=0,
        le=20,
    )
