"""Arguments: what a model of an agent sends, checked against what is taken."""

from collections.abc import Mapping

from pydantic import ValidationError

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.registry.fields import Request

# The names in a path are the sender's own; they come back, but not a megabyte of them.
_PATH_CHARS = 200


def arguments_of(
    model: type[Request],
    data: Mapping[str, object],
    refusal: type[InvalidArgumentError],
    **about: object,
) -> Request:
    """Return arguments as a model has them.

    Raises the refusal, with `path` and `about` as details, for the first thing that is wrong.
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in first["loc"])
        path = f"${steps[:_PATH_CHARS]}"
        raise refusal(f"{path}: {first['msg']}.", path=path, **about) from None
    except RecursionError:
        raise refusal("$: it is nested too deeply.", path="$", **about) from None
