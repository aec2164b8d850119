"""6장: 그래프, 변화도, 기록 멈추기, 야코비안, 두 번 미분, 직선 맞추기, 그림."""

import re
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import assert_picture, load_chapter, run_main, written_files

PICTURES = ["autograd_graph.png", "autograd_derivatives.png", "autograd_line_fit.png"]
X, Y = np.array([1.0, 2.0, -1.0]), np.array([0.0, 1.0])


@pytest.fixture
def chapter():
    return load_chapter("autograd")


@pytest.fixture
def network(chapter):
    """1번 수업의 신경망을 씨앗 3으로 만듭니다."""
    torch.manual_seed(3)
    return dict(zip(("x", "y", "w", "b", "z", "loss"), chapter.build_smallest_network()))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients_by_numpy(w, b):
    """교차 엔트로피의 평균을 종이 위에서 미분한 것입니다. (손실, dw, db)를 돌려줍니다."""
    p = sigmoid(w @ X + b)
    dz = (p - Y) / 2
    return -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p)), np.outer(dz, X), dz


def error_lines(output, kind):
    return re.findall(rf"^    {kind}: (.+)$", output, flags=re.MULTILINE)


# ---- 사용자처럼 실행 ----


def test_runs_alone(run_once):
    tmp_path, result = run_once("autograd")
    assert result.returncode == 0 and result.stderr == ""
    for name in PICTURES:
        assert_picture(tmp_path / "outputs" / name)
    assert written_files(tmp_path) == {f"outputs/{name}" for name in PICTURES}
    assert re.findall(r"^== (\d+)\. ", result.stdout, flags=re.MULTILINE) == [str(i) for i in range(1, 18)]
    assert result.stdout.startswith("6장") and result.stdout.rstrip().endswith("다음 장: optimization.py")
    assert "torchvision" not in (tmp_path / "autograd.py").read_text(encoding="utf-8")


def test_same_seed_same_output_and_no_warnings(run_once, tmp_path, monkeypatch, capsys, recwarn):
    def without_times(output):
        return re.sub(r"inference_mode [\d.]+|no_grad [\d.]+|걸린 시간.*|    .*png", "", output)

    folder, result = run_once("autograd")
    run_main("autograd", monkeypatch, "--output-dir", tmp_path, pictures=True)
    assert without_times(capsys.readouterr().out) == without_times(result.stdout)
    for name in PICTURES:
        assert (tmp_path / name).read_bytes() == (folder / "outputs" / name).read_bytes()
    assert not recwarn.list


def test_another_seed_gives_other_numbers(chapter, tmp_path, monkeypatch):
    """main이 --seed를 난수에 넘기는지 봅니다. 첫 수업에서 멈춥니다."""

    def first_numbers(seed):
        def stop():
            numbers.append(torch.randn(2).tolist())
            raise KeyboardInterrupt

        numbers = []
        monkeypatch.setattr(sys, "argv", ["autograd.py", "--seed", str(seed), "--output-dir", str(tmp_path)])
        monkeypatch.setattr(chapter, "build_smallest_network", stop)
        with pytest.raises(KeyboardInterrupt):
            chapter.main()
        return numbers[0]

    assert first_numbers(3) == first_numbers(3) != first_numbers(4)


# ---- 그래프와 변화도 ----


def test_smallest_network_and_its_gradients(chapter, network, capsys):
    w, b = network["w"], network["b"]
    assert network["x"].tolist() == X.tolist() and network["y"].tolist() == Y.tolist()
    loss, dw, db = gradients_by_numpy(w.detach().numpy(), b.detach().numpy())
    assert network["loss"].item() == pytest.approx(loss, rel=1e-5)
    chapter.backpropagate(w, b, network["loss"])
    np.testing.assert_allclose(w.grad, dw, atol=1e-6)
    np.testing.assert_allclose(b.grad, db, atol=1e-6)
    assert f"손실은 그 {abs(db[0]):.4f}배만큼 {'늘어납니다' if db[0] > 0 else '줄어듭니다'}" in capsys.readouterr().out


def test_walk_graph_meets_every_node_in_order(chapter, network):
    nodes = [(depth, type(node).__name__) for depth, node in chapter.walk_graph(network["loss"].grad_fn)]
    assert nodes == [
        (0, "BinaryCrossEntropyWithLogitsBackward0"),
        (1, "AddBackward0"),
        (2, "MvBackward0"),
        (3, "AccumulateGrad"),  # w
        (3, "NoneType"),  # x
        (2, "AccumulateGrad"),  # b
        (1, "NoneType"),  # y
    ]
    assert list(chapter.walk_graph(None)) == [(0, None)]  # 잎의 grad_fn


