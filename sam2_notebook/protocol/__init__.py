"""Floor 1: what page and kernel say to one another, and how bulk data travels."""
