"""5장: 계층, 등록, 활성화 함수, 합성곱, 모드, 상태 사전, 훅, 초기화."""

import contextlib
import io
import math
import re

import numpy as np
import pytest
import tools
import torch
from torch import nn


@pytest.fixture
def chapter():
    torch.manual_seed(0)
    return tools.load_chapter("model")


def test_runs_alone(chapter_run):
    folder, result = chapter_run("model")
    tools.assert_clean(result)
    assert len(list(folder.glob("outputs/*.png"))) == 4
    for name in ("activations", "two_rings", "convolution", "initialization"):
        tools.assert_picture(folder / "outputs" / f"model_{name}.png")


@torch.no_grad()
def test_network_and_custom_layer_by_numpy(chapter):
    model = chapter.NeuralNetwork()
    X = torch.rand(5, 1, 28, 28)
    h = X.reshape(5, 784).numpy()
    for i in (0, 2, 4):
        linear = model.linear_relu_stack[i]
        h = h @ linear.weight.numpy().T + linear.bias.numpy()
        h = np.maximum(h, 0) if i < 4 else h
    assert np.allclose(model(X).numpy(), h, atol=1e-4)

    layer = chapter.CustomLinear(300, 200)
    assert layer.weight.std().item() == pytest.approx(1 / math.sqrt(300), rel=0.02)
    nn.init.normal_(layer.bias)
    x = torch.randn(4, 300)
    by_hand = x.numpy() @ layer.weight.numpy().T + layer.bias.numpy()
    assert np.allclose(layer(x).numpy(), by_hand, atol=1e-4)


def test_broken_registers_nothing_and_repaired_everything(chapter):
    broken = chapter.Broken()
    repaired = chapter.Repaired()
    assert list(broken.parameters()) == [] and dict(broken.state_dict()) == {}
    assert {name for name, _ in repaired.named_buffers()} == {"center"}
    assert len(list(repaired.parameters())) == 5
    for mine, yours in zip(repaired.layers, broken.layers):
        yours.load_state_dict(mine.state_dict())
    x = torch.randn(3, 4)
    assert torch.equal(broken(x), repaired(x))


@torch.no_grad()
def test_conv_block_by_numpy(chapter):
    block = chapter.ConvBlock(1, 1)
    nn.init.constant_(block.conv.bias, -0.8)  # ReLU가 0으로 바꾸는 위치가 있어야 합니다
    x = torch.randn(1, 1, 8, 12)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x[0, 0].numpy(), 1), (3, 3))
    conv = (windows * block.conv.weight[0, 0].numpy()).sum(axis=(2, 3)) - 0.8
    expected = np.maximum(conv, 0).reshape(4, 2, 6, 2).max(axis=(1, 3))
    assert (expected == 0).any() and (expected > 0).any()
    assert np.allclose(block(x)[0, 0].numpy(), expected, atol=1e-5)


# ---- 두 고리와 초기화 ----


@pytest.mark.full
def test_training_takes_plain_gradient_steps(chapter):
    """세 단계를 직접 계산합니다. zero_grad가 없으면 결과가 다릅니다."""
    points, labels = chapter.make_two_rings(40)
    model = nn.Linear(2, 2, bias=False)
    weight = model.weight.detach().clone()
    expected = []
    for _ in range(3):
        p = torch.softmax(points @ weight.T, dim=1)
        expected.append(-p[range(40), labels].log().mean().item())
        weight = weight - 0.5 * (p - torch.eye(2)[labels]).T @ points / 40
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = chapter.train_on_points(model, points, labels, optimizer, 3)
    assert losses == pytest.approx(expected, rel=1e-4)


def test_no_line_separates_the_two_rings(chapter):
    """방향마다 가장 좋은 자리에 직선을 그어도 3분의 2쯤만 맞힙니다."""
    points, labels = chapter.make_two_rings(400)
    best = 0
    for angle in np.linspace(0, 2 * np.pi, 90):
        projected = points.numpy() @ [np.cos(angle), np.sin(angle)]
        ordered = labels.numpy()[projected.argsort()]
        right = np.cumsum(ordered == 0) + 200 - np.cumsum(ordered == 1)
        best = max(best, right.max() / 400)
    assert 0.6 < best < 0.7


@torch.no_grad()
def test_deep_network_starts_as_told_and_spread_is_between_samples(chapter):
    kaiming = math.sqrt(2 / 64)
    for scale, std in {None: 1 / math.sqrt(192), 1.0: kaiming, 0.3: 0.3 * kaiming}.items():
        network = chapter.build_deep_network(12, scale)
        linears = [layer for layer in network if isinstance(layer, nn.Linear)]
        weights = torch.cat([layer.weight.flatten() for layer in linears[1:-1]])
        assert len(linears) == 13 and weights.std().item() == pytest.approx(std, rel=0.02)
    # 모든 샘플의 출력이 같으면, 뉴런끼리 달라도 차이는 0입니다
    assert chapter.measure_spreads(network, torch.ones(5, 2)) == [0] * 12
    x = torch.randn(30, 2)
    hidden = np.maximum(x.numpy() @ network[0].weight.numpy().T, 0)
    spread = hidden.std(axis=0, ddof=1).mean()
    assert chapter.measure_spreads(network, x)[0] == pytest.approx(spread, rel=1e-4)


