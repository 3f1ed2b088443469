"""What a new repository and an account need: files, templates, and the checks of `doctor`."""
