"""Plain models: they know no order or no depth, are fitted in seconds, and a recurrent model must beat them."""
