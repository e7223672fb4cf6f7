"""The commands: ``python -m cor_provider``, and ``airflow cor`` where Airflow takes commands from providers."""
