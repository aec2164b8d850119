"""1장: 데이터의 네 가지 경우, 학습, 저장, 예측, 그림."""

import gzip
import hashlib
import http.server
import re
import sys
import threading
import time
import warnings

import matplotlib.pyplot as plt
import pytest
import torch
from conftest import assert_picture, load_chapter, run_main, write_tiny_fashion_mnist, written_files
from torch import nn
from torchvision import datasets
from torchvision.transforms import ToTensor

PICTURES = ["quick_start_predictions.png", "quick_start_learning_curve.png", "quick_start_confusion_matrix.png"]


@pytest.fixture
def chapter():
    return load_chapter("quick_start")


def files_under(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- 사용자처럼 실행 ----


def test_runs_alone_on_given_data_without_any_network(run_once, tiny_data):
    folder, result = run_once("quick_start")
    assert result.returncode == 0 and result.stderr == ""
    assert "연습용" not in result.stdout
    assert [f"에폭 {e} 끝" in result.stdout for e in range(1, 7)] == [True] * 5 + [False]
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert written_files(folder) == {"outputs/model.pth", *(f"outputs/{name}" for name in PICTURES)}
    assert list(files_under(folder / "data").values()) == list(files_under(tiny_data).values())


def test_without_data_and_network_says_practice_data_twice(tmp_path, monkeypatch, no_network, capsys):
    options = ("--epochs", 1, "--data-dir", tmp_path / "data", "--output-dir", tmp_path)
    run_main("quick_start", monkeypatch, *options)
    output, error = capsys.readouterr()
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("학습용") and last > output.index("마지막 정확도") and error == ""
    assert "refused" in output and "data/FashionMNIST/raw" in output.replace("\\", "/")
    assert not list((tmp_path / "data").rglob("*ubyte*"))  # 연습용 데이터는 파일로 남지 않습니다


def test_reaches_85_percent_on_real_data(tmp_path, real_data, monkeypatch, capsys):
    run_main("quick_start", monkeypatch, "--data-dir", real_data, "--output-dir", tmp_path)
    output, error = capsys.readouterr()
    assert float(re.search(r"마지막 정확도: .* ([\d.]+)%", output)[1]) >= 85.0 and error == ""


def test_same_seed_same_parameters(tmp_path, tiny_data, monkeypatch):
    def parameters(folder, seed):
        options = ("--epochs", 1, "--device", "cpu", "--seed", seed, "--output-dir", tmp_path / folder)
        run_main("quick_start", monkeypatch, "--data-dir", tiny_data, *options)
        return torch.load(tmp_path / folder / "model.pth", weights_only=True)

    first, again, other = parameters("a", 3), parameters("b", 3), parameters("c", 4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_too_large_a_rate_is_still_a_clean_run(tmp_path, tiny_data, monkeypatch, recwarn):
    options = ("--epochs", 2, "--learning-rate", 1000, "--output-dir", tmp_path)
    run_main("quick_start", monkeypatch, "--data-dir", tiny_data, *options)
    assert not recwarn.list


# ---- 수업의 내용 ----


def test_model_file_opens_in_the_official_network(tmp_path, tiny_data, monkeypatch):
    run_main("quick_start", monkeypatch, "--data-dir", tiny_data, "--epochs", 1, "--output-dir", tmp_path)

    class Official(nn.Module):
        def __init__(self):
            super().__init__()
            self.flatten = nn.Flatten()
            self.linear_relu_stack = nn.Sequential(
                nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
            )

    state = torch.load(tmp_path / "model.pth", weights_only=True)
    Official().load_state_dict(state)  # 이름이나 모양이 다르면 RuntimeError입니다
    assert list(state) == [f"linear_relu_stack.{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")]


def test_transform_once_keeps_samples_and_labels(chapter, tiny_data):
    dataset = datasets.FashionMNIST(tiny_data, train=False, transform=ToTensor())
    once = chapter.transform_once(dataset)
    assert len(once) == 60
    for i in (0, 31, 59):
        assert torch.equal(once[i][0], dataset.data[i][None] / 255) and once[i][1] == i % 10


def test_train_learns_and_test_does_not(chapter, tiny_data):
    torch.manual_seed(0)
    dataset = chapter.transform_once(datasets.FashionMNIST(tiny_data, transform=ToTensor()))
    loader = torch.utils.data.DataLoader(dataset, 32)
    model, loss_fn, cpu = chapter.NeuralNetwork(), nn.CrossEntropyLoss(), torch.device("cpu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    before = [p.clone() for p in model.parameters()]

    loss, accuracy = chapter.test(loader, model, loss_fn, cpu)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))
    X, y = dataset.tensors
    with torch.no_grad():
        assert loss == pytest.approx(nn.functional.cross_entropy(model(X), y).item(), rel=1e-5)
        assert accuracy == pytest.approx(100 * (model(X).argmax(1) == y).float().mean().item())

    for epoch in range(8):
        train_loss = chapter.train(loader, model, loss_fn, optimizer, cpu, epoch)
    assert train_loss < loss / 2
    assert chapter.test(loader, model, loss_fn, cpu)[1] > 90


