"""What raw texts teach before any label is read: vectors of units that occur together."""
