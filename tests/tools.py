"""테스트에서 사용하는 도구입니다. 네트워크와 실제 데이터가 없어도 됩니다."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ["quick_start", "tensor", "data_tutorial", "transform", "model", "autograd", "optimization"]
READS_DATA = ["quick_start", "data_tutorial", "transform", "optimization"]
ENVIRONMENT = dict(os.environ)  # 테스트가 변경하기 전의 환경 변수입니다
EARLY = {}
DEAD_PROXY = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}


def early(test):
    """test가 사용할 함수를 등록합니다. 세션을 시작할 때 다른 스레드에서 함수(새 폴더, 작은 데이터의 폴더)를 실행합니다."""

    def register(function):
        EARLY[function] = test
        return function

    return register


def source(name):
    """장의 소스 코드를 반환합니다."""
    return (ROOT / f"{name}.py").read_text(encoding="utf-8")


def write_idx(path, array):
    """uint8 배열을 IDX 형식으로 저장합니다. 헤더는 형식 번호와 차원별 크기(빅 엔디언 정수)입니다."""
    header = (0x0800 + array.ndim).to_bytes(4, "big") + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_tiny_fashion_mnist(folder, train=300, test=60):
    """정답이 k인 이미지는 k번째 두 줄이 밝습니다. 쉬워서 금방 학습할 수 있습니다."""
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


def edited(name, edits):
    """edits({변경 전: 변경 후})를 적용한 소스 코드를 반환합니다. 변경할 문자열은 반드시 있어야 합니다."""
    text = source(name)
    for old, new in dict(edits).items():
        assert old in text, f"{name}.py에 없습니다: {old}"
        text = text.replace(old, new)
    return text


def load_chapter(name, edits=()):
    """장을 모듈로 읽습니다. edits를 적용한 뒤 읽을 수도 있습니다."""
    module = types.ModuleType(name)
    module.__file__ = str(ROOT / f"{name}.py")
    sys.modules[name] = module
    exec(compile(edited(name, edits), module.__file__, "exec"), vars(module))
    return module


def run_main(name, monkeypatch, *args, pictures=False, edits=(), **replaced):
    """장의 main을 이 프로세스에서 실행하고 모듈을 반환합니다. edits와 replaced(대신 사용할 함수)를 먼저 적용합니다.

    새 프로세스보다 빠릅니다. 그림은 pictures가 참일 때만 실제로 저장하고, 아니면 빈 파일만 생성합니다.
    """
    if not pictures:
        monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **options: Path(path).touch())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    chapter = load_chapter(name, edits)
    vars(chapter).update(replaced)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, args)])
    try:
        chapter.main()
    finally:
        plt.close("all")
    return chapter


def user_environment(**environment):
    """화면과 네트워크가 없는 사용자의 환경 변수입니다. 네트워크는 막힌 프록시로 차단합니다."""
    env = {k: v for k, v in ENVIRONMENT.items() if k.lower() not in ("display", "wayland_display", "mplbackend")}
    return env | DEAD_PROXY | {"PYTHONDONTWRITEBYTECODE": "1"} | environment


def run_alone(folder, name, *args, edits=(), script=None, **environment):
    """스크립트 하나만 folder에 복사해 사용자처럼 실행합니다. edits는 {변경 전: 변경 후}, script는 대신 실행할 파일입니다."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(edited(name, edits), encoding="utf-8")
    return subprocess.run(
        [sys.executable, script or f"{name}.py", *map(str, args)],
        cwd=folder,
        env=user_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def broken_claims(text):
    """출력에서 ✗로 표시된 설명입니다."""
    return re.findall(r"^    ✗ .+$", text, re.MULTILINE)


def own_errors(result):
    """stderr에서 Python의 resource_tracker가 종료할 때 가끔 출력하는 경고를 제외한 내용입니다."""
    return re.sub(r".*resource_tracker.*\n(  warnings\.warn.*\n)?", "", result.stderr)


def own_warnings(recwarn):
    """기록한 경고 중에서 Python 3.12부터 fork로 워커를 시작할 때 발생하는 경고를 제외한 목록입니다."""
    return [str(warning.message) for warning in recwarn.list if "use of fork()" not in str(warning.message)]


def assert_clean(result):
    """정상 종료했고, stderr가 비어 있고, 모든 설명이 맞는지 확인합니다."""
    assert result.returncode == 0 and own_errors(result) == "", result.stdout[-3000:] + result.stderr
    assert "    ✓ " in result.stdout and not broken_claims(result.stdout), broken_claims(result.stdout)


def written_files(folder):
    """실행한 뒤 폴더에 생긴 파일의 이름입니다. 스크립트와 데이터는 제외합니다."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(("data/", "__pycache__/")) and "/" in name}


def assert_picture(path):
    """그림이 열리고 한 가지 색으로만 되어 있지 않은지 확인합니다."""
    picture = plt.imread(path)
    assert min(picture.shape[:2]) >= 200, path
    assert picture[..., :3].std() > 0.02, f"빈 그림: {path}"