def test_train_takes_plain_gradient_steps(chapter):
    """두 배치를 손으로 계산한 경사하강과 같아야 합니다. zero_grad가 빠지면 달라집니다."""
    torch.manual_seed(0)
    X, y = torch.rand(4, 3), torch.tensor([0, 1, 1, 0])
    model = nn.Linear(3, 2)
    weight = model.weight.detach().clone()
    bias = model.bias.detach().clone()
    for part in (slice(0, 2), slice(2, 4)):
        p = torch.softmax(X[part] @ weight.T + bias, dim=1) - nn.functional.one_hot(y[part], 2)
        weight, bias = weight - 0.5 * p.T @ X[part] / 2, bias - 0.5 * p.mean(0)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, torch.device("cpu"), 1)
    assert torch.allclose(model.weight, weight) and torch.allclose(model.bias, bias)


def test_train_and_test_set_the_mode(chapter):
    modes = []

    class Recorder(nn.Linear):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    model, cpu = Recorder(3, 2), torch.device("cpu")
    dataset = torch.utils.data.TensorDataset(torch.rand(4, 3), torch.tensor([0, 1, 1, 0]))
    loader = torch.utils.data.DataLoader(dataset, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    chapter.test(loader, model, nn.CrossEntropyLoss(), cpu)
    chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, cpu, 1)
    chapter.test(loader, model, nn.CrossEntropyLoss(), cpu)
    assert modes == [False, True, False]


def test_training_batches_are_shuffled_every_epoch(chapter, tiny_data):
    training_data, test_data = (datasets.FashionMNIST(tiny_data, train, ToTensor()) for train in (True, False))
    train_dataloader, test_dataloader = chapter.make_dataloaders(training_data, test_data, 50, torch.device("cpu"))
    first, second = (torch.cat([y for _, y in train_dataloader]) for _ in range(2))
    assert not torch.equal(first, second) and torch.equal(first.sort()[0], training_data.targets.sort()[0])
    assert torch.equal(torch.cat([y for _, y in test_dataloader]), test_data.targets)


