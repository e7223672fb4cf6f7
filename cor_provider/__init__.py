"""Apache Airflow provider that carries leave from HR systems into COR (projectcor.com)."""

__version__ = "0.2.0"
