"""Rates that were chosen on validation images, with seeds that decide nothing else.

Each is the one of its grid with the best mean accuracy at the end, by recomputed
statistics. A test recomputes them from the records.
"""

# Of LeNet in "rate-map", with seeds 0 to 2: (model, norm) -> k -> rate.
RATE_OF_GAIN = {
    ("lenet_relu", "none"): {
        0.03: 30.0,
        0.1: 30.0,
        0.3: 0.3,
        1.0: 0.3,
        3.0: 0.01,
        10.0: 0.3,
    },
    ("lenet_relu", "torch_batch"): {
        0.03: 0.03,
        0.1: 0.03,
        0.3: 0.1,
        1.0: 1.0,
        3.0: 1.0,
        10.0: 1.0,
    },
}
# Of the deep network without a normalizer in "rate-steps-rates", with seeds 0 to 2: the
# best, and the second best.
RATE_WITHOUT, SECOND_RATE_WITHOUT = 0.03, 0.01
FIRST = 10  # seed of the runs that decide
