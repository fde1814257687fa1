"""Chroma to codewords."""
