"""From data to a scored model in one call: what `bigru train` and `bigru.train` do. Nothing here prints."""
