"""What speaks to COR: the Connection, the session, and how a response is read."""
