"""Pictures as SVG and for the terminal."""
