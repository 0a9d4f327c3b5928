"""4x4 convolutions of stride 2 and padding 1, the layers of every DCGAN, made fast on a CPU.

Over blocks of 2x2 places, such a convolution is one of kernel 2 and stride 1 with four times the channels. Two
neighbouring results of it cost three products per axis instead of four (Winograd 1980, "Arithmetic complexity of
computations"; Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", F(2, 2)):

    y0 = d0 g0 + d1 g1 = m0 + m1,        m0 = (d0 - d1) g0
    y1 = d1 g0 + d2 g1 = m1 - m2,        m1 = d1 (g0 + g1)
                                         m2 = (d1 - d2) g1

and so nine instead of sixteen on both axes. With the linear maps D from a fine map to tiles of differences d, K from
kernels to tiles of sums g, R from products m to a coarse map, and their transposes marked ':

    down:  coarse = R(D(fine) K(w)')            up:  fine = D'(R'(coarse) K(w))

which is one batched matrix product. So are the derivatives of any order, because the derivative of a linear map is its
transpose. Parameters and names are those of torch's modules; results differ by float32 rounding. In bfloat16, where
matrix products are cheap, `windows` computes all sixteen. `benchmarks/throughput.py` measures the speed.

While a network is exported or compiled, layers are plain torch's. What is fast here is not fast elsewhere, and writing
into parts of tensors fixes the size of the batch.
"""

from functools import partial

import torch
from torch import Tensor, nn

from ganvas.networks.linear_map import linear_map
from ganvas.networks.windows import LARGEST, bordered, runs_here, suits_windows, windowed_down, windowed_up

Shape = tuple[int, ...]


