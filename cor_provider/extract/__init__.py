"""What DAG authors import to read HR."""
