"""The settings of a user: options, schedules, budgets and the configuration of a run."""
