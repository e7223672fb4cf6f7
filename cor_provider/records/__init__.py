"""What a leave request and a user have in common as records of an extract."""
