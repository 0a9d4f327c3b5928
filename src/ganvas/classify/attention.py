"""What a classifier responds to: a forest's feature importances, a network's class activation maps and feature maps."""

import torch
from captum.attr import LayerActivation, LayerGradientXActivation
from torch import Tensor
from torch.nn.functional import interpolate

from ganvas.classify.models.forest import Forest
from ganvas.classify.network import NetworkModel
from ganvas.foundation.arrays import Features, Floats, Images, Integers


def importances(forest: Forest) -> Floats:
    """The importance of each value of a picture to a forest, over all pictures.

    This is the mean decrease in impurity (Breiman 2001): how much the splits on a value decrease the impurity, averaged
    over the trees.

    Returns:
        float64 [S, S, 3], with S the input size of the forest; the sum is 1, or 0 if no tree has a split.
    """
    return forest.importances


def hires_cam(model: NetworkModel, images: Images, classes: Integers) -> Features:
    """Class activation maps: what in each picture raises the score of a class (HiResCAM, Draelos & Carin 2020).

    The last feature maps, after their activation, are multiplied element by element by the gradient of the
    class's score and summed over channels. Negative sums are set to 0. Grad-CAM (Selvaraju et al. 2017) averages the
    gradient over each map first. The two agree for networks that end in global average pooling. Networks that flatten
    their last maps weight every position differently, and there Grad-CAM can highlight the wrong places.

    With two classes, the score of a class is its logit minus the other's, because the network has a single output.

    Args:
        model: the network.
        images: uint8 [N, H, W, 3].
        classes: int64 [N], the class to explain in each picture.

    Returns:
        float32 [N, H, W], scaled so that the maximum of each picture is 1; all 0 if nothing raises the score.
    """
    inputs = model.inputs(images)
    model.network.eval()
    with model.maps(-1) as layer:
        products = LayerGradientXActivation(lambda inputs: _scores(model, inputs), layer)
        maps: Tensor = products.attribute(inputs, target=torch.as_tensor(classes, device=inputs.device))
    heat = maps.detach().sum(dim=1, keepdim=True).relu()
    full = interpolate(heat, images.shape[1:3], mode="bilinear")[:, 0]
    strongest = full.amax(dim=(1, 2), keepdim=True)
    return torch.where(strongest > 0, full / strongest, 0).cpu().numpy()


def activation_maps(model: NetworkModel, image: Images) -> Features:
    """The feature maps of the first layer for a picture, after their activation.

    Args:
        model: the network.
        image: uint8 [H, W, 3].

    Returns:
        float32 [K, h, w], one map for each of the K channels.
    """
    model.network.eval()
    with model.maps(0) as layer, torch.no_grad():
        maps: Tensor = LayerActivation(lambda inputs: _scores(model, inputs), layer).attribute(
            model.inputs(image[None])
        )
    return maps[0].cpu().numpy()


def _scores(model: NetworkModel, inputs: Tensor) -> Tensor:
    """The score of each class, float32 [N, classes]."""
    logits = model.logits(inputs)
    return logits - logits.flip(1) if model.classes == 2 else logits
