"""Commands that teach and measure; each module has `add_arguments` and `run`."""
