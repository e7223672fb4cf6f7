"""The names under which it is remembered what is wrong; that it is: test_notifier.py."""

from __future__ import annotations

from types import SimpleNamespace

from cor_provider.notifications.memory import name_of


def name(dag_id: str = "hr_to_cor", task_id: str = "push", map_index: int = -1) -> str:
    return name_of(SimpleNamespace(dag_id=dag_id, task_id=task_id, map_index=map_index))


def test_a_person_can_tell_whose_it_is() -> None:
    assert name().startswith("cor_notice.hr_to_cor.push.")
    assert name(map_index=3).startswith("cor_notice.hr_to_cor.push.3.")


def test_no_two_tasks_share_one() -> None:
    names = {name("a.b", "c"), name("a", "b.c"), name("a", "b.c", 1), name("a", "b.c.1"), name("a" * 240, "c")}
    assert len({*names, name("a" * 241, "c")}) == 6


def test_airflow_takes_the_longest() -> None:
    assert len(name("d" * 250, "t" * 250, 1023)) <= 250
