"""From many files to one table: plan, workers, journal, engines."""
