"""Where fields and cells lie on a page: ink, skew, rulings, boxes, combs."""
