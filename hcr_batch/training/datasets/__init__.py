"""Sets of labelled characters: where they are had, how they are read, what is in them."""
