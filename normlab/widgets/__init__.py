"""What the reader moves: the engine of a network that trains in the page."""
