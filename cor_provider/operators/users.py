"""The operator that creates users in COR."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cor_provider import _files
from cor_provider._compat import Context
from cor_provider.exceptions import CorConfigurationError, CorUserGuardError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.inputs.translation import USER_FORM
from cor_provider.inputs.users import iter_users
from cor_provider.operators.base import RecordsOperator
from cor_provider.operators.parameters import NOT_GIVEN, Safeguard, at_run_time, check_literal, check_switch
from cor_provider.operators.run import Run
from cor_provider.outcome import UserOutcome
from cor_provider.push.engine import check_records
from cor_provider.push.options import IfExists, PushOptions, check_choice
from cor_provider.push.repeated_emails import refuse_repeated_emails
from cor_provider.results.summary import Summary
from cor_provider.sync.page import is_page, page_beside
from cor_provider.task.ending import log_check
from cor_provider.task.limits import read_count
from cor_provider.task.needed_users import Needed, paths_in, read_needed
from cor_provider.task.recorder import OutcomeRecorder
from cor_provider.task.redaction import redact, reveal
from cor_provider.task.users_plan import UsersPlan
from cor_provider.user import UnreadableUser, UserRequest

__all__ = ["CreateUsersOperator"]


@dataclass(kw_only=True)
class UsersTask(Run):
    """
    The state of one run. In addition, it has the plan, and who is needed.

    :param needed: the users that leave needs; None if all of the input are wanted.
    :param found: the external ids of all records of the input.
    :param nameless: how many records have no readable external id.
    :param handed_in: the records that are wanted, as they were handed in.
    """

    needed: Needed | None = field(default=None, repr=False)
    found: set[str] = field(default_factory=set, repr=False)
    nameless: int = 0
    handed_in: list[object] = field(default_factory=list, repr=False)
    plan: UsersPlan | None = field(default=None, repr=False)


class CreateUsersOperator(RecordsOperator):
    """
    Create users in COR, and report the outcome of each.

    Creating a user reaches people: COR may send each one mail with a link for a password, and users cost seats. See
    the page *Users in COR*. It is safe to run again: COR refuses an external id that it already has. Users are never
    deleted. For the parameters that are missing here, see
    :class:`~cor_provider.operators.leaves.CreateLeaveOperator`.

    :param users: one mapping, a list of them, an upstream task's output, JSON text, a data frame, or the path or URI of
        a file, as ``leave_requests`` (templated). See :class:`~cor_provider.user.UserRequest` for the keys of a
        mapping. All of them are read before anything is sent.
    :param source: COR's ``metadata.source``, that of the users' leave; by default, the Extra ``source`` of the
        Connection (templated).
    :param if_exists: what to do with a user whose external id COR already has. ``"skip"``: it is ``existing``.
        ``"update"``: it is given all that the input has of it, except for the address. ``"fail"``: it is ``rejected``.
    :param only_for: limits the users to those that a push of leave found missing: path or URI of its report or of its
        summary, or what the push returned, such as ``push.output`` (templated). If nobody is missing, no request is
        sent. Positions then count those users alone.
    :param max_creates: how many users may be created; None for any number (templated). COR cannot be asked whom it has,
        so the users are counted that would be sent: all valid ones, each once, also those whom COR has, and on a retry
        those whom it has created before. A mapped task counts its own.
    :param plan_path: path or URI of a JSON Lines file for the plan, with a row for each user: ``{"operation", "id",
        "email", …, "source", "plan"}``. A page that shows them to people goes beside it, with the suffix ``.html``.
        Both are people's data (templated).
    :param plan_only: compute and write the plan, send nothing. Users who would be sent are ``not_sent``, and more than
        ``max_creates`` logs a warning.
    :param approved_plan: path or URI of a plan that an earlier task wrote. The task sends exactly the users of this
        plan, as they are there, and otherwise nothing (templated).
    :param columns: the input's names of the fields, such as ``{"id": "Employee No", "email": "Work email"}``
        (templated).
    :param values: for each field, COR's values by the input's, such as ``{"role_id": {"Manager": "Project Manager"}}``
        (templated).
    :param report_path: path or URI of a JSON Lines file with a row for every user (templated). With ``only_for``, the
        summary beside it lists the users who are needed but not in the input.
    :param map_index_template: the name of a mapped task; by default its file.
    :return: the counts ``{"received", "created", "updated", "existing", "rejected", "failed", "not_sent", "report",
        "plan"}``. The XCom ``rejected`` holds the first 100 rejected as ``{"position", "error", "message"}``, and the
        XCom ``planned`` how many users the plan would ``create`` and how many records are ``rejected``: no XCom names a
        user.
    :raises CorUserGuardError: if more than ``max_creates`` would be created. Nothing is sent; a retry cannot help.
    :raises CorPlanChangedError: if the plan is not the approved one. Nothing is sent; a retry cannot help.
    :raises CorUsersRejectedError: if more users were rejected than tolerated; Airflow does not retry.
    :raises CorPushIncompleteError: if users ``failed`` or were ``not_sent``; Airflow retries the task.
    :raises CorConfigurationError: if every user would fail for the same reason; Airflow does not retry.
    """

    outcome_type = UserOutcome
    form = USER_FORM
    statuses = ("created", "updated", "existing", "rejected", "failed", "not_sent")
    decided_by = ("if_exists", "approved_plan")
    repeated = "existing"

    template_fields: Sequence[str] = (
        "users",
        *RecordsOperator.template_fields,
        *("only_for", "max_creates", "plan_path", "approved_plan"),
    )
    outputs = (*RecordsOperator.outputs, "plan_path")

    _run: UsersTask | None = None

    def __init__(
        self,
        *,
        users: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        if_exists: IfExists = "skip",
        only_for: Any = NOT_GIVEN,
        max_creates: int | str | None = 20,
        plan_path: str | None = None,
        plan_only: bool = False,
        approved_plan: str | None = NOT_GIVEN,
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        validate_only: bool = False,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        **kwargs: Any,
    ) -> None:
        check_choice("if_exists", if_exists, IfExists)
        check_switch("plan_only", plan_only)
        super().__init__(
            records=users,
            source=source,
            cor_conn_id=cor_conn_id,
            columns=columns,
            values=values,
            max_rejected=max_rejected,
            max_rejected_fraction=max_rejected_fraction,
            concurrency=concurrency,
            report_path=report_path,
            rejected_path=rejected_path,
            validate_only=plan_only or validate_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        check_literal(read_count, "max_creates", max_creates)
        self.if_exists = if_exists
        self.only_for = None if only_for is NOT_GIVEN else only_for
        self.max_creates = max_creates
        self.plan_path = plan_path
        self.plan_only = plan_only
        self.approved_plan = None if approved_plan is NOT_GIVEN else approved_plan
        self._limit_to_needed = Safeguard("only_for", only_for, otherwise="everybody")
        self._limit = Safeguard(
            "max_creates", max_creates, otherwise="any number of users", to_lift="give a large number"
        )
        self._approval = Safeguard("approved_plan", approved_plan, otherwise="that no approval is needed")

    @property
    def users(self) -> Any:
        """The users, as far as Airflow may show them."""
        return self.records

    @users.setter
    def users(self, value: Any) -> None:  # Airflow sets the rendered value
        self.records = value

    @property
    def only_for(self) -> Any:
        """What names the users that leave needs, as far as Airflow may show it."""
        return redact(self._only_for, self.outcome_type.kind)

    @only_for.setter
    def only_for(self, value: Any) -> None:
        self._only_for = reveal(value)

    def begin(self, records: object, context: Context) -> UsersTask:
        """Return the state of a new run."""
        return UsersTask(**vars(super().begin(records, context)))

    def check_parameters(self) -> None:
        """Check the parameters that a template may have rendered, the guard's too."""
        super().check_parameters()
        is_mapped = self.is_mapped_task
        self._limit_to_needed.check(self._only_for, is_mapped=is_mapped)
        self._limit.check(self.max_creates, is_mapped=is_mapped)
        self._approval.check(self.approved_plan, is_mapped=is_mapped)
        _ = self.limit
        if is_page(self.plan_path):
            raise CorConfigurationError(
                "plan_path: ends in .html. Name the plan's file, such as users.jsonl; its page then goes to users.html."
            )

    @property
    def limit(self) -> int | None:
        """How many users may be created."""
        with at_run_time():
            return read_count("max_creates", self.max_creates)

    def endpoint_url(self, hook: CorIntegrationsHook) -> str:
        """Return the URL of COR's users endpoint."""
        return hook.users_url

    def written(self) -> dict[str, object]:
        """Return the files that this task writes, including the plan's page."""
        return {**super().written(), "plan_path (its page)": page_beside(self.plan_path)}

    def read_files(self, records: object) -> dict[str, Iterable[object]]:
        """Return the files that this task reads."""
        return {
            **super().read_files(records),
            "only_for": [] if self._only_for is None else paths_in(self._only_for),
            "approved_plan": [] if self.approved_plan is None else [self.approved_plan],
        }

    def read(self, records: object) -> Iterator[UserRequest | UnreadableUser]:
        """Read the input from its beginning, without the users who are not needed."""
        return refuse_repeated_emails(iter_users(records, is_wanted=self._is_wanted, **self.reading))

    def push(
        self, records: object, hook: CorIntegrationsHook, recorder: OutcomeRecorder, stopping: threading.Event
    ) -> None:
        """Read everybody, make the plan, and carry it out."""
        run = self._this_run
        hook.get_conn()
        if self.validate_only:
            self.check_source(hook)
        source = hook.check_source()
        if self._only_for is not None:
            run.needed = read_needed(self._only_for, source=source)
        run.plan = plan = UsersPlan.of(self.read(records), source=source, if_exists=self.if_exists)
        self.log.info("The plan: %(create)s users to create, %(rejected)s records rejected", plan.counts)
        refusal = self._write_and_check(plan)
        remaining = recorder.resume(lambda: self._planned(plan, recorder))
        self._warn_about_missing(recorder)
        if refusal or self.validate_only:
            recorder.record(check_records(remaining, UserOutcome))
            if refusal:
                raise refusal
            log_check(self.log, recorder.summary)
        else:
            with closing(self.send(remaining, hook, **self.patience, stopping=stopping)) as outcomes:
                recorder.record(outcomes)

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[UserOutcome]:
        """Create users."""
        return hook.create_users(records, if_exists=self.if_exists, **patience)

    def counts(self, summary: Summary) -> dict[str, Any]:
        """Return the counts that the task returns."""
        written = self._run.written if self._run else {}
        return {**super().counts(summary), "plan": written.get("users_plan")}

    def on_record(self, position: int, record: object) -> None:  # noqa: ARG002  # they are read in order
        """Keep a record until everybody is read."""
        self._this_run.handed_in.append(record)

    def _planned(self, plan: UsersPlan, recorder: OutcomeRecorder) -> Iterator[UserRequest | UnreadableUser]:
        """Yield all that is to be sent, from the beginning, as if it were read now."""
        for position, (handed_in, record) in enumerate(
            zip(self._this_run.handed_in, plan.records, strict=True), start=1
        ):
            recorder.rejected.keep(position, handed_in)
            yield record

    def _is_wanted(self, user: UserRequest | UnreadableUser) -> bool:
        run = self._this_run
        if run.needed is None:
            return True
        if user.id is None:
            run.nameless += 1
            return False
        run.found.add(user.id)
        return user.id in run.needed.users

    def _warn_about_missing(self, recorder: OutcomeRecorder) -> None:
        """Say how many users leave needs that the input lacks, and list them in the summary of the report."""
        run = self._this_run
        if run.needed is None:
            return
        self.log.info("Leave needs %d users whom COR lacks.", len(run.needed.users))
        if run.needed.may_be_more:
            self.log.warning("The push of leave was not sent as a whole, so COR may lack more users than it has found.")
        missing = {user_id: count for user_id, count in run.needed.users.items() if user_id not in run.found}
        recorder.summary.users.update(missing)
        if missing:
            self.log.warning(
                "Leave needs %d users whom the input lacks, so COR will still not know them. %s",
                len(missing),
                "The summary of the report lists them." if self.report_path else "Set report_path to have them listed.",
            )
        if run.nameless:
            self.log.warning(
                "%d records have no readable id, so nobody can tell whether they are needed.", run.nameless
            )

    def _write_and_check(self, plan: UsersPlan) -> Exception | None:
        """Write the plan, and return the error that forbids carrying it out, if any."""
        try:
            self._write_plan(plan)
            self._check(plan)
        except Exception as error:  # noqa: BLE001  # raised when every user has an outcome
            return error
        return None

    def _write_plan(self, plan: UsersPlan) -> None:
        if not self.plan_path:
            return
        run = self._this_run
        run.files.check()
        page = plan.write(_files.locate(self.plan_path))
        # Not as the plan of a sync: what shows such plans cannot read this one.
        run.written["users_plan"] = str(self.plan_path)
        if page:
            run.written["users_plan_page"] = str(page)

    def _check(self, plan: UsersPlan) -> None:
        try:
            plan.check_number(self.limit)
        except CorUserGuardError as error:
            if not self.validate_only:
                raise
            self.log.warning("This plan would be refused. %s", error.message.replace("\n", " "))
        if self.approved_plan is not None:
            plan.check_approval(self.approved_plan)

    @property
    def _this_run(self) -> UsersTask:
        assert self._run  # noqa: S101  # only code within a run asks for it
        return self._run

    def _publish(self, context: Context, *, seconds: float, **xcoms: Any) -> None:
        planned = {"planned": self._run.plan.counts} if self._run and self._run.plan else {}
        super()._publish(context, seconds=seconds, **planned, **xcoms)
