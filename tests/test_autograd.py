"""6장: 변화도, 경사하강법, 연산 그래프."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from tools import assert_clean, assert_picture, broken_claims, load_chapter, only, run_main

NAMES = ("chain", "derivatives", "differences", "graph", "learning_rates", "line_fit")
PICTURES = {f"autograd_{name}.png" for name in NAMES}
SAVE = "def save_figure(figure, name):\n"
FAST = {SAVE: f"{SAVE}    return plt.close(figure)\n"}  # 그림을 파일로 저장하지 않습니다
CUBE = {"    c = b**2\n": "    c = b**3\n"}
CLEAR = {"        w.grad = None  # 변화도는 누적되므로 단계마다 비웁니다(8절)\n": ""}
IGNORE = {"return grad_output * torch.sigmoid(x)": "return torch.sigmoid(x)"}


def breaks_only(*lessons):
    """절마다 ✗가 하나씩만 표시되는지 확인합니다."""

    def look(run):
        assert len(broken_claims(run.out)) == len(lessons)
        assert all(f"✗ {lesson}. " in run.code for lesson in lessons)

    return look


def swings_around_the_lowest_point(run):
    """w가 최저점을 여러 번 지나가는지 확인합니다."""
    breaks_only(3, 4)(run)
    x = torch.linspace(-1, 1, 60)
    sides = [row["w"] > 2 for row in run.module.descend(x, 2 * x + 1, learning_rate=0.3)]
    assert sum(a != b for a, b in zip(sides, sides[1:])) > 3


EXPERIMENTS = [  # 직접 해 보기
    (FAST | only("autograd", "follow_one_number") | CUBE, [], breaks_only(1)),
    (FAST | only("autograd", "try_learning_rates") | CLEAR, [], swings_around_the_lowest_point),
    (FAST | only("autograd", "use_own_function") | IGNORE, [], breaks_only(21)),
]


@pytest.fixture
def chapter():
    module = load_chapter("autograd")
    module.figures = []  # 절이 저장하려고 한 그림
    module.save_figure = lambda figure, name: module.figures.append(figure)
    torch.manual_seed(0)
    yield module
    plt.close("all")


def lines_of(axis):
    """축에 그린 선의 {이름: (x, y)}입니다."""
    return {line.get_label(): np.array(line.get_data()) for line in axis.lines}


def test_runs_alone_and_draws(chapter_run):
    folder, result = chapter_run("autograd")
    assert_clean(result)
    written = {path.name for path in (folder / "outputs").iterdir()}
    assert written == PICTURES | {"autograd.html"}
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)


def test_derivative_of_the_cube_repairs_the_first_lesson(tmp_path):
    """직접 해 보기 1)에서 dc_db도 함께 바꾸면 다시 ✓가 됩니다."""
    edits = FAST | CUBE | only("autograd") | {"dc_db = 2 * b  #": "dc_db = 3 * b**2  #"}
    run = run_main(tmp_path, "autograd", edits=edits)
    run.module.follow_one_number()
    assert run.code == 0 and run.module.CLAIMS[-1][2]


def test_smallest_network_moves_against_the_gradient(chapter):
    x, y, w, b = chapter.build_smallest_network()
    torch.manual_seed(0)
    old_w = torch.randn(2, 3).double().numpy()
    old_b = torch.randn(2).double().numpy()
    probability = 1 / (1 + np.exp(-(old_w @ x.numpy() + old_b)))
    dz = (probability - y.numpy()) / 2
    np.testing.assert_allclose(w.grad, np.outer(dz, x), atol=1e-6)
    np.testing.assert_allclose(b.grad, dz, atol=1e-6)
    np.testing.assert_allclose(w.detach(), old_w - 0.1 * np.outer(dz, x), atol=1e-6)
    np.testing.assert_allclose(b.detach(), old_b - 0.1 * dz, atol=1e-6)


def test_line_fit_is_plain_gradient_descent(chapter):
    x, y, best = chapter.fit_line()
    slope, intercept = np.polyfit(x.double().numpy(), y.double().numpy(), 1)
    assert (best["w"], best["b"]) == pytest.approx((slope, intercept), abs=1e-5)
    w = b = 0.0
    for row in chapter.descend(x, y, 0.3):
        error = w * x.double().numpy() + b - y.double().numpy()
        assert row == pytest.approx({"w": w, "b": b, "loss": np.mean(error**2)}, abs=1e-4)
        w -= 0.3 * np.mean(2 * error * x.numpy())
        b -= 0.3 * np.mean(2 * error)


def test_graph_follows_python_control_flow(chapter):
    for x, y, slope in ((8, 17, 2), (3, 15, 4), (-3, 15, -4), (0, 15, 16), (20, 20, 1)):
        x = torch.tensor(float(x), requires_grad=True)
        result = chapter.double_until_ten(x)
        result.backward()
        assert (result.item(), x.grad.item()) == (y, slope)


def test_value_has_the_gradients_of_pytorch(chapter):
    def expression(u, v):
        a = u * v + v
        b = a * a + a * u
        return b * b * b + b * v + a

    mine = [chapter.Value(0.7), chapter.Value(-1.3)]
    theirs = [torch.tensor(value.data, dtype=torch.double, requires_grad=True) for value in mine]
    result = expression(*mine)
    other = mine[0] * mine[1]
    other.backward()  # 다른 결과의 변화도와 섞이지 않습니다
    assert [value.grad for value in mine] == [-1.3, 0.7]
    result.backward()
    expected = expression(*theirs)
    expected.backward()
    assert result.data == pytest.approx(expected.item())
    assert [value.grad for value in mine] == pytest.approx([t.grad.item() for t in theirs])


def test_own_function_for_small_and_large_values(chapter):
    x = torch.tensor([-200.0, -1.0, 0.0, 2.0, 200.0], requires_grad=True)
    y = chapter.Softplus.apply(x)
    (3 * y).sum().backward()
    values = x.detach().double().numpy()
    np.testing.assert_allclose(y.detach(), np.logaddexp(0, values), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(x.grad, 3 / (1 + np.exp(-values)), rtol=1e-5, atol=1e-30)


def test_picture_of_the_chain_has_each_number_at_its_place(chapter):
    chapter.follow_one_number()
    texts = [text for text in chapter.figures[0].axes[0].texts if text.get_text()]
    texts.sort(key=lambda text: (text.get_position()[0], -text.get_position()[1]))
    told = "w = 2, dc/dw = 42, * 3, a = 6, dc/da = 14, * 1, b = 7, dc/db = 14, * 14"
    assert ", ".join(text.get_text() for text in texts) == f"{told}, c = 49, dc/dc = 1"


def test_surface_has_w_across_and_b_up(chapter):
    """w와 b를 서로 바꾸어 그리면 가장 낮은 곳, 가로로 긴 모양, 경로가 달라집니다."""
    x = torch.linspace(-1, 1, 60)
    best = {"w": 2.0, "b": -1.0}
    history = chapter.descend(x, 2 * x - 1, learning_rate=0.3)
    left, right = chapter.draw_line_fit(x, 2 * x - 1, best, history).axes
    lowest = right.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose((lowest.max(axis=0) + lowest.min(axis=0)) / 2, [2, -1], atol=0.1)
    width, height = lowest.max(axis=0) - lowest.min(axis=0)
    assert width > 1.3 * height  # 손실은 w 방향으로 더 완만합니다
    np.testing.assert_allclose(lines_of(right)["path"][:, -1], [2, -1], atol=0.01)
    np.testing.assert_allclose(lines_of(right)["least squares"][:, 0], [2, -1])
    np.testing.assert_allclose(lines_of(left)["step 0"][1], 0)
    np.testing.assert_allclose(lines_of(left)["step 39"][1], 2 * x - 1, atol=0.01)


def test_graph_shows_every_tensor_once_with_its_gradient(chapter):
    w = torch.tensor(3.0, requires_grad=True)
    square = w * w
    result = square + w
    square.retain_grad()
    result.retain_grad()
    result.backward()
    (axis,) = chapter.draw_graph({"w": w, "square": square, "c": result}).axes
    boxes = {text.get_position(): text.get_text() for text in axis.texts if text.get_text()}
    told = [text.partition("\n")[2] for text in boxes.values()]
    assert sorted(told) == ["c = 12\ngradient 1", "square = 9\ngradient 1", "w = 3\ngradient 7"]
    arrows = [text for text in axis.texts if not text.get_text()]
    ends = [(boxes[text.xyann].split()[1], boxes[text.xy].split()[1]) for text in arrows]
    both = ("square", "w")  # w * w에서 w를 두 번 사용하므로 화살표도 두 개
    assert sorted(ends) == [("c", "square"), ("c", "w"), both, both]


@pytest.mark.full
def test_claims_hold_for_seeds_and_the_seed_decides_the_numbers(tmp_path):
    edits = FAST | only("autograd", "try_learning_rates", "find_the_limit", "differentiate_by_hand")
    outputs = []
    for seed in (1, 1, 2):
        run = run_main(tmp_path, "autograd", "--seed", seed, edits=edits)
        assert run.code == 0 and len(run.module.CLAIMS) == 6
        outputs.append(run.out)
    assert outputs[0] == outputs[1] != outputs[2]


BREAKS = {  # 확인하는 설명을 틀리게 만드는 변경
    **CUBE,
    "w -= 0.1 * w.grad\n        b -= 0.1": "w += 0.1 * w.grad\n        b += 0.1",
    "learning_rate=0.3)": "learning_rate=0.001)",
    "(0.02, 0.3, 1.05)": "(0.3, 0.02, 0.1)",
    "    product = w * x\n": "    product = w + x\n",
    "    z.retain_grad()\n    loss = (z**2)": "    z.retain_grad()\n    loss = (z**3)",
    'show(f"{first = }"': 'w.grad = None\n    show(f"{first = }"',
    "with torch.no_grad():\n        untracked": "with torch.enable_grad():\n        untracked",
    "total += loss  #": "total += loss.detach()  #",
    "w.requires_grad_(False)": "w.requires_grad_(True)",
    "w -= 0.1 * w.grad  # 올바른 방법": "w = w - 0.1 * w.grad",
    "y = 2 * y + 1\n": "y = 3 * y + 1\n",
    "s.data *= 2": "s.data *= 1",
    "[(self, 1.0), (other, 1.0)]": "[(self, 1.0), (other, 2.0)]",
    "limit = 2 / b": "limit = 3 / b",
    "[0.0, 0.0, 6.0]": "[0.0, 0.0, 5.0]",
    "returned = torch.autograd.grad(loss, t)": "returned = loss.backward()",
    "torch.func.grad(torch.square)": "torch.square",  # torch.func를 불러오는 데 1초가 걸립니다
    "return x**3 / 3 - x": "return x**3 / 2 - x",
    "/ len(y)\n        by_hand": "/ 3\n        by_hand",
    "steps = [0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]": "steps = [0.01, 0.1, 0.2]",
    "return grad_output * torch.sigmoid(x)": "return grad_output * torch.exp(x)",
}


@pytest.mark.full
def test_every_claim_can_fail(tmp_path):
    run = run_main(tmp_path, "autograd", edits=FAST | BREAKS)
    assert [claim for _, claim, holds in run.module.CLAIMS if holds] == []
    assert len(run.module.CLAIMS) == 23
