"""How an input's columns, values and dates become those of a leave request or a user."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic_core import PydanticCustomError

from cor_provider.exceptions import CorConfigurationError
from cor_provider.fields.external_id import is_inexact, read_text, text_or_mark
from cor_provider.fields.gaps import is_gap
from cor_provider.fields.numpy_scalar import is_bool
from cor_provider.fields.when import DateFormat
from cor_provider.inputs.json_text import Doubled, is_json, load
from cor_provider.leave import LeaveRequest
from cor_provider.records.kinds import LEAVE, USERS, Kind
from cor_provider.user import UserRequest

FIELDS = tuple(LeaveRequest.model_fields)
KEY_FIELDS = ("id", "user_id")
"""The fields that a delete needs."""

_BETWEEN_PARTS = "|"
"""Between the parts of an id: unlikely inside them, so that different parts do not make the same id."""

OTHERS = "*"
"""The key that stands for every value that ``values`` does not name."""


@dataclass(frozen=True)
class Form:
    """
    The fields of a kind of records.

    :param kind: what the records are.
    :param fields: all of them.
    :param optional: those that an input may lack.
    :param dates: those that ``date_format`` is for.
    :param cor_names: COR's names of fields, which an input may use too.
    :param columns: an example of each field's column, for errors.
    :param values: an example of the parameter ``values``, for errors.
    """

    kind: Kind
    fields: tuple[str, ...]
    optional: frozenset[str]
    columns: Mapping[str, str]
    values: str
    dates: tuple[str, ...] = ()
    cor_names: Mapping[str, str] = dataclasses.field(default_factory=dict)


LEAVE_FORM = Form(
    LEAVE,
    FIELDS,
    optional=frozenset({"all_day"}),
    columns={
        "id": "Request No",
        "user_id": "Employee",
        "leave_type_id": "Kind",
        "start": "From",
        "end": "To",
        "all_day": "Whole day",
    },
    values='{"leave_type_id": {"Sick": "absence"}}',
    dates=("start", "end"),
    cor_names={"user_id": "userId", "leave_type_id": "leaveTypeId", "all_day": "allDay"},
)

_USER_FIELDS = tuple(dict.fromkeys(["id", "email", *UserRequest.model_fields]))
"""In the order of COR's page."""

USER_FORM = Form(
    USERS,
    _USER_FIELDS,
    optional=frozenset(name for name, one in UserRequest.model_fields.items() if not one.is_required()),
    columns={"id": "Employee No"}
    | {name: name.replace("_", " ").capitalize() for name in _USER_FIELDS if name != "id"},
    values='{"role_id": {"Manager": "Project Manager"}}',
)


