"""The adapters: each module implements one port of `jitbot.ports` and imports no other adapter."""
