"""Fashion-MNIST: the right numbers, and no half-written or damaged files."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from normlab import data
from normlab.data import DataError, fashion_mnist, training_validation_split

NAMES = tuple(data.FILES)
# In a message a reader must find the file and a way out.
REMEDIES = ("python -m normlab.data", "FASHION_MNIST_DIR", "apt-get")


@pytest.fixture(scope="session")
def source():
    """The folder that holds the real files."""
    return data.find_folder().resolve()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder on a machine that has no copy of the data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "no" / "package")
    return tmp_path


def content(source, name):
    packed = source / f"{name}.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return (source / name).read_bytes()


@pytest.fixture(scope="session")
def copies(source, tmp_path_factory):
    """A folder with the packed files and one with the unpacked, by ``packed``."""
    folders = {p: tmp_path_factory.mktemp("copies") for p in (True, False)}
    for name in NAMES:
        raw = content(source, name)
        (folders[True] / f"{name}.gz").write_bytes(gzip.compress(raw, 1))
        (folders[False] / name).write_bytes(raw)
    return folders


def copy_to(folder, copies, packed=False):
    """Write all four files into ``folder``; return it."""
    return shutil.copytree(copies[packed], folder, dirs_exist_ok=True)


def assert_helps(error, name):
    message = str(error.value)
    assert name in message
    for remedy in REMEDIES:
        assert remedy in message


def equal(some, others):
    return all(torch.equal(a, b) for a, b in zip(some, others, strict=True))


# The numbers


def test_shapes_and_types(fashion):
    shapes = [tuple(t.shape) for t in fashion]
    assert shapes == [(60000, 1, 28, 28), (60000,), (10000, 1, 28, 28), (10000,)]
    types = [t.dtype for t in fashion]
    assert types == [torch.uint8, torch.int64, torch.uint8, torch.int64]


@pytest.mark.parametrize(("labels", "each"), [(1, 6000), (3, 1000)])
def test_classes_are_balanced(fashion, labels, each):
    assert torch.bincount(fashion[labels]).tolist() == [each] * len(data.CLASSES)


@pytest.mark.parametrize("index", range(4))
def test_bytes_are_the_files_bytes(fashion, source, index):
    """IDX: 16 bytes of header before images, 8 before labels, rows first."""
    raw = np.frombuffer(content(source, NAMES[index]), np.uint8)
    header = 16 if index in (0, 2) else 8
    assert np.array_equal(fashion[index].numpy().ravel(), raw[header:])


def test_images_equal_torchvisions(fashion, copies, tmp_path):
    from torchvision.datasets import FashionMNIST

    copy_to(tmp_path / "FashionMNIST" / "raw", copies)
    theirs = FashionMNIST(tmp_path, train=False)
    assert torch.equal(fashion[2][:, 0], theirs.data)
    assert torch.equal(fashion[3], theirs.targets)


def test_class_names_are_torchvisions():
    from torchvision.datasets import FashionMNIST

    theirs = [name.lower().split("/")[0] for name in FashionMNIST.classes]
    assert list(data.CLASSES) == theirs


def test_validation_images_are_the_last_of_training(fashion):
    train_x, train_y = fashion[:2]
    fit_x, fit_y, val_x, val_y = training_validation_split(train_x, train_y)
    assert [len(t) for t in (fit_x, fit_y, val_x, val_y)] == [50000] * 2 + [10000] * 2
    assert equal((torch.cat([fit_x, val_x]), torch.cat([fit_y, val_y])), fashion[:2])


@pytest.mark.parametrize("images", [0, 1, 600, 9_999, 10_000])
def test_too_few_images_to_split_are_refused(images):
    x, y = torch.zeros(images, 1, 1, 1), torch.zeros(images).long()
    with pytest.raises(ValueError, match="more than 10,000") as error:
        training_validation_split(x, y)
    assert f"{images:,} images" in str(error.value)


def test_one_image_more_than_the_validation_s_is_enough_to_split():
    x, y = torch.arange(10_001), torch.arange(10_001)
    fit_x, fit_y, val_x, val_y = training_validation_split(x, y)
    assert (fit_x.tolist(), fit_y.tolist()) == ([0], [0])
    assert torch.equal(val_x, x[1:]) and torch.equal(val_y, y[1:])


@pytest.mark.parametrize("labels", [9_999, 20_001])
def test_labels_must_match_images_to_split(labels):
    with pytest.raises(ValueError, match=f"20,000 images and y {labels:,} labels"):
        training_validation_split(torch.zeros(20_000), torch.zeros(labels))


# Where it looks


@pytest.mark.parametrize("packed", [True, False])
def test_named_folder_is_read(elsewhere, copies, monkeypatch, fashion, packed):
    folder = copy_to(elsewhere / "mine", copies, packed)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    assert equal(fashion_mnist(download=False), fashion)


@pytest.mark.parametrize("where", [".", ".."])
def test_data_folder_is_found_here_and_one_up(elsewhere, copies, monkeypatch, where):
    here = elsewhere / "book"
    here.mkdir()
    monkeypatch.chdir(here)
    folder = copy_to(here / where / data.RAW, copies)
    assert data.find_folder().resolve() == folder.resolve()


def test_named_folder_comes_first(elsewhere, copies, monkeypatch):
    copy_to(data.RAW, copies)
    mine = copy_to(elsewhere / "mine", copies)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(mine))
    assert data.find_folder() == mine


def test_missing_everywhere_names_the_remedies(elsewhere):
    with pytest.raises(DataError) as error:
        fashion_mnist(download=False)
    assert_helps(error, "Fashion-MNIST")


@pytest.mark.parametrize("exists", [True, False])
def test_wrong_named_folder_is_an_error(elsewhere, monkeypatch, exists):
    """Even where another copy could be found: the reader asked for this one."""
    folder = elsewhere / "typo"
    if exists:
        folder.mkdir()
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    with pytest.raises(DataError) as error:
        fashion_mnist()
    assert_helps(error, str(folder))


# Damage


def damage(path, how):
    raw = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(raw[: len(raw) // 2])
    elif how == "not gzip":
        path.write_bytes(b"<html>404</html>")
    elif how == "not deflate":  # a good header, then nonsense
        path.write_bytes(raw[:10] + b"\xff" * 100)
    elif how == "bit flipped":
        middle = len(raw) // 2
        path.write_bytes(raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :])
    elif how == "another file":
        path.write_bytes(gzip.compress(b"\0" * 1000))


DAMAGE = [
    "missing",
    "empty",
    "truncated",
    "not gzip",
    "not deflate",
    "bit flipped",
    "another file",
]


@pytest.mark.parametrize(
    ("how", "place"), [(h, "found") for h in DAMAGE] + [("truncated", "named")]
)
def test_damage_names_the_file(elsewhere, copies, monkeypatch, how, place):
    folder = copy_to(elsewhere / data.RAW, copies, packed=True)
    if place == "named":
        monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    damage(folder / f"{NAMES[1]}.gz", how)
    with pytest.raises(DataError) as error:
        fashion_mnist()
    assert_helps(error, NAMES[1])


def test_damage_in_an_unpacked_file_is_seen(elsewhere, copies):
    folder = copy_to(elsewhere / data.RAW, copies)
    damage(folder / NAMES[1], "bit flipped")
    with pytest.raises(DataError) as error:
        fashion_mnist()
    assert_helps(error, NAMES[1])


# Fetching


def offline(scratch):
    raise OSError("no network")


def serve(copies, then=None):
    """A source that delivers the files, whole or as ``then`` left them."""

    def deliver(scratch):
        folder = copy_to(scratch / "download", copies, packed=True)
        if then:
            damage(folder / f"{NAMES[2]}.gz", then)
        return folder

    return deliver


def set_sources(monkeypatch, torchvision, debian):
    torchvision.__name__, debian.__name__ = "_from_torchvision", "_from_debian"
    monkeypatch.setattr(data, "_from_torchvision", torchvision)
    monkeypatch.setattr(data, "_from_debian", debian)


def files_under(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("then", ["truncated", "bit flipped", "missing", "not gzip"])
def test_failed_fetch_leaves_nothing(elsewhere, copies, monkeypatch, then):
    set_sources(monkeypatch, serve(copies, then), lambda scratch: offline(scratch))
    with pytest.raises(DataError) as error:
        fashion_mnist()
    assert_helps(error, "no network")
    assert files_under(elsewhere) == []
    assert data.find_folder() is None


def test_fetch_interrupted_leaves_nothing(elsewhere, copies, monkeypatch):
    def interrupted(scratch):
        serve(copies)(scratch)
        raise KeyboardInterrupt

    set_sources(monkeypatch, interrupted, lambda scratch: offline(scratch))
    with pytest.raises(KeyboardInterrupt):
        fashion_mnist()
    assert files_under(elsewhere) == []


def test_fetch_tries_the_next_source(elsewhere, copies, monkeypatch, fashion):
    set_sources(monkeypatch, lambda scratch: offline(scratch), serve(copies))
    assert equal(fashion_mnist(), fashion)
    assert files_under(elsewhere) == sorted(NAMES)
    assert data.find_folder() == data.RAW


def test_fetched_files_are_not_fetched_again(elsewhere, copies, monkeypatch):
    set_sources(monkeypatch, serve(copies), lambda scratch: offline(scratch))
    fashion_mnist()
    set_sources(monkeypatch, lambda s: offline(s), lambda s: offline(s))
    fashion_mnist()


def test_failed_fetch_keeps_what_was_there(elsewhere, copies, monkeypatch):
    copy_to(data.RAW, copies)
    set_sources(monkeypatch, serve(copies, "truncated"), lambda s: offline(s))
    with pytest.raises(DataError):
        data.fetch()
    assert files_under(elsewhere) == sorted(NAMES)


# python -m normlab.data


@pytest.mark.parametrize("packed", [True, False])
def test_command_puts_unpacked_files_where_d2l_looks(
    elsewhere, copies, monkeypatch, capsys, packed
):
    folder = copy_to(elsewhere / "mine", copies, packed)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    data.main()
    assert files_under(elsewhere / data.RAW) == sorted(NAMES)
    assert "Fashion-MNIST" in capsys.readouterr().out


def test_command_twice_changes_nothing(elsewhere, copies, monkeypatch):
    set_sources(monkeypatch, serve(copies), lambda s: offline(s))
    data.main()
    before = {p: p.stat().st_mtime_ns for p in data.RAW.iterdir()}
    set_sources(monkeypatch, lambda s: offline(s), lambda s: offline(s))
    data.main()
    assert {p: p.stat().st_mtime_ns for p in data.RAW.iterdir()} == before


def test_remedy_works(elsewhere, copies, monkeypatch):
    """The message says: delete the file, run the command. Then all must be well."""
    copy_to(data.RAW, copies)
    (data.RAW / NAMES[0]).unlink()
    set_sources(monkeypatch, serve(copies), lambda s: offline(s))
    data.main()
    assert files_under(data.RAW) == sorted(NAMES)
    fashion_mnist(download=False)


def test_raw_argument_reads_that_folder(elsewhere, copies, fashion):
    folder = copy_to(elsewhere / "mine", copies)
    assert equal(fashion_mnist(raw=folder), fashion)
    assert equal(fashion_mnist(raw=str(folder)), fashion)
    shutil.rmtree(folder)
    with pytest.raises(DataError):
        fashion_mnist(raw=folder)


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("folder", ["text", "", "a-file"])
def test_raw_argument_that_lacks_the_files_names_what_it_misses(
    elsewhere, copies, kind, folder
):
    """Also where another copy could be found: the reader asked for this one."""
    copy_to(data.RAW, copies)
    Path("a-file").touch()
    with pytest.raises(DataError) as error:
        fashion_mnist(raw=kind(folder))
    assert_helps(error, str(Path(folder) / NAMES[0]))


@pytest.mark.parametrize("raw", [3, False, b"data", ["data"]])
def test_raw_argument_that_is_no_path_is_named(raw):
    with pytest.raises(TypeError, match="raw is"):
        fashion_mnist(raw=raw)
