"""여러 테스트에서 함께 사용하는 준비 과정(fixture)입니다."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # 여러 장을 동시에 실행하므로 torch를 불러오기 전에 스레드를 하나로 제한합니다

import functools  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402
import pytest  # noqa: E402
from tools import CHAPTERS, DEAD_PROXY, EARLY, run_alone, source, write_tiny_fashion_mnist  # noqa: E402

NO_NETWORK = """
import sys
def hook(event, args):
    outside = event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1"
    if outside or event in ("socket.getaddrinfo", "urllib.Request"):
        raise SystemExit("network: " + event)
sys.addaudithook(hook)
"""

plt.switch_backend("agg")
WARNINGS_OF_OTHERS = [
    "ignore:.*use of fork:DeprecationWarning",  # Python 3.12부터 fork로 워커를 시작할 때
    "ignore:The given buffer is not writable:UserWarning",  # PyTorch 2.10의 torch.export.load
]


def pytest_configure(config):
    """다른 라이브러리의 경고를 제외합니다. 장에서 발생하는 경고는 요약에 표시됩니다."""
    for warning in WARNINGS_OF_OTHERS:
        config.addinivalue_line("filterwarnings", warning)


@pytest.fixture(autouse=True)
def close_figures():
    """테스트가 남긴 그림을 닫습니다."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """학습용 300개, 테스트용 60개인 작은 FashionMNIST 폴더입니다."""
    return write_tiny_fashion_mnist(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def no_network(monkeypatch):
    """이 프로세스의 네트워크를 막힌 프록시로 차단합니다."""
    monkeypatch.setattr("urllib.request._opener", None)  # urllib은 처음 접속할 때의 프록시를 기억합니다
    for name, value in DEAD_PROXY.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)


@pytest.fixture(scope="session")
def real_data():
    """실제 FashionMNIST 폴더입니다. 환경 변수 FASHION_MNIST_DIR이 없으면 건너뜁니다."""
    folder = os.environ.get("FASHION_MNIST_DIR")
    if not folder:
        pytest.skip("실제 데이터가 없습니다 (FASHION_MNIST_DIR)")
    return Path(folder)


@pytest.fixture(scope="session")
def pool():
    """프로세스를 미리 시작하는 스레드 2개입니다. 그동안 다른 테스트를 실행해 코어를 모두 사용합니다."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="session")
def run_once(pool, tmp_path_factory, tiny_data, request):
    """run_once(이름, 옵션, ...)은 작은 데이터가 data/에 있고 이름이 한글인 폴더에서 실행하고 (폴더, 결과)를 반환합니다.

    같은 명령은 한 번만 실행합니다. 출력 인코딩은 한글이 없는 cp1252이고, 네트워크에 접속하면 감사 훅(audit hook)이
    종료합니다. 테스트할 장은 미리 실행합니다.
    """
    hook = tmp_path_factory.mktemp("hook")
    (hook / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    environment = {"PYTHONPATH": str(hook), "PYTHONIOENCODING": "cp1252", "LC_ALL": "C.UTF-8"}

    def run(name, *args):
        folder = tmp_path_factory.mktemp(name) / "한글 폴더"
        folder.mkdir()
        if "--data-dir" in source(name):
            shutil.copytree(tiny_data, folder / "data")
        return folder, run_alone(folder, name, *args, **environment)

    start = functools.cache(lambda name, *args: pool.submit(run, name, *args))
    tested = " ".join(item.nodeid for item in request.session.items)
    for name in sorted(CHAPTERS):
        if f"test_{name}.py" in tested:
            start(name)
    return lambda name, *args: start(name, *args).result()


@pytest.fixture(scope="session", autouse=True)
def started_early(run_once, pool, tmp_path_factory, tiny_data, request):
    """started_early(함수)는 tools.early로 등록한 함수를 실행한 폴더와 반환값입니다."""
    tested = {item.originalname for item in request.session.items}
    jobs = {}
    for function in (function for function, test in EARLY.items() if test in tested):
        folder = tmp_path_factory.mktemp(function.__name__)
        jobs[function] = folder, pool.submit(function, folder, tiny_data)
    return lambda function: (jobs[function][0], jobs[function][1].result())


@pytest.fixture(scope="session")
def display():
    """가상 화면(Xvfb)의 이름입니다. 없으면 건너뜁니다."""
    pytest.importorskip("tkinter", reason="창을 여는 tkinter가 없습니다")
    if not shutil.which("Xvfb"):
        pytest.skip("가상 화면을 만드는 Xvfb가 없습니다")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        with open(reader) as pipe:
            name = ":" + pipe.readline().strip()
        yield name
        process.terminate()
