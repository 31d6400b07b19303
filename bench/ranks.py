"""Whether two samples of times differ: the test of Mann and Whitney."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby


def two_sided_p(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely samples at least so far apart are if nothing tells them apart.

    H. B. Mann, D. R. Whitney, *On a test of whether one of two random variables is stochastically larger than the
    other*, Annals of Mathematical Statistics 18 (1947) 50-60: U counts in how many pairs the first is the larger. From
    about 20 in each sample on it is as good as normal. Equal times share the mean of their ranks, and lessen the
    variance; half a step is taken off because U moves in steps.
    """
    ordered = sorted([(each, True) for each in one] + [(each, False) for each in other])
    rank_sum, ties, below = 0.0, 0, 0
    for _time, group in groupby(ordered, key=lambda each: each[0]):
        of_one = [mine for _each, mine in group]
        size = len(of_one)
        rank_sum += sum(of_one) * (below + (size + 1) / 2)
        ties += size**3 - size
        below += size
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance == 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))
