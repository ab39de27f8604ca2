"""Small tools on arrays: quantiles of pixels, and values by group."""
