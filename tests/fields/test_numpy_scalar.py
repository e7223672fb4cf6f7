"""Scalars of NumPy are known by their own names; nothing else is one."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cor_provider.fields.numpy_scalar import type_name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.float16(1), "float16"),
        (np.float32(1), "float32"),
        (np.array([1], ">f4")[0], "float32"),
        (np.datetime64("2026-05-11"), "datetime64[D]"),
        (np.array([0], ">M8[25ns]")[0], "datetime64[25ns]"),
    ],
)
def test_a_scalar_has_the_name_of_its_type(value: Any, name: str) -> None:
    assert type_name(value) == name


@pytest.mark.parametrize(
    "value", [1, 1.0, "float32", None, date.min, np.array(1.0), np.array([1.0]), pd.Series([1.0]), pd.Timestamp(0)]
)
def test_anything_else_has_none(value: object) -> None:
    assert type_name(value) == ""
