"""5장: 계층, 훅, 비선형성, 합성곱, 두 모드, 초기화, 내보내기."""

import re

import numpy as np
import pytest
import torch
from conftest import assert_picture, load_chapter, plt, run_main, written_files
from torch import nn

PICTURES = ["model_nonlinearity.png", "model_activations.png", "model_first_layer.png"]


@pytest.fixture
def chapter():
    torch.manual_seed(0)
    yield load_chapter("model")
    plt.close("all")


@pytest.fixture
def alone(run_once):
    """사용자처럼 한 번 실행한 폴더와 결과입니다."""
    return run_once("model")


def lesson_text(output):
    """첫 줄부터 만든 파일의 목록 앞까지입니다. 그 뒤에는 경로와 시간이 있습니다."""
    return output[: output.index("만든 파일")]


def relu_network(X, state, prefix="linear_relu_stack."):
    """NumPy로 다시 쓴 NeuralNetwork입니다."""
    h = X.reshape(len(X), 784).numpy().astype(np.float64)
    for i in (0, 2, 4):
        weight, bias = (state[f"{prefix}{i}.{kind}"].detach().numpy() for kind in ("weight", "bias"))
        h = h @ weight.T + bias
        h = np.maximum(h, 0) if i < 4 else h
    return h


# ---- 사용자처럼 실행 ----


def test_runs_alone(alone):
    folder, result = alone
    assert result.returncode == 0 and result.stderr == ""
    assert re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE) == [str(n) for n in range(1, 19)]
    assert written_files(folder) == {"outputs/model_exported.pt2", *(f"outputs/{name}" for name in PICTURES)}
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert result.stdout.rstrip().endswith("다음 장: autograd.py")


def test_same_seed_same_text(alone, tmp_path, monkeypatch, capsys):
    run_main("model", monkeypatch, "--device", "cpu", "--seed", 0, "--output-dir", tmp_path)
    assert lesson_text(capsys.readouterr().out) == lesson_text(alone[1].stdout)


def test_another_seed_another_network(chapter, tmp_path, monkeypatch):
    class Enough(Exception):
        pass

    def first_weight(seed):
        def stop(model, X):
            raise Enough(model.linear_relu_stack[0].weight[0, 0].item())

        monkeypatch.setattr(chapter, "call_the_model", stop)
        monkeypatch.setattr("sys.argv", ["model.py", "--seed", str(seed), "--output-dir", str(tmp_path)])
        with pytest.raises(Enough) as found:
            chapter.main()
        return found.value.args[0]

    assert first_weight(1) == first_weight(1) != first_weight(2)


def test_printed_values_are_the_ones_worked_out_by_hand(alone):
    text = alone[1].stdout
    assert "= 669706\n" in text and f"{785 * 512 + 513 * 512 + 513 * 10}" == "669706"
    assert "= 9098\n" in text and "669706개 가운데 267786개만" in text  # 669706 - 785 * 512
    x = np.array([1.0, 2.0, 3.0, 4.0])
    trained = (x - x.mean()) / x.std()
    evaluated = (x - 0.1 * x.mean()) / np.sqrt(0.9 + 0.1 * x.var(ddof=1))
    for values in (trained, evaluated):
        assert "[" + ", ".join(f"{v:.2f}" for v in values) + "]" in text
    assert "기억한 평균 0.250" in text and "기억한 분산 1.067" in text
    assert "확률: 0.500 ~ 0.500" in text and "확률: nan ~ nan" in text


# ---- 신경망과 계층 ----


def test_network_is_linear_relu_linear_relu_linear(chapter):
    model, X = chapter.NeuralNetwork(), torch.rand(5, 1, 28, 28)
    assert np.allclose(model(X).detach().numpy(), relu_network(X, model.state_dict()), atol=1e-5)


def test_call_and_walk_leave_the_model_as_it_was(chapter):
    model, X = chapter.NeuralNetwork(), torch.rand(3, 1, 28, 28)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    chapter.call_the_model(model, X)
    chapter.walk_through_layers(X)
    chapter.freeze_a_layer(model, X)
    chapter.read_state_dict(model)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_trace_layers_reports_leaves_in_order_and_removes_its_hooks(chapter):
    model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Sequential(nn.ReLU(), nn.Flatten()), nn.Linear(4 * 24 * 24, 2))
    rows = chapter.trace_layers(model, torch.rand(3, 1, 28, 28))
    assert rows == [
        ("0", "Conv2d", [3, 4, 24, 24], 4 * 25 + 4),
        ("1.0", "ReLU", [3, 4, 24, 24], 0),
        ("1.1", "Flatten", [3, 2304], 0),
        ("2", "Linear", [3, 2], 2304 * 2 + 2),
    ]
    with pytest.raises(RuntimeError):
        chapter.trace_layers(model, torch.rand(3, 1, 20, 20))  # Linear에서 멈춥니다
    assert not any(module._forward_hooks for module in model.modules())


