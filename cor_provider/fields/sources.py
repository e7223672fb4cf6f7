"""The values of ``metadata.source`` that COR documents, and doubts about others."""

from __future__ import annotations

from difflib import get_close_matches

KNOWN_SOURCES = (
    "ADVERTMIND",
    "GITHUB",
    "GLOBANT",
    "JIRA",
    "MICROSOFT_DYNAMICS",
    "MICROSOFT_TEAMS",
    "OKTA",
    "QUICKBOOKS",
    "SALESFORCE",
    "SAP",
    "VBS",
    "ZAPIER",
)
"""From developers.projectcor.com/api-reference/integrations/projects/create; COR may accept others by now."""


def doubt(source: str) -> str | None:
    """Return what is odd about a source, and what to do; None if COR documents it."""
    if source in KNOWN_SOURCES:
        return None
    similar = get_close_matches(source.upper(), KNOWN_SOURCES, n=1)
    hint = f"did you mean {similar[0]}?" if similar else f"it documents {', '.join(KNOWN_SOURCES)}."
    return f"COR does not document the source {source}: {hint}"
