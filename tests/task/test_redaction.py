"""What Airflow may show of leave requests: where they are, and never what they are."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from pprint import pformat
from typing import Any, cast

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cor_provider._compat import Context
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.task.redaction import redact, reveal
from support import leave

HIDDEN = "<leave requests are not shown>"
MARKER = "burnout-zq7"
RECORD = {"id": "L1", "user_id": "E-7", "leave_type_id": MARKER, "start": "2026-05-11", "end": "2026-05-12"}


def table(records: list[dict[str, Any]], delimiter: str = ",", *, quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(records[0]), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def frame(records: list[dict[str, Any]]) -> str:
    lines = ["   " + "  ".join(records[0])]
    return "\n".join(
        [*lines, *(f"{number}  " + "  ".join(map(str, one.values())) for number, one in enumerate(records))]
    )


FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "json": json.dumps,
    "json of one": lambda records: json.dumps(records[0]),
    "json lines": lambda records: "\n".join(map(json.dumps, records)),
    "indented json": lambda records: json.dumps(records, indent=2),
    "repr": repr,
    "repr of a tuple": lambda records: repr(tuple(records)),
    "pretty": pformat,
    "ordered dict": lambda records: repr(OrderedDict(records[0])),
    "ordered dicts": lambda records: repr([OrderedDict(one) for one in records]),
    "several reprs": lambda records: " ".join(map(repr, records)),
    "repr of a class": lambda records: f"LeaveRequest({', '.join(f'{k}={v!r}' for k, v in records[0].items())})",
    "values alone": lambda records: " ".join(records[0].values()),
    "values with commas": lambda records: ", ".join(records[0].values()),
    "csv": table,
    "csv with semicolons": lambda records: table(records, ";"),
    "tsv": lambda records: table(records, "\t"),
    "csv with bars": lambda records: table(records, "|"),
    "quoted csv": lambda records: table(records, quoting=csv.QUOTE_ALL),
    "a row of csv": lambda records: table(records).splitlines()[1],
    "a row of tsv": lambda records: table(records, "\t").splitlines()[1],
    "a printed frame": frame,
    "yaml": lambda records: "\n".join(f"- {key}: {value}" for key, value in records[0].items()),
    "a line of yaml": lambda records: f"leave_type_id: {records[0]['leave_type_id']}",
    "assignments": lambda records: " ".join(f"{key}={value}" for key, value in records[0].items()),
    "xml": lambda records: "".join(f"<{key}>{value}</{key}>" for key, value in records[0].items()),
    "a sentence": lambda records: f"{records[0]['user_id']} is away for {records[0]['leave_type_id']}.",
    "one word": lambda records: str(records[0]["leave_type_id"]),
}
AROUND = [
    *("{}", "\ufeff{}", " \n{}\n", "None{}", "\u200b{}", "'{}'", "({})", "# {}", "/{}", "./ {}", "s3://{}", "{}.csv"),
    *("/srv/{}\n/srv/leave.csv", "{}\n/srv/leave.csv", "/srv/leave.csv\n{}", "/srv/leave.csv {}", "{} leave.csv"),
    *("{{{{{}}}}}", "{{{{ {} }}}}", "{{% raw %}}{}{{% endraw %}}", "{{% set x = {} %}}", "{{# {} #}}{{{{ x }}}}"),
    *("{{{{ x }}}}{}", "{}{{{{ x }}}}", "{{{{ '{}' }}}}", '{{{{ "{}" | tojson }}}}', "{{{{ f('{}') }}}}"),
]
ONE_WORD_IN = ["/{}", "s3://{}", "{}.csv", "{{{{ f('{}') }}}}", "{{{{{}}}}}", "{{{{ {} }}}}", "{{% set x = {} %}}"]
A_NAME = {
    *(("one word", around) for around in ONE_WORD_IN),
    *((form, "{{# {} #}}{{{{ x }}}}") for form in ("values alone", "a sentence", "one word")),
}
"""Where the marker is no record's, but part of a path, of what a template asks for, or of a remark in one."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", AROUND)
def test_records_are_not_shown_whatever_they_look_like(form: str, around: str) -> None:
    text = around.format(FORMS[form]([RECORD, RECORD]))
    assert MARKER in text
    shown = repr(redact(text))
    assert (MARKER in shown) == ((form, around) in A_NAME)
    assert reveal(redact(text)) == text


printed = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z", "C"]), max_size=12)
WORDS = {"values alone", "a sentence", "one word", "a line of yaml"}


@given(
    st.lists(st.fixed_dictionaries({"id": printed, "user_id": printed, "note": printed}), min_size=1, max_size=3),
    st.sampled_from([form for form in FORMS if form not in WORDS]),
    st.sampled_from(AROUND),
)
@example([{"id": "/", "user_id": "x", "note": ".csv"}], "a row of csv", "{}")
@example([{"id": "{{", "user_id": "}}", "note": "/"}], "repr", "{}")
def test_records_of_any_values_are_not_shown(records: list[dict[str, str]], form: str, around: str) -> None:
    records = [{**one, "leave_type_id": MARKER} for one in records]
    assert MARKER not in repr(redact(around.format(FORMS[form](records))))


