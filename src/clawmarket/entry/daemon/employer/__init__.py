"""The employer: posts a folder of tasks within its caps, and collects what comes back."""
