"""The use cases, through the pipeline."""
