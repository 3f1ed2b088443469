"""Reads all that an auditor's answer needs, and lets the domain judge it."""
