"""What it pays: curves from attainment to pay, tiers, the cost before a period ends, and what is fair."""

from kamlib.incentives.outlook import cost_at_forecast, pay_fairness, rank_stakes
from kamlib.incentives.pay import pay_curve, pay_reps, pay_tiers
from kamlib.incentives.pay_params import PayParams, pay_of_months

__all__ = [
    "PayParams",
    "cost_at_forecast",
    "pay_curve",
    "pay_fairness",
    "pay_of_months",
    "pay_reps",
    "pay_tiers",
    "rank_stakes",
]
