"""Who gets access, and why: pure decisions over plain values. Standard library only, no I/O."""
