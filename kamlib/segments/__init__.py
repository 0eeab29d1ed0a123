"""Who matters: tiers, fields, contribution, movement and mix of a company's accounts."""

from kamlib.segments.accounts import segment_accounts
from kamlib.segments.matrix import summarise_fields
from kamlib.segments.mix import mix_bands, mix_health
from kamlib.segments.movement import movement_matrix, summarise_movements
from kamlib.segments.params import SegmentParams
from kamlib.segments.pareto import pareto_curve, summarise_concentration, summarise_tiers
from kamlib.segments.service import profit_basis, summarise_tenure
from kamlib.segments.silence import find_silence

__all__ = [
    "SegmentParams",
    "find_silence",
    "mix_bands",
    "mix_health",
    "movement_matrix",
    "pareto_curve",
    "profit_basis",
    "segment_accounts",
    "summarise_concentration",
    "summarise_fields",
    "summarise_movements",
    "summarise_tenure",
    "summarise_tiers",
]
