"""Colour images as an old film would have recorded them."""
