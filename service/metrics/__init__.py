"""How the service is doing, as figures: gathered in one place, told in the heartbeat and to Prometheus."""
