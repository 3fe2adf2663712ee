"""One file per command; `cli.app` declares their options."""
