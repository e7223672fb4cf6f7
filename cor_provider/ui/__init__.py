"""The tab *Leave* of a task instance in Airflow's UI."""
