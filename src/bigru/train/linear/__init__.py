"""The linear part that is fitted by itself, and how much it and the network count together."""