def test_fit_lowers_the_rate_in_a_straight_line(chapter, monkeypatch):
    rates = []

    def remember_rate(dataloader, model, loss_fn, optimizer, device, epoch):
        rates.append(optimizer.param_groups[0]["lr"])
        return 1.0

    monkeypatch.setattr(chapter, "train", remember_rate)
    monkeypatch.setattr(chapter, "test", lambda *args: (2.0, 3.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # step()이 없는 학습이라서 PyTorch가 순서를 경고합니다
        history = chapter.fit(nn.Linear(1, 1), None, None, 5, 0.1, torch.device("cpu"))
    assert rates == pytest.approx([0.1, 0.08, 0.06, 0.04, 0.02]) and history == [(1.0, 2.0, 3.0)] * 5


def test_loaded_model_is_a_new_one_with_the_saved_parameters(chapter, tmp_path):
    model = chapter.NeuralNetwork()
    loaded = chapter.save_and_load(model, tmp_path / "model.pth", torch.rand(2, 1, 28, 28), torch.device("cpu"))
    assert loaded is not model
    assert all(torch.equal(a, b) and a is not b for a, b in zip(model.parameters(), loaded.parameters()))


def test_predictions_are_probabilities(chapter):
    X, y = torch.rand(5, 4), torch.arange(5)
    model = nn.Linear(4, 3)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), 2)
    probabilities, targets = chapter.predict_all(loader, model, torch.device("cpu"))
    exponents = model(X).exp()
    assert torch.allclose(probabilities, exponents / exponents.sum(1, keepdim=True)) and torch.equal(targets, y)


def test_pictures_tell_right_from_wrong_and_train_from_test(chapter, tiny_data):
    test_data = datasets.FashionMNIST(tiny_data, train=False)
    probabilities = 0.1 / 9 + (0.9 - 0.1 / 9) * nn.functional.one_hot(torch.tensor([0, 3]), 10)
    left, right = chapter.draw_predictions(test_data, probabilities, torch.tensor([0, 1])).axes[:2]
    assert (left.get_title(), left.title.get_color()) == ("T-shirt/top 90%\ncorrect", "#0072B2")
    assert (right.get_title(), right.title.get_color()) == ("Dress 90%\nWRONG: Trouser", "#D55E00")

    losses, accuracies = chapter.draw_learning_curve([(0.5, 0.6, 70.0), (0.3, 0.4, 80.0)]).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in losses.lines}
    assert drawn == {"train": [0.5, 0.3], "test": [0.6, 0.4]}
    assert list(accuracies.lines[0].get_ydata()) == [70.0, 80.0]
    plt.close("all")


def test_confusion_matrix_counts(chapter):
    probabilities = nn.functional.one_hot(torch.tensor([0, 1, 1, 9]), 10).float()
    matrix = chapter.accuracy_per_class(probabilities, torch.tensor([0, 1, 2, 9]), [str(i) for i in range(10)])
    expected = torch.zeros(10, 10, dtype=torch.int64)
    expected[0, 0] = expected[1, 1] = expected[2, 1] = expected[9, 9] = 1
    assert torch.equal(matrix, expected)


def test_save_state_dict_keeps_the_old_file_when_writing_fails(chapter, tmp_path):
    path = tmp_path / "model.pth"
    path.write_bytes(b"old")
    with pytest.raises(Exception):
        chapter.save_state_dict({"a": lambda: None}, path)  # 함수는 저장할 수 없습니다
    assert path.read_bytes() == b"old"


# ---- 연습용 데이터 ----


def test_practice_data_has_the_interface_of_fashion_mnist(chapter):
    data = chapter.PracticeData(train=False, transform=ToTensor(), target_transform=lambda y: y + 100)
    assert data.data.dtype == torch.uint8 and data.data.shape == (1000, 28, 28)
    assert data.targets.dtype == torch.int64 and set(data.targets.tolist()) == set(range(10))
    assert data.classes == datasets.FashionMNIST.classes
    image, label = data[5]
    assert torch.equal(image[0], data.data[5] / 255) and label == data.targets[5] + 100
    assert chapter.PracticeData()[0][0].size == (28, 28)  # PIL 이미지

    again = chapter.PracticeData(train=False)
    assert torch.equal(again.data, data.data)
    assert not torch.equal(chapter.PracticeData().data[:1000], data.data)
    means = torch.stack([data.data[data.targets == k].float().mean(0) for k in range(10)])
    assert torch.cdist(means.flatten(1), means.flatten(1)).fill_diagonal_(1e9).min() > 300  # 열 모양이 서로 다릅니다


