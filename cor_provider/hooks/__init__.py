"""Hooks: what talks to COR."""
