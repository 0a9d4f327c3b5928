"""What a user can set: options, schedules, budgets and the run's configuration."""
