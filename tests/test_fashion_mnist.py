"""FashionMNIST 준비하기: 미러, 손상된 파일, 연습용 데이터. 사본이 같으므로 1장으로 확인합니다."""

import gzip
import hashlib
import http.server
import re
import threading
import time

import pytest
import torch
from tools import assert_one_korean_line, load_chapter, write_tiny_fashion_mnist
from torchvision import datasets


@pytest.fixture
def chapter():
    return load_chapter("quick_start")


def notices(chapter):
    """연습용 데이터를 사용한다는 안내입니다."""
    return [text for text in chapter.PAGE if text.startswith("[연습용 데이터]")]


def test_practice_data_is_read_by_torchvision(chapter):
    root = chapter.write_practice_data()
    training_data = datasets.FashionMNIST(root, train=True)
    test_data = datasets.FashionMNIST(root, train=False)
    assert training_data.data.shape == (6000, 28, 28) and test_data.data.shape == (1000, 28, 28)
    assert set(training_data.targets.tolist()) == set(range(10))
    means = [test_data.data[test_data.targets == k].float().mean(0).flatten() for k in range(10)]
    distances = torch.cdist(torch.stack(means), torch.stack(means))
    assert distances.fill_diagonal_(1e9).min() > 300  # 서로 다른 모양 10종류입니다
    again = datasets.FashionMNIST(chapter.write_practice_data(), train=False)
    assert torch.equal(again.data, test_data.data)


def test_no_data_and_no_network_gives_practice_data(chapter, no_network, tmp_path, capsys):
    root = chapter.prepare_fashion_mnist(tmp_path / "data")
    assert len(datasets.FashionMNIST(root)) == 6000 and root != tmp_path / "data"
    (notice,) = notices(chapter)
    assert ".gz" in notice and str(tmp_path) in notice
    assert notice in capsys.readouterr().out


def test_damaged_file_is_named_and_kept(chapter, tmp_path):
    raw = write_tiny_fashion_mnist(tmp_path, 30, 20) / "FashionMNIST" / "raw"
    for name in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        good = (raw / name).read_bytes()
        damages = [good[:-5], good + b"\x00", b"", b"\x99" * len(good)]
        if "labels" in name:
            damages.append(good[:-1] + b"\x0a")  # 9보다 큰 정답
        for damaged in damages:
            (raw / name).write_bytes(damaged)
            with pytest.raises(SystemExit) as stop:
                chapter.prepare_fashion_mnist(tmp_path)
            assert_one_korean_line(stop.value.code)
            assert name in stop.value.code and (raw / name).read_bytes() == damaged
        (raw / name).write_bytes(good)
    assert chapter.prepare_fashion_mnist(tmp_path) == tmp_path
    (raw / "train-labels-idx1-ubyte").write_bytes((raw / "t10k-labels-idx1-ubyte").read_bytes())
    with pytest.raises(SystemExit, match="train-"):  # 이미지와 정답의 개수가 다릅니다
        chapter.prepare_fashion_mnist(tmp_path)


def test_data_folder_that_is_a_file(chapter, tmp_path):
    (tmp_path / "data").touch()
    with pytest.raises(SystemExit) as stop:
        chapter.prepare_fashion_mnist(tmp_path / "data")
    assert_one_korean_line(stop.value.code)


def test_home_folder_is_expanded(chapter, tiny_data, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny_data.parent))
    monkeypatch.setenv("USERPROFILE", str(tiny_data.parent))
    assert chapter.prepare_fashion_mnist(f"~/{tiny_data.name}") == tiny_data
    chapter.prepare_outputs("~/new outputs")
    assert chapter.OUTPUT_DIR == tiny_data.parent / "new outputs" and chapter.OUTPUT_DIR.is_dir()


# ---- 로컬 서버가 미러를 흉내 냅니다 ----


