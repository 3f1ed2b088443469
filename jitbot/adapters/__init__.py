"""The edges: each module satisfies one port of `jitbot.domain.ports` and imports no other adapter."""
