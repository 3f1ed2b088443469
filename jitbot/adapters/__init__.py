"""The edges: each module satisfies one port of `jitbot.ports` and imports no other adapter."""