def test_two_linear_layers_collapse(chapter, capsys):
    torch.manual_seed(5)
    first, second, _ = nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(4, 3)
    x = torch.randn(6, 4)[0].double().numpy()
    (w1, b1), (w2, b2) = ([p.detach().double().numpy() for p in layer.parameters()] for layer in (first, second))
    torch.manual_seed(5)
    chapter.collapse_two_linear_layers()
    printed = re.findall(r"(?:두 계층|한 계층|ReLU) +\[(.*?)\]", capsys.readouterr().out)
    stacked, collapsed, bent = (np.array([float(v) for v in line.split(", ")]) for line in printed)
    assert np.allclose(stacked, w2 @ (w1 @ x + b1) + b2, atol=1e-4)
    assert np.allclose(collapsed, (w2 @ w1) @ x + (w2 @ b1 + b2), atol=1e-4)
    assert np.allclose(bent, w2 @ np.maximum(w1 @ x + b1, 0) + b2, atol=1e-4)


# ---- 두 고리 ----


def test_no_line_separates_the_two_rings(chapter):
    """방향 180개마다 가장 좋은 자리의 직선을 찾아도 75%를 넘지 못합니다."""
    points, labels = chapter.make_two_rings(400)
    radius, labels = np.hypot(*points.numpy().T), labels.numpy()
    assert labels.sum() == 200 and radius[labels == 0].max() < radius[labels == 1].min()
    best = 0
    for angle in np.linspace(0, 2 * np.pi, 180, endpoint=False):
        ordered = labels[np.argsort(points.numpy() @ [np.cos(angle), np.sin(angle)])]
        left_zeros = np.concatenate([[0], np.cumsum(ordered == 0)])
        right_ones = 200 - np.concatenate([[0], np.cumsum(ordered == 1)])
        best = max(best, (left_zeros + right_ones).max() / 400)
    assert 0.5 < best < 0.75


