"""The edges: they satisfy the ports of `jitbot.ports`, where the contracts stand, and import no other adapter."""
