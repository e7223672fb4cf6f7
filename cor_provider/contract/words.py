"""The only words that may stand in a contract. All are of COR's documentation or of HTTP, none can be data."""

from __future__ import annotations

from http import HTTPStatus

from cor_provider.client.error_names import GENERIC_NAMES, MEANINGS, NOT_ASSOCIATED

ERROR_NAMES = frozenset({*MEANINGS, *GENERIC_NAMES, NOT_ASSOCIATED})
"""Names and codes of errors that COR documents."""

STATUS_WORDS = frozenset(
    {"success", "error", "ERROR", "fail", "failed", "failure", "partial", "partial_success", "pending"}
)
"""What COR's endpoints, and usual ones, write into the field ``status``."""

STATUS_KEYS = frozenset({"statusCode", "status", "error", "code"})
"""Fields that may repeat an HTTP status."""

SUCCESS_KEYS = frozenset({"success", "ok"})
"""Fields that say with true or false whether something was done. So does a bare value."""

STATUSES = frozenset(map(int, HTTPStatus))

KEYS = frozenset(
    {
        # Envelopes and errors.
        *("statusCode", "status", "success", "ok", "data", "message", "messages", "name", "code", "error", "errors"),
        *("error_code", "error_description", "errorCode", "detail", "details", "field", "validation", "path", "type"),
        *("title", "instance", "timestamp", "requestId", "request_id", "traceId", "trace_id", "stack", "meta"),
        *("__meta__", "total", "page", "perPage", "lastPage", "offset", "size", "limit", "records_received"),
        *("records_created", "records_rejected", "records_replaced", "records_deduplicated", "leaves", "result"),
        # Leave, in both APIs.
        *("id", "userId", "leaveTypeId", "start", "end", "allDay", "company_id", "companyId", "created_at"),
        *("createdAt", "updated_at", "updatedAt", "deleted_at", "deletedAt", "deletedId", "external_id", "cor_id"),
        *("user_id", "leave_type_id", "all_day", "leaveType", "leave_type", "type_code", "icon_name", "user", "source"),
        *("metadata", "externalId", "integration_id"),
    }
)
"""Keys of JSON. Any other might be data, such as a name or an id, and is only counted."""

HEADERS = frozenset(
    {
        *("access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods"),
        *("access-control-allow-origin", "access-control-expose-headers", "age", "allow", "alt-svc", "cache-control"),
        *("cf-cache-status", "cf-ray", "connection", "content-encoding", "content-language", "content-length"),
        *("content-security-policy", "content-type", "cross-origin-embedder-policy", "cross-origin-opener-policy"),
        *("cross-origin-resource-policy", "date", "etag", "expect-ct", "expires", "keep-alive", "last-modified"),
        *("location", "nel", "origin-agent-cluster", "permissions-policy", "pragma", "ratelimit", "ratelimit-limit"),
        *("ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "referrer-policy", "report-to"),
        *("request-id", "retry-after", "server", "server-timing", "set-cookie", "strict-transport-security"),
        *("transfer-encoding", "vary", "via", "www-authenticate", "x-amz-apigw-id", "x-amz-cf-id", "x-amz-cf-pop"),
        *("x-amzn-remapped-content-length", "x-amzn-requestid", "x-amzn-trace-id", "x-cache", "x-content-type-options"),
        *("x-correlation-id", "x-dns-prefetch-control", "x-download-options", "x-frame-options"),
        *("x-permitted-cross-domain-policies", "x-powered-by", "x-ratelimit-limit", "x-ratelimit-remaining"),
        *("x-ratelimit-reset", "x-request-id", "x-response-time", "x-trace-id", "x-xss-protection"),
    }
)
"""Names of headers, in lower case. Any other is only counted."""
