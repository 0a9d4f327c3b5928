"""Who may come in, and what a request may cost: everything that is checked before a page sees a request."""