def test_picture_of_the_rings_shows_predictions(chapter):
    """x1과 x2가 서로 바뀌지 않았는지, 점의 색이 정답과 맞는지 확인합니다."""
    points, labels = chapter.make_two_rings(20)
    network = nn.Linear(2, 2)  # x1이 1보다 크면 1로 예측하는 신경망
    values = {"weight": torch.tensor([[0.0, 0.0], [1.0, 0.0]]), "bias": torch.tensor([0.0, -1.0])}
    network.load_state_dict(values)
    axis = chapter.draw_two_rings({"a": network}, points, labels).axes[0]
    assert (axis.images[0].get_array() == (np.linspace(-2.8, 2.8, 201) > 1)).all()
    inner, outer = axis.collections
    assert np.allclose(inner.get_offsets(), points[labels == 0])
    assert inner.get_facecolor()[0][2] > 0.5 > outer.get_facecolor()[0][2]  # 파랑, 주황


def test_pictures_show_the_diverged_run_and_what_belongs_together(chapter):
    rows = {"a": {"spreads": [1.0, 0.5], "losses": [0.7, 0.6, 0.5]}}
    rows["b"] = {"spreads": [2.0, 4.0], "losses": [30.0, 50.0, math.nan]}
    left, right = chapter.draw_initializations(rows).axes
    assert [list(line.get_ydata()) for line in left.lines] == [[1.0, 0.5], [2.0, 4.0]]
    mark = right.lines[-1]
    assert (mark.get_marker(), *mark.get_xdata(), *mark.get_ydata()) == ("x", 1, 50)

    figure = chapter.draw_convolution(torch.ones(5, 8), torch.ones(3, 3), torch.ones(3, 6))
    framed, _, output = [axis.patches for axis in figure.axes]
    assert framed[0].get_xy() == output[0].get_xy()
    assert (framed[0].get_width(), output[0].get_width()) == (3, 1)


# ---- 설명은 코드를 바꾸면 알아차립니다 ----

MISTAKES = {
    "use_custom_layer": ("x @ self.weight.T + self.bias", "x @ self.weight.T + 1"),
    "find_mistakes": ('self.register_buffer("center", torch.zeros(4))', "self.center = 1"),
    "compare_activations": ("second.weight @ first.bias + second.bias", "second.bias"),
    "slide_kernel": ("X.roll(1, dims=3)", "X.roll(2, dims=3)"),
    "switch_modes": ("nn.Dropout(p=0.5)", "nn.Dropout(p=0.2)"),
    "switch_batch_norm": ("together = norm(x)", "together = norm.train()(x)"),
    "read_state_dict": ("state = model.state_dict()", "state = copy.deepcopy(model.state_dict())"),
    "use_hooks": ("    model.forward(X)", "    model(X)"),
    "freeze_and_share": ("    model[:2].requires_grad_(False)", "    model[:2]"),
}


@pytest.mark.full
def test_claims_notice_mistakes(tmp_path):
    edits = dict(MISTAKES.values())
    module = tools.load(tools.write_edited(tmp_path, "model", edits))
    module.prepare_outputs(tmp_path)
    for lesson in MISTAKES:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            getattr(module, lesson)()
        assert tools.broken_claims(out.getvalue()), lesson


@pytest.mark.full
def test_seed_decides_the_numbers_but_not_the_claims(chapter_run, tmp_path):
    lessons = ["learn_two_rings", "compare_initializations", "switch_modes", "freeze_and_share"]
    edits = tools.only("model", "use_custom_layer", "compare_activations", *lessons)
    runs = [tools.run_main(tmp_path, "model", "--seed", 2**32 - 1, edits=edits)]
    runs += [tools.run_main(tmp_path, "model", edits=tools.only("model", "follow_batch"))]
    assert [(run.code, tools.broken_claims(run.out)) for run in runs] == [(0, [])] * 2
    outputs = [runs[0].out, runs[1].out, chapter_run("model")[1].stdout]
    other, first, again = [re.findall(r"tensor\(.*", out)[:2] for out in outputs]
    assert first == again != other


# ---- 직접 해 보기 ----


def still_learns(run):
    assert run.code == 0 and float(re.findall(r"정확도 ([\d.]+)%", run.out)[-1]) > 95


def cannot_enclose(run):
    assert run.code != 0 and len(tools.broken_claims(run.out)) == 1
    assert float(re.findall(r"정확도 ([\d.]+)%", run.out)[-1]) < 95


def depth_matters(run):
    assert run.code != 0 and len(tools.broken_claims(run.out)) == 1
    changes = re.findall(r"손실 ([\d.]+) → ([\d.]+)$", run.out, re.MULTILINE)
    assert len(changes) == 4 and all(float(last) < float(first) for first, last in changes)


RINGS = tools.only("model", "learn_two_rings")
INITIALIZATION = tools.only("model", "compare_initializations")
EXPERIMENTS = [
    (RINGS | {"(nn.Identity, nn.ReLU)": "(nn.Identity, nn.Tanh)"}, [], still_learns),
    (RINGS | {"width = 16": "width = 2"}, [], cannot_enclose),
    (INITIALIZATION | {"depth = 12": "depth = 2"}, [], depth_matters),
]
