"""The review station: flagged characters, answered by people in the browser."""
