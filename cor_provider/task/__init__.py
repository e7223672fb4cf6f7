"""What one Airflow task keeps and shows: outcomes, checkpoint, report, progress, lineage, metrics. Internal."""
