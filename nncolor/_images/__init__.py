"""Reading and validation of images, and conversion to lightness and chroma."""
