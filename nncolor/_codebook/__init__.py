"""Vector quantization of chroma."""
