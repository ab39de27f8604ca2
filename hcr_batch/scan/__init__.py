"""A scan: what to read, the processes that read it, and what becomes of it."""
