"""From packed bytes in some encoding to text: archives, character sets, and files that cannot be read."""
