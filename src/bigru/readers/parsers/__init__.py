"""One parser a format: text or bytes to cells, records or examples."""
