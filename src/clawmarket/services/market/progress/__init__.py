"""How far tasks are, for whoever may see the task."""
