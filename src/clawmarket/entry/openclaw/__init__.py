"""The market inside OpenClaw: what its plugin declares there."""
