"""The pages over plain ASGI, as browsers without scripts use them."""
