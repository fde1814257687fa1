"""Probabilities of codewords to a colour image."""
