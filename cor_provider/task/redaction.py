"""Keep people's data out of what Airflow stores and shows."""

from __future__ import annotations

from typing import Any

from cor_provider._compat import XComArg
from cor_provider.inputs.jinja_text import is_template
from cor_provider.inputs.paths import PATH_TYPES, looks_like_a_path
from cor_provider.records.kinds import LEAVE, Kind


class Redacted:
    """
    A value that Airflow renders like any other, but stores and shows as a placeholder.

    Airflow stores the rendered value of every template field, and shows it to everyone who may see the task. For an
    object like this one, it stores the ``repr``.

    :param content: the value itself.
    :param kind: what the records in it are.
    """

    template_fields = ("content",)

    def __init__(self, content: Any, kind: Kind = LEAVE) -> None:
        self.content = content
        self._kind = kind

    def __repr__(self) -> str:
        return f"<{self._kind.many} are not shown>"


def redact(value: Any, kind: Kind = LEAVE) -> Any:
    """
    Redact records. Paths, URIs, templates and references to upstream tasks contain none and stay as they are.

    Text stays only if it is certainly one of these, since records can come in unforeseen forms.

    :param value: the operator's parameter, before or after Airflow has rendered it.
    :param kind: what the records are.
    """
    if value is None or isinstance(value, (Redacted, XComArg, *PATH_TYPES)):
        return value
    if isinstance(value, str):
        is_shown = not value.strip() or looks_like_a_path(value) or is_template(value)
        return value if is_shown else Redacted(value, kind)
    if not _refers_upstream(value):
        return Redacted(value, kind)
    # Airflow finds references only in containers that it can search.
    if isinstance(value, dict):
        return {key: _redact_element(element, kind) for key, element in value.items()}
    return [_redact_element(element, kind) for element in value]


def reveal(value: Any) -> Any:
    """Return what :func:`redact` was given."""
    if isinstance(value, Redacted):
        return value.content
    if isinstance(value, dict):
        return {key: reveal(element) for key, element in value.items()}
    return [reveal(element) for element in value] if isinstance(value, (list, tuple)) else value


def _redact_element(value: Any, kind: Kind) -> Any:
    return redact(value, kind) if _refers_upstream(value) else Redacted(value, kind)


def _refers_upstream(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_refers_upstream, value.values()))
    if isinstance(value, (list, tuple, set)):
        return any(map(_refers_upstream, value))
    return isinstance(value, XComArg)
