"""Verbs for admins who set jitbot up."""