class Translation:
    """
    Translates records of an input into records with our names of the fields.

    :param columns: the input's names by our field names. A field that is not named keeps its own name, or COR's. ``id``
        may have a list of columns, for an input that has no id: their values make one, such as ``7|2026-05-11``.
    :param values: for each field, COR's values by the input's. ``"*"`` stands for every other value; a blank key for a
        gap, also where the input has no such column. Without them, a value is kept.
    :param date_format: the ``strptime`` form of dates that are not ISO 8601; see :class:`DateFormat`.
    :param form: the fields that there are.
    :param fields: the fields that are read; by default, all that there are.
    :raises CorConfigurationError: naming the parameter and what is wrong with it.
    """

    def __init__(
        self,
        columns: object = None,
        values: object = None,
        date_format: object = None,
        *,
        form: Form = LEAVE_FORM,
        fields: Sequence[str] | None = None,
    ) -> None:
        self.form = form
        self.fields = form.fields if fields is None else tuple(fields)
        self.columns, self._parts_of_id = _read_columns(columns, form)
        self._values = _read_values(values, form)
        self.date_format = _read_date_format(date_format)
        self._date_format = _parse_date_format(self.date_format)
        self._names = {field: self._names_of(field) for field in self.fields}
        self._steps = [self._step(field, *names) for field, names in self._names.items()]

    def used(self, columns: Iterable[str]) -> list[str]:
        """Return those columns of an input that are read, in the input's order."""
        names = {name for one in self._names.values() for name in one}.union(*map(_spellings, self._parts_of_id))
        return [column for column in columns if column in names]

    def missing(self, columns: Iterable[str]) -> list[str]:
        """Return the fields for which an input with these columns has none, as an error may name them."""
        return [self.label(field) for field in self._missing(columns)]

    def missing_columns(self, columns: Iterable[str]) -> list[str]:
        """Return a name for each column that an input with these columns lacks."""
        present = set(columns := list(columns))
        parts = [part for part in self._parts_of_id if not present.intersection(_spellings(part))]
        return [
            name
            for field in self._missing(columns)
            for name in (parts if field == "id" and parts else self._names[field][:1])
        ]

    def similar(self, columns: Iterable[str]) -> dict[str, str]:
        """Return, by missing fields, those columns whose names differ from the needed ones only in their spelling."""
        present = self._present(columns := list(columns))
        by_spelling = {_spelling(column): column for column in reversed(columns)}
        by_spelling.pop("", None)
        return {
            field: by_spelling[_spelling(names[0])]
            for field, names in self._names.items()
            if not present.intersection(names) and _spelling(names[0]) in by_spelling
        }

    def label(self, field: str) -> str:
        """Return the name of a field for errors, with the column that it comes from."""
        column = self.columns.get(field)
        return field if column is None else f'{field} (column "{column}")'

    def translate(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record with our field names and COR's values; what is not read is left out."""
        if self._parts_of_id:
            record = {self.columns["id"]: self._join_id(record), **record}
        translated = {}
        for field, name, other, is_kept in self._steps:
            found = name
            if other and other in record and not (name in record and _is_first_choice(record[name], record[other])):
                found = other
            if found in record:
                translated[field] = record[found] if is_kept else self._value(field, record[found])
            elif not is_kept and "" in self._values.get(field, {}):
                translated[field] = self._values[field][""]  # a field without a column is a gap in every record
        return translated

    def restore(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record that is translated to these fields, as far as there is one."""
        return {self._names[field][0]: self._restore_value(field, value) for field, value in fields.items()}

    def fields_by_column(self) -> dict[str, str]:
        """Return our names of the fields by the columns that they are read from."""
        return {name: field for field, names in self._names.items() for name in names}

    def _missing(self, columns: Iterable[str]) -> list[str]:
        present = self._present(columns)
        return [
            field
            for field, names in self._names.items()
            if not present.intersection(names) and (field in self.columns or self._needs_column(field))
        ]

    def _needs_column(self, field: str) -> bool:
        return field not in self.form.optional and "" not in self._values.get(field, {})

    def _present(self, columns: Iterable[str]) -> set[str]:
        """Return the columns of an input, and that of the id if it has all of its parts."""
        present = set(columns)
        if self._parts_of_id and all(present.intersection(_spellings(part)) for part in self._parts_of_id):
            present.add(self.columns["id"])
        return present

    def _join_id(self, record: Mapping[str, Any]) -> object:
        parts = [
            next((record[name] for name in _spellings(part) if name in record), None) for part in self._parts_of_id
        ]
        if doubled := [part for part in parts if isinstance(part, Doubled)]:
            return doubled[0]
        texts = [self._text_of_part(part) for part in parts]
        return _BETWEEN_PARTS.join(texts) if all(texts) else None

    def _text_of_part(self, value: object) -> str:
        read = self._read_date(value)
        return read.isoformat() if isinstance(read, date) else text_or_mark(value)

    def _names_of(self, field: str) -> tuple[str, ...]:
        if (name := self.columns.get(field)) is not None:
            return _spellings(name)
        return (field, *([self.form.cor_names[field]] if field in self.form.cor_names else []))

    def _step(self, field: str, name: str, other: str | None = None) -> tuple[str, str, str | None, bool]:
        """Return a field, its one or two names in the input, and whether its values are kept as they are."""
        return (
            field,
            name,
            other,
            not self._values.get(field) and (field not in self.form.dates or not self._date_format),
        )

    def _value(self, field: str, value: object) -> object:
        if isinstance(value, Doubled):
            return value  # no key stands for two values
        if values := self._values.get(field):
            value = _look_up(value, values)
        return self._read_date(value) if field in self.form.dates else value

    def _read_date(self, value: object) -> object:
        return value if self._date_format is None else self._date_format.read(value)

    def _restore_value(self, field: str, value: Any) -> Any:
        if self._value(field, value) == value:
            return value
        values = self._values[field]
        return next((key for key, to in values.items() if to == value and key not in {OTHERS, ""}), value)


def _spellings(column: str) -> tuple[str, ...]:
    """Return a column as it is named, and as a header has it: spreadsheets break lines in narrow columns."""
    return tuple(dict.fromkeys([column, collapse_blanks(column)]))


def collapse_blanks(text: str) -> str:
    """Return text with each run of white space as one space, and none at its ends; byte order marks are such."""
    return " ".join(text.replace("\ufeff", " ").split())


def _spelling(name: str) -> str:
    """Return what is the same for names that differ only in case and in what separates words."""
    return "".join(filter(str.isalnum, name.casefold()))


def _read_columns(columns: object, form: Form) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the columns by field, and those of which the id is made, if it has several."""
    by_field = dict(_read_mapping("columns", columns, form))
    parts: tuple[str, ...] = ()
    if isinstance(by_field.get("id"), (list, tuple)):
        parts = tuple(map(str, by_field["id"]))
        by_field["id"] = " + ".join(parts)
    for field, name in by_field.items():
        by_field[field] = str(name)  # a data frame may have numbers
        if not isinstance(name, (str, int)) or is_gap(name):
            more = ", or a list of them" if field == "id" else ""
            raise CorConfigurationError(f"columns: {field}: expected the name of a column{more}.")
    return by_field, parts


def _read_values(values: object, form: Form) -> dict[str, dict[str, Any]]:
    return {
        field: {str(key).strip(): to for key, to in _mapping(f"values: {field}", one).items()}
        for field, one in _read_mapping("values", values, form).items()
    }


def _read_mapping(parameter: str, value: object, form: Form) -> Mapping[str, Any]:
    """Return a parameter that maps fields; a template may render it as JSON text."""
    if is_unset(value):
        return {}
    example = {"columns": json.dumps(dict(list(form.columns.items())[:2])), "values": form.values}[parameter]
    if isinstance(value, str) and is_json(value):
        try:
            value = load(value)
        except ValueError:
            raise CorConfigurationError(
                f"{parameter}: this text is not JSON, such as {example}. If a template renders a mapping, "
                "add | tojson: Jinja writes Python, not JSON."
            ) from None
    mapping = _mapping(parameter, value, example=example)
    if unknown := sorted(str(field) for field in mapping if field not in form.fields):
        raise CorConfigurationError(
            f"{parameter}: {', '.join(unknown)}: no such field. The fields are {', '.join(form.fields)}."
        )
    return mapping


def _read_date_format(value: object) -> str | None:
    if is_unset(value):
        return None
    if not isinstance(value, str):
        raise CorConfigurationError(f"date_format: expected text such as %d/%m/%Y, not {type(value).__name__}.")
    return value.strip()


def _parse_date_format(text: str | None) -> DateFormat | None:
    try:
        return DateFormat(text) if text else None
    except ValueError as error:
        raise CorConfigurationError(f"date_format: {error}") from None


def is_unset(value: object) -> bool:
    """Return whether a parameter was left out, or its template renders to nothing."""
    return value is None or (isinstance(value, str) and value.strip() in {"", "None"})  # as a template renders None


def _mapping(parameter: str, value: object, *, example: str = '{"Sick": "absence"}') -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CorConfigurationError(f"{parameter}: expected a mapping such as {example}, not {type(value).__name__}.")
    return value


def _is_first_choice(value: object, other: object) -> bool:
    """Return which of two values is read: a table may have a field under both names, each for some of its rows."""
    return not is_gap(value) or is_gap(other)


def _look_up(value: object, values: Mapping[str, Any]) -> object:
    """Return COR's value for one of the input's."""
    if is_bool(value):
        # Python's True, NumPy's, JSON's true and a spreadsheet's TRUE are one value.
        name = str(value).casefold()
        return next((to for key, to in values.items() if key.casefold() == name), values.get(OTHERS, value))
    if (key := _key(value)) is None:
        return value
    return values.get(key, values.get(OTHERS, value) if key else value)


def _key(value: object) -> str | None:
    """Return the key of a value in ``values``: blank for a gap, None for what no key can name."""
    if is_gap(value):
        return ""
    if isinstance(value, str):
        return value.strip()
    try:
        return read_text(value)  # a spreadsheet, database or data frame may hold the whole number 12 as 12.0
    except PydanticCustomError as problem:
        return None if is_inexact(problem) else str(value).strip()


PLAIN = Translation()
"""Names and values as they are."""

PLAIN_KEYS = Translation(fields=KEY_FIELDS)
"""The same, for what a delete needs."""

PLAIN_USERS = Translation(form=USER_FORM)
"""The same, for users."""
