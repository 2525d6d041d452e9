"""Why a chapter cannot become a notebook."""


class ConversionError(ValueError):
    """The message names what in the chapter, or in the build, stands in the way."""
