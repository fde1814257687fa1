"""Conversion of predicted codewords, tints and hints to colour images."""
