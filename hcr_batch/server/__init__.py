"""The draw-and-upload page and its REST API."""
