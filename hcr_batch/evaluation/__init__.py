"""How well forms and glyphs are read: matching, measures, tables, reports."""
