"""테스트에서 사용하는 도구입니다. 네트워크와 실제 데이터가 없어도 됩니다."""

import contextlib
import html.parser
import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = [
    "quick_start",
    "tensor",
    "data_tutorial",
    "transform",
    "model",
    "autograd",
    "optimization",
]
READS_DATA = ["quick_start", "data_tutorial", "transform", "optimization"]
DEAD_PROXY = {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "",
}


def source(name):
    """장의 소스 코드를 반환합니다."""
    return (ROOT / f"{name}.py").read_text(encoding="utf-8")


def write_edited(folder, name, edits=()):
    """edits({바꾸기 전: 바꾼 후})를 적용한 장을 folder에 저장하고 그 경로를 반환합니다."""
    text = source(name)
    for old, new in dict(edits).items():
        assert old in text, f"{name}.py에 없습니다: {old}"
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def load(path):
    """파일을 새 모듈로 읽습니다. 같은 이름으로 먼저 읽은 모듈을 대신합니다."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def load_chapter(name):
    """장을 새 모듈로 읽습니다."""
    return load(ROOT / f"{name}.py")


def only(name, *lessons):
    """main에서 teach(...)로만 된 줄 중 이 절들만 남기는 edits입니다. 값을 받는 줄은 그대로 둡니다."""
    lines = re.findall(r"^    teach\((\w+).*\)\n", source(name), re.MULTILINE)
    rest = set(lines) - set(lessons)
    assert set(lessons) <= set(lines), lessons
    pattern = rf"^    teach\((?:{'|'.join(sorted(rest))})\b.*\)\n"
    return {line: "" for line in re.findall(pattern, source(name), re.MULTILINE)}


class Run:
    """장을 한 번 실행한 결과입니다: 모듈, 화면의 출력(out), 종료 코드나 메시지(code)."""

    def __init__(self, module, out, code):
        self.module = module
        self.out = out
        self.code = code


def run_main(folder, name, *args, edits=()):
    """edits를 적용한 장의 main을 이 프로세스에서 실행합니다. 새 프로세스보다 몇 초 빠릅니다."""
    module = load(write_edited(folder, name, edits))
    out = io.StringIO()
    code = 0
    old_argv = sys.argv
    sys.argv = [f"{name}.py", *map(str, args)]
    try:
        with contextlib.redirect_stdout(out):
            module.main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.argv = old_argv
        plt.close("all")
    return Run(module, out.getvalue(), code)


def user_environment(**environment):
    """화면과 네트워크가 없는 사용자의 환경 변수입니다. 네트워크는 막힌 프록시로 차단합니다."""
    hidden = ("display", "wayland_display", "mplbackend", "browser")
    env = {key: value for key, value in os.environ.items() if key.lower() not in hidden}
    return env | DEAD_PROXY | {"PYTHONDONTWRITEBYTECODE": "1"} | environment


def run_alone(folder, name, *args, edits=(), **environment):
    """장 하나만 folder에 복사해 사용자처럼 새 프로세스에서 실행합니다."""
    write_edited(folder, name, edits)
    return subprocess.run(
        [sys.executable, f"{name}.py", *map(str, args)],
        cwd=folder,
        env=user_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def broken_claims(text):
    """출력에서 ✗로 표시된 설명입니다."""
    return re.findall(r"^ *✗ .+$", text, re.MULTILINE)


def assert_clean(result):
    """정상 종료했고, stderr가 비어 있고, 모든 설명이 맞는지 확인합니다."""
    assert result.returncode == 0 and result.stderr == "", result.stdout[-3000:] + result.stderr
    assert "    ✓ " in result.stdout and not broken_claims(result.stdout)


def assert_one_korean_line(text):
    """오류 메시지가 한국어 한 줄인지 확인합니다."""
    assert len(str(text).strip().splitlines()) == 1 and re.search("[가-힣]", str(text)), text


def assert_picture(path):
    """그림이 열리고 한 가지 색으로만 되어 있지 않은지 확인합니다."""
    picture = plt.imread(path)
    assert min(picture.shape[:2]) >= 200, path
    assert picture[..., :3].std() > 0.02, f"빈 그림: {path}"


class Reader(html.parser.HTMLParser):
    """여는 태그와 닫는 태그의 짝을 확인하고, 링크, id, 그림을 모읍니다."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.ids, self.images, self.text = [], [], [], [], {}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes["href"]] if "href" in attributes else []
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.images += [attributes] if tag == "img" else []
        if tag in ("p", "pre", "samp", "h2", "h3"):
            assert self.open[-1][0] == "body", tag
        if tag not in ("meta", "img", "br"):
            self.open.append((tag, attributes.get("class", tag)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, kind in self.open:
            self.text[kind] = self.text.get(kind, "") + data


def read_page(path):
    """페이지의 HTML이 올바른지 확인하고, 내용을 모은 Reader를 반환합니다."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert reader.open == [] and len(set(reader.ids)) == len(reader.ids)
    assert {link.strip("#") for link in reader.links} == set(reader.ids)
    return reader


def write_idx(path, array):
    """uint8 배열을 IDX 형식으로 저장합니다."""
    header = (0x0800 + array.ndim).to_bytes(4, "big")
    header += b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_tiny_fashion_mnist(folder, train=300, test=60):
    """정답이 k인 이미지는 k번째 두 줄이 밝은, 작은 FashionMNIST를 저장합니다."""
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
