"""1장: 학습, 저장, 예측, 그리고 여러 장에서 사용하는 데이터 준비와 미러."""

import gc
import gzip
import hashlib
import http.server
import re
import threading
import time
import warnings

import pytest
import torch
from tools import (
    assert_clean,
    assert_picture,
    broken_claims,
    early,
    load_chapter,
    own_warnings,
    run_alone,
    run_main,
    write_tiny_fashion_mnist,
    written_files,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.transforms import ToTensor

CPU = torch.device("cpu")
FILES = {
    "outputs/model.pth",
    "outputs/quick_start_confusion_matrix.png",
    "outputs/quick_start_learning_curve.png",
    "outputs/quick_start_predictions.png",
}


@pytest.fixture
def chapter():
    return load_chapter("quick_start")


# ---- 사용자처럼 실행하기 ----


def test_runs_alone_on_data_at_hand(run_once):
    folder, result = run_once("quick_start")
    assert_clean(result)
    assert written_files(folder) == FILES
    for name in FILES:
        if name.endswith(".png"):
            assert_picture(folder / name)
            assert name in result.stdout.replace("\\", "/")
    assert "len(training_data), len(test_data) = (300, 60)" in result.stdout
    assert "tensor.py" in result.stdout.splitlines()[-1]


@early("test_practice_data_without_network")
def run_without_data(folder, tiny_data):
    return run_alone(folder, "quick_start", "--epochs", 2, TMPDIR=str(folder))


def test_practice_data_without_network(started_early):
    """데이터와 네트워크가 없으면 연습용 데이터로 실행하고, 처음과 마지막에 알립니다."""
    folder, result = started_early(run_without_data)
    assert_clean(result)
    assert result.stdout.count("Connection refused") == 4 or result.stdout.count("urlopen error") == 4
    assert result.stdout.count("github.com/zalandoresearch") == 2  # 처음과 마지막의 안내
    assert written_files(folder) == FILES  # 연습용 데이터의 임시 폴더가 남지 않습니다
    assert float(re.findall(r"([\d.]+)%", result.stdout)[-1]) > 85


def test_reaches_89_percent_on_real_data(tmp_path, real_data, monkeypatch, capsys):
    run_main("quick_start", monkeypatch, "--data-dir", real_data, "--output-dir", tmp_path)
    output, error = capsys.readouterr()
    assert error == "" and not broken_claims(output)
    assert float(re.findall(r"([\d.]+)%", output)[-1]) >= 88.7  # 시드 3개의 평균은 89.0 이상입니다


def test_same_seed_same_parameters(tmp_path, tiny_data, monkeypatch):
    def parameters(folder, seed):
        options = ("--epochs", 1, "--device", "cpu", "--seed", seed, "--output-dir", tmp_path / folder)
        run_main("quick_start", monkeypatch, "--data-dir", tiny_data, *options)
        return torch.load(tmp_path / folder / "model.pth", weights_only=True)

    first, again, other = parameters("a", 3), parameters("b", 3), parameters("c", 4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_many_seeds_hold(tmp_path, tiny_data, monkeypatch, capsys):
    for seed in (1, 2, 17, 2**32 - 1):
        options = ("--seed", seed, "--epochs", 1, "--data-dir", tiny_data, "--output-dir", tmp_path)
        run_main("quick_start", monkeypatch, *options)
    assert not broken_claims(capsys.readouterr().out)


# ---- 학습자가 변경해 볼 만한 코드 ----

LAYERS = """            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
"""
CNN = """            nn.Unflatten(1, (-1, 28, 28)),
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(8 * 14 * 14, 10),
"""
V2 = "v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])"
IMPORT_V2 = {"from torchvision.transforms import ToTensor\n": "from torchvision.transforms import ToTensor, v2\n"}
TRAIN_SET = "train=True, download=True, transform=ToTensor()"
TEST_LOADER = "DataLoader(load_into_memory(test_data), batch_size=batch_size"
TRAIN_LOADER = "batch_size=batch_size, shuffle=True"
RETURN_DATA = "    return training_data, test_data\n"
SUBSET = "    return torch.utils.data.Subset(training_data, range(100)), test_data\n"
ADAM = "torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)"
TO_TENSOR = "transform=ToTensor()"
EDITS = {
    "another layer": {
        LAYERS: LAYERS.replace("512, 10", "512, 64") + "            nn.ReLU(),\n            nn.Linear(64, 10),\n"
    },
    "dropout": {"            nn.ReLU(),\n": "            nn.ReLU(),\n            nn.Dropout(0.2),\n"},
    "batch norm": {"            nn.ReLU(),\n": "            nn.BatchNorm1d(512),\n            nn.ReLU(),\n"},
    "width 128": {"512": "128"},
    "a CNN": {LAYERS: CNN},
    "Normalize": IMPORT_V2 | {TO_TENSOR: "transform=v2.Compose([ToTensor(), v2.Normalize([0.286], [0.353])])"},
    "v2": IMPORT_V2 | {TO_TENSOR: f"transform={V2}"},
    "flip": IMPORT_V2 | {TRAIN_SET: "train=True, transform=v2.Compose([ToTensor(), v2.RandomHorizontalFlip()])"},
    "rgb": IMPORT_V2
    | {TO_TENSOR: "transform=v2.Compose([v2.Grayscale(3), ToTensor()])", "28 * 28, 512": "3 * 28 * 28, 512"},
    "subset": {RETURN_DATA: SUBSET},
    "reversed labels": {TO_TENSOR: "transform=ToTensor(), target_transform=lambda y: 9 - y"},
    "one-hot labels": {TO_TENSOR: "transform=ToTensor(), target_transform=lambda y: torch.eye(10)[y]"},
    "shuffled test loader": {TEST_LOADER: f"{TEST_LOADER}, shuffle=True"},
    "drop_last test loader": {TEST_LOADER: "DataLoader(load_into_memory(test_data), batch_size=25, drop_last=True"},
    "two workers": {TRAIN_LOADER: f"{TRAIN_LOADER}, num_workers=2"},
    "SGD": {ADAM: "torch.optim.SGD(model.parameters(), lr=1e-3)"},
    "no ReLU": {"            nn.ReLU(),\n": ""},
    "softmax at the end": {"nn.Linear(512, 10),": "nn.Linear(512, 10),\n            nn.Softmax(dim=1),"},
    "no label smoothing": {"nn.CrossEntropyLoss(label_smoothing=0.05)": "nn.CrossEntropyLoss()"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_of_a_learner_still_gives_right_numbers(edit, tmp_path, tiny_data, monkeypatch, capsys, recwarn):
    """모든 설명이 성립하고, 혼동 행렬의 정확도가 학습이 끝났을 때의 정확도와 같습니다."""
    options = ("--data-dir", tiny_data, "--output-dir", tmp_path, "--epochs", 3)
    run_main("quick_start", monkeypatch, *options, edits=EDITS[edit])
    output = capsys.readouterr().out
    rows = [tuple(map(int, row)) for row in re.findall(r" (\d+)개 중 +(\d+)개.*\(", output)]
    assert len(rows) == 10 and sum(row[0] for row in rows) == (50 if "drop_last" in edit else 60)
    accuracy = 100 * sum(row[1] for row in rows) / sum(row[0] for row in rows)
    percent = re.findall(r"\.\d{4}, \S+ ([\d.]+)%\n", output)
    assert len(percent) == 3 and f"{accuracy:.1f}" == percent[-1] == output.split("%\n")[-2].split()[-1]
    assert not broken_claims(output) and not own_warnings(recwarn)
    assert {f"outputs/{path.name}" for path in tmp_path.iterdir()} == FILES


@pytest.mark.parametrize(
    "options", [("--batch-size", 1000), ("--epochs", 20), ("--learning-rate", 1000), ("--batch-size", 7)]
)
def test_option_of_a_learner(options, tmp_path, tiny_data, monkeypatch, capsys, recwarn):
    run_main("quick_start", monkeypatch, "--data-dir", tiny_data, "--output-dir", tmp_path, "--epochs", 2, *options)
    assert not broken_claims(capsys.readouterr().out) and not own_warnings(recwarn)


def test_target_transform_really_takes_part(chapter, tiny_data):
    dataset = datasets.FashionMNIST(tiny_data, transform=ToTensor(), target_transform=lambda y: 9 - y)
    X, y = chapter.load_into_memory(dataset).tensors
    assert torch.equal(y, 9 - dataset.targets)
    assert X.dtype == torch.float32 and torch.equal(X[:, 0], dataset.data / 255)


# ---- 학습, 테스트, 저장 ----


def test_model_file_opens_in_the_official_network(run_once):
    class Official(nn.Module):
        def __init__(self):
            super().__init__()
            self.flatten = nn.Flatten()
            self.linear_relu_stack = nn.Sequential(
                nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
            )

    folder, _ = run_once("quick_start")
    state = torch.load(folder / "outputs" / "model.pth", weights_only=True)
    Official().load_state_dict(state)  # 이름이나 모양이 다르면 RuntimeError가 발생합니다


def linear_loader(batch_size=2):
    X, y = torch.rand(4, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 1, 0])
    return X, y, DataLoader(TensorDataset(X, y), batch_size)


def constant_rate(optimizer):
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def test_train_takes_plain_gradient_steps(chapter):
    """두 배치를 직접 계산한 경사하강법과 같아야 합니다. zero_grad가 없으면 달라집니다."""
    X, y, loader = linear_loader()
    model = nn.Linear(3, 2)
    weight, bias, losses = model.weight.detach().clone(), model.bias.detach().clone(), []
    for part in (slice(0, 2), slice(2, 4)):
        p = torch.softmax(X[part] @ weight.T + bias, dim=1)
        losses.append(-p[range(2), y[part]].log().mean())
        error = p - nn.functional.one_hot(y[part], 2)
        weight, bias = weight - 0.5 * error.T @ X[part] / 2, bias - 0.5 * error.mean(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, constant_rate(optimizer))
    assert torch.allclose(model.weight, weight) and torch.allclose(model.bias, bias)
    assert loss == pytest.approx(sum(losses).item() / 2, rel=1e-5)


def test_test_measures_and_changes_nothing(chapter):
    """마지막 배치가 작아도 샘플당 평균이어야 합니다."""
    X, y, loader = linear_loader(batch_size=3)
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    loss, accuracy = chapter.test(loader, model, nn.CrossEntropyLoss())
    p = torch.softmax(model(X), dim=1)
    assert loss == pytest.approx(-p[range(4), y].log().mean().item(), rel=1e-5)
    assert accuracy == 100 * (p.argmax(1) == y).float().mean().item()
    assert torch.equal(model.weight, before) and model.weight.grad is None


def test_averages_divide_by_what_was_seen(chapter):
    X, y, _ = linear_loader()
    loader = DataLoader(TensorDataset(X, y), 3, drop_last=True)
    model = nn.Linear(3, 2)
    loss, accuracy = chapter.test(loader, model, nn.CrossEntropyLoss())
    p = torch.softmax(model(X[:3]), dim=1)
    assert loss == pytest.approx(-p[range(3), y[:3]].log().mean().item(), rel=1e-5)
    assert accuracy == pytest.approx(100 * (p.argmax(1) == y[:3]).float().mean().item())


def test_train_and_test_set_the_mode(chapter):
    modes = []

    class Recorder(nn.Linear):
        def forward(self, x):
            modes.append((self.training, torch.is_grad_enabled()))
            return super().forward(x)

    _, _, loader = linear_loader(batch_size=4)
    model = Recorder(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    chapter.test(loader, model, nn.CrossEntropyLoss())
    chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, constant_rate(optimizer))
    chapter.predict(loader, model)
    assert modes == [(False, False), (True, True), (False, False)]


def test_training_batches_are_shuffled_every_epoch(chapter, tiny_data):
    training_data, test_data = (datasets.FashionMNIST(tiny_data, train, ToTensor()) for train in (True, False))
    train_dataloader, test_dataloader = chapter.make_dataloaders(training_data, test_data, 50)
    first, second = (torch.cat([y for _, y in train_dataloader]) for _ in range(2))
    assert not torch.equal(first, second) and torch.equal(first.sort()[0], training_data.targets.sort()[0])
    assert torch.equal(torch.cat([y for _, y in test_dataloader]), test_data.targets)


def test_rate_falls_in_a_straight_line_to_zero(chapter):
    rates = []

    class Recorder(torch.optim.Adam):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    _, _, loader = linear_loader()
    chapter.torch.optim.Adam, adam = Recorder, torch.optim.Adam
    try:
        history = chapter.fit(nn.Linear(3, 2), loader, loader, 5, 0.1)
    finally:
        chapter.torch.optim.Adam = adam
    assert rates == pytest.approx([0.1 * (1 - k / 10) for k in range(10)]) and len(history) == 5


def test_loaded_model_is_a_new_one_with_the_saved_parameters(chapter, tmp_path):
    model = chapter.NeuralNetwork()
    loaded = chapter.save_and_load(model, tmp_path / "model.pth")
    assert all(torch.equal(a, b) and a is not b for a, b in zip(model.parameters(), loaded.parameters()))
    assert [path.name for path in tmp_path.iterdir()] == ["model.pth"]


def test_predictions_labels_and_images_belong_together(chapter):
    torch.manual_seed(0)
    X, y = torch.rand(40, 1, 28, 28), torch.arange(40) % 10
    model = chapter.NeuralNetwork()
    loader = DataLoader(TensorDataset(X, y), 7, shuffle=True)
    images, probabilities, targets = chapter.predict(loader, model)
    places = [(X == image).flatten(1).all(1).nonzero().item() for image in images]
    assert sorted(places) == list(range(40)) and places != list(range(40))
    assert torch.equal(targets, y[places])
    exponents = model(X[places]).double().exp()
    assert torch.allclose(probabilities.double(), exponents / exponents.sum(1, keepdim=True), atol=1e-6)


def test_confusion_matrix_counts(chapter, capsys):
    probabilities = torch.eye(10)[[0, 1, 1, 9]]
    matrix = chapter.count_mistakes(probabilities, torch.tensor([0, 1, 2, 9]))
    expected = torch.zeros(10, 10, dtype=torch.int64)
    expected[0, 0] = expected[1, 1] = expected[2, 1] = expected[9, 9] = 1
    assert torch.equal(matrix, expected)
    assert "Pullover" in capsys.readouterr().out.splitlines()[-2]  # 정답 Pullover를 Trouser로 예측했습니다


def test_pictures_tell_right_from_wrong_and_train_from_test(chapter):
    probabilities = 0.1 / 9 + (0.9 - 0.1 / 9) * torch.eye(10)[[0, 3]]
    figure = chapter.draw_predictions(torch.rand(2, 1, 28, 28), probabilities, torch.tensor([0, 1]))
    left, right = figure.axes[:2]
    assert (left.get_title(), left.title.get_color()) == ("T-shirt/top 90%\ncorrect", "#0072B2")
    assert (right.get_title(), right.title.get_color()) == ("Dress 90%\nWRONG: Trouser", "#D55E00")

    losses, accuracy = chapter.draw_learning_curve([(0.5, 0.6, 70.0), (0.3, 0.4, 80.0)]).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in losses.lines}
    assert drawn == {"train": [0.5, 0.3], "test": [0.6, 0.4]}
    assert list(accuracy.lines[0].get_ydata()) == [70.0, 80.0]

    matrix = torch.arange(100).view(10, 10)
    texts = chapter.draw_confusion_matrix(matrix).axes[0].texts
    assert {(t.get_position(), t.get_text()) for t in texts} == {((k % 10, k // 10), str(k)) for k in range(100)}


def test_save_whole_keeps_the_old_file_when_saving_fails(chapter, tmp_path):
    path = tmp_path / "model.pth"
    path.write_bytes(b"old")
    for error in (OSError(28, "No space left on device"), RuntimeError("write failed"), KeyboardInterrupt()):
        with pytest.raises((SystemExit, KeyboardInterrupt)), chapter.save_whole(path) as file:
            file.write_bytes(b"half")
            raise error
        assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


# ---- 장치 ----


def test_card_without_kernels_falls_back_to_the_cpu(chapter, monkeypatch, capsys):
    """PyTorch가 지원하지 않는 오래된 GPU를 흉내 냅니다."""

    def ones(*args, **kwargs):
        raise RuntimeError("CUDA error: no kernel image is available\nlong explanation")

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.ones", ones)
    assert chapter.select_device("auto") == CPU
    output = capsys.readouterr().out.splitlines()
    assert len(output) == 1 and "no kernel image" in output[0]
    with pytest.raises(SystemExit, match="no kernel image"):
        chapter.select_device("cuda")
    assert chapter.select_device("cpu") == CPU


# ---- 데이터 준비: 로컬 서버가 미러를 흉내 냅니다 ----


def test_practice_data_is_read_by_torchvision(chapter):
    root = chapter.write_practice_data()
    training_data, test_data = (datasets.FashionMNIST(root, train, download=True) for train in (True, False))
    assert training_data.data.shape == (6000, 28, 28) and test_data.data.shape == (1000, 28, 28)
    assert set(training_data.targets.tolist()) == set(range(10))
    means = torch.stack([test_data.data[test_data.targets == k].float().mean(0) for k in range(10)])
    assert (
        torch.cdist(means.flatten(1), means.flatten(1)).fill_diagonal_(1e9).min() > 300
    )  # 서로 다른 모양 10종류입니다
    again = datasets.FashionMNIST(chapter.write_practice_data(), train=False)
    assert torch.equal(again.data, test_data.data)


class Mirror(http.server.BaseHTTPRequestHandler):
    """mode: good, refuse(503), rubbish(200과 다른 내용), silent(응답 없음), stop(도중에 멈춤), cut(도중에 끊김)."""

    def do_GET(self):
        self.server.requests.append(self.path)
        mode, name = self.server.mode, self.path.rsplit("/", 1)[-1]
        content = b"<html>hello</html>" if mode == "rubbish" else self.server.files[name]
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
        elif mode != "refuse":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def mirrors(chapter, tiny_data, monkeypatch):
    """mirrors(첫째의 mode, 둘째의 mode)는 서버 두 개를 시작하고 장의 미러로 지정합니다."""
    raw = tiny_data / "FashionMNIST" / "raw"
    files = {name: gzip.compress((raw / name[:-3]).read_bytes()) for name, _ in datasets.FashionMNIST.resources}
    servers = []

    def start(*modes):
        for mode in modes:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
            server.mode, server.files, server.requests, server.wait = mode, files, [], threading.Event()
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.append(server)
        urls = [f"http://127.0.0.1:{server.server_port}/" for server in servers]
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", urls[:1])
        monkeypatch.setattr(chapter, "SECOND_MIRROR", urls[1])
        return servers

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
    with warnings.catch_warnings():  # 끊어진 연결의 경고가 다른 테스트에서 발생하지 않게 합니다
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.parametrize("mode", ["refuse", "rubbish", "silent", "stop", "cut"])
def test_second_mirror_serves(chapter, mirrors, tmp_path, mode):
    first, second = mirrors(mode, "good")
    started = time.monotonic()
    assert chapter.prepare_fashion_mnist(tmp_path) == tmp_path and chapter.REMINDERS == []
    assert time.monotonic() - started < 5 and chapter.socket.getdefaulttimeout() is None
    assert first.requests and len(set(second.requests)) == 4
    assert len(datasets.FashionMNIST(tmp_path)) == 300
    raw = tmp_path / "FashionMNIST" / "raw"
    assert sorted(p.name for p in raw.iterdir()) == sorted(name[:-3] for name in mirrors.files)
    assert [p.name for p in raw.parent.iterdir()] == ["raw"]  # 임시 폴더가 남지 않습니다


def test_broken_download_does_not_poison_the_next_run(chapter, mirrors, tmp_path, capsys):
    servers = mirrors("cut", "refuse")
    assert chapter.prepare_fashion_mnist(tmp_path) != tmp_path
    assert "503" in capsys.readouterr().out and "503" in chapter.REMINDERS[0]
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    servers[0].mode = "good"
    assert chapter.prepare_fashion_mnist(tmp_path) == tmp_path


def test_data_at_hand_needs_no_network(chapter, mirrors, tiny_data, tmp_path):
    servers = mirrors("good", "good")
    assert chapter.prepare_fashion_mnist(tiny_data) == tiny_data
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in mirrors.files.items():
        (raw / name).write_bytes(content)  # .gz 파일을 직접 넣은 경우
    assert chapter.prepare_fashion_mnist(tmp_path) == tmp_path
    assert len(datasets.FashionMNIST(tmp_path, train=False)) == 60
    assert [server.requests for server in servers] == [[], []]


def test_data_folder_that_cannot_be_written_gives_practice_data(chapter, mirrors, tmp_path, monkeypatch):
    mirrors("good", "good")
    (tmp_path / "taken").touch()
    root = chapter.prepare_fashion_mnist(tmp_path / "taken" / "data")
    assert len(datasets.FashionMNIST(root)) == 6000 and "NotADirectoryError" in chapter.REMINDERS[0]
    with pytest.raises(SystemExit, match="taken"):
        chapter.prepare_fashion_mnist(tmp_path / "taken")


def test_home_folder_is_expanded(chapter, tiny_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny_data.parent))
    monkeypatch.setenv("USERPROFILE", str(tiny_data.parent))
    home = chapter.Path("~")
    assert chapter.prepare_fashion_mnist(home / tiny_data.name) == tiny_data
    assert chapter.prepare_outputs(home / "new outputs", False) == tiny_data.parent / "new outputs"


@pytest.mark.parametrize("damage", ["cut", "empty", "garbage"])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_file_is_named_and_kept(chapter, tmp_path, damage, name):
    raw = write_tiny_fashion_mnist(tmp_path, train=20, test=20) / "FashionMNIST" / "raw"
    good = (raw / name).read_bytes()
    (raw / name).write_bytes({"cut": good[:-5], "empty": b"", "garbage": b"\x99" * len(good)}[damage])
    before = {path: path.read_bytes() for path in raw.iterdir()}
    with pytest.raises(SystemExit) as stop:
        chapter.prepare_fashion_mnist(tmp_path)
    message = str(stop.value)
    assert name in message and "\n" not in message and re.search("[가-힣]", message)
    assert before == {path: path.read_bytes() for path in raw.iterdir()}
