"""Models behind HTTP: requests that wait together are answered together, and none that was accepted is lost."""
