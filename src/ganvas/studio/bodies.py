"""What a page sends: JSON of a known shape."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ganvas.foundation.errors import ConfigError
from ganvas.settings.config import first_problem


class Body(BaseModel):
    """Base of what a page may send. Other fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=1000)


B = TypeVar("B", bound=Body)


async def body_of(request: Request, kind: type[B]) -> B:
    """The body of a request.

    Raises:
        HTTPException: it is not JSON. A form of another site cannot send JSON.
        ConfigError: a field is missing, unknown or of the wrong type.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "The studio takes JSON here.")
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from error
