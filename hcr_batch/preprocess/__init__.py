"""A page made ready: its ink, laid flat, level and upright."""
