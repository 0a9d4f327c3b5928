"""The pictures of a dataset cut into squares at their full resolution: a copied texture is a copied picture."""

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.derived import derived
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError


def patches_of(data: Dataset, side: int) -> Dataset:
    """A dataset of the squares of all pictures, with the class and the split of the picture that each is from.

    Args:
        data: the dataset.
        side: of the squares in pixels.

    Raises:
        DataError: the side does not divide that of the pictures.
    """
    if side < 1 or data.size % side:
        sides = ", ".join(str(data.size // parts) for parts in (1, 2, 4, 8) if data.size % parts == 0)
        raise DataError(
            f"patches of {side} px do not fill the pictures of {data.path}, which have {data.size} px; choose from: "
            f"{sides}"
        )
    return derived(data, "patches", side, lambda images: cut_up(images, side), (data.size // side) ** 2)


def cut_up(images: Images, side: int) -> Images:
    """The squares of pictures, row by row, uint8 [N, S, S, 3] -> [N (S / side)^2, side, side, 3]."""
    parts = images.shape[1] // side
    squares: Images = images.reshape(len(images), parts, side, parts, side, 3).swapaxes(2, 3).reshape(-1, side, side, 3)
    return squares
