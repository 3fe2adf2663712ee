"""The networks without torch, as `bigru.nn` has them with torch."""
