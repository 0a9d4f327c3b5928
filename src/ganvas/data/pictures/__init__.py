"""From the bytes of a picture file to a square of pixels."""
