"""Photographs of `datasets.load_plates`."""
