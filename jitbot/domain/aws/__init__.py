"""AWS as the decision needs it: actions, roles, the documents of a grant, and how dangerous they are."""
