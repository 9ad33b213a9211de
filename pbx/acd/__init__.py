"""Distribution of calls to agents: queues, agents and the matching between them."""
