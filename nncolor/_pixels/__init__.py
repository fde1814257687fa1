"""Sampled pixels as rows for scikit-learn, and their features."""
