"""How well copies of training pictures are told from new pictures, by alteration and size."""
