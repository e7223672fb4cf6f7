"""Gaps, as the sources of HR data have them."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd

GAPS = [
    *(None, "", "   ", "\t\r\n", "\u00a0", " \u2003\u3000", "\u200b", "\ufeff\u2060", np.str_(" ")),
    *(math.nan, np.float64("nan"), np.float32("nan"), np.float16("nan"), Decimal("NaN"), Decimal("sNaN")),
    *(pd.NaT, np.datetime64("NaT", "D"), np.datetime64("NaT", "ns"), np.timedelta64("NaT", "s"), pd.NA),
]
"""A field without a value: of Python, text, numbers and data frames."""
