"""
The sandbox's assumptions where COR's documentation is silent, for --help and the page.

They begin with those of the provider, to which the sandbox keeps.
"""

from __future__ import annotations

from cor_provider.contract.assumptions import ASSUMPTIONS as OF_THE_PROVIDER

DISCLAIMER = (
    "This is a stand-in for COR, made from its public documentation (developers.projectcor.com). "
    "It is not COR. Where the documentation is silent, it makes the assumptions listed here."
)

ASSUMPTIONS = (
    *(one.text.replace("`", "") for one in OF_THE_PROVIDER),
    "The JSON of leave errors: statusCode, status 'error', the name in `error`, a message; or the chosen error style.",
    "With --contract, answers have the shapes that prove found in a COR, and the error style where it shows none.",
    "With --contract, an unknown user is refused as an unknown leave type is.",
    "An error style without a field for the error's name puts it into the message.",
    "`code` is COR's code where one is documented (ZC001 no such leave, ZC004 external id used), otherwise the name.",
    "The HTTP status of a success is the statusCode on the leave's page: 201 for POST, 200 for PUT and DELETE.",
    "HTTP 400: ValidationError, InvalidSourceError, InvalidRoleError.",
    "HTTP 404: UserNotFoundError, LeaveTypeNotFoundError, LeaveNotFoundError, ZC001.",
    "HTTP 409: DuplicateExternalIdError, DuplicateEmailError. HTTP 422: InvalidDateRangeError, ZC002.",
    "Error styles that wrap a failure in HTTP 200 do so for these errors only, not for 401, 429 and 5xx.",
    "Order of checks: token, fields, source, dates, leave known (PUT, DELETE), user, leave type, id unused (POST).",
    "PUT of an unknown external id is refused as ZC001, DELETE as LeaveNotFoundError; PUT never creates.",
    "DELETE with another user's userId is refused as UserNotFoundError.",
    "A deleted external id can be used again.",
    "A metadata.source outside the twelve documented values is refused as InvalidSourceError on leaves too.",
    "External ids are unique per source, and each source only knows its own users, leave types and leaves.",
    "A body is read only when its Content-Type is application/json.",
    "Unknown fields are ignored; wrong types are refused, numbers as ids too.",
    "start and end are a date, a T and a time, and are returned as sent.",
    "start and end are compared as instants even when allDay is true; without an offset they count as UTC.",
    "Overlapping leaves are not refused, and every leave stays 'pending'.",
    "Leave types come from the seed, since COR's page about creating them could not be found.",
    "POST users answers 201 and PUT users 200, with null for missing fields and 8 for daily_hours.",
    "A deleted user takes its leave along; without time entries or projects there is no DeletionError.",
    "An e-mail address is taken once, whatever its case and source, and by deleted users too; ids are checked first.",
    "Positions and seniorities come from the seed; others are refused as ZC002. Null in a user's PUT changes nothing.",
    "Every user that is created gets a mail with a link for a password, which the sandbox lists and does not send.",
    "External ids in a path are percent-encoded, slashes included.",
    "A refused token request looks like COR's documented 401; tokens last as long as --token-lifetime says.",
    "Main API: offset is the number of a page, whose first is 1; or as --main-api says.",
    "Main API: an all-day leave has the civil dates that were sent, in UTC, and all_day false; or as --main-api says.",
    "Main API: deleted leave stays in the list, with deleted_at in the form of created_at; or as --main-api says.",
    "Main API: an unknown usersId is refused as UserNotFoundError; or as --main-api says.",
    "Main API: newest first is by creation. usersId, offset and size are one whole number above 0 each, of any size.",
    "Main API: a leave's type has type_code UL and its id, icon Futbol; refusals have the form of leave errors.",
    "Leave that is moved by hand keeps its external id; once it is deleted by hand, the id can be used again.",
    "An undocumented path is a 404 without any of COR's error names.",
    "A 429 comes with Retry-After in whole seconds.",
)
