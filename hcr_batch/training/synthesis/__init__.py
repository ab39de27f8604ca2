"""Filled forms with exact layers, endlessly varied: what page segmentation learns from.

Blank vector forms (:mod:`.blanks`) or drawn layouts (:mod:`.layouts`) are filled with
pen strokes (:mod:`.handwriting`), bent and scanned (:mod:`.paper`), and become crops with labels
(:mod:`.samples`) or whole pages with their truth (:mod:`.filled_pages`).
"""
