"""What it pays: curves from attainment to pay, tiers, the cost before a period ends, and what is fair."""

from kamlib.incentives.pay import PayParams, pay_curve, pay_reps, pay_tiers

__all__ = ["PayParams", "pay_curve", "pay_reps", "pay_tiers"]
