"""What is assumed about COR where its documentation is silent, and the shape of what it answers."""
