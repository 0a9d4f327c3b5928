"""Planning a run: its configuration, cost and forecast, and how it is started and resumed."""
