"""Notices about leave, which any notifier of Airflow delivers."""

from cor_provider.notifications.notifier import LeaveNotifier

__all__ = ["LeaveNotifier"]
