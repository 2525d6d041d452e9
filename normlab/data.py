"""Fashion-MNIST as tensors: 60,000 training and 10,000 test images, checked.

The four files are the ones Xiao, Rasul and Vollgraf published in 2017
(https://github.com/zalandoresearch/fashion-mnist). ``python -m normlab.data``
puts them where torchvision, and so d2l, finds them too.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
VALIDATION = 10_000  # the last training images: learning rates are chosen on these

# name -> sha256 of the unpacked file, so that packed and unpacked copies both count
FILES = {
    "train-images-idx3-ubyte": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1-ubyte": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    ),
    "t10k-images-idx3-ubyte": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    ),
    "t10k-labels-idx1-ubyte": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    ),
}
DATA = Path("data")
RAW = DATA / "FashionMNIST" / "raw"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
REMEDIES = (
    "Remedies: delete the file and run `python -m normlab.data` with a network; "
    "or `apt-get install dataset-fashion-mnist` (Debian, Ubuntu); or put the four "
    "*-ubyte.gz files in a folder and set FASHION_MNIST_DIR to it."
)


class DataError(RuntimeError):
    """A data file is missing or damaged; the message names it and the remedies."""


def fashion_mnist(
    *, download: bool = True, raw: str | Path | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return Fashion-MNIST as ``(train_x, train_y, test_x, test_y)``.

    Looks in ``$FASHION_MNIST_DIR``, then ``data/FashionMNIST/raw`` (here and one
    folder up, where d2l keeps it), then Debian's package, then downloads.

    Shape:
        images (N, 1, 28, 28) uint8, 0 to 255; labels (N,) int64, 0 to 9;
        N is 60,000 for training and 10,000 for test.

    Args:
        download: fetch the files where none of these places has them.
        raw: the folder of the four files, packed or not; looks nowhere else.

    Raises:
        DataError: a file is missing or its checksum is wrong.
        TypeError: ``raw`` is no path.
    """
    if not isinstance(raw, str | Path | None):
        raise TypeError(f"raw is {raw!r}; give the folder's path, or None to look")
    folder = find_folder() if raw is None else Path(raw)
    if folder is None:
        if not download:
            raise DataError(f"Fashion-MNIST is not on this machine. {REMEDIES}")
        folder = fetch()
    arrays = [_parse(name, _read(folder, name)) for name in FILES]
    train_x, train_y, test_x, test_y = (torch.from_numpy(a) for a in arrays)
    return train_x[:, None], train_y.long(), test_x[:, None], test_y.long()


def training_validation_split(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    """Split off the last 10,000 training images: ``(fit_x, fit_y, val_x, val_y)``.

    Raises:
        ValueError: no image would be left to train on, or images and labels differ in
            number.
    """
    if len(x) != len(y):
        raise ValueError(
            f"x has {len(x):,} images and y {len(y):,} labels; each image needs one"
        )
    cut = len(x) - VALIDATION
    if cut < 1:
        raise ValueError(
            f"x has {len(x):,} images, and the last {VALIDATION:,} are for validation: "
            f"none would be left to train on; give more than {VALIDATION:,}, or split "
            "so few by hand"
        )
    return x[:cut], y[:cut], x[cut:], y[cut:]


def find_folder() -> Path | None:
    """Return the first folder that holds the files, or None.

    Raises:
        DataError: ``$FASHION_MNIST_DIR`` is set but lacks a file, or a folder
            holds some of the four files but not all.
    """
    named = os.environ.get("FASHION_MNIST_DIR")
    if named and (missing := _missing(Path(named))):
        raise DataError(f"FASHION_MNIST_DIR={named} lacks {missing[0]}. {REMEDIES}")
    for folder in [named, RAW, Path("..") / RAW, DEBIAN]:
        if folder and len(_missing(Path(folder))) < len(FILES):
            return Path(folder)
    return None


def fetch() -> Path:
    """Download the files into ``data/``, whole or not at all; return the folder."""
    DATA.mkdir(parents=True, exist_ok=True)
    errors = []
    for source in (_from_torchvision, _from_debian):
        with tempfile.TemporaryDirectory(dir=DATA, prefix=".partial-") as scratch:
            try:
                return _install(source(Path(scratch)))
            except Exception as error:  # any failure: try the next source
                errors.append(f"{source.__name__[6:]}: {error}")
    raise DataError(
        f"Fashion-MNIST could not be fetched ({'; '.join(errors)}). {REMEDIES}"
    )


def _from_torchvision(scratch: Path) -> Path:
    from torchvision.datasets import FashionMNIST

    FashionMNIST(scratch, download=True)
    return scratch / "FashionMNIST" / "raw"


def _from_debian(scratch: Path) -> Path:
    """Unpack Debian's package without installing it."""
    if not shutil.which("apt-get"):
        raise DataError("no apt-get here")
    fetch_package = ["apt-get", "-q", "download", "dataset-fashion-mnist"]
    if subprocess.run(fetch_package, cwd=scratch, capture_output=True).returncode:
        subprocess.run(["apt-get", "-q", "update"], check=True, capture_output=True)
        subprocess.run(fetch_package, cwd=scratch, check=True, capture_output=True)
    package = next(scratch.glob("*.deb"))
    subprocess.run(["dpkg", "-x", package.name, "."], cwd=scratch, check=True)
    return scratch / DEBIAN.relative_to("/")


def _install(folder: Path) -> Path:
    """Check the files in ``folder`` and put them, unpacked, where torchvision looks."""
    RAW.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RAW.parent, prefix=".partial-") as scratch:
        staged = Path(scratch) / "raw"
        staged.mkdir()
        for name in FILES:
            (staged / name).write_bytes(_read(folder, name))
        if RAW.exists():
            shutil.rmtree(RAW)
        staged.rename(RAW)
    return RAW


def _missing(folder: Path) -> list[str]:
    return [n for n in FILES if not any(p.is_file() for p in _candidates(folder, n))]


def _candidates(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / name, folder / f"{name}.gz"


def _read(folder: Path, name: str) -> bytes:
    """Return the unpacked bytes of one file, checksum verified."""
    path = next((p for p in _candidates(folder, name) if p.is_file()), None)
    if path is None:
        raise DataError(f"{folder / name}(.gz) is missing. {REMEDIES}")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}). {REMEDIES}") from error
    if hashlib.sha256(content).hexdigest() != FILES[name]:
        raise DataError(
            f"{path} is damaged: {len(content):,} bytes unpacked, and its checksum "
            f"is not the published one. {REMEDIES}"
        )
    return content


def _parse(name: str, content: bytes) -> np.ndarray:
    """Read the IDX format: a magic number, the sizes, then the bytes."""
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    return values.reshape(sizes.tolist()).copy()


def main() -> None:
    """Put the checked files into ``data/``, for this package and for d2l."""
    folder = find_folder()
    if folder is None or _missing(folder):
        print("Fetching Fashion-MNIST (30 MB) ...", flush=True)
        folder = fetch()
    elif folder.resolve() != RAW.resolve() or any(
        not (RAW / n).exists() for n in FILES
    ):
        folder = _install(folder)
    for name in FILES:
        _read(folder, name)
    print(f"Fashion-MNIST: four files, checksums right, in {folder}")


if __name__ == "__main__":
    try:
        main()
    except DataError as error:
        sys.exit(f"normlab.data: {error}")
