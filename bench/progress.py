"""Says what is being measured, because it takes long."""

import time


def say(step: str) -> None:
    """Print a step with its time of day."""
    print(f"{time.strftime('%H:%M:%S')} {step}", flush=True)
