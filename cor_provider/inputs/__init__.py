"""What a task can be handed: records, text and files."""
