"""A row of an audit's report, as it is read again. People may have edited it, and a ledger may be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from cor_provider.audit.compare import Finding
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import CorConfigurationError
from cor_provider.fields.external_id import read_text

FOREIGN = "foreign"


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise PydanticCustomError("day", "must be a date such as 2026-05-11") from None


def _cor_id(value: int) -> int:
    if read_cor_id(value) is None:
        raise PydanticCustomError("cor_id", "is no id of COR's")
    return value


Day = Annotated[date, BeforeValidator(_day)]
ExternalId = Annotated[str, AfterValidator(read_text)]
"""Text: a number may have lost zeros, and is the id of another user or another leave then."""
CorId = Annotated[int, AfterValidator(_cor_id)]


class ReportRow(BaseModel):
    """
    A leave in the report; what else the row has is ignored.

    Rows of early versions have no ``cor_deleted_at``, and do not say whose leave it is.
    """

    model_config = ConfigDict(strict=True)

    id: ExternalId | None
    status: Finding | Literal["foreign"]
    user_id: ExternalId
    cor_id: CorId | None
    cor_user_id: CorId | None
    start: Day | None
    end: Day | None
    cor_start: str | None
    cor_end: str | None
    differs: list[str]
    reason: str | None
    cor_deleted_at: str | None = None
    cor_leave_type_id: CorId | None = None
    source: str | None = None
    cor: str | None = None

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day as HR has them; None for foreign leave."""
        return (self.start, self.end) if self.start and self.end else None

    @model_validator(mode="after")
    def _check_that_it_is_whole(self) -> Self:
        if self.status == FOREIGN:
            if self.id is not None:
                raise PydanticCustomError("foreign", "id: must be null, since status says that the leave is foreign")
        elif self.id is None or self.days is None:
            raise PydanticCustomError("ours", "id, start and end: must not be null, unless status is foreign")
        if self.days and self.days[0] > self.days[1]:
            raise PydanticCustomError("order", "end: is before start")
        return self

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """
        Read a row.

        :raises ValueError: or ``TypeError`` or ``AttributeError`` if it is a row of another kind.
        :raises CorConfigurationError: if it is one of an audit's, but was edited; it names the field.
        """
        if not {name for name, field in cls.model_fields.items() if field.is_required()} <= row.keys():
            raise ValueError
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = f"{first['loc'][0]}: " if first["loc"] else ""
            raise CorConfigurationError(
                f"{field}{first['msg'].replace('Input should', 'must')}. Give each row as the audit has written it."
            ) from None
