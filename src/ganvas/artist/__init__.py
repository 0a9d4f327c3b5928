"""Using a trained generator: sampling, scoring, and asking its discriminator."""
