"""No normalizer."""

from normlab.playground.normalizers.kind import Kind

NONE = Kind("none", "no normalizer", "none")
