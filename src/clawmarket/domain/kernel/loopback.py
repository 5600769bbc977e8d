"""The names by which a machine reaches itself: nobody else hears what is sent there."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
