"""A package, so that what its modules share ends with the last of them."""
