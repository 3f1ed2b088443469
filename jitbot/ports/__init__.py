"""What the use cases ask of the outside, one module for each neighbour. Adapters satisfy these; tests may too.

Every method may raise `UnavailableError` (no usable answer: conclude nothing) or `DeniedError` (a refusal).
"""
