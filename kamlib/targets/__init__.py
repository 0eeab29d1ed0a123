"""What is asked: how large the total is, and how it falls on accounts, product lines and months."""

from kamlib.targets.allocation import Allocation, allocate_targets
from kamlib.targets.bounded import BoundedSplit, split_bounded
from kamlib.targets.factors import FACTORS, Evidence
from kamlib.targets.params import AllocationParams, SizingParams
from kamlib.targets.request import check_request
from kamlib.targets.shares import RULES
from kamlib.targets.sizing import TargetSize, size_target, sizing_steps
from kamlib.targets.summary import explain_reps, summarise_targets

__all__ = [
    "FACTORS",
    "RULES",
    "Allocation",
    "AllocationParams",
    "BoundedSplit",
    "Evidence",
    "SizingParams",
    "TargetSize",
    "allocate_targets",
    "check_request",
    "explain_reps",
    "size_target",
    "sizing_steps",
    "split_bounded",
    "summarise_targets",
]
