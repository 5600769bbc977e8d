"""The worker: finds tasks, takes them, has them done, hands them in, follows the reviews."""
