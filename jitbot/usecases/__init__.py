"""The use cases: they connect the decisions of the domain with the ports. They depend on no vendor library."""
