"""How `make docs` builds the documentation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))
os.environ["AIRFLOW_HOME"] = str(REPOSITORY / "docs" / "_build" / "airflow")  # importing Airflow makes it

from cor_provider import __version__, sandbox  # noqa: E402

_ = sandbox.Sandbox  # once autodoc has read a pydantic model, what the sandbox imports can no longer be imported

project = "airflow-provider-cor"
copyright = "the airflow-provider-cor developers"  # noqa: A001  # Sphinx's name for it
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = project
html_show_sphinx = False
html_copy_source = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"
# What belongs to others has pages of its own, which a build without network cannot look up.
nitpick_ignore_regex = [
    (r"py:(class|obj)", r"cor_provider\.extract\..*\.(RowT|Meaning)"),  # type variables have no page
    ("py:class", r"cor_provider\.push\.options\.Options"),  # PushOptions, as keyword arguments
    ("py:class", r"cor_provider\.records\.kinds\.Kind"),  # words for people
    ("py:exc", r"Airflow\w*Exception"),
    (
        "py:.*",
        r"(airflow|collections|datetime|pathlib|pydantic|requests|threading|typing(_extensions)?|zoneinfo)\..*",
    ),
]
