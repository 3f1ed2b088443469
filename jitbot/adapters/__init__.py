"""The adapters: each satisfies a port of `jitbot.ports`, which states the contract, and imports no other adapter."""
