"""Pictures inside HTML, as data URIs."""

import base64
import io
from typing import Literal

from PIL import Image


def encoded(picture: Image.Image, image_format: Literal["PNG", "WEBP"], **options: int) -> bytes:
    """The bytes of a picture file.

    Args:
        picture: the picture.
        image_format: "PNG", or "WEBP" with a `quality`.
        **options: of Pillow's encoder.
    """
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def data_uri(content: bytes, image_format: str) -> str:
    """The content of a picture file as the address of an `<img>`."""
    return f"data:image/{image_format.lower()};base64,{base64.b64encode(content).decode('ascii')}"
