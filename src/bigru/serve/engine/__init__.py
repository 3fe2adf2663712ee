"""What answers behind the routes: models, the queues in front of them, limits. It knows nothing of HTTP."""
