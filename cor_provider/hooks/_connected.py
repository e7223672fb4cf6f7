"""The Connection of the hook, and what its pushes share."""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing, suppress
from functools import cache, cached_property
from typing import TypeVar

from cor_provider._compat import AirflowNotFoundException, BaseHook, airflow_since, get_hook_lineage_collector
from cor_provider.client.redis_client import RedisConnector, redis_connector
from cor_provider.client.redis_errors import explain
from cor_provider.client.session import CorSession
from cor_provider.client.settings import CorSettings
from cor_provider.exceptions import CorConfigurationError
from cor_provider.leave import LeaveKey
from cor_provider.outcome import Status
from cor_provider.push.engine import OutcomeT, RecordT, push
from cor_provider.push.options import PushOptions
from cor_provider.push.outcomes import Outcomes
from cor_provider.push.retry import Attempts
from cor_provider.push.shared_pace import account_key, try_out
from cor_provider.push.shared_turns import SharedTurns
from cor_provider.push.traffic import Traffic
from cor_provider.push.turns import OwnTurns, Turns
from cor_provider.records.external_ids import UnreadableRecord
from cor_provider.records.record import Record

WRITTEN = {"created", "updated", "deleted"}

T = TypeVar("T")
Endpoint = TypeVar("Endpoint")


