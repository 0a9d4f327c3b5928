"""Whether the libraries of `ganvas[sweep]` are installed."""

import importlib.util

from ganvas.foundation.errors import ConfigError


def require() -> None:
    """Check before anything imports Optuna.

    Raises:
        ConfigError: it is not installed.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError("a sweep needs Optuna; install it with: pip install 'ganvas[sweep]'")
