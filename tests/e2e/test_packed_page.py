"""The packed page of each widget, loaded as anywidget does it, where little is allowed: plain http and a strict CSP."""

import pytest
from playwright.sync_api import Browser, Route

from sam2_notebook.widgets.page import asset

# The least under which anywidget itself runs, on a lab server without https.
ADDRESS = "http://lab.example/"
POLICY = "default-src 'self'; script-src 'self' 'unsafe-eval' blob:; img-src 'self'; connect-src 'self'"
LOAD = """async text => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const start = performance.now();
    const module = await import(address);
    URL.revokeObjectURL(address);
    const hooks = await module.default();
    return { hooks: Object.keys(hooks).sort(), ms: performance.now() - start, secure: window.isSecureContext };
}"""
# anywidget gives a page 2 s from its first byte to the end of `initialize`.
ENOUGH_MS = 1_000


@pytest.mark.parametrize("widget", ["image", "video", "dynamic", "labeler"])
def test_a_packed_page_loads_over_plain_http_under_a_strict_policy(browser: Browser, widget: str) -> None:
    def serve(route: Route) -> None:
        route.fulfill(body="<!doctype html>", content_type="text/html", headers={"content-security-policy": POLICY})

    context = browser.new_context()
    context.route("**/*", serve)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(ADDRESS)
    loaded = page.evaluate(LOAD, str(asset(f"{widget}.js")))
    context.close()
    assert refused == []
    assert not loaded["secure"]
    assert loaded["hooks"] == ["initialize", "render"]
    print(f"{widget}: {loaded['ms']:.0f} ms")
    assert loaded["ms"] < ENOUGH_MS
