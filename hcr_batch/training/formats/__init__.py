"""Readers of the file formats in which labelled characters are given away."""
