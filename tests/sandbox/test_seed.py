"""Users and leave types that are there from the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.seed import SeedError

GLOBANT = {
    "source": "GLOBANT",
    "users": [{"id": "HR-EMP-00001", "name": "Ana Suárez"}],
    "leave_types": [{"id": "vacation", "name": "Vacation"}],
}
SAP = {"source": "SAP", "users": [{"id": "7", "name": "Bo", "email": "bo@example.com"}]}


@pytest.mark.parametrize("seed", [GLOBANT, [GLOBANT, SAP]])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_seed_is_an_object_or_a_list_of_them_in_a_file_or_not(seed: Any, tmp_path: Path, as_file: bool) -> None:
    if as_file:
        path = tmp_path / "seed.json"
        path.write_text(json.dumps(seed, ensure_ascii=False), encoding="utf-8")
        seed = path

    store = Sandbox(seed=seed).store

    assert store.users["GLOBANT", "HR-EMP-00001"] == "Ana Suárez"
    assert store.leave_types == {("GLOBANT", "vacation"): "Vacation"}


def test_without_a_seed_the_documented_example_works() -> None:
    store = Sandbox().store

    assert list(store.users) == [("GLOBANT", "external-user-id-3")]
    assert list(store.leave_types) == [("GLOBANT", "external-type-3")]


def test_an_empty_seed_registers_nobody() -> None:
    assert Sandbox(seed=[]).store.users == {}


def test_a_name_may_be_left_out() -> None:
    store = Sandbox(seed={"source": "SAP", "users": [{"id": "7"}]}).store

    assert store.users == {("SAP", "7"): "7"}


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        ({"users": []}, "source: Field required"),
        ({"source": "WORKDAY"}, "'WORKDAY' is not a source of COR"),
        (["SAP"], "seed: Input should be a valid dictionary"),
        ({"source": "SAP", "users": [{"id": 7}]}, "users.0.id: Input should be a valid string"),
        ({"source": "SAP", "users": [{"name": "Bo"}]}, "users.0.id: Field required"),
        ({"source": "SAP", "leaveTypes": []}, "leaveTypes: Extra inputs are not permitted"),
        ({"source": "SAP", "users": [{"id": "7"}, {"id": "7"}]}, "occurs twice"),
    ],
)
def test_a_malformed_seed_is_refused_with_the_place(seed: Any, complaint: str) -> None:
    with pytest.raises(SeedError, match=complaint):
        Sandbox(seed=seed)


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_a_file_that_is_no_json_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.json"
    path.write_bytes(content)

    with pytest.raises(SeedError, match=r"people\.json: is not JSON"):
        Sandbox(seed=path)


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"nowhere\.json: No such file"):
        Sandbox(seed=tmp_path / "nowhere.json")
