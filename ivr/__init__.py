"""Interactive voice response: flows that run on one leg of a call."""
