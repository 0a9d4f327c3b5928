"""EfficientNet-Lite2 at 260 pixels: the size that the network was trained at."""

from ganvas.metrics.efficientnet import EfficientNetLite


class EfficientNetLite2At260(EfficientNetLite):
    """Pictures are resized to 260 pixels."""
