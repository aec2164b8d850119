"""5장: 계층, 훅, 비선형성, 합성곱, 학습/평가 모드, 초기화, 내보내기."""

import math
import re
import types

import numpy as np
import pytest
import torch
from tools import assert_clean, assert_picture, broken_claims, load_chapter, plt, written_files
from torch import nn

PICTURES = ["model_nonlinearity.png", "model_initialization.png", "model_first_layer.png"]
CPU = torch.device("cpu")


@pytest.fixture
def chapter():
    torch.manual_seed(0)
    return load_chapter("model")


@pytest.fixture
def alone(run_once):
    """사용자처럼 한 번 실행한 폴더와 결과입니다."""
    return run_once("model")


def relu_network(X, state, prefix="linear_relu_stack."):
    """NumPy로 계산한 NeuralNetwork입니다."""
    h = X.reshape(len(X), -1).numpy().astype(np.float64)
    for i in (0, 2, 4):
        weight, bias = (state[f"{prefix}{i}.{kind}"].detach().numpy() for kind in ("weight", "bias"))
        h = h @ weight.T + bias
        h = np.maximum(h, 0) if i < 4 else h
    return h


def held(chapter):
    """확인한 설명 중에서 성립한 설명의 수와 성립하지 않은 설명입니다."""
    return sum(holds for _, holds in chapter.CLAIMS), [claim for claim, holds in chapter.CLAIMS if not holds]


# ---- 사용자처럼 실행 ----


def test_runs_alone(alone):
    folder, result = alone
    assert_clean(result)
    assert re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE) == [str(n) for n in range(1, 20)]
    assert written_files(folder) == {"outputs/model_exported.pt2", *(f"outputs/{name}" for name in PICTURES)}
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert "autograd.py" in result.stdout.splitlines()[-1]


def test_printed_values_are_the_ones_worked_out_by_hand(alone):
    text = alone[1].stdout
    layers = [785 * 512, 513 * 512, 513 * 10]
    assert f"= {sum(layers)} " in text and all(f"{count}개" in text for count in layers)
    assert f"= {(9 + 1) * 8 + (72 + 1) * 16 + 785 * 10}\n" in text
    x = np.array([1.0, 2.0, 3.0, 4.0])
    trained = (x - x.mean()) / x.std()
    assert f"tensor([[{', '.join(f'{v:7.4f}'.lstrip() if v < 0 else f' {v:.4f}' for v in trained)}]])" in text
    assert f"tensor([[{', '.join(f'{v:.4f}' for v in 2 * trained + 5)}]])" in text
    assert f"running_mean = tensor([{0.1 * x.mean():.4f}])" in text
    assert text.count("[ 3.,  3., -3., -3.,  0.,  0.,  0.]") == text.count("[ 0.,  3.,  3., -3., -3.,  0.,  0.]") == 3
    assert "(3x756 and 784x20)" in text and "before Module.__init__() call" in text


def test_small_weights_stop_sgd_but_not_adam(alone):
    losses = {
        (name, kind): float(last)
        for name, kind, last in re.findall(
            r"^    (\S.*?) +(SGD|Adam) .*손실 \S+ → (\S+),", alone[1].stdout, re.MULTILINE
        )
    }
    assert len(losses) == 8 and math.isnan(losses["3.0 x Kaiming", "SGD"])
    for name in ("0.3 x Kaiming", "PyTorch default"):
        assert abs(losses[name, "SGD"] - math.log(2)) < 0.002 and losses[name, "Adam"] < 0.2
    assert losses["1.0 x Kaiming", "SGD"] < 0.2 and losses["1.0 x Kaiming", "Adam"] < 0.05


# ---- 신경망과 계층 ----


def test_network_is_linear_relu_linear_relu_linear(chapter):
    model, X = chapter.NeuralNetwork(), torch.rand(5, 1, 28, 28)
    assert np.allclose(model(X).detach().numpy(), relu_network(X, model.state_dict()), atol=1e-5)


def test_seed_decides_the_network_and_the_images(chapter):
    (a, X), (b, Y), (c, Z) = (chapter.create_network(CPU, seed) for seed in (3, 3, 4))
    assert torch.equal(X, Y) and all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))
    assert not torch.equal(X, Z) and not torch.equal(next(a.parameters()), next(c.parameters()))


