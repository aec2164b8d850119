"""5장: 계층, 등록, 활성화 함수, 합성곱, 모드, 상태 사전, 훅, 초기화, 내보내기."""

import contextlib
import io
import math
import re

import numpy as np
import pytest
import torch
from tools import (
    assert_clean,
    assert_one_korean_line,
    assert_picture,
    broken_claims,
    load,
    load_chapter,
    run_main,
    write_edited,
)
from torch import nn

CPU = torch.device("cpu")
PICTURES = {
    "model_activations.png",
    "model_two_rings.png",
    "model_convolution.png",
    "model_initialization.png",
}


@pytest.fixture
def chapter(tmp_path):
    torch.manual_seed(0)
    module = load_chapter("model")
    module.prepare_outputs(tmp_path)
    return module


def numpy_network(X, state):
    """NumPy로 계산한 NeuralNetwork입니다."""
    h = X.reshape(len(X), -1).numpy()
    for i in (0, 2, 4):
        weight = state[f"linear_relu_stack.{i}.weight"].detach().numpy()
        bias = state[f"linear_relu_stack.{i}.bias"].detach().numpy()
        h = h @ weight.T + bias
        h = np.maximum(h, 0) if i < 4 else h
    return h


def test_runs_alone(chapter_run):
    folder, result = chapter_run("model")
    assert_clean(result)
    outputs = folder / "outputs"
    files = PICTURES | {"model.html", "model_exported.pt2"}
    assert {path.name for path in outputs.iterdir()} == files
    for name in PICTURES:
        assert_picture(outputs / name)
    assert re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE) == [
        str(n) for n in range(1, 19)
    ]


def test_contents_name_every_lesson_in_order(chapter):
    lines = re.findall(r"^ +(\d+)\. .*? {2,}([\w, ]+)$", chapter.__doc__, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 19))
    for number, names in lines:
        functions = [getattr(chapter, name) for name in names.split(", ")]
        assert functions[0].__doc__.startswith(f"{number}. ")


@pytest.mark.parametrize(
    "options",
    [("--seed", "-1"), ("--seed", str(2**32)), ("--device", "gpu"), ("--output-dir", __file__)],
    ids=str,
)
def test_bad_option_is_told_in_one_line(options, tmp_path, capsys):
    run = run_main(tmp_path, "model", *options)
    error = capsys.readouterr().err + (run.code if isinstance(run.code, str) else "")
    assert_one_korean_line(error)
    assert run.code not in (0, None) and "== 1." not in run.out


# ---- 계층과 신경망 ----


def test_network_is_linear_relu_linear_relu_linear(chapter):
    model = chapter.NeuralNetwork()
    X = torch.rand(5, 1, 28, 28)
    assert np.allclose(model(X).detach().numpy(), numpy_network(X, model.state_dict()), atol=1e-4)


def test_custom_layer_by_numpy(chapter):
    layer = chapter.CustomLinear(300, 200)
    nn.init.normal_(layer.bias)
    x = torch.randn(4, 300)
    by_hand = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert np.allclose(layer(x).detach().numpy(), by_hand, atol=1e-4)
    assert layer.weight.std().item() == pytest.approx(1 / math.sqrt(300), rel=0.02)


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


def test_conv_block_by_numpy(chapter):
    block = chapter.ConvBlock(1, 1)
    nn.init.constant_(block.conv.bias, -0.8)  # ReLU가 0으로 바꾸는 위치가 있어야 합니다
    x = torch.randn(1, 1, 8, 12)
    kernel = block.conv.weight[0, 0].detach().numpy()
    padded = np.pad(x[0, 0].numpy(), 1)
    conv = np.zeros((8, 12))
    for row in range(8):
        for column in range(12):
            window = padded[row : row + 3, column : column + 3]
            conv[row, column] = (window * kernel).sum() - 0.8
    expected = np.maximum(conv, 0).reshape(4, 2, 6, 2).max(axis=(1, 3))
    assert (expected == 0).any() and (expected > 0).any()
    assert np.allclose(block(x)[0, 0].detach().numpy(), expected, atol=1e-5)


