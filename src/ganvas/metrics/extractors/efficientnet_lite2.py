"""EfficientNet-Lite2 at 128 pixels, the default feature network."""

from ganvas.metrics.efficientnet import EfficientNetLite


class EfficientNetLite2(EfficientNetLite):
    """EfficientNet-Lite2 on pictures resized to 128 pixels."""
