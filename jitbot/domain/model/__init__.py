"""What people wrote, and what git and GitHub said, as frozen values. Nothing here is judged."""
