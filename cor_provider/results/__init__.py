"""What became of leave, for people: the counts, the causes and what to do about each."""
