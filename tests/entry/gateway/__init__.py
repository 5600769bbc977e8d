"""The gateway through its front door."""
