"""From the ink of a page to that of each cell and string, and to the glyphs that networks read."""
