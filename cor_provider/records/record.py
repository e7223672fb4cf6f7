"""A record of an extract: validated field by field, and refused without its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from typing_extensions import Self

from cor_provider.exceptions import CorRecordError, CorUnreadableRowError, CorValidationError
from cor_provider.fields import unreadable_row

Label = Callable[[str], str]
"""Returns what errors call a field."""

RecordT = TypeVar("RecordT", bound="Record")


def own_name(field: str) -> str:
    """Return the name of a field as it is."""
    return field


def label_of(info: ValidationInfo) -> Label:
    """Return what the validation's context has as ``label``; without one, fields have their own names."""
    return (info.context or {}).get("label", own_name)  # type: ignore[no-any-return]  # as readers set it


class Record(BaseModel):
    """The base of records. Other keys than a record's fields are ignored and never sent."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    expected: ClassVar[str] = "A record must be a mapping"
    """What a record must be, for the error of what is no mapping."""

    refusals: ClassVar[Mapping[str, type[CorRecordError]]] = {}
    """The errors of problems that have one of their own, by pydantic's type of the problem."""

    def __str__(self) -> str:
        return repr(self)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_without_values(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(data, (Mapping, cls)):
            raise CorValidationError(f"{cls.expected}, not {type(data).__name__}.")
        try:
            return handler(data)
        except ValidationError as error:
            if unreadable := next((one["msg"] for one in _errors(error) if one["type"] == unreadable_row.TYPE), None):
                raise CorUnreadableRowError(unreadable) from None
            kinds = {cls.refusals.get(one["type"], CorValidationError) for one in _errors(error)}
            refusal = kinds.pop() if len(kinds) == 1 else CorValidationError
            raise refusal(_list_problems(error, label_of(info))) from None


def _list_problems(error: ValidationError, label: Label) -> str:
    """Name each field with what is wrong. What to do about dates is long, so it is said once for both."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in _errors(error):
        name = label(".".join(map(str, one["loc"])))
        if one["type"] == "missing":
            names[name, "is missing"] = [name]
        else:
            names.setdefault(("", one["msg"]), []).append(name)
    return "; ".join(f"{' and '.join(fields)}: {problem}" for (_, problem), fields in names.items())


def _errors(error: ValidationError) -> list[Any]:
    return error.errors(include_url=False, include_context=False, include_input=False)
