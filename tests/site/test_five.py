"""Five numbers: what the page shows is what PyTorch computes."""

import pytest
import torch
import torch.nn.functional as F
from hand import shown

PAGE = "notebooks/batch-norm-by-hand.html"
NAME = "five-numbers"
START = [1.0, 2.0, 4.0, 5.0, 9.0]


@pytest.fixture
def five(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def numbers(five, row):
    return [five.number(f"{row}-{i}") for i in range(5)]


def assert_agrees(five, gamma, beta):
    """The shown numbers against PyTorch's, from the shown x."""
    x = torch.tensor(numbers(five, "x"), dtype=torch.float64).view(-1, 1)
    plain = F.batch_norm(x, None, None, training=True).flatten()
    output = gamma * plain + beta
    assert numbers(five, "normalized") == pytest.approx(plain.tolist(), abs=0.0051)
    assert numbers(five, "output") == pytest.approx(output.tolist(), abs=0.0051)
    assert five.number("mean") == pytest.approx(x.mean().item(), abs=0.0051)
    variance = x.var(correction=0).item()
    assert five.number("variance") == pytest.approx(variance, abs=0.0051)
    sd = output.std(correction=0).item()
    assert five.number("output-sd") == pytest.approx(sd, abs=0.0051)


def handle(five, number):
    return five.at.get_by_role("slider", name=f"number {number}")


def test_opens_as_the_chapter_begins(five):
    assert numbers(five, "x") == START
    assert_agrees(five, 2.0, 1.0)


def test_keys_move_a_number(five):
    five.press(handle(five, 1), "ArrowRight", times=3)
    assert numbers(five, "x")[0] == pytest.approx(1.3)
    five.press(handle(five, 1), "PageDown")
    assert numbers(five, "x")[0] == pytest.approx(0.3)
    five.press(handle(five, 5), "End")
    assert numbers(five, "x")[4] == 10
    assert_agrees(five, 2.0, 1.0)


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_move_a_number(five, way):
    getattr(five, way)(handle(five, 3), -200)
    moved = numbers(five, "x")
    assert moved[2] < 0
    assert moved[:2] + moved[3:] == START[:2] + START[3:]
    assert_agrees(five, 2.0, 1.0)


def test_gamma_and_beta(five):
    five.slide("gamma", -1.5)
    five.slide("beta", 0.5)
    assert_agrees(five, -1.5, 0.5)
    assert five.control("gamma").locator("output").inner_text() == "−1.5"


def test_equal_numbers_become_zero(five):
    for number in range(1, 6):
        five.press(handle(five, number), "Home")
    assert numbers(five, "normalized") == [0] * 5
    assert numbers(five, "output") == [1] * 5


def test_reset_and_link(five, browser, address):
    five.press(handle(five, 2), "PageUp")
    five.slide("gamma", 0.3)
    five.at.get_by_role("button", name="Copy link").click()
    link = five.page.evaluate("navigator.clipboard.readText()")
    with shown(browser, link, NAME) as again:
        assert numbers(again, "x") == numbers(five, "x")
        assert again.value("output-sd") == five.value("output-sd") == "0.30"
    five.at.get_by_role("button", name="Reset").click()
    five.settle()
    assert numbers(five, "x") == START
    assert_agrees(five, 2.0, 1.0)
