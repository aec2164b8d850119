"""6장(autograd.py)의 테스트입니다."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from tools import (
    assert_clean,
    assert_one_korean_line,
    assert_picture,
    broken_claims,
    load_chapter,
    run_main,
)

PICTURES = ["chain", "derivatives", "differences", "graph", "learning_rates", "line_fit"]


def has_broken_claim(lesson, count):
    """✗가 count번 표시되고, 그중 하나는 lesson번째 절에 있는지 확인합니다."""

    def check(run):
        assert len(broken_claims(run.out)) == count
        assert f"✗ {lesson}. " in run.code

    return check


def swings_around_the_lowest_point(run):
    """w가 최저점을 여러 번 지나가고, 3절에 ✗가 표시되는지 확인합니다."""
    assert "✗ 3. " in run.code
    x = torch.linspace(-1, 1, 60)
    history = run.module.descend(x, 2 * x + 1, learning_rate=0.3)
    sides = [row["w"] > 2 for row in history]
    assert sum(a != b for a, b in zip(sides, sides[1:])) > 3


EXPERIMENTS = [  # 직접 해 보기
    ({"    c = b**2\n": "    c = b**3\n"}, [], has_broken_claim(1, 1)),
    (
        {"        w.grad = None  # 변화도는 누적되므로 단계마다 비웁니다(8절)\n": ""},
        [],
        swings_around_the_lowest_point,
    ),
    (
        {"return grad_output * torch.sigmoid(x)": "return torch.sigmoid(x)"},
        [],
        has_broken_claim(21, 1),
    ),
]


@pytest.fixture
def chapter():
    yield load_chapter("autograd")
    plt.close("all")


def test_runs_alone_and_draws(chapter_run):
    folder, result = chapter_run("autograd")
    assert_clean(result)
    names = [f"autograd_{name}.png" for name in PICTURES]
    written = sorted(path.name for path in (folder / "outputs").iterdir())
    assert written == sorted([*names, "autograd.html"])
    for name in names:
        assert_picture(folder / "outputs" / name)


@pytest.mark.parametrize("option", [["--seed", "4294967296"], ["--seed", "x"], ["--epochs", "3"]])
def test_bad_option_ends_in_one_korean_line(tmp_path, capsys, option):
    run = run_main(tmp_path, "autograd", *option)
    assert run.code == 2 and run.out == ""
    assert_one_korean_line(capsys.readouterr().err)


def test_output_folder_that_is_a_file_ends_in_one_korean_line(tmp_path):
    (tmp_path / "file").write_text("")
    run = run_main(tmp_path, "autograd", "--output-dir", tmp_path / "file")
    assert_one_korean_line(run.code)


def test_practice_alone_checks_the_exercises(tmp_path):
    run = run_main(tmp_path, "autograd", "--practice")
    assert run.code == 0 and run.out.count("□") == 4
    assert [path.name for path in tmp_path.iterdir()] == ["autograd.py"]


def network_of_seed(chapter, seed):
    torch.manual_seed(seed)
    return chapter.build_smallest_network()


def test_random_numbers_follow_the_seed(chapter):
    x, y, w, b = network_of_seed(chapter, 0)
    assert torch.equal(network_of_seed(chapter, 0)[2], w)
    assert not torch.equal(network_of_seed(chapter, 1)[2], w)


# ---- 그림: 눈으로 보지 않아도 알 수 있는 것 ----


def test_surface_has_w_across_and_b_up(chapter):
    """w와 b를 서로 바꾸어 그리면 가장 낮은 곳, 가로로 긴 모양, 경로가 달라집니다."""
    x = torch.linspace(-1, 1, 60)
    best = {"w": 2.0, "b": -1.0}
    history = chapter.descend(x, 2 * x - 1, learning_rate=0.3)
    figure, axis = plt.subplots()
    chapter.draw_descent(axis, x, 2 * x - 1, best, {"path": history})
    lowest = axis.collections[0].get_paths()[0].vertices
    middle = (lowest.max(axis=0) + lowest.min(axis=0)) / 2
    np.testing.assert_allclose(middle, [2, -1], atol=0.1)
    width, height = lowest.max(axis=0) - lowest.min(axis=0)
    assert width > 1.3 * height  # 손실은 w 방향으로 더 완만합니다
    path, star = axis.lines
    np.testing.assert_allclose(path.get_xydata()[-1], [2, -1], atol=0.01)
    np.testing.assert_allclose(star.get_xydata(), [[2, -1]])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("w", "b")


def draw_graph_of(chapter, tensors):
    """그래프를 그리고, (상자의 텍스트, 화살표마다 (시작한 텐서, 도착한 텐서))를 반환합니다."""
    for tensor in tensors.values():
        if not tensor.is_leaf:
            tensor.retain_grad()
    tensor.backward()
    (axis,) = chapter.draw_graph(tensors).axes
    boxes = [text for text in axis.texts if text.get_text()]
    names = {box.get_position(): box.get_text().split()[1] for box in boxes}
    arrows = [text for text in axis.texts if not text.get_text()]
    arrows = [(names[arrow.xyann], names[arrow.xy]) for arrow in arrows]
    return sorted(box.get_text() for box in boxes), sorted(arrows)


def test_graph_shows_values_and_gradients(chapter):
    w = torch.tensor(2.0, requires_grad=True)
    a = w * 3.0
    texts, arrows = draw_graph_of(chapter, {"w": w, "a": a, "c": a**2})
    assert texts == [
        "AccumulateGrad\nw = 2\ngradient 36",
        "MulBackward0\na = 6\ngradient 12",
        "PowBackward0\nc = 36\ngradient 1",
    ]
    assert arrows == [("a", "w"), ("c", "a")]


def test_graph_draws_a_tensor_once_and_every_arrow(chapter):
    w = torch.tensor(3.0, requires_grad=True)
    square = w * w
    texts, arrows = draw_graph_of(chapter, {"w": w, "square": square, "c": square + w})
    assert len(texts) == 3 and "w = 3\ngradient 7" in texts[0]
    assert arrows == [("c", "square"), ("c", "w"), ("square", "w"), ("square", "w")]
    z = w
    for _ in range(60):  # 지나온 노드를 다시 방문하면 끝나지 않습니다
        z = z * z + z
    depths = {}
    chapter.measure_depths(z.grad_fn, 0, depths)
    assert max(depths.values()) == 120


# ---- 자동 미분 엔진 ----


def expression(u, v, w):
    a = u * v + w
    b = a * a + a * u
    return b**3 + b * w + 2 * a + 2.5


def test_value_has_the_gradients_of_pytorch(chapter):
    numbers = (0.7, -1.3, 0.4)
    mine = [chapter.Value(number) for number in numbers]
    theirs = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in numbers]
    result = expression(*mine)
    result.backward()
    expected = expression(*theirs)
    expected.backward()
    assert result.data == pytest.approx(expected.item())
    assert [value.grad for value in mine] == pytest.approx([t.grad.item() for t in theirs])


def test_value_accumulates_only_in_leaves(chapter):
    w = chapter.Value(3.0)
    square = w * w
    result = 1 + square
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
    for _ in range(40):  # 방문한 값을 다시 방문하면 끝나지 않습니다
        power = power * power
    power.backward()
    assert w.grad == 2**40


# ---- 여기부터는 --full을 지정했을 때만 실행합니다. ----


@pytest.mark.full
def test_claims_hold_for_many_seeds(chapter, monkeypatch):
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: plt.close(figure))
    for seed in range(20):
        x, y, w, b = network_of_seed(chapter, seed)
        chapter.differentiate_by_hand(x, y, w, b)
        line = chapter.fit_line()
        chapter.try_learning_rates(*line)
        chapter.find_the_limit(*line)
        chapter.stop_tracking()
    assert len(chapter.CLAIMS) == 20 * 8 and all(holds for _, _, holds in chapter.CLAIMS)


@pytest.mark.full
def test_seed_option_decides_the_numbers(tmp_path):
    outputs = []
    for seed in (3, 3, 4):
        run = run_main(tmp_path, "autograd", "--seed", seed, "--output-dir", tmp_path)
        assert run.code == 0
        outputs.append(run.out)
    assert outputs[0] == outputs[1] != outputs[2]


BREAKS = {  # 확인하는 설명을 틀리게 만드는 변경
    "    c = b**2\n": "    c = b**3\n",
    "w -= 0.1 * w.grad\n        b -= 0.1": "w += 0.1 * w.grad\n        b += 0.1",
    "learning_rate=0.3)": "learning_rate=0.001)",
    "(0.02, 0.3, 1.05)": "(0.3, 0.02, 0.1)",
    "end = z.grad_fn.next_functions[1][0]": "end = product.grad_fn.next_functions[0][0]",
    "    z.retain_grad()\n    loss = (z**2)": "    z.retain_grad()\n    loss = (z**3)",
    "total += loss  #": "total += loss.detach()  #",
    'show(f"{first = }"': 'w.grad = None\n    show(f"{first = }"',
    "with torch.no_grad():\n        untracked": "with torch.enable_grad():\n        untracked",
    "nn.Dropout(0.5)": "nn.Dropout(0.0)",
    "w.requires_grad_(False)": "w.requires_grad_(True)",
    "w -= 0.1 * w.grad  # 올바른 방법": "w = w - 0.1 * w.grad",
    "s = 2 * torch.sigmoid(w)": "s = torch.sigmoid(w)",
    "s.data *= 2": "s.data *= 1",
    "y = 2 * y + 1\n": "y = 3 * y + 1\n",
    "[(self, 1.0), (other, 1.0)]": "[(self, 1.0), (other, 2.0)]",
    'b - y) ** 2).mean()\n    loss.backward()\n    show(f"{w.grad, b': "b - y) ** 2).sum()\n"
    '    loss.backward()\n    show(f"{w.grad, b',
    "[0.0, 0.0, 6.0]": "[0.0, 0.0, 5.0]",
    "returned = torch.autograd.grad(loss, t)": "returned = loss.backward()",
    "return x**3 / 3 - x": "return x**3 / 2 - x",
    "(torch.sigmoid(z) - y) / len(y)": "(torch.sigmoid(z) - y) / 3",
    "steps = [0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]": "steps = [0.01, 0.1, 0.2]",
    "return grad_output * torch.sigmoid(x)": "return grad_output * torch.exp(x)",
}


@pytest.mark.full
def test_every_claim_can_fail(tmp_path):
    run = run_main(tmp_path, "autograd", "--output-dir", tmp_path, edits=BREAKS)
    assert [claim for _, claim, holds in run.module.CLAIMS if holds] == []
    assert len(run.module.CLAIMS) >= 25


@pytest.mark.full
def test_repaired_derivative_is_right_again(tmp_path):
    """직접 해 보기 1)에서 도함수도 함께 바꾸면 다시 ✓가 됩니다."""
    edits = {"    c = b**2\n": "    c = b**3\n", "dc_db = 2 * b  #": "dc_db = 3 * b**2  #"}
    run = run_main(tmp_path, "autograd", "--output-dir", tmp_path, edits=edits)
    assert run.code == 0 and not broken_claims(run.out)


@pytest.mark.full
def test_edits_of_a_learner_do_not_stop_the_chapter(tmp_path, recwarn):
    edits = {
        "torch.linspace(-1, 1, 60)": "torch.linspace(0, 5, 60)",  # 발산해서 nan이 됩니다
        "(0.02, 0.3, 1.05)": "(0.02, 0.3, 1e20)",
        "(0.95 * limit, 1.05 * limit)": "(0.5 * limit, 1.5 * limit)",
        "(8.0, 3.0, -3.0)": "(0.0, 100.0, -20.0)",
        "    w = 2.0\n    x = 3.0\n": "    w = -1.0\n    x = 0.0\n",
        "return x**3 / 3 - x": "return torch.exp(x)",
    }
    run = run_main(tmp_path, "autograd", "--output-dir", tmp_path, edits=edits)
    assert "마무리" in run.out
    for name in PICTURES:
        assert_picture(tmp_path / f"autograd_{name}.png")
    assert not recwarn.list


@pytest.mark.full
def test_smallest_network_and_its_gradients(chapter, monkeypatch):
    """교차 엔트로피의 평균을 NumPy로 직접 미분한 값과 비교합니다."""
    shown = []
    monkeypatch.setattr(chapter, "show", lambda text, note="": shown.append(text))
    x, y, w, b = network_of_seed(chapter, 3)
    torch.manual_seed(3)
    old_w = torch.randn(2, 3).double().numpy()
    old_b = torch.randn(2).double().numpy()
    probability = 1 / (1 + np.exp(-(old_w @ x.numpy() + old_b)))
    dz = (probability - y.numpy()) / 2
    np.testing.assert_allclose(w.grad, np.outer(dz, x), atol=1e-6)
    np.testing.assert_allclose(b.grad, dz, atol=1e-6)
    np.testing.assert_allclose(w.detach(), old_w - 0.1 * np.outer(dz, x), atol=1e-6)
    loss = -np.log(np.where(y.numpy() == 1, probability, 1 - probability)).mean()
    assert any(text.startswith(f"loss = tensor({loss:.4f}") for text in shown)


@pytest.mark.full
def test_line_fit_is_plain_gradient_descent(chapter):
    torch.manual_seed(1)
    x, y, best = chapter.fit_line()
    slope, intercept = np.polyfit(x.double().numpy(), y.double().numpy(), 1)
    assert (best["w"], best["b"]) == pytest.approx((slope, intercept), abs=1e-5)
    x = x.double().numpy()
    y = y.double().numpy()
    w = 0.0
    b = 0.0
    for row in chapter.descend(torch.tensor(x).float(), torch.tensor(y).float(), 0.3):
        error = w * x + b - y
        expected = {"w": w, "b": b, "loss": np.mean(error**2)}
        assert row == pytest.approx(expected, abs=1e-4)
        w -= 0.3 * np.mean(2 * error * x)
        b -= 0.3 * np.mean(2 * error)


CASES = [(8.0, 17.0, 2.0), (-3.0, 15.0, -4.0), (0.0, 15.0, 16.0), (20.0, 20.0, 1.0)]


@pytest.mark.full
@pytest.mark.parametrize(("x", "y", "slope"), CASES)
def test_graph_follows_python_control_flow(chapter, x, y, slope):
    x = torch.tensor(x, requires_grad=True)
    result = chapter.double_until_ten(x)
    result.backward()
    assert (result.item(), x.grad.item()) == (y, slope)


MESSAGES = {
    "see_where_grad_is_stored": ["use .retain_grad()"],
    "run_backward_twice": ["Specify retain_graph=True"],
    "stop_tracking": ["Use tensor.detach().numpy() instead."],
    "lose_the_leaf": ["'float' and 'NoneType'", "a leaf Variable that requires grad"],
    "change_saved_values": ["expected version 0 instead"],
    "multiply_jacobian": ["only for scalar outputs"],
    "differentiate_twice": ["does not have a grad_fn"],
}


@pytest.mark.full
@pytest.mark.parametrize("lesson", MESSAGES)
def test_lesson_shows_the_error(lesson, chapter, capsys, monkeypatch):
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: None)
    getattr(chapter, lesson)()
    output = " ".join(capsys.readouterr().out.split())
    for message in MESSAGES[lesson]:
        assert message in output


@pytest.mark.full
def test_own_function_for_small_and_large_values(chapter):
    x = torch.tensor([-200.0, -1.0, 0.0, 2.0, 200.0], requires_grad=True)
    y = chapter.Softplus.apply(x)
    (3 * y).sum().backward()
    values = x.detach().double().numpy()
    np.testing.assert_allclose(y.detach(), np.logaddexp(0, values), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(x.grad, 3 / (1 + np.exp(-values)), rtol=1e-5, atol=1e-30)


@pytest.mark.full
def test_per_sample_gradients(chapter, monkeypatch):
    shown = []
    monkeypatch.setattr(chapter, "show", lambda text, note="": shown.append(text))
    chapter.tell_three_grads_apart()
    expected = torch.tensor([[2.0, 0.0], [0.0, 8.0], [4.0, 4.0]])  # 2 * (w @ x - y) * x
    assert f"per_sample = {expected}" in shown


@pytest.mark.full
def test_zero_grad_empties_the_gradient(chapter, monkeypatch):
    shown = []
    monkeypatch.setattr(chapter, "show", lambda text, note="": shown.append(text))
    chapter.accumulate_gradients()
    assert shown[-2:] == ["layer.weight.grad = tensor([[1., 2.]])", "layer.weight.grad = None"]


def figure_of(chapter, monkeypatch, lesson):
    """절이 저장하는 그림을 반환합니다."""
    figures = []
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: figures.append(figure))
    torch.manual_seed(0)
    lesson()
    (figure,) = figures
    return figure


def lines_of(axis):
    """축에 그린 선의 {이름: (x, y)}입니다."""
    return {line.get_label(): line.get_data() for line in axis.lines}


@pytest.mark.full
def test_picture_of_the_chain_has_each_number_at_its_place(chapter, monkeypatch):
    (axis,) = figure_of(chapter, monkeypatch, chapter.follow_one_number).axes
    columns = {}
    for text in axis.texts:
        if text.get_text():
            columns.setdefault(text.get_position()[0], []).append(text.get_text())
    assert columns == {
        0: ["w = 2", "dc/dw = 42"],
        0.5: ["* 3"],
        1: ["a = 6", "dc/da = 14"],
        1.5: ["* 1"],
        2: ["b = 7", "dc/db = 14"],
        2.5: ["* 14"],
        3: ["c = 49", "dc/dc = 1"],
    }


@pytest.mark.full
def test_picture_of_the_line_shows_the_line_that_was_found(chapter, monkeypatch):
    left, right = figure_of(chapter, monkeypatch, chapter.fit_line).axes
    ((w, b),) = right.lines[-1].get_xydata()  # 공식으로 구한 답을 표시한 별
    x, y = lines_of(left)["step 39"]
    np.testing.assert_allclose(y, w * np.array(x) + b, atol=0.05)
    np.testing.assert_allclose(lines_of(left)["step 0"][1], 0)


@pytest.mark.full
def test_picture_of_derivatives_shows_the_formulas(chapter, monkeypatch):
    (axis,) = figure_of(chapter, monkeypatch, chapter.differentiate_twice).axes
    lines = lines_of(axis)
    formulas = {"f(x)": lambda x: x**3 / 3 - x, "f'(x)": lambda x: x**2 - 1}
    formulas["f''(x)"] = lambda x: 2 * x
    for name, formula in formulas.items():
        x, y = map(np.array, lines[name])
        np.testing.assert_allclose(y, formula(x), atol=1e-4)


@pytest.mark.full
def test_picture_of_errors_has_h_across_and_the_error_up(chapter, monkeypatch):
    (axis,) = figure_of(chapter, monkeypatch, chapter.check_by_differences).axes
    lines = lines_of(axis)
    assert set(lines) == {"torch.float32", "torch.float64"}
    for name, smallest_error, best_h in (("32", 1e-6, 1e-4), ("64", 1e-13, 1e-7)):
        h, error = lines[f"torch.float{name}"]
        assert h[0] == 0.1 and h[-1] == 1e-8
        assert min(error) > smallest_error and h[np.argmin(error)] > best_h
    assert min(lines["torch.float64"][1]) < 1e-8


@pytest.mark.full
def test_screen_is_at_most_100_cells_wide(chapter_run):
    _, result = chapter_run("autograd")
    for line in result.stdout.splitlines():
        cells = len(line) + len(re.findall("[가-힣]", line))
        assert cells <= 100 or "outputs" in line, line
