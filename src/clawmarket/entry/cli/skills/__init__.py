"""The skills for OpenClaw: put them in, check them, take them out."""
