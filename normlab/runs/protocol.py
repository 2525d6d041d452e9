"""What several experiments agree on."""

SOURCE_RATE = 1.0  # the learning rate of the d2l.ai chapter, at batches of 256
# Of the rates from 0.1 on, the one of each with the best mean validation accuracy in
# "lenet-rates", after the last epoch and in evaluation mode; a test recomputes both.
# Two lower rates, and a steadier score, came later: by them many rates tie with the
# layer, and 1.0 with 2.0 without it. What is recorded stays with these.
BEST_RATE = {"none": 2.0, "batch": 0.1}
ANOTHER_ORDER = 1000  # added to the seed for each further call of fit
