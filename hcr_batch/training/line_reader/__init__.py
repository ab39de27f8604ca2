"""Training of the line reader."""
