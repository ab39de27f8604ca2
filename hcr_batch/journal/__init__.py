"""The store behind the results: what was read, what failed, and what reviewers answered."""
