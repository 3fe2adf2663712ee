"""Tags of characters and tokens: out of spans, out of rows, and the scheme that they are in."""