def test_training_takes_plain_gradient_steps(chapter):
    """세 걸음을 NumPy로 계산합니다. zero_grad가 빠지면 달라집니다."""
    points, labels = chapter.make_two_rings(40)
    model = nn.Linear(2, 2)
    weight, bias = (parameter.detach().double().numpy().copy() for parameter in model.parameters())
    x, onehot = points.double().numpy(), np.eye(2)[labels]
    for _ in range(3):
        scores = np.exp(x @ weight.T + bias)
        p = scores / scores.sum(axis=1, keepdims=True)
        loss = -np.log((p * onehot).sum(axis=1)).mean()
        slope = (p - onehot) / 40
        weight, bias = weight - 0.5 * slope.T @ x, bias - 0.5 * slope.sum(axis=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    assert chapter.train_on_points("", model, points, labels, optimizer, 3) == pytest.approx(loss, rel=1e-4)
    assert np.allclose(model.weight.detach().numpy(), weight, atol=1e-5)
    assert np.allclose(model.bias.detach().numpy(), bias, atol=1e-5)


def test_background_of_the_rings_is_the_prediction_at_that_place(chapter):
    """x1 > 1이면 1, x2 > 2이면 1인 두 예측을 그려, 가로와 세로가 뒤바뀌지 않았는지 봅니다."""
    points, labels = chapter.make_two_rings(20)
    networks = {}
    for name, direction, border in (("x1", [1.0, 0.0], 1.0), ("x2", [0.0, 1.0], 2.0)):
        networks[name] = nn.Linear(2, 2)
        with torch.no_grad():
            networks[name].weight.copy_(torch.tensor([[0.0, 0.0], direction]))
            networks[name].bias.copy_(torch.tensor([0.0, -border]))
    figure = chapter.draw_two_rings(networks, {"x1": 1.0, "x2": 2.0}, points, labels)
    left, right = (axis.images[0] for axis in figure.axes[:2])
    place = np.linspace(-2.9, 2.9, 300)
    assert left.origin == right.origin == "lower" and left.get_extent() == [-2.9, 2.9, -2.9, 2.9]
    assert (left.get_array() == (place > 1)[None, :]).all()
    assert (right.get_array() == (place > 2)[:, None]).all()
    assert [axis.get_title() for axis in figure.axes[:2]] == ["x1: accuracy 1.0%", "x2: accuracy 2.0%"]


# ---- 합성곱 ----


def test_conv_block_by_numpy(chapter):
    block, x = chapter.ConvBlock(1, 1), torch.randn(1, 1, 8, 12)
    nn.init.constant_(block.conv.bias, -0.8)  # 음수인 자리가 남아야 ReLU를 볼 수 있습니다
    kernel, bias = block.conv.weight[0, 0].detach().numpy(), block.conv.bias.item()
    padded = np.pad(x[0, 0].numpy(), 1)
    conv = np.array([[(padded[r : r + 3, c : c + 3] * kernel).sum() + bias for c in range(12)] for r in range(8)])
    expected = np.maximum(conv, 0).reshape(4, 2, 6, 2).max(axis=(1, 3))
    assert (expected == 0).any() and (expected > 0).any()
    assert np.allclose(block(x)[0, 0].detach().numpy(), expected, atol=1e-5)


def test_conv_network_parameters_and_output(chapter):
    network = chapter.ConvNetwork()
    assert sum(p.numel() for p in network.parameters()) == (9 + 1) * 8 + (72 + 1) * 16 + (784 + 1) * 10
    assert network(torch.rand(2, 1, 28, 28)).shape == (2, 10)
    assert isinstance(network.blocks[1], chapter.ConvBlock)


# ---- 초기화 ----


def test_scaling_the_weights_scales_each_layer_once_more(chapter):
    """편향이 0이고 ReLU(a x) = a ReLU(x)이므로, k번째 활성값은 정확히 a의 k제곱배입니다."""
    network, points = chapter.build_deep_network(), torch.randn(50, 2)
    original = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    plain = chapter.hidden_activations(network, points)
    scaled = chapter.hidden_activations(chapter.scale_weights(network, 0.5), points)
    assert len(plain) == len(scaled) == 12
    for k, (a, b) in enumerate(zip(plain, scaled), start=1):
        assert torch.allclose(b, a * 0.5**k, rtol=1e-4, atol=0) and (a >= 0).all() and a.any()
    assert all(torch.equal(original[name], tensor) for name, tensor in network.state_dict().items())
    weights = torch.cat([layer.weight.flatten() for layer in network[2:-1:2]])
    assert weights.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.02)


def test_activation_figure_draws_the_standard_deviations(chapter):
    layers = {scale: [torch.rand(30, 8) * scale**k for k in range(12)] for scale in (0.3, 1.0, 3.0)}
    figure = chapter.draw_activations(layers)
    (lines,) = [axis.lines for axis in figure.axes if axis.lines]
    names = ["too small (0.3 x Kaiming)", "Kaiming", "too large (3.0 x Kaiming)"]
    assert [line.get_label() for line in lines] == names
    for line, tensors in zip(lines, layers.values()):
        assert np.allclose(line.get_ydata(), [t.numpy().std(ddof=1) for t in tensors], rtol=1e-4)


# ---- 내보내기와 첫 계층 ----


def test_exported_file_holds_the_computation(alone):
    """NeuralNetwork 없이 열고, NumPy로 다시 계산한 것과 비교합니다. 배치 크기는 아무것이나 됩니다."""
    program = torch.export.load(alone[0] / "outputs" / "model_exported.pt2")
    for n in (1, 7):
        X = torch.rand(n, 1, 28, 28)
        output = program.module()(X).detach().numpy()
        assert np.allclose(output, relu_network(X, program.state_dict), atol=1e-5)


def test_failed_export_keeps_the_old_file(chapter, tmp_path, monkeypatch):
    path = tmp_path / "model_exported.pt2"
    path.write_bytes(b"old")

    def fail(program, target):
        with open(target, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch.export, "save", fail)
    with pytest.raises(OSError):
        chapter.export_and_load(chapter.NeuralNetwork(), path)
    assert path.read_bytes() == b"old"


def test_first_layer_figure_shows_the_rows_of_the_weight(chapter):
    model = chapter.NeuralNetwork()
    figure = chapter.look_at_first_layer(model)
    pictures = [axis.images[0].get_array() for axis in figure.axes if axis.images]
    assert len(pictures) == 24
    for row, picture in zip(model.linear_relu_stack[0].weight.detach().numpy(), pictures):
        assert np.array_equal(picture, row.reshape(28, 28))
