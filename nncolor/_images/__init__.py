"""Files and arrays in, lightness and chroma out."""
