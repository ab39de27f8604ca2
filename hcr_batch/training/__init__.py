"""Training of the recognizer: data, augmentation, networks, fitting, export."""
