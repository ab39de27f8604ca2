"""From a cell's pixels to the glyph that a network reads."""
