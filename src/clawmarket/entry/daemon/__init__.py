"""Programs that work on while nobody looks: a worker, and an employer of a folder of tasks."""
