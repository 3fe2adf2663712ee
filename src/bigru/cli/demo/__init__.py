"""`bigru demo`: models trained on data that comes with packages."""
