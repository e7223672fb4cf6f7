"""Which text is a template for a path or an upstream result, and holds no leave requests itself."""

from __future__ import annotations

import pytest

from cor_provider.inputs.jinja_text import is_template


@pytest.mark.parametrize(
    "text",
    [
        "{{ ti.xcom_pull('extract') }}",
        "{{ var.value.leave_exchange }}/{{ ds }}/leave.jsonl",
        "{{ ds }}-leave.csv.gz",
        "{% if params.file %}{{ params.file }}{% else %}/srv/leave.csv{% endif %}",
        "{# where HR drops it #}{{ drop }}",
        "{{ ti.xcom_pull(task_ids=['a', 'b']) | tojson }}",
    ],
)
def test_a_template_that_only_refers_to_data_is_one(text: str) -> None:
    assert is_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "leave.csv",  # a path without a template
        "{{",  # no Jinja
        "{{ 'burnout' }}",
        "{{ ['burnout'] }}",
        "{{ {'id': x} }}",
        "{{ f(user_id='E-7') }}",
        "{{ f('E-7 has burnout') }}",
        "{% raw %}E-7,burnout{% endraw %}",
        "{# E-7: burnout #}{{ x }}",
        "E-7 is ill {{ x }}",
        "{{ x }}" * 2_000,  # too long to be one
    ],
)
def test_a_template_that_may_hold_data_is_none(text: str) -> None:
    assert not is_template(text)
