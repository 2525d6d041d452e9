"""Train one chosen point while the reader watches: in a kernel only."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from normlab.evaluation import loss_and_accuracy
from normlab.runs.config import Run
from normlab.runs.execute import build, data
from normlab.training import fit

INTERVAL = 0.25  # seconds between two reports
POINTS = 60  # the most numbers of a reported curve

Report = Callable[[dict[str, Any]], None]


class StopPressedError(Exception):
    """The reader pressed Stop."""


class LiveTraining:
    """One training at a time, in a thread, so that the kernel can still hear Stop.

    Args:
        report: called at most four times a second, and once at the end, with
            ``step`` of ``steps``, the ``curve`` so far, ``done`` and what to say;
            at the end of a whole training also with both test accuracies.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, run: Run, steps: int) -> None:
        """Train ``run`` for ``steps`` updates; a training under way goes on instead."""
        if self.running:
            return
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._carry_out, args=(run, steps), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ask the training to end after its current update."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the training has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _carry_out(self, run: Run, steps: int) -> None:
        losses: list[float] = []
        told = {"steps": steps, "done": False, "said": "reading the images"}
        self._report(told | {"step": 0, "curve": curve(losses)})

        def now(**more: Any) -> None:
            self._report(told | {"step": len(losses), "curve": curve(losses)} | more)

        try:
            found = self._train(run, steps, losses, now)
            now(done=True, **found)
        except StopPressedError:
            now(done=True, said=f"stopped after {len(losses):,} updates")
        except Exception as error:  # no images, no memory: the panel must say it
            now(done=True, said=f"{type(error).__name__}: {error}")

    def _train(self, run: Run, steps: int, losses: list[float], now: Callable) -> dict:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        train, held_out = data(run.evaluate_on)
        with torch.random.fork_rng():  # the notebook's own draws stay as they were
            model = build(run)
        last = time.monotonic()

        def watch(step: int, model, batch, loss) -> None:
            nonlocal last
            losses.append(loss.item())
            if self._stop.is_set():
                raise StopPressedError
            if time.monotonic() - last > INTERVAL:
                last = time.monotonic()
                now(said="training")

        options = {"lr": run.lr, "batch_size": run.batch_size, "seed": run.seed}
        history = fit(
            model, train, epochs=run.epochs, max_steps=steps, device=device,
            recorders=[watch], **options,
        )  # fmt: skip
        now(said="measuring")
        pair = [tensor.to(device) for tensor in held_out]
        own = {"statistics": "batch", "batch_size": run.batch_size}
        return {
            "accuracy": loss_and_accuracy(model, *pair)[1],
            "own": loss_and_accuracy(model, *pair, **own)[1],
            "said": history.diverged or f"trained for {len(losses):,} updates",
        }


def curve(losses: list[float]) -> dict[str, Any]:
    """Average losses over blocks of ``by`` updates; ``mean`` of each, in nats.

    A last, shorter block is left out; what is not finite becomes None.
    """
    by = max(1, -(-len(losses) // POINTS))
    whole = len(losses) // by * by
    means = np.array(losses[:whole]).reshape(-1, by).mean(1)
    shown = [round(float(m), 4) if np.isfinite(m) else None for m in means]
    return {"by": by, "mean": shown}
