"""The whole life of a request, told with the real commands over real HTTP. Every step is checked as it is told."""
