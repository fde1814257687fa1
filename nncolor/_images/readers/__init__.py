"""Readers of image files, one for a kind of container, and the list of them."""
