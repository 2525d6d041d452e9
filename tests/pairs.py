"""Images with labels that fit them, and pairs that have to be refused."""

import torch
import torch.nn.functional as F

X, Y = torch.zeros(20, 1, 28, 28, dtype=torch.uint8), torch.arange(20) % 10
BAD_PAIRS = {  # what is wrong -> (pair, what the message says)
    "no images": ((X[:0], Y[:0]), "no images"),
    "a label short": ((X, Y[:-1]), "20 images and 19 labels"),
    "a label too many": ((X[:-1], Y), "19 images and 20 labels"),
    "a label beyond the classes": ((X, Y + 1), "label 10 at image 9"),
    "a label below 0": ((X, Y - 1), "label -1 at image 0"),
    "the label that PyTorch ignores": ((X, Y.where(Y != 3, -100)), "label -100"),
    "labels of int32": ((X, Y.int()), "torch.int32"),
    "labels of float": ((X, Y.float()), "torch.float32"),
    "labels one-hot": ((X, F.one_hot(Y)), "(20, 10)"),
    "images of int64": ((X.long(), Y), "torch.int64"),
    "images of bool": ((X.bool(), Y), "torch.bool"),
    "images of another size": ((X[..., 1:], Y), "(1, 28, 27)"),
    "images without channels": ((X[:, 0], Y), "(28, 28)"),
}
