"""`make api-page` in a real browser: open it, fill in a request, send it, see the prediction."""

import json
import threading
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait

from cli.api_page.server import PageServer
from tests.e2e.conftest import App, project

WORKLOAD = "iris-mars"
SECONDS = 60
"""How long the browser has for each thing, on a machine that may be busy."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(scope="module")
def page(app: App) -> Iterator[PageServer]:
    with PageServer(0, app.api.send) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    profile = tmp_path_factory.mktemp("chromium")
    # its sandbox needs rights that root in a container does not have; it opens this page only
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "no-proxy-server"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument("--window-size=1280,2400")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def test_a_request_is_filled_in_and_sent_and_its_prediction_is_seen(
    app: App, page: PageServer, browser: Chrome
) -> None:
    wait = WebDriverWait(browser, SECONDS)
    browser.get(page.origin)

    def click(selector: str) -> None:
        wait.until(element_to_be_clickable((By.CSS_SELECTOR, selector))).click()

    post = f".opblock-post:has([data-path='/workloads/{WORKLOAD}/invocations'])"
    click(f"{post} .opblock-summary-control")
    body = wait.until(element_to_be_clickable((By.CSS_SELECTOR, f"{post} textarea")))
    proposed = json.loads(body.get_attribute("value"))
    assert proposed["instances"], "the document has an example to send"
    click(f"{post} button.execute")
    status = (By.CSS_SELECTOR, f"{post} .live-responses-table tbody .response-col_status")
    wait.until(lambda driver: driver.find_element(*status).text.startswith("200"))
    shown = browser.find_element(By.CSS_SELECTOR, f"{post} .live-responses-table").text
    path = f"/workloads/{WORKLOAD}/invocations"
    sent = json.dumps(proposed).encode()
    (expected,) = app.api.post(path, sent, content_type="application/json").json()["predictions"]
    assert str(expected) in shown
    severe = [each for each in browser.get_log("browser") if each["level"] == "SEVERE"]
    assert severe == []
