"""What several experiments agree on."""

SOURCE_RATE = 1.0  # the learning rate of the d2l.ai chapter, at batches of 256
# The rate of each with the best mean validation accuracy in "lenet-rates"; a test
# recomputes both from the record.
BEST_RATE = {"none": 2.0, "batch": 0.1}
ANOTHER_ORDER = 1000  # added to the seed for each further call of fit
