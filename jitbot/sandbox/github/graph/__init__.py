"""GraphQL of the embedded GitHub: documents as they are asked, and what they find of pull requests."""
