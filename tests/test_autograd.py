"""6장: 연쇄 법칙, 자동 미분 엔진, 그래프, 변화도, 직선 학습, 미분 규칙, 그림을 테스트합니다."""

import re

import numpy as np
import pytest
import torch
from tools import assert_clean, assert_picture, broken_claims, load_chapter, run_main, source, written_files

PICTURES = {f"autograd_{name}.png" for name in ("graph", "derivatives", "line_fit", "loss_surface")}


@pytest.fixture(scope="module")
def chapter():
    return load_chapter("autograd")


@pytest.fixture
def network(chapter):
    """시드 3으로 만든 3절의 (x, y, w, b)입니다."""
    return chapter.build_smallest_network(3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients_by_numpy(x, y, w, b):
    """교차 엔트로피의 평균을 직접 미분합니다. (손실, dw, db)를 반환합니다."""
    x, y, w, b = (tensor.detach().double().numpy() for tensor in (x, y, w, b))
    p = sigmoid(w @ x + b)
    dz = (p - y) / len(y)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), np.outer(dz, x), dz


def without_times(output):
    return re.sub(r"[\d.]+초|    .*png", "", output)


# ---- 사용자처럼 실행 ----


def test_runs_alone(run_once):
    folder, result = run_once("autograd")
    assert_clean(result)
    assert written_files(folder) == {f"outputs/{name}" for name in PICTURES}
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE) == [str(n) for n in range(1, 19)]
    assert "torchvision" not in source("autograd")


def test_same_seed_same_output_and_no_warnings(run_once, tmp_path, monkeypatch, capsys, recwarn):
    folder, result = run_once("autograd")
    run_main("autograd", monkeypatch, "--output-dir", tmp_path, pictures=True)
    assert without_times(capsys.readouterr().out) == without_times(result.stdout)
    for name in PICTURES:
        assert (tmp_path / name).read_bytes() == (folder / "outputs" / name).read_bytes()
    assert not recwarn.list


def test_another_seed_gives_other_numbers(run_once, tmp_path, monkeypatch, capsys):
    run_main("autograd", monkeypatch, "--seed", 5, "--output-dir", tmp_path)
    other = capsys.readouterr().out
    for pattern in (r" z = tensor\((\[.*?\])", r"best = tensor\((\[.*?\])"):
        assert re.search(pattern, other)[1] != re.search(pattern, run_once("autograd")[1].stdout)[1]


def test_lessons_do_not_share_random_numbers(chapter):
    first = chapter.fit_line(4)[1], chapter.build_smallest_network(4)[2]
    torch.manual_seed(99)
    second = chapter.fit_line(4)[1], chapter.build_smallest_network(4)[2]
    assert all(torch.equal(a, b) for a, b in zip(first, second))


