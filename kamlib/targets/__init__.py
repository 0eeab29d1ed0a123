"""What is asked: how large the total is, and how it falls on accounts, product lines and months."""

from kamlib.targets.allocation import Allocation, allocate_targets
from kamlib.targets.attainability import (
    AttainabilityParams,
    RepsAtTarget,
    attain_probability,
    reps_at_target,
    target_for_probability,
)
from kamlib.targets.bounded import BoundedSplit, split_bounded
from kamlib.targets.calendar_params import CalendarParams
from kamlib.targets.calendars import count_days, period_days, working_days
from kamlib.targets.chain import trace_targets
from kamlib.targets.days import month_rhythm, split_days, sum_weeks
from kamlib.targets.factors import FACTORS, Evidence
from kamlib.targets.params import AllocationParams, SizingParams
from kamlib.targets.proof import PROOF_RULES, Proof, prove_targets
from kamlib.targets.request import check_request
from kamlib.targets.scenarios import ScenarioParams, compare_scenarios
from kamlib.targets.shares import RULES
from kamlib.targets.sides import Sides, sides_table, size_sides
from kamlib.targets.sizing import TargetSize, size_target, sizing_steps
from kamlib.targets.smart import smart_cards
from kamlib.targets.summary import summarise_targets

__all__ = [
    "FACTORS",
    "PROOF_RULES",
    "RULES",
    "Allocation",
    "AllocationParams",
    "AttainabilityParams",
    "BoundedSplit",
    "CalendarParams",
    "Evidence",
    "Proof",
    "RepsAtTarget",
    "ScenarioParams",
    "Sides",
    "SizingParams",
    "TargetSize",
    "allocate_targets",
    "attain_probability",
    "check_request",
    "compare_scenarios",
    "count_days",
    "month_rhythm",
    "period_days",
    "prove_targets",
    "reps_at_target",
    "sides_table",
    "size_sides",
    "size_target",
    "sizing_steps",
    "smart_cards",
    "split_bounded",
    "split_days",
    "sum_weeks",
    "summarise_targets",
    "target_for_probability",
    "trace_targets",
    "working_days",
]
