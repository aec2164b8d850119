"""여러 테스트에서 함께 사용하는 준비 과정(fixture)입니다."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # 여러 장을 동시에 실행하므로 스레드를 하나로 제한합니다
os.environ["MPLBACKEND"] = "agg"

from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from tools import DEAD_PROXY, run_alone, write_tiny_fashion_mnist  # noqa: E402

REAL_DATA = os.environ.get("FASHION_MNIST_DIR")
SLOWEST_FIRST = "optimization transform data_tutorial quick_start model autograd tensor".split()


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="오래 걸리는 테스트도 모두 실행합니다")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: --full을 지정했을 때만 실행하는 테스트")
    config.addinivalue_line("filterwarnings", "ignore:.*use of fork:DeprecationWarning")


def pytest_collection_modifyitems(config, items):
    """--full이 없으면 오래 걸리는 테스트를 제외합니다. 장의 실행을 기다리는 테스트는 뒤로 보냅니다."""
    items.sort(key=lambda item: bool({"chapter_run", "real_run"} & set(item.fixturenames)))
    if not config.getoption("--full"):
        slow = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


@pytest.fixture(scope="session")
def pool():
    """프로세스를 미리 시작하는 스레드 2개입니다. 그동안 다른 테스트가 실행됩니다."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="session", autouse=True)
def chapter_runs(pool, tmp_path_factory, request):
    """필요한 장을 미리 실행합니다: {이름: (폴더, 결과)를 담은 future}. "real"은 실제 데이터를 사용한 1장입니다."""

    def run(name, *args):
        folder = tmp_path_factory.mktemp(name) / "한글 폴더"
        return folder, run_alone(folder, name, *args, PYTHONIOENCODING="cp1252", LC_ALL="C.UTF-8")

    tmp_path_factory.getbasetemp()  # 스레드를 시작하기 전에 임시 폴더를 한 번만 만듭니다
    needed = [item for item in request.session.items if "chapter_run" in item.fixturenames]
    files = {item.path.stem for item in needed}
    runs = {}
    for name in SLOWEST_FIRST:
        if files & {f"test_{name}", "test_collection", "test_readme"}:
            runs[name] = pool.submit(run, name)
    if any("real_run" in item.fixturenames for item in request.session.items) and REAL_DATA:
        runs["real"] = pool.submit(run, "quick_start", "--data-dir", REAL_DATA)
    return runs


@pytest.fixture
def chapter_run(chapter_runs):
    """chapter_run(이름)은 데이터도 네트워크도 없는 한글 폴더에서 장을 실행한 (폴더, 결과)를 반환합니다."""
    return lambda name: chapter_runs[name].result()


@pytest.fixture
def real_run(real_data, chapter_runs):
    """실제 데이터로 1장을 실행한 결과입니다."""
    return chapter_runs["real"].result()[1]


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """학습용 300개, 테스트용 60개인 작은 FashionMNIST 폴더입니다."""
    return write_tiny_fashion_mnist(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def no_network(monkeypatch):
    """이 프로세스의 네트워크를 막힌 프록시로 차단합니다."""
    monkeypatch.setattr("urllib.request._opener", None)  # urllib은 처음 사용한 프록시를 기억합니다
    for name, value in DEAD_PROXY.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)


@pytest.fixture
def real_data():
    """실제 FashionMNIST 폴더입니다. 환경 변수 FASHION_MNIST_DIR이 없으면 건너뜁니다."""
    if not REAL_DATA:
        pytest.skip("실제 데이터가 없습니다 (FASHION_MNIST_DIR)")
    return Path(REAL_DATA)