def test_table_has_every_layer_and_hooks_are_removed(chapter, capsys):
    inner = nn.Sequential(nn.ReLU(), nn.Flatten())
    model = nn.Sequential(nn.Conv2d(1, 4, 5), inner, nn.Linear(4 * 24 * 24, 2))
    chapter.trace_layers(model, torch.rand(3, 1, 28, 28))
    rows = [re.split(r"  +", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["Conv2d", "[3, 4, 24, 24]", "104"],
        ["ReLU", "[3, 4, 24, 24]", "0"],
        ["Flatten", "[3, 2304]", "0"],
        ["Linear", "[3, 2]", "4,610"],
    ]
    chapter.use_hooks(model, torch.rand(3, 1, 28, 28))
    assert not any(module._forward_hooks for module in model.modules())


# ---- 두 고리와 초기화 ----


def test_training_takes_plain_gradient_steps(chapter):
    """세 단계를 직접 계산합니다. zero_grad가 없으면 결과가 다릅니다."""
    points, labels = chapter.make_two_rings(40)
    model = nn.Linear(2, 2)
    weight = model.weight.detach().clone()
    bias = model.bias.detach().clone()
    expected = []
    for _ in range(3):
        p = torch.softmax(points @ weight.T + bias, dim=1)
        expected.append(-p[range(40), labels].log().mean().item())
        error = (p - nn.functional.one_hot(labels, 2)) / 40
        weight = weight - 0.5 * error.T @ points
        bias = bias - 0.5 * error.sum(dim=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = chapter.train_on_points(model, points, labels, optimizer, 3)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert torch.allclose(model.weight, weight, atol=1e-5)


def test_no_line_separates_the_two_rings(chapter):
    """방향마다 가장 좋은 자리에 직선을 그어도 정확도는 75%를 넘지 못합니다."""
    points, labels = chapter.make_two_rings(400)
    radius = points.norm(dim=1)
    assert 0.9 < radius[labels == 0].mean() < 1.1 and 1.9 < radius[labels == 1].mean() < 2.1
    best = 0
    for angle in np.linspace(0, 2 * np.pi, 90):
        projected = points.numpy() @ [np.cos(angle), np.sin(angle)]
        ordered = labels.numpy()[projected.argsort()]
        inner_before = np.cumsum(ordered == 0)
        outer_after = 200 - np.cumsum(ordered == 1)
        best = max(best, (inner_before + outer_after).max() / 400)
    assert 0.5 < best < 0.75


def test_deep_network_starts_as_told(chapter):
    expected = {None: 1 / math.sqrt(192), 1.0: math.sqrt(2 / 64), 0.3: 0.3 * math.sqrt(2 / 64)}
    for scale, std in expected.items():
        network = chapter.build_deep_network(12, scale)
        linears = [layer for layer in network if isinstance(layer, nn.Linear)]
        assert len(linears) == 13 and len(network) == 25
        weights = torch.cat([layer.weight.flatten() for layer in linears[1:-1]])
        assert weights.std().item() == pytest.approx(std, rel=0.02)
        assert any(layer.bias.any() for layer in linears) == (scale is None)


def test_spread_is_between_samples(chapter):
    """모든 샘플의 출력이 같으면, 뉴런끼리 달라도 차이는 0입니다."""
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    assert chapter.measure_spreads(network, torch.ones(5, 2)) == [0, 0]
    x = torch.randn(30, 2)
    weight = network[0].weight.detach().numpy()
    hidden = np.maximum(x.numpy() @ weight.T + network[0].bias.detach().numpy(), 0)
    first = chapter.measure_spreads(network, x)[0]
    assert first == pytest.approx(hidden.std(axis=0, ddof=1).mean(), rel=1e-4)


# ---- 그림 ----


def border(direction, place):
    """direction 방향의 좌표가 place보다 크면 1로 예측하는 신경망입니다."""
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[0.0, 0.0], direction]))
        network.bias.copy_(torch.tensor([0.0, -place]))
    return network


def test_picture_of_the_rings_shows_predictions(chapter):
    """x1과 x2가 서로 바뀌지 않았는지, 점의 색이 정답과 맞는지 확인합니다."""
    points, labels = chapter.make_two_rings(20)
    networks = {"a": border([1.0, 0.0], 1.0), "b": border([0.0, 1.0], 2.0)}
    left, right = chapter.draw_two_rings(networks, points, labels).axes
    place = np.linspace(-2.8, 2.8, 201)
    for axis in (left, right):
        assert axis.images[0].origin == "lower" and axis.images[0].get_extent()[0] == -2.8
        inner, outer = axis.collections
        assert np.allclose(inner.get_offsets(), points[labels == 0])
        assert inner.get_facecolor()[0][2] > 0.5 > outer.get_facecolor()[0][2]  # 파랑, 주황
    assert (left.images[0].get_array() == (place > 1)[None, :]).all()
    assert (right.images[0].get_array() == (place > 2)[:, None]).all()
    assert "a" in left.get_title() and "b" in right.get_title()


def test_picture_of_the_initializations_shows_the_diverged_run(chapter):
    rows = {
        "a": {"spreads": [1.0, 0.5], "losses": [0.7, 0.6, 0.5]},
        "b": {"spreads": [2.0, 4.0], "losses": [30.0, 50.0, math.nan]},
    }
    left, right = chapter.draw_initializations(rows).axes
    assert [line.get_label() for line in left.lines] == ["a", "b"]
    assert [list(line.get_ydata()) for line in left.lines] == [[1.0, 0.5], [2.0, 4.0]]
    mark = right.lines[-1]
    assert mark.get_marker() == "x" and (mark.get_xdata()[0], mark.get_ydata()[0]) == (1, 50)
    assert len(right.lines) == 3 and "nan" in right.texts[0].get_text()


