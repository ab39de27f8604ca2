"""Training of the classifier of characters."""