def test_follow_the_graph_prints_the_tree(chapter, network, capsys):
    del network["y"]
    capsys.readouterr()
    chapter.follow_the_graph(network)
    output = capsys.readouterr().out
    tree = [line for line in output.splitlines() if re.match(r"    +(\w+Backward0|\w \[|None$)", line)]
    assert [line.strip() for line in tree] == [
        "BinaryCrossEntropyWithLogitsBackward0 (loss)",
        "AddBackward0 (z)",
        "MvBackward0",
        "w [2, 3] (AccumulateGrad)",
        "None",
        "b [2] (AccumulateGrad)",
        "None",
    ]
    assert [(len(line) - len(line.lstrip())) // 4 - 1 for line in tree] == [0, 1, 2, 3, 3, 2, 1]


def text_boxes(figure):
    figure.canvas.draw()
    renderer, axis = figure.canvas.get_renderer(), figure.axes[0]
    texts = [text for text in axis.texts if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    return boxes, axis.get_legend().get_window_extent()


def test_graph_picture_shows_the_real_graph(chapter, network):
    figure = chapter.draw_graph(network)
    boxes, legend = text_boxes(figure)
    words = [text.replace("\n", " ") for text, _ in boxes]
    assert words[0] == f"loss = {network['loss'].item():.4f}"
    assert set(words[1:]) == {
        "BinaryCrossEntropyWithLogitsBackward0 (loss)",
        "AddBackward0 (z)",
        "MvBackward0",
        "w [2, 3] (AccumulateGrad)",
        "b [2] (AccumulateGrad)",
    }
    areas = [box for _, box in boxes] + [legend]
    assert not any(a.overlaps(b) for i, a in enumerate(areas) for b in areas[:i])
    assert all(figure.bbox.contains(*corner) for area in areas for corner in area.corners())
    marks = {line.get_marker(): (len(line.get_xdata()), line.get_color()) for line in figure.axes[0].lines}
    assert {marker: count for marker, (count, _) in marks.items()} == {"D": 1, "s": 3, "o": 2}
    assert len({color for _, color in marks.values()}) == 3
    arrows = [text for text in figure.axes[0].texts if not text.get_text()]
    assert len(arrows) == 5  # loss에서 한 개, 연산 사이와 잎까지 네 개
    plt.close(figure)


def test_graph_picture_grows_with_the_network(chapter):
    """직접 해 보기 1처럼 tanh를 넣고 합을 내면, 연산이 다섯이고 잎은 그대로 둘입니다."""
    x, w, b = torch.ones(3), torch.ones(2, 3, requires_grad=True), torch.zeros(2, requires_grad=True)
    z = torch.tanh(w @ x + b)
    figure = chapter.draw_graph({"x": x, "w": w, "b": b, "z": z, "loss": (z * 2).sum()})
    marks = {line.get_marker(): len(line.get_xdata()) for line in figure.axes[0].lines}
    assert marks == {"D": 1, "s": 5, "o": 2}
    assert "TanhBackward0\n(z)" in [text for text, _ in text_boxes(figure)[0]]
    plt.close(figure)


def test_only_leaves_keep_grad(chapter, network, capsys):
    chapter.see_which_tensors_get_grad(network["x"], network["y"])
    output = capsys.readouterr().out
    assert re.findall(r"^    (\w): .*grad (\S+)$", output, flags=re.MULTILINE) == [
        ("x", "None"), ("w", "남음"), ("b", "남음"), ("z", "None"),
    ]  # fmt: skip
    assert "not a leaf Tensor" in output
    dz = gradients_by_numpy(np.ones((2, 3)), np.zeros(2))[2]
    assert f"z.grad = [{dz[0]:.4f}, {dz[1]:.4f}]" in output


def test_gradients_checked_three_ways(chapter, network, capsys):
    chapter.check_gradients_three_ways(*(network[name] for name in "xywb"))
    output = capsys.readouterr().out
    dw = gradients_by_numpy(network["w"].detach().numpy().astype(float), network["b"].detach().numpy())[1]
    rows = [[float(v) for v in re.findall(r"-?\d\.\d+", line)] for line in re.findall(r"\[\[.*\]\]", output)]
    assert len(rows) == 3
    for row in rows:
        np.testing.assert_allclose(row, dw.flatten(), atol=1e-4)
    in64, in32 = (float(v) for v in re.search(r"float64 (\S+), float32 (\S+)\.", output).groups())
    assert in64 < 1e-8 < in32 and "gradcheck: True" in output


def test_finite_differences(chapter):
    point = torch.tensor([[1.0, 2.0], [3.0, -4.0]], dtype=torch.float64)
    result = chapter.finite_differences(lambda t: (t**3).sum(), point, step=1e-5)
    np.testing.assert_allclose(result, 3 * point.numpy() ** 2, rtol=1e-6)
    assert point.tolist() == [[1, 2], [3, -4]]


# ---- 역전파 한 번, 쌓임, 멈춤 ----


def test_second_backward_and_accumulation(chapter, capsys):
    x, y = torch.tensor(X).float(), torch.tensor(Y).float()
    chapter.backpropagate_twice(x, y)
    output = capsys.readouterr().out
    assert error_lines(output, "RuntimeError")[0].startswith("Trying to backward through the graph a second time")
    first, second = re.findall(r"째 (\[\[.*\]\])", output)
    _, dw, db = gradients_by_numpy(np.ones((2, 3)), np.zeros(2))
    assert first == second == str(np.round(dw, 4).tolist())

    chapter.accumulate_and_zero(x, y)
    output = capsys.readouterr().out
    once, twice, again = (eval(text) for text in re.findall(r"b\.grad = (\[.*\])", output))
    np.testing.assert_allclose([once, twice, again], [db, 2 * db, db], atol=1e-4)
    assert "4 + 3 = 7" in output


def test_a_graph_that_keeps_nothing_can_be_walked_twice():
    """backpropagate_twice의 설명에 적은 예외입니다."""
    w = torch.ones(2, requires_grad=True)
    total = (w + 1).sum()
    total.backward()
    total.backward()
    assert w.grad.tolist() == [2, 2]


def test_stop_tracking(chapter, capsys):
    chapter.stop_tracking(torch.tensor(X).float())
    output = capsys.readouterr().out
    assert error_lines(output, "RuntimeError") == ["Can't call numpy() on Tensor that requires grad"]
    assert "requires_grad True" in output and "requires_grad False, grad_fn None" in output
    assert "w.grad = None, b.grad = [1.0, 1.0]" in output
    assert re.search(r"no_grad \d+\.\d\d, inference_mode \d+\.\d\d", output)


def test_inference_tensor_cannot_be_used_in_autograd(chapter, capsys):
    chapter.compare_inference_mode(torch.tensor(X).float())
    output = capsys.readouterr().out
    assert error_lines(output, "RuntimeError")[0].startswith("Inference tensors cannot be saved for backward")
    assert re.findall(r"is_inference\(\) (\w+)", output) == ["False", "True"]
    assert "w.grad[0] = [2.0, 4.0, -2.0]" in output
    with torch.inference_mode():
        special = torch.ones(1) * 2
    with pytest.raises(RuntimeError, match="version counter"):  # 값이 바뀐 횟수를 세지 않습니다
        special._version


# ---- 제어문, 야코비안, 두 번 미분 ----


CASES = [(8.0, 17.0, 2.0, 1), (3.0, 15.0, 4.0, 2), (-1.0, 15.0, -8.0, 3), (0.0, 15.0, 16.0, 4), (20.0, 20.0, 1.0, 0)]


@pytest.mark.parametrize("x, y, slope, loops", CASES)
def test_graph_follows_python_control_flow(chapter, x, y, slope, loops):
    x = torch.tensor(x, requires_grad=True)
    result = chapter.double_until_ten(x)
    result.backward()
    names = [type(node).__name__ for _, node in chapter.walk_graph(result.grad_fn)]
    assert (result.item(), x.grad.item(), names.count("MulBackward0")) == (y, slope, loops)
    assert names.count("NegBackward0") == (slope < 0)


def test_control_flow_lesson_prints_three_graphs(chapter, capsys):
    chapter.use_python_control_flow()
    output = capsys.readouterr().out
    assert re.findall(r"그래프: (.*)", output) == [
        "Add > Mul",
        "Add > Mul > Add > Mul",
        "Add > Mul > Add > Mul > Add > Mul > Neg",
    ]
    assert re.findall(r"dy/dx = +(\S+)", output) == ["2.0", "4.0", "-8.0"]


def test_vector_jacobian_products(chapter, capsys):
    chapter.multiply_vector_and_jacobian()
    output = capsys.readouterr().out
    assert error_lines(output, "RuntimeError") == ["grad can be implicitly created only for scalar outputs"]
    assert "x.grad = [2.0, 1.0, 0.6]" in output and "x.grad = [2.0, 1.0, 6.0]" in output


def test_two_outputs_and_its_jacobian(chapter):
    x = np.array([0.5, -2.0, 3.0])
    differences = [
        (chapter.two_outputs(torch.tensor(x + h)) - chapter.two_outputs(torch.tensor(x - h))).numpy() / 2e-6
        for h in 1e-6 * np.eye(3)
    ]
    np.testing.assert_allclose(np.stack(differences, axis=1), [[-2, 0.5, 0], [0, 0, 6]], atol=1e-6)


def test_function_transforms(chapter, capsys):
    chapter.use_function_transforms()
    output = capsys.readouterr().out
    assert "= 12" in output
    assert re.findall(r"(?:되풀이|jacrev|vmap): +(\[\[.*)", output) == ["[[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]]"] * 3
    assert "샘플마다: [[2.0, 0.0], [0.0, 8.0], [4.0, 4.0]]" in output  # 2 (w @ x - y) x
    assert "평균 [2.0, 4.0] = 평균 손실의 변화도 [2.0, 4.0]" in output


def test_derivatives_by_numpy(chapter, capsys):
    x, f, first, second = (tensor.numpy() for tensor in chapter.differentiate_twice())
    assert (len(x), x[0], x[-1]) == (101, -2.5, 2.5)
    np.testing.assert_allclose(f, x * x * x / 3 - x, atol=1e-12)
    np.testing.assert_allclose(np.gradient(f, x)[1:-1], first[1:-1], atol=2e-3)
    np.testing.assert_allclose(np.gradient(first, x)[1:-1], second[1:-1], atol=1e-9)
    assert "does not require grad" in error_lines(capsys.readouterr().out, "RuntimeError")[0]


def test_derivatives_picture_marks_the_flat_points(chapter):
    figure = chapter.draw_derivatives(*chapter.differentiate_twice())
    curves = {line.get_label(): line for line in figure.axes[0].lines}
    (flat,) = [line for label, line in curves.items() if label.startswith("f'(x) = 0")]
    np.testing.assert_allclose(flat.get_xdata(), [-1, 1])
    np.testing.assert_allclose(flat.get_ydata(), [2 / 3, -2 / 3])
    plt.close(figure)


# ---- 나만의 함수, 제자리 연산 ----


def test_own_function(chapter, capsys):
    x = torch.tensor([-200.0, -1.0, 0.0, 2.0, 200.0], requires_grad=True)
    y = chapter.Softplus.apply(x)
    (3 * y).sum().backward()
    values = x.detach().numpy().astype(np.float64)
    np.testing.assert_allclose(y.detach(), np.logaddexp(0, values), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(x.grad, 3 * sigmoid(values), rtol=1e-5, atol=1e-30)

    chapter.use_own_function()
    output = capsys.readouterr().out
    assert "inf], 변화도 [0.5, 0.7311, nan]" in output and "100.0], 변화도 [0.5, 0.7311, 1.0]" in output
    assert error_lines(output, "GradcheckError") == ["Jacobian mismatch for output 0 with respect to input 0"]


def test_in_place_pitfalls(chapter, capsys):
    chapter.avoid_in_place_pitfalls()
    output = capsys.readouterr().out
    leaf, changed = error_lines(output, "RuntimeError")
    assert leaf.startswith("a leaf Variable that requires grad") and "modified by an inplace operation" in changed
    s = sigmoid(np.array([1.0, 2.0]))
    assert f"w.grad = {np.round(2 * s * (1 - s), 4).tolist()}" in output


def test_data_attribute_is_silently_wrong(chapter, capsys):
    chapter.avoid_data_attribute()
    output = capsys.readouterr().out
    s = sigmoid(np.array([1.0, 2.0]))
    assert f"바른 변화도  {np.round(2 * s * (1 - s), 4).tolist()}" in output
    assert f"나온 변화도  {np.round(2 * s * (1 - 2 * s), 4).tolist()}" in output
    assert len(error_lines(output, "RuntimeError")) == 1


def test_show_autograd_error_insists_on_the_error(chapter, capsys):
    with pytest.raises(AssertionError):
        chapter.show_autograd_error(RuntimeError, lambda: None)
    with pytest.raises(ValueError):  # 다른 오류는 삼키지 않습니다
        chapter.show_autograd_error(RuntimeError, lambda: int("x"))
    assert capsys.readouterr().out == ""


# ---- 직선 맞추기 ----


def test_line_fit_is_plain_gradient_descent(chapter, capsys):
    torch.manual_seed(1)
    x, y, history = chapter.fit_line(steps=40, learning_rate=0.3)
    x, y = x.double().numpy(), y.double().numpy()
    w = b = 0.0
    for step in range(40):
        error = w * x + b - y
        assert history[step] == pytest.approx((w, b, np.mean(error**2)), abs=1e-4)
        w, b = w - 0.3 * np.mean(2 * error * x), b - 0.3 * np.mean(2 * error)
    slope, intercept = np.polyfit(x, y, 1)
    assert (w, b) == pytest.approx((slope, intercept), abs=1e-2)
    assert f"w {slope:.3f}, b {intercept:.3f}" in capsys.readouterr().out
    assert abs(slope - 2) < 0.4 and abs(intercept - 1) < 0.3  # 데이터가 y = 2x + 1에서 나왔습니다


def test_line_fit_says_when_it_did_not_arrive(chapter):
    with pytest.raises(AssertionError):
        chapter.fit_line(steps=3, learning_rate=0.01)
