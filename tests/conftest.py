"""시험에 쓰는 작은 FashionMNIST와 도구입니다. 네트워크와 진짜 데이터가 없어도 됩니다."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # 여러 장을 함께 실행하므로, 저마다 스레드 하나로 계산하게 합니다 (torch보다 먼저)

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["quick_start", "tensor", "data_tutorial", "transform", "model", "autograd", "optimization"]
CHAPTERS = [name for name in ORDER if (ROOT / f"{name}.py").exists()]
DEAD_PROXY = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}

NO_NETWORK = """
import sys
def hook(event, args):
    outside = event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1"
    if outside or event in ("socket.getaddrinfo", "urllib.Request"):
        raise SystemExit("network: " + event)
sys.addaudithook(hook)
"""

plt.switch_backend("agg")


def write_idx(path, array):
    """uint8 배열을 IDX 형식으로 씁니다. 머리말은 형식 번호와 각 차원의 크기(큰 끝 정수)입니다."""
    header = (0x0800 + array.ndim).to_bytes(4, "big") + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_tiny_fashion_mnist(folder, train=300, test=60):
    """정답 k의 이미지는 k번째 두 줄이 밝습니다. 쉬워서 금방 배울 수 있습니다."""
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for split, n in (("train", train), ("t10k", test)):
        labels = np.arange(n) % 10
        images = random.integers(0, 60, (n, 28, 28))
        for image, label in zip(images, labels):
            image[2 * label + 4 : 2 * label + 6] = 230
        write_idx(raw / f"{split}-images-idx3-ubyte", images)
        write_idx(raw / f"{split}-labels-idx1-ubyte", labels)
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    return write_tiny_fashion_mnist(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def no_network(monkeypatch):
    """이 프로세스의 네트워크를 막힌 프록시로 끊습니다."""
    for name, value in DEAD_PROXY.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)


@pytest.fixture(scope="session")
def real_data():
    folder = os.environ.get("FASHION_MNIST_DIR")
    if not folder:
        pytest.skip("진짜 데이터가 없습니다 (FASHION_MNIST_DIR)")
    return Path(folder)


def load_chapter(name):
    """장 파일을 모듈로 읽습니다."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def save_empty_pictures(monkeypatch):
    """그림을 파일로 그리는 시간을 아낍니다. 빈 파일만 만듭니다."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **options: Path(path).touch())


def run_main(name, monkeypatch, *args, pictures=False, **replaced):
    """장의 main을 이 프로세스 안에서 실행합니다. 새 프로세스보다 빠릅니다. 모듈을 돌려줍니다.

    그림은 pictures가 참일 때에만 진짜로 저장합니다. replaced는 바꾸어 넣을 함수입니다.
    """
    if not pictures:
        save_empty_pictures(monkeypatch)
    chapter = load_chapter(name)
    vars(chapter).update(replaced)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, args)])
    chapter.main()
    plt.close("all")
    return chapter


def run_alone(folder, name, *args, script=None, **environment):
    """스크립트 하나만 folder에 복사하여 사용자처럼 실행합니다. 네트워크는 막힌 프록시로 끊습니다.

    script를 주면 그 파일을 대신 실행합니다.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / f"{name}.py", folder)
    env = {k: v for k, v in os.environ.items() if k.lower() not in ("display", "wayland_display", "mplbackend")}
    env |= DEAD_PROXY | {"PYTHONDONTWRITEBYTECODE": "1"} | environment
    return subprocess.run(
        [sys.executable, script or f"{name}.py", *map(str, args)],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="session")
def run_once(tmp_path_factory, tiny_data, request):
    """run_once(이름, 옵션, ...)은 작은 데이터가 data/에 있는 빈 폴더에서 실행합니다. 같은 명령은 한 번만 실행합니다.

    출력은 일부러 한글이 없는 인코딩(cp1252, C)으로 정하고, 네트워크에 닿으려 하면 감사 고리(audit hook)가 멈춥니다.
    (폴더, 결과)를 돌려줍니다. 시험할 장은 미리 두 개씩 함께 실행하여 두 코어를 모두 씁니다.
    """
    hook = tmp_path_factory.mktemp("hook")
    (hook / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    environment = {"PYTHONPATH": str(hook), "PYTHONIOENCODING": "cp1252", "LC_ALL": "C", "PYTHONUTF8": "0"}

    def run(name, *args):
        folder = tmp_path_factory.mktemp(name)
        if "--data-dir" in (ROOT / f"{name}.py").read_text(encoding="utf-8"):
            shutil.copytree(tiny_data, folder / "data")
        return folder, run_alone(folder, name, *args, **environment)

    with ThreadPoolExecutor(2) as pool:
        start = functools.cache(lambda name, *args: pool.submit(run, name, *args))
        tested = " ".join(item.nodeid for item in request.session.items)
        for name in sorted(CHAPTERS):
            if f"test_{name}.py" in tested:
                start(name)
        yield lambda name, *args: start(name, *args).result()


@pytest.fixture(scope="session")
def display():
    """가상 화면(Xvfb)의 이름입니다. 없으면 건너뜁니다."""
    pytest.importorskip("tkinter", reason="창을 띄울 tkinter가 없습니다")
    if not shutil.which("Xvfb"):
        pytest.skip("가상 화면을 만들 Xvfb가 없습니다")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        with open(reader) as pipe:
            name = ":" + pipe.readline().strip()
        yield name
        process.terminate()


def written_files(folder):
    """실행한 뒤에 폴더에 있는 파일의 이름입니다. 스크립트와 데이터는 뺍니다."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(("data/", "__pycache__/")) and "/" in name}


def assert_picture(path):
    """그림이 열리고, 한 가지 색으로만 되어 있지 않은지 봅니다."""
    picture = plt.imread(path)
    assert min(picture.shape[:2]) >= 200, path
    assert picture[..., :3].std() > 0.02, f"빈 그림: {path}"
