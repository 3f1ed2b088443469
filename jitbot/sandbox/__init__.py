"""An embedded GitHub and AWS on loopback, for the demo, the tests and trying things out."""
