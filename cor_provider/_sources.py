"""The values of ``metadata.source`` that COR documents."""

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