class ConnectedHook(BaseHook):
    """
    A hook with the Airflow Connection to COR.

    :param cor_conn_id: the Airflow Connection of type ``cor``.
    :param source: ``metadata.source``, the namespace of external ids; defaults to the Connection's extra
        ``source``.
    """

    conn_name_attr = "cor_conn_id"
    default_conn_name = "cor_default"
    conn_type = "cor"
    hook_name = "COR Integrations"

    def __init__(self, cor_conn_id: str = default_conn_name, *, source: str | None = None) -> None:
        super().__init__()
        self.cor_conn_id = cor_conn_id
        self.source = source
        self.traffic = Traffic()
        """How COR took the requests of the pushes so far."""
        self._lock = threading.RLock()

    def get_conn(self) -> CorSession:
        """
        Return the authenticated session, the same one each time.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        with self._lock:  # the threads of a push share one session
            return self._session

    def check_source(self, source: str | None = None) -> str:
        """
        Return the ``metadata.source`` to send.

        :param source: overrides the hook's and the Connection's.
        :raises CorConfigurationError: if there is none, or the Connection is unusable.
        """
        source = source or self.source or self._settings.source
        if not source:
            raise CorConfigurationError(
                "No source: pass source=... to the task, or set the COR connection's Extra source. Use the one under "
                "which users and leave types were created in COR."
            )
        return source

    @property
    def longest_request(self) -> float:
        """
        The most seconds that one request can take, with a new token before it, and once more after a 401.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        return 4 * self._settings.timeout

    @property
    def web_url(self) -> str:
        """
        Where people see the leave in COR.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.web_url

    def derive_key(self, purpose: str, *, secret: str | None = None) -> bytes:
        """
        Derive a key from the Connection's secret.

        :param purpose: what the key is for; each purpose, Host and source has a key of its own.
        :param secret: the secret to derive it from; defaults to the Connection's Password.
        :raises CorConfigurationError: if the Connection is unusable.
        """
        bound_to = f"{purpose} {self._settings.host} {self.check_source()}"
        return hmac.digest((secret or self._settings.password).encode(), bound_to.encode(), "sha256")

    @property
    def ledger_key(self) -> bytes:
        """
        The key of a sync's ledger, from the extra ``ledger_secret`` or else from the Connection's Password.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self.derive_key("ledger", secret=self._settings.ledger_secret)

    def test_redis(self) -> tuple[bool, str] | None:
        """
        Do in the Redis over which pushes share their pace what a push does; None if they share none.

        :return: whether it works, and what that means for a push; if not, it may do so later.
        :raises CorConfigurationError: if it cannot work before a setting of the Connection, or of Redis, is corrected.
        """
        connect = self._redis
        if connect is None:
            return None
        try:
            with closing(connect()) as client:
                try_out(client)
        except Exception as error:  # noqa: BLE001  # as when a push uses it
            trouble = explain(error)
            message = f"{connect.name} {trouble} Until then, each push finds its own pace."
            if trouble.is_setting:
                raise CorConfigurationError(message) from None
            return False, message
        return True, f"{connect.name} works: pushes share their pace."

    @property
    def _settings(self) -> CorSettings:
        with self._lock:
            return self._read_settings

    @cached_property
    def _read_settings(self) -> CorSettings:
        try:
            connection = self.get_connection(self.cor_conn_id)
        except AirflowNotFoundException:
            variable = f"AIRFLOW_CONN_{self.cor_conn_id.upper()}"
            # Airflow 3.0 and 3.1 find no Connection whose Extra they cannot read.
            may_be_extra = (
                ""
                if airflow_since("3.2") or not airflow_since("3.0")
                else " If it is there, its Extra is not a JSON object."
            )
            if os.environ.get(variable):
                raise CorConfigurationError(
                    f"The environment variable {variable} is set, but Airflow cannot read a Connection from it: write "
                    f"it as JSON or as a URI, and check the quotes around it.{may_be_extra}"
                ) from None
            raise CorConfigurationError(
                f"The connection {self.cor_conn_id!r} does not exist: create it in Airflow with the type "
                f"{self.hook_name}, or set cor_conn_id to another one.{may_be_extra}"
            ) from None
        return CorSettings.from_connection(connection)

    @cached_property
    def _session(self) -> CorSession:
        return CorSession(self._settings)

    def _push_records(
        self,
        method: str,
        records: Iterable[RecordT | UnreadableRecord],
        resolve: Callable[[RecordT, Attempts, Endpoint], OutcomeT | None],
        make_endpoint: Callable[[], Endpoint],
        options: PushOptions,
        *,
        repeated: Status,
        outcome_type: type[OutcomeT],
        find_url: Callable[[], str],
        instead: str = "",
    ) -> Outcomes[OutcomeT]:
        """
        Push records.

        :param method: what is called if nobody reads the outcomes.
        :param make_endpoint: makes what ``resolve`` sends with.
        :param find_url: returns the URL for Airflow's lineage.
        :param instead: what to use in its place, with ``, or`` after it.
        """

        @cache
        def endpoint() -> Endpoint:  # an error is not kept: each record meets it again
            _ = self._redis  # raises an error if there is one that cannot be used
            return make_endpoint()

        def send(record: RecordT, attempts: Attempts) -> OutcomeT | None:
            return resolve(record, attempts, endpoint())

        outcomes = push(records, send, options, turns=self._turns(), repeated=repeated, outcome_type=outcome_type)
        advice = f"the outcomes of {method} were not read. Use {instead}a for loop over the outcomes."
        return Outcomes(self._report_lineage(outcomes, find_url), advice)

    def _turns(self) -> Turns:
        requests_per_second = None
        with suppress(CorConfigurationError):  # each leave request meets the same error, as its outcome
            settings = self._settings
            requests_per_second = settings.requests_per_second
            if connect := self._redis:
                account = account_key(settings.host, settings.login or settings.password)
                turns = SharedTurns(connect, account, requests_per_second)
                return self.traffic.watch(turns, shared_over=connect.name)
        return self.traffic.watch(OwnTurns(requests_per_second))

    @property
    def _redis(self) -> RedisConnector | None:
        """
        What connects to the Redis over which pushes share their pace; None if they do not.

        :raises CorConfigurationError: if the Connection names a Redis that cannot be used.
        """
        with self._lock:
            return self._redis_connector

    @cached_property
    def _redis_connector(self) -> RedisConnector | None:
        conn_id = self._settings.pace_redis_conn_id
        return redis_connector(conn_id) if conn_id else None

    def _report_lineage(self, outcomes: Generator[OutcomeT], find_url: Callable[[], str]) -> Generator[OutcomeT]:
        """Report COR to Airflow's lineage after the first write."""
        is_reported = False
        with closing(outcomes):
            for outcome in outcomes:
                if not is_reported and outcome.status in WRITTEN:
                    get_hook_lineage_collector().add_output_asset(context=self, uri=find_url())
                    is_reported = True
                yield outcome


def iterable(method: str, records: Iterable[T], what: str) -> Iterable[T]:
    """Refuse what can be iterated over, but not record by record."""
    if isinstance(records, (str, bytes, bytearray, os.PathLike, Mapping, Record, LeaveKey, UnreadableRecord)):
        raise TypeError(
            f"{method}: expected an iterable of {what}s, such as a list, not a single {type(records).__name__}. "
            f"For one {what}, pass [{what.partition(' ')[0]}]. The operators read files and JSON text."
        )
    return records
