"""The fields of a record, read from every type that databases, data frames and files give them in."""
