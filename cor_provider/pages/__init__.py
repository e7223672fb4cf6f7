"""Pages that show leave on a calendar."""