@given(st.text())
def test_text_of_several_lines_is_never_shown(text: str) -> None:
    assert repr(redact(f"{MARKER}\n{text}.csv")) == HIDDEN


SHOWN = [
    *("leave.xlsx", "leave.xlsx#Absences", "/srv/hr/leave.xlsx#Absences 2026", "s3://b/leave.XLSM#2026"),
    *("{{ folder }}/leave.xlsx#Absences 2026", "{{ folder ~ '/leave.xlsx#2026' }}"),
    *("", "  ", "leave.csv", "leave.jsonl", "in/leave.json", "LEAVE.PARQUET", " leave.csv\n", "año/niño.csv"),
    *("/srv/hr/leave.csv", "/srv/hr/of today/leave.csv", "/srv/hr", "./leave.csv", "../hr/leave.csv", "~/leave.csv"),
    *("s3://bucket/leave.jsonl", "s3://conn@bucket/dt=2026-05-11/leave.csv", "gs://b/k", "file:///srv/leave.csv"),
    *("file:/srv/leave.csv", "https://hr.example:8443/leave.csv?all=1", "S3A://b/leave.csv"),
    "/srv/manual__2026-05-11T09:00:00+00:00/leave.jsonl",
    *(
        "{{ ti.xcom_pull('extract') }}",
        "{{ ti.xcom_pull(task_ids=['a', 'b']) | tojson }}",
        "{{ dag_run.conf['leave'] }}",
    ),
    *("{{ var.value.leave_exchange }}/{{ run_id }}/leave.jsonl", "{{ folder }}/{{ name }}", "{{ name }}.csv"),
    *(
        "s3://{{ bucket }}/{{ ds }}/leave.csv",
        "{{ a }}{{ b }}",
        "{{ folder }}leave.csv",
        "{{ to_leaves(params) | tojson }}",
    ),
    *("{% if params.file %}{{ params.file }}{% else %}/srv/leave.csv{% endif %}", "{# where HR drops it #}{{ drop }}"),
    "{{ var.value.get('leave_drop', '') or var.value.leave_exchange ~ '/drop' }}/leave.csv",
    "{% for part in parts %}{{ part }}/{% endfor %}leave.csv",
    "{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%Y') }}.csv",
]


@pytest.mark.parametrize("text", SHOWN)
def test_where_leave_requests_are_is_shown(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text", ["None", "[]", "{}", "leave.docx", "leave", "{{ [1] }}", "{{ {'id': x} }}", "{{", "{{ 'x' }}"]
)
def test_what_could_be_anything_is_not_shown(text: str) -> None:
    assert repr(redact(text)) == HIDDEN


@pytest.mark.parametrize(
    "value", [b"/srv/leave.csv", bytearray(b"x"), 5, object(), iter(()), [MARKER], {"a": MARKER}, 1.5]
)
def test_what_is_no_text_is_not_shown(value: Any) -> None:
    assert repr(redact(value)) == HIDDEN


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist], ids=["pandas", "polars", "pyarrow"]
)
def test_a_data_frame_is_not_shown_and_stays_what_it_is(make: Callable[..., Any]) -> None:
    frame = make([RECORD, RECORD])
    operator = CreateLeaveOperator(task_id="push", leave_requests=frame)
    for shown in (redact(frame), redact([frame]), operator, copy.deepcopy(operator).leave_requests):
        assert MARKER not in repr(shown)
    operator.render_template_fields(cast("Context", {}))
    assert repr(operator.leave_requests) == HIDDEN
    assert reveal(operator.leave_requests) is frame


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (json.dumps([leave("{{ 1 + 1 }}")]), ["2"]),
        ("{{ [{'id': 1 + 1}] | tojson }}", ["2"]),
        ("{{ records | tojson }}", ["L7"]),
        ("\n  {{ records | tojson }}  \n", ["L7"]),
        ("{{ name }}", ["L9"]),
    ],
)
def test_what_is_hidden_is_rendered_and_read_as_ever(text: str, ids: list[str], tmp_path: Path) -> None:
    (tmp_path / "leave, of today.jsonl").write_text(json.dumps(leave("L9")))
    operator = CreateLeaveOperator(task_id="push", leave_requests=text)
    context = {"records": [leave("L7")], "name": f"{tmp_path}/leave, of today.jsonl"}
    operator.render_template_fields(cast("Context", context))
    assert repr(operator.leave_requests) == HIDDEN
    assert [
        getattr(one, "id", getattr(one, "leave_id", None)) for one in iter_leaves(reveal(operator.leave_requests))
    ] == ids
