"""Every page in Firefox and in WebKit: no error, nothing blocked, nothing too wide."""

import pytest
from conftest import UNBUILT, built_pages
from survey import faults


@pytest.mark.parametrize("page", built_pages() or [UNBUILT])
def test_nothing_is_wrong(page, browser, site):
    assert faults(browser, site, page) == []


def test_the_root_leads_to_the_book(browser, site):
    browser.open(site.address)
    browser.wait(
        """() => location.pathname.endsWith("/book/index.html")
          && document.readyState === 'complete'"""
    )
    assert browser.run("() => complaints") == site.missing == []
