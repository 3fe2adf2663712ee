"""What keeps a network from learning its examples by heart: augmentation, R-Drop, random look-ahead."""
