"""Web pages: the review of flagged characters, and drawing or uploading with a REST API."""
