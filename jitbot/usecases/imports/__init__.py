"""Imports of people, teams and accounts, on the machine and with the credentials of the person who imports."""
