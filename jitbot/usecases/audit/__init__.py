"""Reads everything that an audit needs, and lets the domain judge it."""
