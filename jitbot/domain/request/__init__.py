"""What a requester writes, and how far the request has come."""
