"""Floor 4: train SAM 2 networks, from scratch or from a checkpoint. See README.md for the recipe."""
