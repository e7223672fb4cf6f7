"""`examples list`: the example DAGs, and what each does."""

from __future__ import annotations

from cor_provider.cli.examples import find_examples

from .conftest import Cor


def test_people_read_a_line_for_each(cor: Cor) -> None:
    ran = cor("examples", "list")
    assert ran.code == 0
    assert all(one.name in ran.text for one in find_examples())
    assert "minimal_leave_to_cor" in ran.out
    assert "Push a file of leave into COR every day" in ran.text


def test_scripts_get_names_and_purposes(cor: Cor) -> None:
    data = cor("examples", "list", "--output", "json").data
    assert data == [{"name": one.name, "purpose": one.purpose} for one in find_examples()]