class Mirror(http.server.BaseHTTPRequestHandler):
    """mode: good, refuse(503), rubbish(다른 내용), silent(응답 없음), stop(멈춤), cut(끊김)."""

    def do_GET(self):
        self.server.requests.append(self.path)
        mode = self.server.mode
        content = self.server.files[self.path.rsplit("/", 1)[-1]]
        if mode == "rubbish":
            content = b"<html>hello</html>"
        if mode == "silent":
            self.server.wait.wait(30)
            return
        self.send_response(503 if mode == "refuse" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mode in ("stop", "cut"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
        if mode == "stop":
            self.server.wait.wait(30)
        if mode in ("good", "rubbish"):
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def mirrors(chapter, tiny_data, monkeypatch):
    """mirrors(첫째의 mode, 둘째의 mode)는 서버 두 개를 시작하고 장의 미러로 지정합니다."""
    raw = tiny_data / "FashionMNIST" / "raw"
    files = {}
    for name, _ in datasets.FashionMNIST.resources:
        files[name] = gzip.compress((raw / name.removesuffix(".gz")).read_bytes())
    servers = []

    def start(*modes):
        for mode in modes:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
            server.mode = mode
            server.files = files
            server.requests = []
            server.wait = threading.Event()
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.append(server)
        started = servers[-len(modes) :]
        urls = [f"http://127.0.0.1:{server.server_port}/" for server in started]
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", urls[:1])
        monkeypatch.setattr(chapter, "SECOND_MIRROR", urls[1])
        return started

    resources = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    monkeypatch.setattr(chapter, "STALL_SECONDS", 0.5)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("urllib.request._opener", None)
    start.files = files
    yield start
    for server in servers:
        server.wait.set()
        server.shutdown()
        server.server_close()


MIRROR_TESTS = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestWarning")


@MIRROR_TESTS
@pytest.mark.full
def test_second_mirror_serves(chapter, mirrors, tmp_path):
    for mode in ("refuse", "rubbish", "silent", "stop", "cut"):
        first, second = mirrors(mode, "good")
        started = time.monotonic()
        assert chapter.prepare_fashion_mnist(tmp_path / mode) == tmp_path / mode
        assert notices(chapter) == [] and time.monotonic() - started < 5, mode
        assert chapter.socket.getdefaulttimeout() is None
        assert first.requests and len(set(second.requests)) == 4
        assert len(datasets.FashionMNIST(tmp_path / mode)) == 300
        assert len(datasets.FashionMNIST.mirrors) == 1


@MIRROR_TESTS
@pytest.mark.full
def test_broken_download_does_not_poison_the_next_run(chapter, mirrors, tmp_path):
    for mode in ("cut", "stop", "rubbish"):
        servers = mirrors(mode, "refuse")
        assert chapter.prepare_fashion_mnist(tmp_path / mode) != tmp_path / mode
        assert "503" in notices(chapter)[0]
        servers[0].mode = "good"
        assert chapter.prepare_fashion_mnist(tmp_path / mode) == tmp_path / mode
        assert len(datasets.FashionMNIST(tmp_path / mode, train=False)) == 60


@MIRROR_TESTS
@pytest.mark.full
def test_files_put_there_by_hand_need_no_network(chapter, mirrors, tiny_data, tmp_path):
    servers = mirrors("good", "good")
    assert chapter.prepare_fashion_mnist(tiny_data) == tiny_data
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in mirrors.files.items():
        (raw / name).write_bytes(content)
    assert chapter.prepare_fashion_mnist(tmp_path) == tmp_path
    assert [server.requests for server in servers] == [[], []]


@MIRROR_TESTS
@pytest.mark.full
def test_one_bad_gz_without_network_is_named(chapter, mirrors, tmp_path):
    mirrors("refuse", "refuse")
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in mirrors.files.items():
        (raw / name).write_bytes(b"<html>" if name.startswith("t10k-labels") else content)
    assert chapter.prepare_fashion_mnist(tmp_path) != tmp_path
    named = re.findall(r"[\w-]+-ubyte\.gz", notices(chapter)[0])
    assert set(named) == {"t10k-labels-idx1-ubyte.gz"}
