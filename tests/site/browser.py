"""Find a Chromium to drive, or get one; a machine without one fails the tests."""

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HELP = (
    "These tests drive a real browser and found none. Install one: "
    "`apt-get install chromium` on Debian, or `.venv/bin/playwright install chromium`."
)


def launch(playwright):
    """Start a headless Chromium: the system's, else Playwright's, else a new one."""
    for find in (on_path, lambda: None, installed):
        executable = find()
        if executable is None and find is on_path:
            continue
        try:
            return playwright.chromium.launch(executable_path=executable, args=FLAGS)
        except Exception as error:  # Playwright names no narrower class for this
            problem = error
    raise RuntimeError(f"{HELP}\n{problem}")


def on_path():
    """Return the system's browser, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def installed():
    """Try to install a browser; return its path, or None for Playwright's own."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        command = ["apt-get", "install", "-y", "-qq", "chromium"]
        if subprocess.run(command, check=False).returncode == 0 and on_path():
            return on_path()
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], check=False
    )
    return None
