"""The page segmentation: one small network labels the pixels of a page."""
