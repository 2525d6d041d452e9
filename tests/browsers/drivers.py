"""Firefox and WebKit, driven alike: open a page, run a function in it, move its parts.

Firefox is driven over WebDriver BiDi, which it speaks itself, WebKitGTK over WebDriver,
which Debian's webkit2gtk-driver speaks. Both take the same description of what keys and
mouse do.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from websocket import create_connection

WIDTH, HEIGHT = 1280, 900
PATIENCE = 120  # seconds that a browser has for one answer
PACKAGES = {  # program -> Debian's package
    "firefox-esr": "firefox-esr",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
}
PREFERENCES = {
    "ui.useOverlayScrollbars": 1,  # as a phone has them: they take no width
    "datareporting.policy.dataSubmissionEnabled": False,
    # It would fetch each page's successor, find that this server lets nobody keep a
    # page, and call that an error.
    "network.prefetch-next": False,
}


def program(name):
    """The path of a program; where it is missing, say what brings it."""
    found = shutil.which(name)
    assert found, f"{name} is missing. On Debian: apt-get install {PACKAGES[name]}"
    return found


class Driven:
    """What a page is asked, whatever the browser.

    A browser has `go(url)`, `call(function, text)`, which returns text, and
    `act(source)`, which does what a source of input does in WebDriver's words and then
    lets go of everything.
    """

    def open(self, url):
        self.go("about:blank")  # or an address that differs behind its "#" only scrolls
        self.go(url)

    def run(self, function, *arguments):
        """Call a function of JavaScript in the page; return what it comes to."""
        answer = f"JSON.stringify(await ({function})(...JSON.parse(given)) ?? null)"
        code = f"async (given) => {{ return {answer}; }}"  # JSON: alike everywhere
        return json.loads(self.call(code, json.dumps(arguments)))

    def wait(self, function, *arguments):
        """Wait until a function of JavaScript is true in the page."""
        end = time.monotonic() + PATIENCE
        while not self.run(function, *arguments):
            assert time.monotonic() < end, f"never true: {function} {arguments}"
            time.sleep(0.02)


class Firefox(Driven):
    """A tab of Firefox, over the socket of its remote agent."""

    def __init__(self, address):
        self.socket = create_connection(
            f"{address}/session", timeout=PATIENCE, suppress_origin=True
        )
        self.sent = 0
        self.send("session.new", capabilities={})
        # Not the tab that it starts with: without a screen that has no focus.
        tab = self.send("browsingContext.create", type="tab")
        self.tab = {"context": tab["context"]}
        size = {"width": WIDTH, "height": HEIGHT}
        self.send("browsingContext.setViewport", **self.tab, viewport=size)

    def send(self, method, **params):
        """Send a command; return its result."""
        self.sent += 1
        command = {"id": self.sent, "method": method, "params": params}
        self.socket.send(json.dumps(command))
        answer = {}
        while answer.get("id") != self.sent:  # what came too late is passed over
            answer = json.loads(self.socket.recv())
        assert answer["type"] == "success", f"{method}: {answer}"
        return answer["result"]

    def go(self, url):
        self.send("browsingContext.navigate", **self.tab, url=url, wait="complete")

    def call(self, function, text):
        result = self.send(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": text}],
            target=self.tab,
            awaitPromise=True,
        )
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        return result["result"]["value"]

    def act(self, source):
        try:
            self.send("input.performActions", **self.tab, actions=[source])
        finally:
            self.send("input.releaseActions", **self.tab)


class WebKit(Driven):
    """A window of WebKitGTK, over its driver's HTTP."""

    def __init__(self, address):
        self.address = address
        session = self.send("/session", capabilities={})
        self.address += f"/session/{session['sessionId']}"
        self.send("/timeouts", script=1000 * PATIENCE)
        self.send("/window/rect", width=WIDTH, height=HEIGHT)

    def send(self, path, **content):
        """Send a command; return its value."""
        return self.ask(Request(self.address + path, json.dumps(content).encode()))

    def ask(self, request):
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            said = f"{request.full_url}: {error.read().decode()}"
            raise AssertionError(said) from None

    def go(self, url):
        self.send("/url", url=url)

    def call(self, function, text):
        script = f"return ({function})(arguments[0])"
        return self.send("/execute/sync", script=script, args=[text])

    def act(self, source):
        try:
            self.send("/actions", actions=[source])
        finally:
            self.ask(Request(f"{self.address}/actions", method="DELETE"))


@contextmanager
def firefox():
    """Yield a Firefox without a window, in a profile of its own."""
    command = [program("firefox-esr"), "--headless", "--remote-debugging-port", "0"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        preferences = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in PREFERENCES.items()
        ]
        Path(folder, "user.js").write_text("\n".join(preferences))
        # It refuses a home that belongs to another user, as in some containers.
        with running(*command, "--profile", folder, HOME=folder):
            told = Path(folder, "WebDriverBiDiServer.json")  # Firefox writes it
            where = wait_for(lambda: content(told), "answer from Firefox")
            yield Firefox(f"ws://{where['ws_host']}:{where['ws_port']}")


@contextmanager
def webkit():
    """Yield a window of WebKit, on a screen that nobody sees."""
    screen = [program("Xvfb"), "-displayfd", "1", "-screen", "0", "1600x1200x24"]
    port = free_port()
    driver = [program("WebKitWebDriver"), f"--port={port}"]
    settings = {
        "GDK_BACKEND": "x11",
        "WEBKIT_DISABLE_DMABUF_RENDERER": "1",  # quicker on a screen without a card
        # Only this book is opened, and in a container its sandbox cannot start.
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
    }
    with running(*screen, stdout=subprocess.PIPE) as shown:
        number = shown.stdout.readline().strip()
        assert number, "Xvfb did not start"
        with running(*driver, DISPLAY=f":{number}", **settings):
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{address}/status"), "answer from WebKit")
            yield WebKit(address)


DRIVERS = {"firefox": firefox, "webkit": webkit}


@contextmanager
def running(*command, stdout=None, **environment):
    """Run a program while the block runs; pytest shows what it says if a test fails."""
    process = subprocess.Popen(
        command, stdout=stdout, env=os.environ | environment, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(look, name):
    """Look until there is something; return it."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"no {name} within {PATIENCE} s"
        time.sleep(0.05)
    return found


def content(file):
    """What a file of JSON says, once it is there and whole."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def answers(url):
    try:
        return urlopen(url, timeout=PATIENCE).status == 200
    except URLError:
        return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