def test_picture_of_the_convolution_frames_what_belongs_together(chapter):
    image = torch.arange(40.0).view(5, 8) % 7
    kernel = torch.arange(9.0).view(3, 3)
    output = nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]
    left, _, right = chapter.draw_convolution(image, kernel, output).axes
    column = round(left.patches[0].get_x() + 0.5)
    assert right.patches[0].get_x() == left.patches[0].get_x()
    expected = (image[:3, column : column + 3] * kernel).sum()
    numbers = {text.get_position(): text.get_text() for text in right.texts}
    assert numbers[column, 0] == f"{expected:.0f}"


# ---- 내보낸 파일 ----


def test_exported_file_needs_no_class(chapter_run):
    path = chapter_run("model")[0] / "outputs" / "model_exported.pt2"
    with open(path, "rb") as file:
        program = torch.export.load(file)
    for size in (1, 7):
        X = torch.rand(size, 1, 28, 28)
        output = program.module()(X).detach().numpy()
        assert np.allclose(output, numpy_network(X, program.state_dict), atol=1e-4)


# ---- 설명은 코드를 바꾸면 알아차립니다 ----


def lesson_output(folder, edits, lesson, *args):
    """edits를 적용한 장에서 절 하나를 실행한 출력입니다."""
    module = load(write_edited(folder, "model", edits))
    module.prepare_outputs(folder)
    torch.manual_seed(0)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        getattr(module, lesson)(*args)
    return out.getvalue()


NOTICED = [
    ("use_custom_layer", " / math.sqrt(in_features)", ""),
    ("use_custom_layer", "x @ self.weight.T + self.bias", "x @ self.weight.T + 1"),
    (
        "find_mistakes",
        'self.register_buffer("center", torch.zeros(4))',
        "self.center = torch.ones(4)",
    ),
    ("find_mistakes", "self.linear = nn.Linear(4, 2)", "self.size = 4"),
    ("compare_activations", "second(torch.relu(first(x)))", "second(first(x))"),
    ("compare_activations", "second.weight @ first.bias + second.bias", "second.bias"),
    ("slide_kernel", "image.roll(1, dims=1)", "image.roll(2, dims=1)"),
    ("switch_modes", "nn.Dropout(p=0.5)", "nn.Dropout(p=0.2)"),
    ("switch_batch_norm", "    norm.eval()\n", ""),
    ("switch_batch_norm", "    norm.train()\n    with", "    with"),
    ("read_state_dict", '    del kept["1.bias"]\n', ""),
    ("read_state_dict", "state = model.state_dict()", "state = copy.deepcopy(model.state_dict())"),
    ("freeze_and_share", "    model[:2].requires_grad_(False)", "    model[:2]"),
    ("freeze_and_share", "    before = ", "    model[1].eval()\n    before = "),
]


@pytest.mark.full
@pytest.mark.parametrize(("lesson", "old", "new"), NOTICED)
def test_claims_notice(lesson, old, new, tmp_path):
    assert not broken_claims(lesson_output(tmp_path / "a", {}, lesson))
    try:
        assert broken_claims(lesson_output(tmp_path / "b", {old: new}, lesson))
    except ValueError as error:  # 배치 정규화: 평가 모드를 빠뜨리면 PyTorch의 오류가 발생합니다
        assert lesson == "switch_batch_norm" and "more than 1 value" in str(error)


@pytest.mark.full
@pytest.mark.parametrize(
    "names", ["nn.ReLU,", "nn.Identity,", "nn.GELU, nn.Identity", "nn.PReLU, nn.Sigmoid"]
)
def test_activations_are_judged_by_what_they_are(names, tmp_path):
    edits = {"(nn.Identity, nn.ReLU)": f"({names})"}
    out = lesson_output(tmp_path, edits, "learn_two_rings", CPU, 0)
    assert "정확도" in out and not broken_claims(out)


@pytest.mark.full
def test_seed_decides_the_numbers_but_not_the_claims(chapter_run, tmp_path):
    outputs = [chapter_run("model")[1].stdout]
    for seed in (0, 72, 2**32 - 1):
        run = run_main(tmp_path, "model", "--seed", seed)
        assert run.code == 0 and not broken_claims(run.out)
        outputs.append(run.out)
    first, again, *others = [re.findall(r"tensor\(.*", out) for out in outputs]
    assert first == again and first not in others


# ---- 직접 해 보기 ----


def accuracy_with_activation(run):
    return float(re.findall(r"정확도 ([\d.]+)%", run.out)[-1])


def still_learns(run):
    assert run.code == 0 and not broken_claims(run.out)
    assert accuracy_with_activation(run) > 95


def cannot_enclose(run):
    assert run.code != 0 and len(broken_claims(run.out)) == 1
    assert accuracy_with_activation(run) < 90


def depth_matters(run):
    assert run.code != 0 and len(broken_claims(run.out)) == 1
    changes = re.findall(r"손실 ([\d.e+]+) → (\S+)$", run.out, re.MULTILINE)
    assert len(changes) == 4 and all(float(last) < float(first) for first, last in changes)


EXPERIMENTS = [
    ({"(nn.Identity, nn.ReLU)": "(nn.Identity, nn.Tanh)"}, [], still_learns),
    ({"width = 16": "width = 2"}, [], cannot_enclose),
    ({"depth = 12": "depth = 2"}, [], depth_matters),
]