# ---- 내려받기: 로컬 서버가 미러를 흉내 냅니다 ----


class Mirror(http.server.BaseHTTPRequestHandler):
    """mode: good, refuse(503), rubbish(200과 쓰레기), silent(답이 없음), stop(중간에 멈춤), cut(중간에 끊김)."""

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
    """mirrors(첫째의 mode, 둘째의 mode)는 두 서버를 켜고 장의 미러로 정합니다."""
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
    start.files = files
    yield start
    for server in servers:
        server.wait.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("mode", ["refuse", "rubbish", "silent", "stop", "cut"])
def test_second_mirror_serves_and_training_starts(chapter, mirrors, tmp_path, monkeypatch, capsys, mode):
    first, second = mirrors(mode, "good")
    monkeypatch.setattr(chapter, "save_figure", lambda figure, path: path)  # 그림은 위에서 보았습니다
    args = ["quick_start.py", "--epochs", 1, "--output-dir", tmp_path / "outputs", "--data-dir", tmp_path / "data"]
    monkeypatch.setattr(sys, "argv", [str(arg) for arg in args])
    started = time.monotonic()
    chapter.main()
    output = capsys.readouterr().out
    assert time.monotonic() - started < 12
    assert first.requests and len(set(second.requests)) == 4
    assert "에폭 1 끝" in output and "연습용" not in output
    assert len(datasets.FashionMNIST(tmp_path / "data")) == 300
    raw = tmp_path / "data" / "FashionMNIST" / "raw"
    assert sorted(p.name for p in raw.iterdir()) == sorted(name[:-3] for name in mirrors.files)


def test_broken_download_does_not_poison_the_next_run(chapter, mirrors, tmp_path, capsys):
    servers = mirrors("cut", "refuse")
    assert chapter.find_fashion_mnist(tmp_path) is chapter.PracticeData
    assert "503" in capsys.readouterr().out
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    servers[0].mode = "good"
    assert chapter.find_fashion_mnist(tmp_path) is datasets.FashionMNIST


def test_data_at_hand_needs_no_network(chapter, mirrors, tiny_data, tmp_path):
    servers = mirrors("good", "good")
    assert chapter.find_fashion_mnist(tiny_data) is datasets.FashionMNIST
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in mirrors.files.items():
        (raw / name).write_bytes(content)  # .gz 파일을 손으로 넣어 둔 경우
    assert chapter.find_fashion_mnist(tmp_path) is datasets.FashionMNIST
    assert len(datasets.FashionMNIST(tmp_path, train=False)) == 60
    assert [server.requests for server in servers] == [[], []]


@pytest.mark.parametrize("damage", ["cut", "empty", "garbage", "number", "label"])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_file_is_named_and_kept(chapter, tmp_path, damage, name):
    raw = write_tiny_fashion_mnist(tmp_path, train=20, test=20) / "FashionMNIST" / "raw"
    good = (raw / name).read_bytes()
    one = 28 * 28 if "images" in name else 1
    number = (19).to_bytes(4, "big")
    damaged = {
        "cut": good[:-5],
        "empty": b"",
        "garbage": b"\x99" * len(good),
        "number": good[:4] + number + good[8:-one],  # 혼자서는 온전하지만 짝과 수가 다릅니다
        "label": good[:-1] + b"\xc8",
    }[damage]
    if damage == "label" and "images" in name:
        pytest.skip("이미지 파일에는 정답이 없습니다")
    (raw / name).write_bytes(damaged)
    before = files_under(tmp_path)
    with pytest.raises(SystemExit) as stop:
        chapter.find_fashion_mnist(tmp_path)
    message = str(stop.value)
    assert message.startswith("오류") and "\n" not in message and "지우고 다시" in message
    assert (name if damage != "number" else name.split("-")[0]) in message
    assert files_under(tmp_path) == before
