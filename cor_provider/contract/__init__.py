"""What is assumed about COR where its documentation is silent."""
