"""Where a classifier looks: what decides in a forest, what speaks for a class in a network, and what its layers see."""

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from captum.attr import LayerActivation, LayerGradientXActivation
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganvas.classify.models.forest import Forest
from ganvas.classify.network import NetworkModel

Images = NDArray[np.uint8]
Heat = NDArray[np.float32]


def importances(forest: Forest) -> NDArray[np.float64]:
    """How much each value of a picture decides in a forest, whatever the picture.

    It is the impurity that splits on that value take away, averaged over the trees (Breiman 2001; "mean decrease in
    impurity"), laid out as the picture is.

    Returns:
        float64 [S, S, 3], S being the forest's own size; the sum is 1, or 0 if no tree ever splits.
    """
    return forest.importances


def hires_cam(model: NetworkModel, images: Images, classes: NDArray[np.int64]) -> Heat:
    """What speaks for a class in each picture: Grad-CAM at full resolution (HiResCAM, Draelos & Carin 2020).

    The maps of the last convolution, after its ReLU, are weighted place by place by how much each raises the class's
    score and added up; what lowers the score is left out. Grad-CAM (Selvaraju et al. 2017) takes the mean weight of a
    map for all of its places. The two are the same where a network averages its last maps over the picture; those here
    that lay them out instead weigh every place differently, and the mean then points anywhere.

    With two classes the score of one is its lead over the other, for the network has a single output for both.

    Args:
        model: the network.
        images: uint8 [N, H, W, 3].
        classes: int64 [N], the class to explain in each picture.

    Returns:
        float32 [N, H, W], each picture's own maximum being 1; 0 throughout where nothing speaks for the class.
    """
    inputs = model.inputs(images)
    with _convolution(model, -1) as layer:
        products = LayerGradientXActivation(lambda inputs: _scores(model, inputs), layer)
        maps: Tensor = products.attribute(inputs, target=torch.as_tensor(classes, device=inputs.device))
    heat = maps.detach().sum(dim=1, keepdim=True).relu()
    full = interpolate(heat, images.shape[1:3], mode="bilinear")[:, 0]
    strongest = full.amax(dim=(1, 2), keepdim=True)
    return torch.where(strongest > 0, full / strongest, 0).cpu().numpy()


def activation_maps(model: NetworkModel, image: Images) -> Heat:
    """What each channel of the first convolution answers to in a picture, after its ReLU.

    Args:
        model: the network.
        image: uint8 [H, W, 3].

    Returns:
        float32 [K, h, w], 0 or more: the K maps in the order of the channels.
    """
    with _convolution(model, 0) as layer, torch.no_grad():
        maps: Tensor = LayerActivation(lambda inputs: _scores(model, inputs), layer).attribute(
            model.inputs(image[None])
        )
    return maps[0].cpu().numpy()


@contextlib.contextmanager
def _convolution(model: NetworkModel, place: int) -> Iterator[nn.Module]:
    """The first (0) or last (-1) convolution, made to end in a ReLU.

    Every convolution here leads to a ReLU, with at most a pooling by maxima before it. Another one before the pooling
    changes nothing, and shows the map at its full size, as the papers draw it.
    """
    model.network.eval()
    convolution = [module for module in model.network.modules() if isinstance(module, nn.Conv2d)][place]
    hook = convolution.register_forward_hook(lambda module, inputs, output: output.relu())
    try:
        yield convolution
    finally:
        hook.remove()


def _scores(model: NetworkModel, inputs: Tensor) -> Tensor:
    """The score of each class, float32 [N, classes]."""
    logits = model.logits(inputs)
    return logits - logits.flip(1) if model.classes == 2 else logits
