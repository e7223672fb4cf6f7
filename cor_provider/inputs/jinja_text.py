"""Jinja templates: distinguish text that only refers to data from text that contains some."""

from __future__ import annotations

import re

from jinja2 import Environment, TemplateError, nodes

from cor_provider.inputs.paths import looks_like_a_path
from cor_provider.leave import LeaveRequest
from cor_provider.user import UserRequest

_LONGEST = 10_000  # characters
_MARKS = ("{{", "{%", "{#")
_NAME = re.compile(r"[\w./:%+@~#-]{0,100}")  # a task, key, variable or date format, but no record
_COMMENT = re.compile(r"[\w ./%+@~!?()-]{0,200}")

_environment = Environment(extensions=["jinja2.ext.do"], autoescape=True)  # only parses; nothing is rendered


def is_template(text: str) -> bool:
    """
    Return whether text is a template for a path or for an upstream task's output, and contains no data itself.

    Outside its expressions, such a template has nothing but parts of a path. Its literals are only names to look
    something up by.
    """
    if len(text) > _LONGEST or not any(mark in text for mark in _MARKS):
        return False
    try:
        comments = [value for _, kind, value in _environment.lex(text) if kind == "comment"]
        template = _environment.parse(text)
    except (TemplateError, RecursionError):
        return False
    values = [one.value for one in template.find_all(nodes.Const) if isinstance(one.value, str)]
    names_only = all(map(_NAME.fullmatch, values)) and all(map(_COMMENT.fullmatch, comments))
    return names_only and not _gives_values(template) and _makes_a_path(template)


def _gives_values(node: nodes.Node, *, is_argument: bool = False) -> bool:
    """Return whether a template contains values; a list of names as an argument does not count."""
    if isinstance(node, (nodes.Dict, nodes.Pair)) or (isinstance(node, nodes.Keyword) and node.key in _FIELDS):
        return True
    if isinstance(node, nodes.Output) and any(isinstance(_unfiltered(one), nodes.Const) for one in node.nodes):
        return True
    if isinstance(node, nodes.List) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        return not is_argument or not all(isinstance(one, nodes.Const) for one in node.items)
    is_argument = isinstance(node, (nodes.Call, nodes.Keyword))
    return any(_gives_values(one, is_argument=is_argument) for one in node.iter_child_nodes())


_FIELDS = {*LeaveRequest.model_fields, *UserRequest.model_fields, "userId", "leaveTypeId", "allDay"}


def _unfiltered(node: nodes.Node | None) -> nodes.Node | None:
    return _unfiltered(node.node) if isinstance(node, nodes.Filter) else node


def _makes_a_path(template: nodes.Template) -> bool:
    parts = [part for output in template.find_all(nodes.Output) for part in output.nodes]
    text, example = "", ""
    for part in parts:
        data = part.data if isinstance(part, nodes.TemplateData) else None
        text, example = text + (data or ""), example + ("x" if data is None else data)
    return not text.strip() or looks_like_a_path(text) or looks_like_a_path(example)
