"""A trained generator in use: sampled, scored, and seen by its discriminator."""
