"""EfficientNet-Lite2 at 260 pixels, the size at which the network was trained."""

from ganvas.metrics.efficientnet import EfficientNetLite


class EfficientNetLite2At260(EfficientNetLite):
    """EfficientNet-Lite2 on pictures resized to 260 pixels."""
