"""Sends many leave requests at once: the engine, the retries, the pace."""
