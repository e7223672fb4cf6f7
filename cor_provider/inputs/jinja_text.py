"""Templates that Airflow renders, as far as they can be told from text that holds something itself."""

from __future__ import annotations

import re

from jinja2 import Environment, TemplateError, nodes

from cor_provider.inputs.reading import looks_like_a_path
from cor_provider.leave import LeaveRequest

_LONGEST = 10_000  # characters
_MARKS = ("{{", "{%", "{#")
_NAME = re.compile(r"[\w./:%+@~-]{0,100}")  # of a task, a key, a variable, a form of dates: none of them is a record
_REMARK = re.compile(r"[\w ./%+@~!?()-]{0,200}")

_environment = Environment(extensions=["jinja2.ext.do"], autoescape=True)  # it only reads: nothing is rendered


def is_template(text: str) -> bool:
    """
    Tell a template of a path, or of whatever an upstream task returns.

    Between its expressions it has nothing, or what makes a path of them. Of values that it gives itself, there are none
    but names that it asks something of.
    """
    if len(text) > _LONGEST or not any(mark in text for mark in _MARKS):
        return False
    try:
        remarks = [value for _, kind, value in _environment.lex(text) if kind == "comment"]
        template = _environment.parse(text)
    except (TemplateError, RecursionError):
        return False
    values = [one.value for one in template.find_all(nodes.Const) if isinstance(one.value, str)]
    names_only = all(map(_NAME.fullmatch, values)) and all(map(_REMARK.fullmatch, remarks))
    return names_only and not _gives_values(template) and _makes_a_path(template)


def _gives_values(node: nodes.Node, *, is_asked: bool = False) -> bool:
    """Tell a template with values of its own; a list of names may be an argument."""
    if isinstance(node, (nodes.Dict, nodes.Pair)) or (isinstance(node, nodes.Keyword) and node.key in _FIELDS):
        return True
    if isinstance(node, nodes.Output) and any(isinstance(_unfiltered(one), nodes.Const) for one in node.nodes):
        return True
    if isinstance(node, nodes.List) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        return not is_asked or not all(isinstance(one, nodes.Const) for one in node.items)
    is_asked = isinstance(node, (nodes.Call, nodes.Keyword))
    return any(_gives_values(one, is_asked=is_asked) for one in node.iter_child_nodes())


_FIELDS = {*LeaveRequest.model_fields, "userId", "leaveTypeId", "allDay"}


def _unfiltered(node: nodes.Node | None) -> nodes.Node | None:
    return _unfiltered(node.node) if isinstance(node, nodes.Filter) else node


def _makes_a_path(template: nodes.Template) -> bool:
    parts = [part for output in template.find_all(nodes.Output) for part in output.nodes]
    text, example = "", ""
    for part in parts:
        data = part.data if isinstance(part, nodes.TemplateData) else None
        text, example = text + (data or ""), example + ("x" if data is None else data)
    return not text.strip() or looks_like_a_path(text) or looks_like_a_path(example)