@pytest.mark.parametrize("options", [("--seed", "-1"), ("--seed", str(2**32)), ("--seed", "x"), ("--epochs", "1")])
def test_bad_options_get_one_line(options, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run_main("autograd", monkeypatch, *options, "--output-dir", tmp_path / "new")
    assert stop.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_claims_hold_for_many_seeds():
    chapter = load_chapter("autograd")
    for seed in range(1000, 1040):
        x, y, w, b = chapter.build_smallest_network(seed)
        line_x, line_y, _, _ = chapter.fit_line(seed)
        chapter.compare_learning_rates(line_x, line_y)
        chapter.follow_the_graph(2.0, 3.0, x, y, (w, b))
        chapter.check_gradients(x, y, w, b)
    assert len(chapter.CLAIMS) > 40 * 8
    assert [claim for claim, holds in chapter.CLAIMS if not holds] == []


# ---- 숫자 하나와 엔진 ----


def test_chain_rule_on_one_number(chapter, capsys):
    assert chapter.follow_one_number() == (2.0, 3.0)
    output = capsys.readouterr().out
    assert "(6.0, 7.0, 49.0)" in output and "(14.0, 42.0)" in output
    assert [float(value) for value in re.findall(r"d\w_d\w = ([\d.]+)", output)] == [14, 1, 3]


def expression(u, v, w):
    a = u * v + w
    b = a * a + a * u
    return b**3 + b * w + a + 2.5


def test_value_has_the_gradients_of_pytorch(chapter):
    numbers = (0.7, -1.3, 0.4)
    mine = [chapter.Value(number) for number in numbers]
    theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    result, expected = expression(*mine), expression(*theirs)
    result.backward()
    expected.backward()
    assert result.data == pytest.approx(expected.item())
    assert [value.grad for value in mine] == pytest.approx([tensor.grad.item() for tensor in theirs])


def test_value_accumulates_only_in_leaves(chapter):
    w = chapter.Value(3.0)
    square = w * w
    result = square + 1
    result.backward()
    result.backward()
    assert (w.grad, square.grad, result.grad) == (12, 1, 1)


def test_value_handles_long_and_repeated_graphs(chapter):
    w = chapter.Value(1.0)
    total = w
    for _ in range(3000):  # 재귀로 구현하면 RecursionError가 발생합니다
        total = total + w
    total.backward()
    assert w.grad == 3001
    w = chapter.Value(1.0)
    power = w
    for _ in range(40):  # 방문한 노드를 다시 방문하면 끝나지 않습니다
        power = power * power
    power.backward()
    assert w.grad == 2**40


# ---- 신경망, 직선, 학습률 ----


def test_smallest_network_and_its_gradients(chapter, network):
    x, y, w, b = network
    loss, dw, db = gradients_by_numpy(*network)
    assert chapter.network(x, y, w, b)[1].item() == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(w.grad, dw, atol=1e-6)
    np.testing.assert_allclose(b.grad, db, atol=1e-6)


def test_line_fit_is_plain_gradient_descent(chapter):
    x, y, best, history = chapter.fit_line(1)
    slope, intercept = np.polyfit(x.double().numpy(), y.double().numpy(), 1)
    np.testing.assert_allclose(best, [slope, intercept], atol=1e-6)
    assert abs(slope - 2) < 0.4 and abs(intercept - 1) < 0.3
    x, y, w, b = x.double().numpy(), y.double().numpy(), 0.0, 0.0
    for row in history.numpy():
        error = w * x + b - y
        np.testing.assert_allclose(row, [w, b, np.mean(error**2)], atol=1e-4)
        w, b = w - 0.3 * np.mean(2 * error * x), b - 0.3 * np.mean(2 * error)


def test_learning_rates_around_the_limit(chapter):
    x = torch.linspace(-3, 1, 30)
    histories = chapter.compare_learning_rates(x, 2 * x + 1)
    A = np.stack([x.numpy(), np.ones(30)], axis=1)
    limit = 2 / np.linalg.eigvalsh(2 * A.T @ A / 30).max()
    np.testing.assert_allclose(list(histories), np.array([0.03, 0.3, 1.1]) * limit, rtol=1e-5)
    first, last = zip(*((history[0, 2], history[-1, 2]) for history in histories.values()))
    assert last[1] < last[0] < first[0] and last[2] > 100 * first[2]


# ---- 그래프 ----


def names_and_depths(chapter, result):
    return [
        (type(node).__name__.removesuffix("Backward0"), depth) for node, depth in chapter.collect_nodes(result).items()
    ]


def test_collect_nodes_visits_every_node_once(chapter, network):
    _, loss = chapter.network(*network)
    assert names_and_depths(chapter, loss) == [
        ("BinaryCrossEntropyWithLogits", 0),
        ("Add", 1),
        ("Mv", 2),
        ("AccumulateGrad", 2),
        ("AccumulateGrad", 3),
    ]
    z = torch.ones(2, requires_grad=True)
    assert names_and_depths(chapter, (z * z + z).sum()) == [("Sum", 0), ("Add", 1), ("Mul", 2), ("AccumulateGrad", 3)]
    assert names_and_depths(chapter, z) == [("AccumulateGrad", 0)]
    for _ in range(60):  # 방문한 노드를 다시 방문하면 끝나지 않습니다
        z = z * z + z
    assert max(chapter.collect_nodes(z).values()) == 120


def picture_of(chapter, **named):
    figure = chapter.draw_graphs([named])
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    arrows = [text for text in figure.axes[0].texts if not text.get_text()]
    boxes = [text.get_bbox_patch().get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(figure.bbox.contains(*corner) for box in boxes for corner in box.corners())
    return sorted(text.get_text() for text in texts), len(arrows)


def test_graph_picture_shows_values_and_gradients(chapter):
    w = torch.tensor(2.0, requires_grad=True)
    a, b, c = chapter.chain(w, 3.0)
    texts, arrows = picture_of(chapter, w=w, a=a, b=b, c=c)
    assert texts == [
        "a = 6.\nMulBackward0\ngradient 14.",
        "b = 7.\nAddBackward0\ngradient 14.",
        "c = 49.\nPowBackward0\ngradient 1.",
        "w = 2.\nAccumulateGrad\ngradient 42.",
    ]
    assert arrows == 3 and w.grad is None


def test_graph_picture_draws_shared_nodes_once(chapter):
    z = torch.tensor([1.0, 2.0], requires_grad=True)
    texts, arrows = picture_of(chapter, z=z, total=(z * z + z).sum())
    assert texts == [
        "AddBackward0\ngradient [1., 1.]",
        "MulBackward0\ngradient [1., 1.]",
        "total = 8.\nSumBackward0\ngradient 1.",
        "z = [1., 2.]\nAccumulateGrad\ngradient [3., 5.]",
    ]
    assert arrows == 5
    y = torch.tensor(3.0, requires_grad=True)
    assert picture_of(chapter, y=y, result=y * y + 1)[1] == 3


def test_graph_picture_of_other_networks(chapter, network):
    x, y, w, b = network
    hidden = torch.relu(w @ x) + b
    texts, _ = picture_of(chapter, w=w, b=b, loss=(hidden * w.sum(dim=1)).mean())
    assert len(texts) == 8 and sum("AccumulateGrad" in text for text in texts) == 2


# ---- 오류와 함정 ----

MESSAGES = {
    "see_which_tensors_get_grad": ["use .retain_grad()", "Specify retain_graph=True"],
    "stop_tracking": ["Use tensor.detach().numpy() instead."],
    "lose_the_leaf": ["'float' and 'NoneType'"],
    "avoid_in_place": ["a leaf Variable that requires grad", "expected version 0 instead"],
    "multiply_jacobian": ["only for scalar outputs"],
    "differentiate_twice": ["does not have a grad_fn"],
    "compare_inference_mode": ["can make a clone to get a normal tensor"],
}


@pytest.mark.parametrize("lesson", MESSAGES)
def test_lessons_show_the_whole_message(lesson, chapter, capsys):
    getattr(chapter, lesson)()
    output = " ".join(capsys.readouterr().out.split())
    for message in MESSAGES[lesson]:
        assert message in output


def test_wrong_gradient_of_data_attribute(chapter, capsys):
    chapter.avoid_in_place()
    correct, wrong = re.findall(r"tensor\(\[(.*?)\]\)", capsys.readouterr().out)
    s = sigmoid(np.array([0.0, 1.0]))
    np.testing.assert_allclose([float(v) for v in correct.split(",")], 2 * s * (1 - s), atol=1e-4)
    np.testing.assert_allclose([float(v) for v in wrong.split(",")], 2 * s * (1 - 2 * s), atol=1e-4)


CASES = [(8.0, 17.0, 2.0), (3.0, 15.0, 4.0), (-1.0, 15.0, -8.0), (0.0, 15.0, 16.0), (20.0, 20.0, 1.0)]


@pytest.mark.parametrize("x, y, slope", CASES)
def test_graph_follows_python_control_flow(chapter, x, y, slope):
    x = torch.tensor(x, requires_grad=True)
    result = chapter.double_until_ten(x)
    result.backward()
    assert (result.item(), x.grad.item()) == (y, slope)


def test_printed_jacobian_and_gradients(chapter, capsys):
    chapter.multiply_jacobian()
    assert "(tensor([2.0000, 1.0000, 0.6000]), tensor([2.0000, 1.0000, 0.6000]))" in capsys.readouterr().out
    chapter.tell_three_grads_apart()
    output = capsys.readouterr().out
    assert "(tensor(6.), tensor(6.), tensor(6.))" in output and "w.grad = tensor([2., 4.])" in output
    rows = re.search(r"per_sample =\s+tensor\((\[\[.*?\]\])\)", output, re.DOTALL)[1]
    X = np.array([[1, 0], [0, 2], [1, 1]])
    assert eval(rows) == (2 * X.sum(axis=1)[:, None] * X).tolist()  # 2 (w @ x - y) x


# ---- 두 번 미분, 검증, 사용자 정의 함수 ----


def test_derivatives_and_their_picture(chapter):
    x, f, first, second = chapter.differentiate_twice()
    np.testing.assert_allclose(f, x**3 / 3 - x, atol=1e-12)
    np.testing.assert_allclose(first, x**2 - 1, atol=1e-12)
    np.testing.assert_allclose(second, 2 * x, atol=1e-12)
    curves = {line.get_label(): line for line in chapter.draw_derivatives(x, f, first, second).axes[0].lines}
    (flat,) = [line for label, line in curves.items() if label.startswith("f'(x) = 0")]
    np.testing.assert_allclose([flat.get_xdata(), flat.get_ydata()], [[-1, 1], [2 / 3, -2 / 3]])


def test_finite_differences(chapter):
    point = torch.tensor([[1.0, 2.0], [3.0, -4.0]], dtype=torch.float64)
    result = chapter.finite_differences(lambda t: (t**3).sum(), point, 1e-5)
    np.testing.assert_allclose(result, 3 * point.numpy() ** 2, rtol=1e-6)
    assert point.tolist() == [[1, 2], [3, -4]]


def test_errors_of_finite_differences_are_u_shaped(chapter, network, capsys):
    chapter.check_gradients(*network)
    output = capsys.readouterr().out
    rows = [dict(re.findall(r"h (\S+): ([^\s,]+)", line)) for line in output.splitlines() if "h 1e-01" in line]
    single, double = ({float(h): float(error) for h, error in row.items()} for row in rows)
    assert single[1e-2] < min(single[1e-1], single[1e-6], single[1e-8])
    assert double[1e-6] < 1e-8 and double[1e-6] < double[1e-2] < double[1e-1]
    rows = re.search(r"by_hand =\s+tensor\((\[\[.*?\]\])", output, re.DOTALL)[1]
    np.testing.assert_allclose(eval(rows), gradients_by_numpy(*network)[1], atol=1e-4)


def test_own_function(chapter):
    x = torch.tensor([-200.0, -1.0, 0.0, 2.0, 200.0], requires_grad=True)
    y = chapter.Softplus.apply(x)
    (3 * y).sum().backward()
    values = x.detach().double().numpy()
    np.testing.assert_allclose(y.detach(), np.logaddexp(0, values), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(x.grad, 3 * sigmoid(values), rtol=1e-5, atol=1e-30)
    per_sample = torch.func.vmap(torch.func.grad(chapter.Softplus.apply))(x.detach())
    np.testing.assert_allclose(per_sample, sigmoid(values), rtol=1e-5, atol=1e-30)


# ---- 학습자가 변경하는 코드: 이름, 한 번에 변경할 내용, ✗로 표시되는 설명의 개수 ----

RATE, INPUT, DATA = "learning_rate=0.3, steps=40", "x = torch.tensor([1.0, 2.0, -1.0])", "torch.linspace(-1, 1, 60)"
LOSS, CUBE, RATIOS = "F.binary_cross_entropy_with_logits(z, y)", "return x**3 / 3 - x", "(0.03, 0.3, 1.1)"
LABELS, LOGITS, LINE = "y = torch.tensor([0.0, 1.0])", "z = w @ x + b", "y = 2 * x + 1 +"
EDITS = {
    "four features, x with gradient, sin": (
        {INPUT: "x = torch.tensor([1.0, 2.0, -1.0, 0.5], requires_grad=True)", CUBE: "return torch.sin(x)"},
        0,
    ),
    "three labels, one rate, longer loop": (
        {LABELS: "y = torch.tensor([0.0, 1.0, 1.0])", RATIOS: "(0.5,)", "while y < 10:": "while y < 100:"},
        0,
    ),
    "large input, parabola, exp": (
        {INPUT: "x = torch.tensor([100.0, 200.0, -100.0])", LINE: "y = x**2 +", CUBE: "return torch.exp(x)"},
        0,
    ),
    "frozen bias, integers": (
        {"b = torch.randn(len(y), requires_grad=True)": "b = torch.randn(len(y))", "w, x = 2.0, 3.0": "w, x = -1, 100"},
        0,
    ),
    "tanh, few steps, other cube": (
        {LOGITS: "z = torch.tanh(w @ x + b)", RATE: "learning_rate=0.3, steps=5", "c = b**2": "c = b**3"},
        3,
    ),
    "mean squared error, large rate": ({LOSS: "F.mse_loss(z, y)", RATE: "learning_rate=1.2, steps=40"}, 3),
    "shared node, wide data": ({LOSS: "(z * z + z).sum()", DATA: "torch.linspace(0, 10, 60)"}, 3),
    "numbers on the left, other t, limit of the rate": (
        {
            "    a = w * x\n    b = a + 1\n": "    a = 2 * w * x\n    b = 1 + a\n",
            "t = torch.tensor(3.0, requires": "t = torch.tensor(5.0, requires",
            "(8.0, 3.0, -1.0)": "(8, 5, -1)",
            RATIOS: "(0.5, 1.0, 1.1)",
        },
        1,  # 1절의 도함수는 2를 곱하지 않은 식으로 계산합니다
    ),
    "no zeroing": ({"w.grad = b.grad = None": "pass"}, 1),
    "square in a loop, wrong rule": (
        {"y = 2 * y + 1": "y = y * y + 1", "return grad_output * torch.sigmoid(x)": "return torch.sigmoid(x)"},
        4,
    ),
}


def run_edited(monkeypatch, capsys, folder, edits, **options):
    """변경한 코드를 실행하고 ✗로 표시된 설명을 반환합니다. 설명이 틀리면 1로 종료합니다."""
    stopped = False
    try:
        run_main("autograd", monkeypatch, "--output-dir", folder, edits=edits, **options)
    except SystemExit:
        stopped = True
    output, error = capsys.readouterr()
    assert stopped == bool(broken_claims(output)) and error == ""
    assert {path.name for path in folder.iterdir()} == PICTURES
    return broken_claims(output)


@pytest.mark.parametrize("edits, broken", EDITS.values(), ids=EDITS)
def test_edits_only_break_claims(edits, broken, tmp_path, monkeypatch, capsys):
    assert len(run_edited(monkeypatch, capsys, tmp_path, edits)) == broken


def test_diverging_training_still_draws_its_pictures(tmp_path, monkeypatch, capsys, recwarn):
    edits = {RATE: "learning_rate=10.0, steps=400", RATIOS: "(0.3, 1e20)"}  # 손실이 nan이 됩니다
    assert len(run_edited(monkeypatch, capsys, tmp_path, edits, pictures=True)) == 2
    for name in PICTURES:
        assert_picture(tmp_path / name)
    assert not recwarn.list


def test_expect_wants_its_error(capsys):
    chapter = load_chapter("autograd")
    with chapter.expect(RuntimeError):
        pass
    assert [holds for _, holds in chapter.CLAIMS] == [False]
    with pytest.raises(ValueError), chapter.expect(RuntimeError):
        int("x")
