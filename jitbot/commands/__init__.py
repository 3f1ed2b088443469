"""The verbs of the command line, one file for each group: thin, they parse, call and print."""
