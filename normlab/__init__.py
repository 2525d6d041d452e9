"""Batch normalization, built by hand, trained and recorded.

The rooms of the house, left to right: data -> layers -> models -> training ->
runs -> figures. A module imports only from rooms to its left.
"""

__version__ = "0.1.0"
