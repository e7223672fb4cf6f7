"""Users: what is read of an extract, what is sent, and what is shown of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.exceptions import CorInvalidRoleError, CorRecordError, CorValidationError
from cor_provider.user import UnreadableUser, UserRequest, UserUpdate, read_user
from user_support import DOCUMENTED_USER, MARKERS, PERSONAL, user


def error_of(record: object) -> CorRecordError:
    read = read_user(record)
    assert isinstance(read, UnreadableUser)
    return read.error


class TestPayload:
    def test_a_user_is_sent_key_for_key_as_documented(self) -> None:
        payload = UserRequest(**DOCUMENTED_USER).to_payload("OKTA")
        assert json.dumps(payload) == json.dumps({"metadata": {"source": "OKTA"}, **DOCUMENTED_USER})

    def test_every_documented_field_is_sent(self) -> None:
        more = {"position": "Dev", "department": "IT", "user_position_id": "P-1", "seniority_id": "S-1"}
        payload = UserRequest(**DOCUMENTED_USER, **more).to_payload("OKTA")
        assert payload == {"metadata": {"source": "OKTA"}, **DOCUMENTED_USER, **more}

    @pytest.mark.parametrize("gap", [None, "", "  ", float("nan")])
    def test_what_is_not_given_is_not_sent(self, gap: object) -> None:
        optional = ("phone", "position", "department", "role_id", "daily_hours", "user_position_id", "seniority_id")
        payload = UserRequest(**{**user(), **dict.fromkeys(optional, gap)}).to_payload("OKTA")
        assert payload == {"metadata": {"source": "OKTA"}, **user()}

    def test_other_keys_are_never_sent(self) -> None:
        assert "salary" not in UserRequest(**user(salary=1)).to_payload("OKTA")

    def test_an_update_sends_only_what_is_given(self) -> None:
        update = UserUpdate(id="E-1", role_id="director", phone="")
        assert update.to_payload("OKTA") == {"metadata": {"source": "OKTA"}, "role_id": 2}

    def test_the_address_is_no_field_of_an_update(self) -> None:
        update = UserUpdate.model_validate(user(email="new@company.com"))
        assert update.to_payload("OKTA") == {"metadata": {"source": "OKTA"}, "first_name": "Ana", "last_name": "Suárez"}

    def test_a_user_becomes_an_update_of_all_that_is_given_but_the_address(self) -> None:
        given = {name: value for name, value in DOCUMENTED_USER.items() if name not in {"id", "email"}}
        update = UserRequest(**DOCUMENTED_USER).to_update()
        assert (update.id, update.to_payload("OKTA")) == (
            "OKTA-USER-12345",
            {"metadata": {"source": "OKTA"}, **given},
        )

    def test_an_update_of_nothing_is_refused(self) -> None:
        with pytest.raises(CorValidationError, match="nothing to change"):
            UserUpdate.model_validate({"id": "E-1", "email": "ana@company.com"})


class TestReading:
    @pytest.mark.parametrize("field", ["id", "email", "first_name", "last_name"])
    @pytest.mark.parametrize("gap", [None, " ", float("nan")])
    def test_a_gap_where_a_value_is_needed_is_named(self, field: str, gap: object) -> None:
        assert error_of({**user(), field: gap}).message == f"{field}: is missing"

    def test_every_problem_is_named_at_once(self) -> None:
        message = error_of(user(email="ana", daily_hours=30, role_id="boss")).message
        assert [part.partition(":")[0] for part in message.split("; ")] == ["role_id", "daily_hours", "email"]

    def test_fields_have_the_names_of_the_input(self) -> None:
        read = read_user(user(email=None), label=lambda field: f'column "{field.title()}"')
        assert isinstance(read, UnreadableUser)
        assert read.error.message == 'column "Email": is missing'

    def test_an_unknown_role_has_its_own_error(self) -> None:
        error = error_of(user(role_id="boss"))
        assert isinstance(error, CorInvalidRoleError)
        assert "4 Collaborator" in error.message

    def test_an_unknown_role_beside_another_problem_is_a_validation_error(self) -> None:
        assert type(error_of(user(role_id="boss", email="ana"))) is CorValidationError

    def test_numbers_of_a_table_are_read(self) -> None:
        read = UserRequest(**user(id=7.0, phone=34600111222.0, role_id=4.0, daily_hours=Decimal("7.50")))
        assert (read.id, read.phone, read.role_id, read.daily_hours) == ("7", "34600111222", 4, 7.5)

    @pytest.mark.parametrize("record", [None, 5, "text", ["id"], b"{}"])
    def test_what_is_no_mapping_is_an_unreadable_user(self, record: object) -> None:
        assert type(record).__name__ in error_of(record).message

    def test_an_unreadable_user_keeps_its_external_id(self) -> None:
        read = read_user({"id": 7})
        assert isinstance(read, UnreadableUser)
        assert read.user_id == "7"

    def test_what_is_read_already_stays_as_it_is(self) -> None:
        for read in (read_user(user()), read_user({})):
            assert read_user(read) is read


class TestPrivacy:
    def test_nothing_of_a_user_is_shown(self) -> None:
        request = UserRequest(**PERSONAL)
        shown = f"{request} {request!r} {[request]} {request.to_update()!r} {read_user({**PERSONAL, 'email': 'x'})!r}"
        assert [marker for marker in MARKERS if marker in shown] == []

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.one_of(st.none(), st.booleans(), st.just("Zach\x00arias"), st.floats(), st.binary(min_size=9))
                for name in PERSONAL
            },
        )
    )
    def test_a_value_is_in_no_error(self, broken: dict[str, Any]) -> None:
        read = read_user({**PERSONAL, **broken})
        if isinstance(read, UnreadableUser):
            shown = f"{read.error} {read.error!r} {read!r}"
            assert [marker for marker in (*MARKERS, "Zach") if marker in shown] == []
            assert read.error.__cause__ is None
            assert read.error.__suppress_context__
