"""A run before it is: what it will do, take and cost, and how it is begun and resumed."""
