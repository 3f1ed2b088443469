"""`python -m jitbot`."""

from jitbot.cli import run

if __name__ == "__main__":
    run()
