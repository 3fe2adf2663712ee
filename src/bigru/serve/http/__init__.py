"""The server: routes, the bodies of requests, the replies."""
