"""The real process, killed at each call by which it makes something last."""
