"""What was read, as rows, files and pictures."""
