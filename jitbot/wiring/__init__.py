"""Joins the adapters to the ports: for a run, and for a person with a token of their own."""
