"""From probabilities to readings: neighbours, rules, cuts of strings, flags."""
