"""Arrays of series side by side: one row a period, one column a series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]


def add_up(values: npt.NDArray[np.float64] | Flags) -> Floats:
    """Sum over rows, one row after another.

    `numpy.sum` groups its terms by the shape and layout of the array, so that the same column can have
    another last digit in another company. Here it has not, and rows of zeros in front change nothing.

    Examples
    --------
    >>> add_up(np.array([[1.0, 0.5], [2.0, 0.25]])).tolist()
    [3.0, 0.75]
    """
    total = np.zeros(values.shape[1])
    for row in values:
        total += row
    return total
