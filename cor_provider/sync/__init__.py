"""Keeps COR in step with HR: the plan, the ledger, and what applies the plan."""
