"""Helpers for DAG authors who read an HR system: leave as spans, HTTP, watermarks, JSON Lines. Public."""
