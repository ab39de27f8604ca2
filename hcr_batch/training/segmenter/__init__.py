"""Training of the page segmentation."""