class Down(nn.Conv2d):
    """float [B, C_in, 2h, 2w] -> float [B, C_out, h, w]: a `Conv2d` of kernel 4, stride 2, padding 1 and no bias."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=False)

    def forward(self, fine: Tensor) -> Tensor:
        """Halve the map."""
        coarse = (fine.shape[2] // 2, fine.shape[3] // 2)
        if suits_windows(fine, *coarse):
            return windowed_down(fine, self.weight)
        if _suits_tiles(fine, *coarse):
            return tiled_down(fine, self.weight)
        return super().forward(fine)


class Up(nn.ConvTranspose2d):
    """float [B, C_in, h, w] -> float [B, C_out, 2h, 2w]; the `ConvTranspose2d` that is `Down`'s counterpart."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=False)

    def forward(self, coarse: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double the map."""
        if suits_windows(coarse, *coarse.shape[2:]):
            return windowed_up(coarse, self.weight)
        if _suits_tiles(coarse, *coarse.shape[2:]):
            return tiled_up(coarse, self.weight)
        return super().forward(coarse, output_size)


def _suits_tiles(images: Tensor, height: int, width: int) -> bool:
    """Whether tiles are faster for a coarse map of this size."""
    is_plain = images.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    is_even = height % 2 == 0 and width % 2 == 0
    return runs_here(images) and is_plain and is_even and height * width <= LARGEST


def tiled_down(fine: Tensor, weight: Tensor) -> Tensor:
    """`Down` as a batched matrix product: fine [B, C, 2h, 2w] and weight [K, C, 4, 4] -> [B, K, h, w], h and w even."""
    products = torch.bmm(_data_tiles(fine), _kernel_tiles(weight).transpose(1, 2))
    batch, _, height, width = fine.shape
    coarse = (batch, height // 2, width // 2, len(weight))
    return linear_map(products, partial(_join_results, coarse), _split_results).permute(0, 3, 1, 2)


def tiled_up(coarse: Tensor, weight: Tensor) -> Tensor:
    """`Up` as a batched matrix product: coarse [B, K, h, w] and weight [K, C, 4, 4] -> [B, C, 2h, 2w], h and w even."""
    batch, _, height, width = coarse.shape
    places = coarse.permute(0, 2, 3, 1)
    split = linear_map(places, _split_results, partial(_join_results, places.shape))
    fine = (batch, 2 * height, 2 * width, weight.shape[1])
    tiles = torch.bmm(split, _kernel_tiles(weight))
    return linear_map(tiles, partial(_join_data, fine), _split_data).permute(0, 3, 1, 2)


def _data_tiles(fine: Tensor) -> Tensor:
    places = fine.permute(0, 2, 3, 1)
    return linear_map(places, _split_data, partial(_join_data, places.shape))


def _kernel_tiles(weight: Tensor) -> Tensor:
    kernels = weight.permute(0, 2, 3, 1)
    return linear_map(kernels, _split_kernels, partial(_join_kernels, kernels.shape))


# D and D': places [B, 2h, 2w, C] <-> tiles [9, B * h/2 * w/2, 4C]. Blocks are [B, h+1, 2, w+1, 2C] with the padding;
# `rows` have the first axis done. Each function below moves one axis to the front and lets the 1-D rule write it.


def _split_data(places: Tensor) -> Tensor:
    batch, height, width, channels = places.shape
    blocks = bordered(places).view(batch, height // 2 + 1, 2, width // 2 + 1, 2 * channels)
    rows = places.new_empty(3, batch, height // 4, 2, width // 2 + 1, 2 * channels)
    tiles = places.new_empty(3, 3, batch, height // 4, width // 4, 2, 2 * channels)
    _split_differences(blocks.movedim(1, 0), rows.movedim(2, 1))
    _split_differences(rows.movedim(4, 0), tiles.permute(1, 4, 0, 2, 3, 5, 6))
    return tiles.view(9, -1, 4 * channels)


def _join_data(shape: Shape, tiles: Tensor) -> Tensor:
    batch, height, width, channels = shape
    tiles = tiles.reshape(3, 3, batch, height // 4, width // 4, 2, 2 * channels)
    rows = tiles.new_empty(3, batch, height // 4, 2, width // 2 + 1, 2 * channels)
    blocks = tiles.new_empty(batch, height // 2 + 1, 2, width // 2 + 1, 2 * channels)
    _join_differences(tiles.permute(1, 4, 0, 2, 3, 5, 6), rows.movedim(4, 0))
    _join_differences(rows.movedim(2, 1), blocks.movedim(1, 0))
    return blocks.view(batch, height + 2, width + 2, channels)[:, 1:-1, 1:-1].contiguous()


def _split_differences(d: Tensor, tiles: Tensor) -> None:
    """d [2n + 1, ...] -> (d0 - d1, d1, d1 - d2) of the n triples that overlap by one, [3, n, ...]."""
    torch.sub(d[:-1:2], d[1::2], out=tiles[0])
    tiles[1] = d[1::2]
    torch.sub(d[1::2], d[2::2], out=tiles[2])


def _join_differences(tiles: Tensor, d: Tensor) -> None:
    """The transpose of `_split_differences`."""
    torch.sub(tiles[1], tiles[0], out=d[1::2])
    d[1::2] += tiles[2]
    d[:-1:2] = tiles[0]
    d[-1] = 0
    d[2::2] -= tiles[2]


# K and K': kernels [K, 4, 4, C] <-> tiles [9, K, 4C].


def _split_kernels(kernels: Tensor) -> Tensor:
    count, _, _, channels = kernels.shape
    blocks = kernels.reshape(count, 2, 2, 2, 2 * channels)
    rows = kernels.new_empty(3, count, 2, 2, 2 * channels)
    tiles = kernels.new_empty(3, 3, count, 2, 2 * channels)
    _split_sums(blocks.movedim(1, 0), rows)
    _split_sums(rows.movedim(3, 0), tiles.transpose(0, 1))
    return tiles.view(9, count, 4 * channels)


def _join_kernels(shape: Shape, tiles: Tensor) -> Tensor:
    count, _, _, channels = shape
    tiles = tiles.reshape(3, 3, count, 2, 2 * channels)
    rows = tiles.new_empty(3, count, 2, 2, 2 * channels)
    blocks = tiles.new_empty(count, 2, 2, 2, 2 * channels)
    _join_sums(tiles.transpose(0, 1), rows.movedim(3, 0))
    _join_sums(rows, blocks.movedim(1, 0))
    return blocks.view(shape)


def _split_sums(g: Tensor, tiles: Tensor) -> None:
    """g [2, ...] -> (g0, g0 + g1, g1), [3, ...]."""
    tiles[0], tiles[2] = g[0], g[1]
    torch.add(g[0], g[1], out=tiles[1])


def _join_sums(tiles: Tensor, g: Tensor) -> None:
    """The transpose of `_split_sums`."""
    torch.add(tiles[0], tiles[1], out=g[0])
    torch.add(tiles[1], tiles[2], out=g[1])


# R and R': products [9, B * h/2 * w/2, K] <-> places [B, h, w, K].


def _join_results(shape: Shape, products: Tensor) -> Tensor:
    batch, height, width, channels = shape
    products = products.reshape(3, 3, batch, height // 2, width // 2, channels)
    rows = products.new_empty(3, batch, height // 2, width, channels)
    places = products.new_empty(shape)
    _join_products(products.permute(1, 4, 0, 2, 3, 5), rows.movedim(3, 0))
    _join_products(rows.movedim(2, 1), places.movedim(1, 0))
    return places


def _split_results(places: Tensor) -> Tensor:
    batch, height, width, channels = places.shape
    rows = places.new_empty(3, batch, height // 2, width, channels)
    products = places.new_empty(3, 3, batch, height // 2, width // 2, channels)
    _split_products(places.movedim(1, 0), rows.movedim(2, 1))
    _split_products(rows.movedim(3, 0), products.permute(1, 4, 0, 2, 3, 5))
    return products.view(9, -1, channels)


def _join_products(m: Tensor, y: Tensor) -> None:
    """m [3, n, ...] -> (m0 + m1, m1 - m2) in turn, y [2n, ...]."""
    torch.add(m[0], m[1], out=y[0::2])
    torch.sub(m[1], m[2], out=y[1::2])


def _split_products(y: Tensor, m: Tensor) -> None:
    """The transpose of `_join_products`."""
    m[0] = y[0::2]
    torch.add(y[0::2], y[1::2], out=m[1])
    torch.neg(y[1::2], out=m[2])
