"""Pixels of images as rows for scikit-learn, and their features."""
