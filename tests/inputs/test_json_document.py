"""JSON documents: what is read from them, and what is none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import Translation
from cor_provider.leave import UnreadableLeave
from input_files import ids, problems, read_all, write_csv
from support import leave


@pytest.mark.parametrize("content", ['["{other}"]', '[["{other}"]]'])
def test_text_inside_json_names_no_further_file(content: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [leave()])
    content = content.replace("{other}", str(tmp_path / "other.csv"))
    (tmp_path / "leave.json").write_text(content)
    assert problems(content)[0].startswith("Record 1: A leave request must be a mapping")
    assert problems(tmp_path / "leave.json") == ["record 1 is not an object (leave.json)."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[{'id': 'L1'}]", "this is not JSON (Expecting property name enclosed in double quotes, line 1, column 3)"),
        ("[" * 100_000, "this JSON is nested too deeply"),
        ('{"id": "L1"}\n{"id": "L2"}', "If it has an object per line, it is JSON Lines"),
        ('{"data": [{"id": "L1"}]}', "this JSON is an object with a list inside"),
        ('{"d": {"results": []}, "next": null}', "Pass only that list"),
    ],
)
def test_text_that_is_no_json_is_an_error_that_says_where(text: str, problem: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(problem)) as refusal:
        read_all(text)
    assert refusal.value.message.startswith("leave_requests: ")
    assert "L1" not in refusal.value.message


def test_a_single_record_may_have_a_list_inside() -> None:
    assert ids(json.dumps(leave(days=[1, 2]))) == ["L1"]


def test_a_byte_order_mark_may_precede_text() -> None:
    assert ids("\ufeff" + json.dumps([leave()])) == ["L1"]


def test_a_key_that_is_read_and_doubled_refuses_its_record() -> None:
    text = json.dumps([leave("L1", note="a"), leave("L2")])
    doubled = text.replace('"note"', '"note": 1, "note"').replace('"id": "L2"', '"id": "L2", "user_id": "u9"')
    assert problems(doubled) == ["user_id: the JSON object has this key more than once"]
    assert problems('[{"id": 1, "id": 2}]') == ["Record 1: id: the JSON object has this key more than once"]


def test_a_doubled_key_is_refused_whatever_its_values_would_become() -> None:
    text = json.dumps(leave()).replace("{", '{"leave_type_id": "Sick", ')
    translation = Translation(values={"leave_type_id": {"Sick": "absence", "*": "vacation"}})
    (one,) = iter_leaves(text, translation=translation)
    assert isinstance(one, UnreadableLeave)
    assert one.error.message == "leave_type_id: the JSON object has this key more than once"
