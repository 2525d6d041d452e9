"""Batch normalization whose statistics no longer move."""

from normlab.layers.batch import BatchNorm


class FrozenBatchNorm(BatchNorm):
    """``BatchNorm`` that stays in evaluation mode, whatever the model around it does.

    Gamma and beta still learn. ``model.train()`` sets the mode of every module below
    it; here it does not, so the running statistics neither move nor give way to the
    batch's own.
    """

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.eval()

    def train(self, mode: bool = True) -> "FrozenBatchNorm":
        """Stay in evaluation mode; ``mode`` is ignored."""
        return super().train(False)
