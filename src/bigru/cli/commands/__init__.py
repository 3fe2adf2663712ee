"""One file per command; `cli.declared` declares their options."""
