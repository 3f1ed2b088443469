"""Decides what main asks for: new grants and early ends."""
