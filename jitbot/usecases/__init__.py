"""The use cases: they join the decisions of the domain to the ports, and know no vendor."""
