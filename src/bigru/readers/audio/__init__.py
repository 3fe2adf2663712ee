"""Audio files: their containers, their endings, and how they are decoded."""
