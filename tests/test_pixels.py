import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganvas.foundation.pixels import to_float, to_uint8

pictures = arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.just(3)))


@given(pictures)
def test_there_and_back_is_lossless(images: np.ndarray) -> None:
    assert np.array_equal(to_uint8(to_float(torch.from_numpy(images))), images)


def test_range_layout_and_type() -> None:
    images = np.zeros((2, 4, 6, 3), np.uint8)
    images[..., 1] = 255
    floats = to_float(torch.from_numpy(images))
    assert floats.shape == (2, 3, 4, 6)
    assert floats.dtype == torch.float32
    assert floats.is_contiguous(memory_format=torch.channels_last)
    assert torch.unique(floats[:, 0]).tolist() == [-1.0]
    assert torch.unique(floats[:, 1]).tolist() == [1.0]


def test_values_beyond_the_range_are_clamped() -> None:
    assert to_uint8(torch.tensor([-9.0, 0.0, 9.0]).reshape(1, 3, 1, 1)).ravel().tolist() == [0, 128, 255]
