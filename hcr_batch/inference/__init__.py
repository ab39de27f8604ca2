"""Networks as they are run: LiteRT or Keras, on arrays of the shape that each wants."""
