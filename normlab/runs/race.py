"""The race: one network, a normalizer each, statistics of few images and of many.

The gradient is always that of 128 images. What differs is how many of them share
statistics, so that nothing else changes with the batch. All warm up and are cooled.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment
from normlab.runs.contenders import (
    BEST,
    CONTENDERS,
    GRIDS,
    SAME_ACTIVATION,
    SECOND,
    entered,
    tried,
)
from normlab.runs.early import score_at_end
from normlab.runs.registry import RACE
from normlab.runs.rows import STEPS_KEPT
from normlab.runs.step_cost import cost
from normlab.runs.watch import follow

JUDGED = ("batch_2", "batch_4", "batch_128", "kalman_2", "renorm_4", "filter_response")
OTHERS = tuple(n for n in CONTENDERS if n not in (*JUDGED, SAME_ACTIVATION))
LONGER = 2 * RACE

RACE_RATES = Experiment(
    name="race-rates",
    question="Which rate suits each normalizer that is judged?",
    variants=tried(*SECOND),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
RACE_RATES_OTHERS = Experiment(
    name="race-rates-others",
    question="Which rate suits each of the others?",
    variants=tried(*(name for name in GRIDS if name not in SECOND)),
    seeds=1,  # nothing is judged by it
    carry_out=partial(score_at_end, on=("validation",)),
)

RACE_RUNS = Experiment(
    name="race",
    question="What becomes of a normalizer when few images share statistics?",
    variants=entered(*JUDGED, rates=BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=follow,
)
RACE_SECOND = Experiment(
    name="race-second",
    question="Is it the same at the second-best rates, and with the same activation?",
    variants=entered(*JUDGED, rates=SECOND) + entered(SAME_ACTIVATION, rates=BEST),
    first_seed=FIRST,
    carry_out=follow,
)
RACE_LONG = Experiment(
    name="race-long",
    question="Does filter response normalization catch up in twice as many updates?",
    variants=entered("batch_128", "filter_response", rates=BEST, steps=LONGER),
    first_seed=FIRST,
    carry_out=follow,
)
RACE_OTHERS = Experiment(
    name="race-others",
    question="And the other normalizers, and other numbers of images?",
    variants=entered(*OTHERS, rates=BEST),
    seeds=3,
    first_seed=FIRST,
    carry_out=follow,
)
RACE_COST = Experiment(
    name="race-cost",
    question="What does a step with each normalizer cost in time and memory?",
    variants=entered(*CONTENDERS, rates=BEST, steps=STEPS_KEPT),
    first_seed=FIRST,  # a seed is a repetition
    carry_out=cost,
)
