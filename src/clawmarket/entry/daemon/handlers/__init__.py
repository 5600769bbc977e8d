"""Whatever does a task's work: a command, a function, an agent; each a process of its own."""
