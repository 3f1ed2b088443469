"""The embedded GitHub's REST and GraphQL: routes, calls, and the shapes of its answers."""
