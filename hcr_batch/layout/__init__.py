"""Where fields and cells lie on a page: areas, cells, combs, lines to write on."""
