"""Operators: what users put into their DAGs."""
