"""1장: 학습, 저장, 예측, 사진."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from tools import (
    assert_clean,
    assert_one_korean_line,
    assert_picture,
    broken_claims,
    load_chapter,
    only,
    run_main,
    source,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.transforms import ToTensor

PICTURES = {
    "quick_start_samples.png",
    "quick_start_learning_curve.png",
    "quick_start_predictions.png",
    "quick_start_confusion_matrix.png",
    "quick_start_photo.png",
}


@pytest.fixture
def chapter(tmp_path):
    module = load_chapter("quick_start")
    module.prepare_outputs(tmp_path)
    return module


def accuracies(text):
    """출력에 있는 정확도를 순서대로 반환합니다."""
    return [float(number) for number in re.findall(r"정확도 ([\d.]+)%", text)]


def test_runs_alone(chapter_run):
    folder, result = chapter_run("quick_start")
    assert_clean(result)
    outputs = folder / "outputs"
    assert {path.name for path in outputs.iterdir()} == PICTURES | {"model.pth", "quick_start.html"}
    for name in PICTURES:
        assert_picture(outputs / name)
    assert max(accuracies(result.stdout)) > 95  # 연습용 데이터는 쉽습니다


def test_model_file_opens_in_the_official_network(chapter_run):
    class Official(nn.Module):
        def __init__(self):
            super().__init__()
            self.flatten = nn.Flatten()
            self.linear_relu_stack = nn.Sequential(
                nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
            )

    folder, _ = chapter_run("quick_start")
    state = torch.load(folder / "outputs" / "model.pth", weights_only=True)
    Official().load_state_dict(state)  # 이름이나 모양이 다르면 RuntimeError가 발생합니다


@pytest.mark.full
def test_reaches_89_percent_on_real_data(real_run):
    assert_clean(real_run)
    assert accuracies(real_run.stdout)[-1] >= 88.9


# ---- 학습과 테스트 ----


def linear_loader(batch_size=2):
    X = torch.rand(4, 3, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 1, 1, 0])
    return X, y, DataLoader(TensorDataset(X, y), batch_size)


def constant_rate(optimizer):
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def test_train_takes_plain_gradient_steps(chapter):
    """두 배치를 직접 계산한 경사하강법과 같아야 합니다. zero_grad가 없으면 달라집니다."""
    X, y, loader = linear_loader()
    model = nn.Linear(3, 2)
    weight = model.weight.detach().clone()
    bias = model.bias.detach().clone()
    losses = []
    for part in (slice(0, 2), slice(2, 4)):
        p = torch.softmax(X[part] @ weight.T + bias, dim=1)
        losses.append(-p[range(2), y[part]].log().mean())
        error = p - nn.functional.one_hot(y[part], 2)
        weight = weight - 0.5 * error.T @ X[part] / 2
        bias = bias - 0.5 * error.mean(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    rate = constant_rate(optimizer)
    loss = chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, rate)
    assert torch.allclose(model.weight, weight, atol=1e-6)
    assert torch.allclose(model.bias, bias, atol=1e-6)
    assert loss == pytest.approx(sum(losses).item() / 2, rel=1e-5)


def test_test_averages_what_it_saw_and_changes_nothing(chapter):
    """마지막 배치가 작거나 빠져도 샘플당 평균이어야 합니다."""
    X, y, _ = linear_loader()
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    for drop_last, seen in ((False, 4), (True, 3)):
        loader = DataLoader(TensorDataset(X, y), 3, drop_last=drop_last)
        loss, accuracy = chapter.test(loader, model, nn.CrossEntropyLoss())
        p = torch.softmax(model(X[:seen]), dim=1)
        assert loss == pytest.approx(-p[range(seen), y[:seen]].log().mean().item(), rel=1e-5)
        assert accuracy == pytest.approx(100 * (p.argmax(1) == y[:seen]).float().mean().item())
    assert torch.equal(model.weight, before) and model.weight.grad is None


def test_train_and_test_set_the_mode(chapter):
    modes = []

    class Recorder(nn.Linear):
        def forward(self, x):
            modes.append((self.training, torch.is_grad_enabled()))
            return super().forward(x.flatten(1)[:, :3])

    X, y, loader = linear_loader(batch_size=4)
    model = Recorder(3, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    chapter.test(loader, model, nn.CrossEntropyLoss())
    chapter.train(loader, model, nn.CrossEntropyLoss(), optimizer, constant_rate(optimizer))
    images = DataLoader(TensorDataset(torch.rand(4, 1, 28, 28), y), 4)
    chapter.predict(model, images, 50.0)
    assert modes == [(False, False), (True, True), (False, False)]


def test_rate_falls_in_a_straight_line_to_zero(chapter, monkeypatch, capsys):
    rates = []

    class Recorder(torch.optim.Adam):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    monkeypatch.setattr(torch.optim, "Adam", Recorder)
    _, _, loader = linear_loader()
    chapter.fit(nn.Linear(3, 2), loader, loader, 5, 0.1)
    assert rates == pytest.approx([0.1 * (1 - k / 10) for k in range(10)])


def test_training_batches_are_shuffled_every_epoch(chapter, tiny_data, capsys):
    training_data = datasets.FashionMNIST(tiny_data, True, ToTensor())
    test_data = datasets.FashionMNIST(tiny_data, False, ToTensor())
    train_dataloader, test_dataloader = chapter.make_dataloaders(training_data, test_data, 50)
    first = torch.cat([y for _, y in train_dataloader])
    second = torch.cat([y for _, y in train_dataloader])
    assert len(train_dataloader) == 6 and [len(y) for _, y in test_dataloader] == [50, 10]
    assert not torch.equal(first, second)
    assert torch.equal(first.sort()[0], training_data.targets.sort()[0])
    assert torch.equal(torch.cat([y for _, y in test_dataloader]), test_data.targets)


def test_load_into_memory_keeps_order_and_transforms(chapter, tiny_data):
    dataset = datasets.FashionMNIST(
        tiny_data, transform=ToTensor(), target_transform=lambda y: 9 - y
    )
    X, y = chapter.load_into_memory(dataset).tensors
    assert torch.equal(y, 9 - dataset.targets) and torch.equal(X[:, 0], dataset.data / 255)


def test_one_step_leaves_the_given_model_alone(chapter, capsys):
    model = chapter.NeuralNetwork()
    before = [p.detach().clone() for p in model.parameters()]
    loader = DataLoader(TensorDataset(torch.rand(8, 1, 28, 28), torch.arange(8)), 8)
    chapter.take_one_step(model, loader)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))
    assert not broken_claims(capsys.readouterr().out)


# ---- 저장, 예측, 혼동 행렬 ----


def test_loaded_model_is_a_new_one_with_the_saved_parameters(chapter, tmp_path):
    model = chapter.NeuralNetwork()
    loaded = chapter.save_and_load(model, tmp_path / "model.pth")
    for a, b in zip(model.parameters(), loaded.parameters()):
        assert torch.equal(a, b) and a is not b


def test_prediction_is_the_most_probable_class(chapter, capsys):
    torch.manual_seed(0)
    images = torch.rand(30, 1, 28, 28)
    targets = torch.arange(30) % 10
    model = chapter.NeuralNetwork()
    expected = model(images).argmax(dim=1)
    accuracy = 100 * (expected == targets).float().mean().item()
    loader = DataLoader(TensorDataset(images, targets), 7)
    predictions, same_targets = chapter.predict(model, loader, accuracy)
    out = capsys.readouterr().out
    assert torch.equal(predictions, expected) and torch.equal(same_targets, targets)
    assert chapter.CLASSES[expected[0]] in out and not broken_claims(out)
    chapter.predict(model, loader, accuracy + 5)
    assert broken_claims(capsys.readouterr().out)


def test_confusion_matrix_and_recalls(chapter, monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr(chapter, "draw_confusion_matrix", lambda matrix: drawn.append(matrix))
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: None)
    predictions = torch.tensor([0, 0, 1, 1, 1, 9])
    targets = torch.tensor([0, 0, 0, 1, 2, 9])
    chapter.count_mistakes(predictions, targets)
    expected = torch.zeros(10, 10, dtype=torch.int64)
    expected[0, 0] = 2
    expected[0, 1] = expected[1, 1] = expected[2, 1] = expected[9, 9] = 1
    assert torch.equal(drawn[0], expected)
    out = capsys.readouterr().out
    assert re.findall(r"\(([\d.]+)%\)", out)[:3] == ["66.7", "100.0", "0.0"]


def test_pictures_tell_right_from_wrong(chapter):
    images = torch.rand(2, 1, 28, 28)
    figure = chapter.draw_predictions(
        images, torch.tensor([0, 3]), torch.tensor([0.9, 0.8]), torch.tensor([0, 1])
    )
    left, right = figure.axes[:2]
    assert left.get_title() == "T-shirt/top 90%\ncorrect"
    assert right.get_title() == "Dress 80%\ntrue: Trouser"
    assert left.title.get_color() != right.title.get_color()

    history = [
        {"train": 0.5, "test": 0.6, "accuracy": 70},
        {"train": 0.3, "test": 0.4, "accuracy": 80},
    ]
    losses, accuracy = chapter.draw_learning_curve(history).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in losses.lines}
    assert drawn == {"train": [0.5, 0.3], "test": [0.6, 0.4]}
    assert list(accuracy.lines[0].get_ydata()) == [70, 80]

    axis = chapter.draw_confusion_matrix(torch.arange(100).view(10, 10)).axes[0]
    for text in axis.texts:
        column, row = text.get_position()
        assert text.get_text() == str(10 * row + column)
    assert "predicted" in axis.get_xlabel() and "true" in axis.get_ylabel()


# ---- 직접 찍은 사진 ----


def test_photo_is_prepared_like_the_training_images(chapter):
    photo = Image.new("RGB", (300, 200), "white")
    photo.paste("black", (100, 50, 200, 150))
    steps = chapter.prepare_photo(photo)
    pixels = np.array(steps["inverted"])
    assert pixels[0].max() == 0 and pixels[14, 14] == 255  # 배경은 검고 옷은 밝습니다
    gray = chapter.draw_photo(chapter.prepare_photo(Image.new("L", (28, 28), 200)))
    assert all(axis.images[0].get_clim() == (0, 255) for axis in gray.axes)
    sideways = Image.new("L", (200, 100), 255)
    sideways.getexif()[0x0112] = 6  # 시계 방향으로 90도 돌려야 하는 사진
    assert chapter.prepare_photo(sideways)["photo"].size == (100, 200)


@pytest.mark.full
def test_own_photo_is_used(chapter_run, tmp_path, tiny_data):
    Image.new("RGBA", (40, 30), (200, 30, 30, 255)).save(tmp_path / "내 사진.png")
    options = ("--data-dir", tiny_data, "--epochs", 1, "--image", tmp_path / "내 사진.png")
    run = run_main(tmp_path / "run", "quick_start", *options)
    assert "inverted" in run.out and (tmp_path / "run/outputs/quick_start_photo.png").is_file()


BAD_OPTIONS = [
    ("--epochs", "0"),
    ("--epochs", "abc"),
    ("--epochs", 400 * "9"),
    ("--batch-size", "-1"),
    ("--batch-size", str(2**63)),
    ("--learning-rate", "nan"),
    ("--learning-rate", "0"),
    ("--seed", "-1"),
    ("--device", "gpu"),
    ("--image", "no_such_file.png"),
    ("--image", __file__),
    ("--data-dir", __file__),
    ("--output-dir", __file__),
]


def test_bad_options_are_told_in_one_line(tmp_path, capsys):
    for options in BAD_OPTIONS:
        run = run_main(tmp_path, "quick_start", *options)
        error = capsys.readouterr().err + (run.code if isinstance(run.code, str) else "")
        assert_one_korean_line(error)
        assert run.code not in (0, None) and "에폭 1" not in run.out, options


# ---- 학습자가 바꿔 보는 코드 ----


def notices_ruin(run):
    """학습이 망가지면 6절의 설명에 ✗가 표시됩니다."""
    assert run.code != 0 and broken_claims(run.out) and accuracies(run.out)[-1] < 80


def loses_accuracy(run):
    assert run.code == 0 and not broken_claims(run.out)


ADAM = "torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)"
SHORT = only("quick_start")
EXPERIMENTS = [
    (SHORT | {ADAM: "torch.optim.SGD(model.parameters(), lr=1e-3)"}, ["--epochs", 3], notices_ruin),
    (SHORT | {"            nn.ReLU(),\n": ""}, ["--epochs", 3], loses_accuracy),
    (SHORT, ["--epochs", 3, "--learning-rate", 1], notices_ruin),
]


@pytest.mark.full
def test_forgotten_zero_grad_is_noticed(tmp_path, no_network):
    line = re.search(r" +optimizer\.zero_grad\(\).*\n", source("quick_start")).group()
    notices_ruin(run_main(tmp_path, "quick_start", "--epochs", 3, edits=SHORT | {line: ""}))


LAYERS = "            nn.Linear(512, 512),\n            nn.ReLU(),\n"
EDITS = {
    "dropout and batch norm": {
        LAYERS: f"{LAYERS}            nn.Dropout(0.2),\n            nn.BatchNorm1d(512),\n"
    },
    "width 128 and reversed labels": {
        "512)": "128)",
        "(512": "(128",
        "transform=ToTensor()": "transform=ToTensor(), target_transform=lambda y: 9 - y",
    },
}


@pytest.mark.full
def test_usual_edits_keep_running(tmp_path, no_network):
    for name, edits in EDITS.items():
        run = run_main(tmp_path, "quick_start", "--epochs", 2, edits=SHORT | edits)
        assert run.code == 0 and not broken_claims(run.out), name
