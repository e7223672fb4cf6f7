"""What one Airflow task keeps: outcomes, checkpoint, report, progress."""
