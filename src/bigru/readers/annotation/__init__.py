"""Files of annotation tools to plain records of texts with spans or labels."""
