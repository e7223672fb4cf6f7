"""What is assumed about COR, tried on a COR with one leave of its own."""
