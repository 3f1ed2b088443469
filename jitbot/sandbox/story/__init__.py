"""The whole life of a request, played with the real commands over real HTTP. The result of every step is checked."""
