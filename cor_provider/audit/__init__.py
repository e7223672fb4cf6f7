"""Internal: compares what COR holds with the ledger of a sync."""
