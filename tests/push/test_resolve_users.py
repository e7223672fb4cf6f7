"""What a response makes of a user, over the wire: every row of the table in ``push/resolve_users.py``."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cor_provider.exceptions import CorAuthenticationError, CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import UserOutcome
from cor_provider.sandbox import Sandbox
from support import Connect
from user_support import MARKERS, PERSONAL, user

TAKEN = "DuplicateExternalIdError"
EMAIL_TAKEN = {"statusCode": 409, "status": "error", "error": "DuplicateEmailError"}


def one(hook: CorIntegrationsHook, **options: Any) -> UserOutcome:
    (outcome,) = hook.create_users([user()], **options)
    return outcome


def methods(sandbox: Sandbox) -> list[str]:
    return [request.method for request in sandbox.requests]


class TestCreates:
    def test_a_new_user_is_created_with_cors_id(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcome = one(hook)
        assert (outcome.user_id, outcome.status, outcome.attempts) == ("E-1", "created", 1)
        assert outcome.cor_id == sandbox.users[-1].cor_id

    @pytest.mark.parametrize(
        ("if_exists", "status", "last_name"),
        [("skip", "existing", "Suárez"), ("update", "updated", "Vega"), ("fail", "rejected", "Suárez")],
    )
    def test_if_exists_says_what_becomes_of_a_user_that_cor_has(
        self, if_exists: Any, status: str, last_name: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user(phone="1"))
        (outcome,) = hook.create_users([user(last_name="Vega", email="new@company.com")], if_exists=if_exists)
        assert (outcome.status, outcome.error) == (status, "DuplicateExternalIdError" if status == "rejected" else None)
        held = sandbox.users[-1]
        assert (held.last_name, held.phone, held.email) == (last_name, "1", "e-1@company.com")

    def test_a_refused_position_is_a_rejection(self, hook: CorIntegrationsHook) -> None:
        (outcome,) = hook.create_users([user(seniority_id="S-1")])
        assert (outcome.status, outcome.error) == ("rejected", "PositionNotFoundError")

    def test_what_every_user_would_meet_stops_the_push(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.revoke_tokens()
        outcomes = hook.create_users([user("E-1"), user("E-2"), user("E-3")], concurrency=1)
        assert [next(outcomes).status for _ in range(3)] == ["failed", "not_sent", "not_sent"]
        with pytest.raises(CorAuthenticationError):
            next(outcomes)


class TestAnAddressThatCorHas:
    def test_of_somebody_else_it_is_a_rejection(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_user(user("E-9", email="E-1@company.com"))
        outcome = one(hook)
        assert (outcome.status, outcome.error, outcome.attempts) == ("rejected", "DuplicateEmailError", 1)
        assert methods(sandbox) == ["POST", "POST", "PUT"]

    def test_of_the_user_itself_it_means_that_the_user_exists(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user())
        sandbox.answer_next(409, EMAIL_TAKEN)
        before = sandbox.users
        outcome = one(hook)
        assert (outcome.status, outcome.cor_id) == ("existing", before[-1].cor_id)
        assert json.loads(sandbox.requests[-1].body) == {"metadata": {"source": "GLOBANT"}}
        assert [held.last_name for held in sandbox.users] == [held.last_name for held in before]

    def test_the_question_is_the_update_itself_if_that_is_wanted(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user(last_name="Vega"))
        sandbox.answer_next(409, EMAIL_TAKEN)
        assert one(hook, if_exists="update").status == "updated"
        assert sandbox.users[-1].last_name == "Suárez"
        assert methods(sandbox) == ["POST", "POST", "PUT"]

    def test_nothing_is_asked_if_either_answer_is_a_rejection(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user("E-9", email="e-1@company.com"))
        outcome = one(hook, if_exists="fail")
        assert (outcome.status, outcome.error) == ("rejected", "DuplicateEmailError")
        assert methods(sandbox) == ["POST", "POST"]

    @pytest.mark.parametrize("refusal", ["ValidationError", "UserNotFoundError", "ZC001", "InvalidRoleError"])
    def test_a_question_that_cor_refuses_leaves_the_first_refusal(
        self, refusal: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(409, EMAIL_TAKEN)
        sandbox.answer_next(400, {"error": refusal, "code": refusal})
        outcome = one(hook)
        assert (outcome.status, outcome.error) == ("rejected", "DuplicateEmailError")

    @pytest.mark.parametrize("if_exists", ["skip", "update"])
    @pytest.mark.parametrize("status", [404, 405])
    def test_an_answer_to_the_question_without_a_name_does_not_stop_the_push(
        self, status: int, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        """COR has just answered the create, so it is not from another server."""
        sandbox.answer_next(409, EMAIL_TAKEN)
        sandbox.answer_next(status, {})
        outcomes = hook.create_users([user("E-1"), user("E-2")], concurrency=1, if_exists=if_exists)
        assert [(one.status, one.error) for one in outcomes] == [("rejected", "DuplicateEmailError"), ("created", None)]

    @pytest.mark.parametrize("status", [401, 403, 302])
    def test_but_one_that_every_user_would_meet_does(
        self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(409, EMAIL_TAKEN)
        sandbox.answer_next(status, {})
        with pytest.raises(CorConfigurationError):
            list(hook.create_users([user("E-1"), user("E-2")], concurrency=1))

    def test_a_lost_answer_to_the_question_makes_no_creation(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_user(user())
        sandbox.answer_next(409, EMAIL_TAKEN)
        sandbox.drop_next()
        outcome = one(hook)
        assert (outcome.status, outcome.attempts) == ("existing", 2)


class TestLostAnswers:
    @pytest.mark.parametrize("if_exists", ["skip", "update", "fail"])
    def test_a_lost_answer_counts_as_created(self, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.drop_next()
        assert one(hook, if_exists=if_exists).status == "created"
        assert len(sandbox.mails) == 1

    @pytest.mark.parametrize("if_exists", ["skip", "fail"])
    def test_if_cor_does_not_say_whose_the_external_id_is_then_it_is_ours(
        self, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next()
        sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
        sandbox.answer_next(400, {"error": "ValidationError"})
        assert one(hook, if_exists=if_exists).status == "created"

    @pytest.mark.parametrize("if_exists", ["skip", "update", "fail"])
    @pytest.mark.parametrize("answer", [EMAIL_TAKEN, {"statusCode": 409, "message": "Conflict"}])
    def test_a_conflict_after_it_may_be_about_our_own_user(
        self, answer: Any, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next()
        sandbox.answer_next(409, answer)
        outcome = one(hook, if_exists=if_exists)
        assert (outcome.status, outcome.cor_id) == ("created", sandbox.users[-1].cor_id)
        assert methods(sandbox) == ["POST", "POST", "PUT"]

    @pytest.mark.parametrize("if_exists", ["skip", "update", "fail"])
    def test_but_not_if_cor_does_not_have_the_external_id(
        self, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user("E-9", email="e-1@company.com"))
        sandbox.drop_next(commit=False)
        outcome = one(hook, if_exists=if_exists)
        assert (outcome.status, outcome.error) == ("rejected", "DuplicateEmailError")

    @pytest.mark.parametrize("answers", [[EMAIL_TAKEN], []])
    @pytest.mark.parametrize(
        ("if_exists", "expected"),
        [("skip", ("existing", None)), ("update", ("updated", None)), ("fail", ("rejected", TAKEN))],
    )
    def test_nor_if_the_user_has_another_address(
        self, answers: list[Any], if_exists: Any, expected: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user(email="old@company.com"))
        sandbox.drop_next(commit=False)
        for answer in answers:
            sandbox.answer_next(409, answer)
        outcome = one(hook, if_exists=if_exists)
        assert (outcome.status, outcome.error) == expected

    def test_a_conflict_without_a_name_on_the_first_attempt_is_a_rejection(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(409, {})
        outcome = one(hook)
        assert (outcome.status, outcome.error) == ("rejected", "RecordError")
        assert methods(sandbox) == ["POST"]


# Whatever the network does

PEOPLE = st.lists(st.sampled_from([f"E-{number}" for number in range(12)]), min_size=1, max_size=12, unique=True)


@given(
    people=st.tuples(PEOPLE, PEOPLE, PEOPLE),
    if_exists=st.sampled_from(["skip", "update", "fail"]),
    seed=st.integers(0, 10_000),
    email_first=st.booleans(),
)
@settings(max_examples=40)
def test_with_faults_each_user_exists_once_and_each_outcome_is_true(
    people: tuple[list[str], list[str], list[str]], if_exists: Any, seed: int, email_first: bool, connect: Connect
) -> None:
    """Some are in COR already; the addresses of others belong to somebody else; answers are lost, and COR fails."""
    new, there, taken = people
    with Sandbox(seed={"source": "GLOBANT"}, error_rate=0.2, drop_rate=0.2, random_seed=seed) as cor:
        connect(host=cor.url)
        cor.store.checks_email_first = email_first
        for user_id in there:
            cor.store.add_user("GLOBANT", user_id, "Old Name", f"{user_id}@company.com")
        others = [user_id for user_id in taken if user_id not in there]
        for user_id in others:
            cor.store.add_user("GLOBANT", f"other-{user_id}", "Somebody Else", f"{user_id}@company.com")
        records = [user(user_id) for user_id in new]
        outcomes = list(CorIntegrationsHook().create_users(records, if_exists=if_exists, max_attempts=60))

        held = Counter(one.external_id for one in cor.users)
        mailed = Counter(mail.email for mail in cor.mails)
        first_posts = {outcome.user_id: outcome.attempts == 1 for outcome in outcomes}
    assert set(held.values()) == {1}
    assert set(mailed.values()) <= {1}
    assert {outcome.user_id for outcome in outcomes} == set(new)
    for outcome in outcomes:
        assert outcome.user_id
        event(f"{if_exists}: {outcome.status}")
        is_new = outcome.user_id not in {*there, *others}
        assert (f"{outcome.user_id.lower()}@company.com" in mailed) == is_new
        if is_new:
            assert outcome.status == "created"
        elif outcome.user_id in others:
            assert (outcome.status, outcome.error) == ("rejected", "DuplicateEmailError")
            assert outcome.user_id not in held
        else:
            # After a lost answer it cannot be told who created a user that COR has.
            expected = {"skip": "existing", "update": "updated", "fail": "rejected"}[if_exists]
            allowed = {expected} if first_posts[outcome.user_id] else {expected, "created"}
            assert outcome.status in allowed


def test_nothing_of_a_user_is_logged_or_raised(
    hook: CorIntegrationsHook, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sandbox.drop_next()
        sandbox.answer_next(429)
        sandbox.answer_next(500, {"message": json.dumps(PERSONAL)})
        sandbox.answer_next(200, {**PERSONAL, "message": "?"})
        pushes: list[Callable[[], Iterator[UserOutcome]]] = [
            lambda: hook.create_users([PERSONAL]),
            lambda: hook.create_users([PERSONAL], if_exists="fail"),
            lambda: hook.create_users([{**PERSONAL, "id": "PERSON-4711-b"}]),
            lambda: hook.create_users([{**PERSONAL, "daily_hours": "Zacharias"}]),
            lambda: hook.create_users([PERSONAL, {**PERSONAL, "id": "PERSON-4712"}]),
        ]
        shown = []
        for push in pushes:
            shown += [f"{outcome} {outcome!r} {outcome.message} {outcome.error}" for outcome in push()]
        for act in (hook.create_user, hook.update_user):
            sandbox.answer_next(409, {"error": "DuplicateEmailError", "message": json.dumps(PERSONAL)})
            with pytest.raises(Exception, match="COR") as raised:
                act(PERSONAL)
            shown.append(f"{raised.value} {raised.value!r}")
    everything = caplog.text + "\n".join(shown)
    assert "urllib3" in everything
    assert [marker for marker in MARKERS if marker in everything] == []
    assert len(shown) == 8
