"""How values are written and read: times, durations, JSON, Markdown, and texts made inert."""