def test_lessons_leave_the_model_as_it_was(chapter, tmp_path):
    model, X = chapter.create_network(CPU, 0)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    chapter.call_model(model, X)
    chapter.list_parameters(model)
    chapter.use_hooks(model, X)
    chapter.stack_blocks(model, X)
    chapter.read_state_dict(model)
    chapter.look_at_first_layer(model, X)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters()) and not model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_table_names_leaves_in_the_order_of_the_calls(chapter, capsys):
    model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Sequential(nn.ReLU(), nn.Flatten()), nn.Linear(4 * 24 * 24, 2))
    chapter.trace_layers(model, torch.rand(3, 1, 28, 28))
    rows = [re.split(r"  +", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["0", "Conv2d", "[3, 4, 24, 24]", str(4 * 25 + 4)],
        ["1.0", "ReLU", "[3, 4, 24, 24]", "0"],
        ["1.1", "Flatten", "[3, 2304]", "0"],
        ["2", "Linear", "[3, 2]", str(2304 * 2 + 2)],
    ]
    assert not any(module._forward_hooks for module in model.modules())


def test_custom_layer_by_numpy_and_the_wrong_ones(chapter):
    layer, x = chapter.CustomLinear(5, 3), torch.randn(4, 5)
    nn.init.normal_(layer.bias)
    by_hand = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert np.allclose(layer(x).detach().numpy(), by_hand, atol=1e-5)
    assert {name: tuple(p.shape) for name, p in layer.named_parameters()} == {"weight": (3, 5), "bias": (3,)}
    assert chapter.Unregistered().state_dict() == {} and isinstance(chapter.Unregistered().layers[0], nn.Linear)
    with pytest.raises(AttributeError):
        chapter.WithoutSuper()


def test_two_linear_layers_are_one(chapter, capsys):
    torch.manual_seed(5)
    first, second, _, x = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(4, 3), torch.randn(16, 4)[0].double().numpy()
    (w1, b1), (w2, b2) = ([p.detach().double().numpy() for p in layer.parameters()] for layer in (first, second))
    chapter.merge_linear_layers(5)
    printed = re.findall(r"\[0\] = tensor\(\[(.*?)\]\)", capsys.readouterr().out)
    two, one, bent = (np.array([float(value) for value in line.split(",")]) for line in printed)
    assert np.allclose(two, w2 @ (w1 @ x + b1) + b2, atol=1e-4)
    assert np.allclose(one, (w2 @ w1) @ x + (w2 @ b1 + b2), atol=1e-4)
    assert np.allclose(bent, w2 @ np.maximum(w1 @ x + b1, 0) + b2, atol=1e-4)


# ---- 두 고리 ----


def test_no_line_separates_the_two_rings(chapter):
    """방향 180개마다 가장 좋은 위치의 직선을 찾아도 정확도는 75%를 넘지 못합니다."""
    points, labels = chapter.make_two_rings(400)
    radius, labels = np.hypot(*points.numpy().T), labels.numpy()
    assert labels.sum() == 200 and 0.9 < radius[labels == 0].mean() < 1.1 and 1.9 < radius[labels == 1].mean() < 2.1
    best = 0
    for angle in np.linspace(0, 2 * np.pi, 180, endpoint=False):
        ordered = labels[np.argsort(points.numpy() @ [np.cos(angle), np.sin(angle)])]
        left_zeros = np.concatenate([[0], np.cumsum(ordered == 0)])
        right_ones = 200 - np.concatenate([[0], np.cumsum(ordered == 1)])
        best = max(best, (left_zeros + right_ones).max() / 400)
    assert 0.5 < best < 0.75


def test_training_takes_plain_gradient_steps(chapter):
    """세 단계를 NumPy로 계산합니다. zero_grad가 없으면 결과가 다릅니다."""
    points, labels = chapter.make_two_rings(40)
    model = nn.Linear(2, 2)
    weight, bias = (parameter.detach().double().numpy().copy() for parameter in model.parameters())
    x, onehot, losses = points.double().numpy(), np.eye(2)[labels], []
    for _ in range(3):
        scores = np.exp(x @ weight.T + bias)
        p = scores / scores.sum(axis=1, keepdims=True)
        losses.append(-np.log((p * onehot).sum(axis=1)).mean())
        slope = (p - onehot) / 40
        weight, bias = weight - 0.5 * slope.T @ x, bias - 0.5 * slope.sum(axis=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    assert chapter.train_on_points(model, points, labels, optimizer, 3) == pytest.approx(losses, rel=1e-4)
    assert np.allclose(model.weight.detach().numpy(), weight, atol=1e-5)
    assert np.allclose(model.bias.detach().numpy(), bias, atol=1e-5)


def border(direction, place):
    """direction 방향의 좌표가 place보다 크면 1로 예측하는 신경망입니다."""
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([direction, direction]))
        network[0].bias.copy_(torch.tensor([-place, 99.0]))  # 두 번째 뉴런의 선은 그림 밖에 있습니다
        network[2].weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
        network[2].bias.copy_(torch.tensor([1e-6, 0.0]))
    return network


def test_picture_of_the_rings_shows_predictions_and_folds(chapter):
    """x1과 x2가 서로 바뀌지 않았고, 접는 선이 뉴런의 출력이 0인 위치에 있는지 확인합니다."""
    points, labels = chapter.make_two_rings(20)
    networks = {"x1": border([1.0, 0.0], 1.0), "x2": border([0.0, 1.0], 2.0)}
    figure = chapter.draw_two_rings(networks, points, labels)
    pictures = [axis.images[0] for axis in figure.axes]
    place = np.linspace(-2.8, 2.8, 241)
    assert all(p.origin == "lower" and list(p.get_extent()) == [-2.8, 2.8, -2.8, 2.8] for p in pictures)
    assert (pictures[0].get_array() == (place > 1)[None, :]).all()
    assert (pictures[1].get_array() == (place > 2)[:, None]).all()
    assert [axis.get_title() for axis in figure.axes[:2]] == ["x1", "x2"]
    (fold,) = figure.axes[2].collections
    (segment,) = [path.vertices for path in fold.get_paths()]
    assert np.allclose(segment[:, 1], 2, atol=1e-3) and np.ptp(segment[:, 0]) > 5


# ---- 합성곱 ----


def test_conv_block_by_numpy(chapter):
    block, x = chapter.ConvBlock(1, 1), torch.randn(1, 1, 8, 12)
    nn.init.constant_(block.conv.bias, -0.8)  # ReLU가 0으로 변환하는 위치가 있어야 합니다
    kernel, bias = block.conv.weight[0, 0].detach().numpy(), block.conv.bias.item()
    padded = np.pad(x[0, 0].numpy(), 1)
    conv = np.array([[(padded[r : r + 3, c : c + 3] * kernel).sum() + bias for c in range(12)] for r in range(8)])
    expected = np.maximum(conv, 0).reshape(4, 2, 6, 2).max(axis=(1, 3))
    assert (expected == 0).any() and (expected > 0).any()
    assert np.allclose(block(x)[0, 0].detach().numpy(), expected, atol=1e-5)


# ---- 초기화 ----


def test_signals_are_standard_deviations(chapter):
    """활성화 값과 마지막 계층의 변화도를 NumPy로 계산합니다."""
    points, labels = chapter.make_two_rings(30)
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    (w1, b1, w2, b2), x = (p.detach().double().numpy() for p in network.parameters()), points.double().numpy()
    hidden = np.maximum(x @ w1.T + b1, 0)
    scores = np.exp(hidden @ w2.T + b2)
    slope = (scores / scores.sum(axis=1, keepdims=True) - np.eye(2)[labels]) / 30
    values, gradients = chapter.measure_signals(network, points, labels)
    assert values == pytest.approx([x.std(ddof=1), hidden.std(ddof=1)], rel=1e-4) and len(gradients) == 2
    assert gradients[1] == pytest.approx((slope.T @ hidden).std(ddof=1), rel=1e-3)


def test_deep_network_starts_as_told(chapter):
    default, kaiming, small = (chapter.build_deep_network(scale) for scale in (None, 1.0, 0.5))
    for network, std in ((default, 1 / 192**0.5), (kaiming, (2 / 64) ** 0.5), (small, 0.5 * (2 / 64) ** 0.5)):
        linears = [layer for layer in network if isinstance(layer, nn.Linear)]
        assert len(linears) == 13 and len(network) == 25
        weights = torch.cat([layer.weight.flatten() for layer in linears[1:-1]])
        assert weights.std().item() == pytest.approx(std, rel=0.02)
        assert any(layer.bias.any() for layer in linears) == (network is default)


def test_initializations_hold_for_a_seed_that_broke_the_first_edition(chapter):
    networks, signals, points, labels = chapter.compare_initializations(CPU, 18)
    chapter.train_from_each_start(networks, points, labels)
    count, broken = held(chapter)
    assert count == 4 and broken == []


def test_an_edit_in_one_lesson_leaves_the_numbers_of_another(capsys):
    def numbers(edits):
        chapter = load_chapter("model", edits)
        chapter.create_network(CPU, 7)
        chapter.learn_two_rings(CPU, 7)
        capsys.readouterr()
        chapter.compare_initializations(CPU, 7)
        chapter.switch_dropout(7)
        return capsys.readouterr().out

    short = {"steps=150": "steps=5"}
    assert numbers(short) == numbers(short | {"make_two_rings(400)": "make_two_rings(60)", "512": "64"})


def test_picture_of_the_initializations_draws_what_was_measured(chapter):
    signals = {"a": ([1.0, 0.5, 0.1], [1e-3, 1e-2, 0.1]), "b": ([1.0, 2.0, 4.0], [0.2, 0.4, 0.8])}
    histories = {"a": {"SGD": [0.7, 0.6], "Adam": [0.7, 0.1]}, "b": {"SGD": [3.0, math.nan], "Adam": [3.0, 2.0]}}
    axes = chapter.draw_initializations(signals, histories).axes
    assert [line.get_label() for line in axes[0].lines] == ["a", "b"]
    assert [axis.get_title().split()[-1] for axis in axes[2:]] == ["SGD", "Adam"]
    for i, name in enumerate(signals):
        drawn = [list(axis.lines[i].get_ydata()) for axis in axes]
        assert drawn[:2] == list(map(list, signals[name]))
        assert np.array_equal(drawn[2:], list(histories[name].values()), equal_nan=True)


# ---- 내보내기와 첫 번째 계층 ----


def test_exported_file_holds_the_computation(alone):
    """다른 프로세스의 __main__에 있던 NeuralNetwork 없이 불러와 NumPy로 계산한 값과 비교합니다."""
    with open(alone[0] / "outputs" / "model_exported.pt2", "rb") as stream:
        program = torch.export.load(stream)
    assert "NeuralNetwork" not in vars(__import__("__main__"))
    for n in (1, 7):
        X = torch.rand(n, 1, 28, 28)
        output = program.module()(X).detach().numpy()
        assert np.allclose(output, relu_network(X, program.state_dict), atol=1e-5)


def test_export_uses_closed_file_objects(chapter, tmp_path, monkeypatch):
    """경로에 한글이 있으면 Windows에서는 파일 객체로만 저장할 수 있습니다. 이름을 변경하기 전에 닫아야 합니다."""
    path = tmp_path / "한글 폴더" / "model_exported.pt2"
    path.parent.mkdir()
    streams, save, replace = [], torch.export.save, chapter.os.replace

    def remember(program, target):
        streams.append(target)
        save(program, target)

    def closed_first(old, new):
        assert streams[0].closed and "한글" in str(old)
        replace(old, new)

    monkeypatch.setattr(torch.export, "save", remember)
    monkeypatch.setattr(chapter, "os", types.SimpleNamespace(replace=closed_first, getpid=chapter.os.getpid))
    chapter.export_and_load(chapter.NeuralNetwork(), torch.rand(3, 1, 28, 28), path)
    assert held(chapter) == (2, []) and [file.name for file in path.parent.iterdir()] == [path.name]


def test_failed_export_keeps_the_old_file(chapter, tmp_path, monkeypatch):
    path = tmp_path / "model_exported.pt2"
    path.write_bytes(b"old")

    def fail(program, target):
        target.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch.export, "save", fail)
    with pytest.raises(SystemExit):
        chapter.export_and_load(chapter.NeuralNetwork(), torch.rand(3, 1, 28, 28), path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_first_layer_picture_shows_the_rows_of_the_weight(chapter):
    model = chapter.NeuralNetwork()
    figure = chapter.draw_first_layer(chapter.look_at_first_layer(model, torch.rand(3, 1, 28, 28)))
    pictures = [axis.images[0].get_array() for axis in figure.axes if axis.images]
    assert len(pictures) == 24
    for row, picture in zip(model.linear_relu_stack[0].weight.detach().numpy(), pictures):
        assert np.array_equal(picture, row.reshape(28, 28))


# ---- 학습자의 변경 ----

LAST = "            nn.Linear(512, 10),\n"
HIDDEN = "            nn.ReLU(),\n"
NETWORK_EDITS = {
    "five images": {"torch.rand(3, 1": "torch.rand(5, 1"},
    "one image": {"torch.rand(3, 1": "torch.rand(1, 1"},
    "larger images": {"torch.rand(3, 1, 28, 28)": "torch.rand(3, 1, 32, 32)", "nn.Linear(28 * 28": "nn.Linear(32 * 32"},
    "narrow": {"512": "16"},
    "more layers": {LAST: "            nn.Linear(512, 512),\n" + HIDDEN + LAST},
    "Dropout": {LAST: "            nn.Dropout(0.5),\n" + LAST},
    "BatchNorm": {LAST: "            nn.BatchNorm1d(512),\n" + LAST},
    "PReLU": {HIDDEN: "            nn.PReLU(),\n"},
    "five classes": {LAST: LAST.replace("10", "5")},
    "three channels": {
        "torch.rand(3, 1": "torch.rand(3, 3",
        "nn.Linear(28 * 28": "nn.Linear(3 * 28 * 28",
    },
    "pooling first": {
        "self.flatten = nn.Flatten()": "self.flatten = nn.Sequential(nn.AvgPool2d(2), nn.Flatten())",
        "nn.Linear(28 * 28": "nn.Linear(14 * 14",
    },
    "convolution first": {
        "self.flatten = nn.Flatten()": "self.flatten = nn.Sequential(ConvBlock(1, 4), nn.Flatten())",
        "nn.Linear(28 * 28": "nn.Linear(4 * 14 * 14",
    },
    "custom layer": {"nn.Linear(28 * 28, 512)": "CustomLinear(28 * 28, 512)"},
    "other name": {"linear_relu_stack": "layers"},
    "more blocks": {"ConvBlock(8, 16)": "ConvBlock(8, 32), ConvBlock(32, 4)"},
}


@pytest.mark.parametrize("edits", NETWORK_EDITS.values(), ids=NETWORK_EDITS)
def test_network_lessons_survive_edits(edits, tmp_path):
    chapter = load_chapter("model", edits)
    model, X = chapter.create_network(CPU, 0)
    for lesson in (chapter.call_model, chapter.use_hooks, chapter.stack_blocks):
        lesson(model, X)
    for lesson in (chapter.list_parameters, chapter.read_state_dict):
        lesson(model)
    chapter.walk_through_layers(X, 0)
    if "PReLU" in str(edits) or "AvgPool2d" in str(edits):  # 내보내기는 오래 걸립니다
        chapter.export_and_load(model, X, tmp_path / "model_exported.pt2")
    chapter.draw_first_layer(chapter.look_at_first_layer(model, X))
    plt.close("all")
    count, broken = held(chapter)
    assert count >= 10 and broken == []


POINT_EDITS = {
    "Tanh": {"(nn.Identity, nn.ReLU)": "(nn.Identity, nn.Tanh)"},
    "three networks": {"(nn.Identity, nn.ReLU)": "(nn.Identity, nn.PReLU, nn.Sigmoid)", "steps=150": "steps=100"},
    "four neurons": {
        "nn.Linear(2, 16)": "nn.Linear(2, 4)",
        "nn.Linear(16, 16)": "nn.Linear(4, 4)",
        "(16, 2)": "(4, 2)",
    },
    "Dropout": {"nn.Linear(2, 16), activation()": "nn.Linear(2, 16), nn.Dropout(0.2), activation()"},
    "BatchNorm": {"nn.Linear(2, 16), activation()": "nn.Linear(2, 16), nn.BatchNorm1d(16), activation()"},
    "large rate": {"lr=0.02": "lr=1.0"},
    "noise": {"0.15 *": "0.4 *"},
    "odd count": {"make_two_rings(400)": "make_two_rings(101)"},
}


@pytest.mark.parametrize("edits", POINT_EDITS.values(), ids=POINT_EDITS)
def test_rings_survive_edits(edits):
    chapter = load_chapter("model", edits)
    networks, points, labels = chapter.learn_two_rings(CPU, 0)
    assert held(chapter) == (2, [])
    for title, network in networks.items():
        with torch.no_grad():
            accuracy = (network(points).argmax(dim=1) == labels).double().mean()
        assert title.endswith(f": accuracy {100 * accuracy:.1f}%")


DEEP_EDITS = {
    "scales": {"(0.3, None, 1.0, 3.0)": "(0.5, 2.0, None, 0.8)"},
    "default only": {"(0.3, None, 1.0, 3.0)": "(None,)"},
    "Dropout": {"nn.Linear(width, 64), nn.ReLU()": "nn.Linear(width, 64), nn.ReLU(), nn.Dropout(0.1)"},
    "four layers": {"[64] * 11": "[64] * 3"},
    "AdamW": {"torch.optim.Adam, {": "torch.optim.AdamW, {"},
    "three optimizers": {'(torch.optim.Adam, {"lr': '(torch.optim.RMSprop, {"lr": 1e-3}), (torch.optim.Adam, {"lr'},
}


@pytest.mark.parametrize("edits", DEEP_EDITS.values(), ids=DEEP_EDITS)
def test_initializations_survive_edits(edits):
    chapter = load_chapter("model", edits | {"steps=100": "steps=6", "make_two_rings(200)": "make_two_rings(40)"})
    networks, signals, points, labels = chapter.compare_initializations(CPU, 0)
    histories = chapter.train_from_each_start(networks, points, labels)
    chapter.draw_initializations(signals, histories)
    assert all("None" not in name for name in networks)


SMALL_EDITS = {
    "kernel": ("slide_kernel", {"[[-1.0, 0.0, 1.0]] * 3": "[[0.3, 1.0, -0.2], [1.0, 2.0, 3.0], [0.0, 0.1, 0.2]]"}),
    "large kernel": ("slide_kernel", {"[[-1.0, 0.0, 1.0]] * 3": "[[-1.0, 0.0, 1.0, 2.0, 1.0]] * 5"}),
    "padding": ("slide_kernel", {"padding, stride = 0, 1": "padding, stride = 1, 1"}),
    "stride": ("slide_kernel", {"padding, stride = 0, 1": "padding, stride = 1, 2"}),
    "image": ("slide_kernel", {"image[:, 2:4] = 1": "image[1:3, 3:6] = 0.7"}),
    "other numbers": (
        "compare_activations",
        {"[-2.0, -1.0, 0.0, 1.0, 2.0]": "[0.5, 3.0]", "tensor([-2.0])": "tensor([2.0])"},
    ),
    "batch": ("switch_batch_norm", {"[[1.0], [2.0], [3.0], [4.0]]": "[[10.0], [-2.0], [33.0]]"}),
    "momentum": ("switch_batch_norm", {"nn.BatchNorm1d(1),": "nn.BatchNorm1d(1, momentum=0.5),"}),
}


@pytest.mark.parametrize("lesson, edits", SMALL_EDITS.values(), ids=SMALL_EDITS)
def test_small_lessons_survive_edits(lesson, edits):
    chapter = load_chapter("model", edits)
    getattr(chapter, lesson)(*([0] if lesson == "compare_activations" else []))
    count, broken = held(chapter)
    assert count >= 2 and broken == []


@pytest.mark.parametrize("p", [0.2, 0.3, 0.9])
def test_dropout_keeps_the_mean(p, capsys):
    chapter = load_chapter("model", {"nn.Dropout(p=0.5)": f"nn.Dropout(p={p})"})
    chapter.switch_dropout(0)
    (mean,) = re.findall(r"mean\(\) = tensor\((\S+)\)", capsys.readouterr().out)
    assert held(chapter)[1] == [] and abs(float(mean) - 1) < 0.2


TEACHING = {
    "Tanh": (
        "compare_initializations",
        "nn.Linear(width, 64), nn.ReLU()",
        "nn.Linear(width, 64), nn.Tanh()",
    ),
    "fixed mistake": (
        "use_custom_layer",
        "self.weight = torch.randn(2, 4)",
        "self.weight = nn.Parameter(torch.ones(2))",
    ),
    "bias": ("compare_activations", "(nn.Linear(1, 1, bias=False),", "(nn.Linear(1, 1),"),
}


@pytest.mark.parametrize("lesson, old, new", TEACHING.values(), ids=TEACHING)
def test_an_edit_that_breaks_a_claim_is_marked(lesson, old, new, capsys):
    chapter = load_chapter("model", {old: new})
    getattr(chapter, lesson)(*([CPU, 0] if lesson == "compare_initializations" else [0]))
    assert len(held(chapter)[1]) == len(broken_claims(capsys.readouterr().out)) == 1
