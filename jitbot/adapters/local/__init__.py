"""Files on this machine: AWS profiles, cached sessions, and pages from templates."""
