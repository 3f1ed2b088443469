"""Imports of people, teams and accounts: what the files should say by a source, and how their text is changed for it."""
