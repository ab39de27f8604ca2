"""Training of the three networks: data sets, made samples, fitting, files."""
