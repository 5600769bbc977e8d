"""Discovery: imports every service once, so that every declaration is registered."""

from importlib import import_module
from pkgutil import walk_packages

import clawmarket.services


def discover() -> None:
    """Import every module under `services`; a second call finds them loaded."""
    for module in walk_packages(clawmarket.services.__path__, "clawmarket.services."):
        import_module(module.name)
