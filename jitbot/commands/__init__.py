"""The verbs of the command line, one folder for each group. A verb parses its arguments, calls a use case and prints."""
