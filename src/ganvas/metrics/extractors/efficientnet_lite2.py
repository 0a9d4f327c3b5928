"""EfficientNet-Lite2 at 128 pixels: what ganvas measures with unless told otherwise."""

from ganvas.metrics.efficientnet import EfficientNetLite


class EfficientNetLite2(EfficientNetLite):
    """Pictures are resized to 128 pixels."""
