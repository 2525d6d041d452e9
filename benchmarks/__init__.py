"""Speed as ratios, both sides taking turns in one process."""
