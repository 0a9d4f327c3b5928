"""Looking for settings: many short runs of a recipe, shared out among workers, the bad ones ended early."""
