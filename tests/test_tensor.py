"""2장: 텐서의 사실들, 화면에 찍는 코드, 그림."""

import inspect
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import ROOT, assert_picture, load_chapter, run_main, written_files

PICTURES = ["tensor_broadcasting.png", "tensor_image.png"]
CPU = torch.device("cpu")


@pytest.fixture
def chapter():
    return load_chapter("tensor")


def values_after(output, code):
    """화면에서 `code -> 값   # 설명` 줄들의 값만 차례로 꺼냅니다."""
    return [m.strip() for m in re.findall(rf"^    {re.escape(code)} +-> (.*?)(?:   #.*)?$", output, re.MULTILINE)]


# ---- 사용자처럼 실행 ----


def test_runs_alone_and_draws(run_once):
    folder, result = run_once("tensor")
    assert result.returncode == 0 and result.stderr == ""
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert written_files(folder) == {f"outputs/{name}" for name in PICTURES}

    headings = re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE)
    assert headings == [str(n) for n in range(1, 22)]
    assert torch.__version__ in result.stdout.splitlines()[0] and "data_tutorial.py" in result.stdout.splitlines()[-1]
    for message in ("RuntimeError: ", "TypeError: can't convert meta", "Tensor on device meta", "(2x3 and 2x3)"):
        assert message in result.stdout


def test_contents_name_every_lesson_in_order(chapter):
    """머리말의 차례에 적힌 함수가 모두 있고, main이 그 차례로 부릅니다."""
    lines = re.findall(r"^ +(\d+)\. .*? {2,}([\w, ]+)$", chapter.__doc__, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 22))
    names = [names.split(", ") for _, names in lines]
    assert all(callable(getattr(chapter, name)) for group in names for name in group)
    source = inspect.getsource(chapter.main)
    calls = re.findall(r"^    (?:image, color = )?(\w+)\((?:device)?\)$", source, re.MULTILINE)
    assert [name for name in calls if name != "use_utf8_output"] == [group[0] for group in names]


def test_same_seed_same_output_apart_from_timings(run_once, tmp_path, monkeypatch, capsys):
    def lessons(output):
        return [line for line in output.split("만든 파일:")[0].splitlines() if " ms " not in line]

    def run(seed):
        run_main("tensor", monkeypatch, "--device", "cpu", "--seed", seed, "--output-dir", tmp_path)
        return lessons(capsys.readouterr().out)

    first, again, other = lessons(run_once("tensor")[1].stdout), run(0), run(4)
    assert first == again
    assert len(first) == len(other)
    assert [a.split()[0] for a, b in zip(first, other) if a != b] == ["x_rand"]  # 씨앗은 난수에만 닿습니다


def test_printed_code_is_the_code_that_ran(chapter, monkeypatch, capsys, recwarn):
    """화면에 찍은 코드를 그 자리에서 다시 계산하면 함께 찍은 값이 나와야 합니다."""
    checked = []

    def show_value(code, value, note=""):
        frame = inspect.currentframe().f_back
        before = str(value)
        assert str(eval(code, frame.f_globals, frame.f_locals)) == before, code
        checked.append(code)

    def show_tensor_error(code, work, kind):
        frame = inspect.currentframe().f_back
        messages = []
        for again in (work, lambda: eval(code, frame.f_globals, frame.f_locals)):
            with pytest.raises(kind) as caught:
                again()
            assert type(caught.value) is kind
            messages.append(str(caught.value))
        checked.append(code)
        return messages[0]

    monkeypatch.setattr(chapter, "show_value", show_value)
    monkeypatch.setattr(chapter, "show_tensor_error", show_tensor_error)
    source = inspect.getsource(chapter.main)
    for name, device in re.findall(r"^    (?:image, color = )?(\w+)\((device)?\)$", source, re.MULTILINE):
        if name != "use_utf8_output":
            getattr(chapter, name)(*[CPU] if device else [])
    assert len(checked) > 100 and not recwarn.list


def test_a_missing_or_another_error_is_not_hidden(chapter):
    with pytest.raises(AssertionError, match="1 \\+ 1"):
        chapter.show_tensor_error("1 + 1", lambda: 1 + 1, RuntimeError)
    with pytest.raises(ZeroDivisionError):  # 다른 오류는 삼키지 않습니다
        chapter.show_tensor_error("1 / 0", lambda: 1 / 0, RuntimeError)


# ---- 수업의 내용: 값은 NumPy와 손으로 따로 구합니다 ----


def test_numbers_on_the_screen(chapter, capsys):
    array = np.array([[1.0, 2, 3], [4, 5, 6]])
    chapter.multiply_matrices()
    chapter.multiply_elements()
    output = capsys.readouterr().out
    for code, expected in [
        ("tensor @ tensor.T", array @ array.T),
        ("tensor.matmul(tensor.T)", array @ array.T),
        ("torch.matmul(tensor, tensor.T, out=y3)", array @ array.T),
        ("tensor * tensor", array**2),
        ("tensor.mul(tensor)", array**2),
        ("torch.mul(tensor, tensor, out=z3)", array**2),
    ]:
        (value,) = values_after(output, code)
        numbers = [float(number) for number in re.findall(r"[\d.]+", value)]
        assert numbers == expected.flatten().tolist(), code


@pytest.mark.parametrize(
    "lesson, code, expected",
    [
        ("index_and_slice", "tensor[1:, ::2]", ["tensor([[ 4, 6], [ 8, 10]])"]),
        ("index_and_slice", "tensor", ["tensor([[ 0, 1, 2, 3], [ 4, 5, 6, 7], [ 8, 9, 10, 11]])",
                                       "tensor([[ 0, 0, 2, 3], [ 4, 0, 6, 7], [ 8, 0, 10, 11]])"]),
        ("join_tensors", "torch.stack([a, b], dim=1)", ["tensor([[1, 4], [2, 5], [3, 6]])"]),
        ("take_single_value", "agg.item()", ["6.0"]),
        ("change_in_place", "tensor", ["tensor([1., 1., 1.])", "tensor([6., 6., 6.])", "tensor([0., 0., 0.])"]),
        ("bridge_with_numpy", "n", ["[2. 2. 2.]", "[9. 2. 2.]"]),
        ("bridge_with_numpy", "t", ["tensor([9., 2., 2.])", "tensor([2., 2., 2.], dtype=torch.float64)"]),
        ("arrange_memory", "t.T.stride()", ["(1, 3)"]),
        ("broadcast_shapes", "column.expand(3, 4).stride()", ["(1, 0)"]),
        ("mix_dtypes", "pixels + 100", ["tensor([200, 44], dtype=torch.uint8)"]),
        ("mix_dtypes", "a // 2", ["tensor([ 3, -4])"]),
        ("find_float32_limits", "(big + 1).item()", ["16777216.0"]),
        ("find_float32_limits", "huge + 1 - huge", ["tensor(0.)"]),
        ("find_float32_limits", "huge - huge + 1", ["tensor(1.)"]),
    ],
)  # fmt: skip
def test_what_a_lesson_prints(chapter, capsys, lesson, code, expected):
    getattr(chapter, lesson)()
    assert values_after(capsys.readouterr().out, code) == expected


def test_float32_limits_agree_with_numpy():
    f = np.float32
    assert f(16777216) + f(1) == f(16777216) and (f(1e8) + f(1)) - f(1e8) == 0
    assert f(0.1) + f(0.2) == f(0.3) and 0.1 + 0.2 != 0.3 and f(0.3) + f(0.6) != f(0.9)


def test_copies_and_shares_are_told_apart_by_numpy(chapter, capsys):
    """NumPy의 shares_memory로 따로 확인한 것과 화면의 말이 같아야 합니다."""
    chapter.copy_or_share()
    output = capsys.readouterr().out
    array = np.zeros(3)
    for code, tensor in [
        ("torch.tensor(array)", torch.tensor(array)),
        ("torch.from_numpy(array)", torch.from_numpy(array)),
        ("torch.as_tensor(array)", torch.as_tensor(array)),
        ("torch.as_tensor(array, dtype=torch.float32)", torch.as_tensor(array, dtype=torch.float32)),
    ]:
        word = "나누어 씁니다" if np.shares_memory(array, tensor.numpy()) else "복사했습니다"
        assert re.search(rf"^    {re.escape(code)} .*: {word}$", output, re.MULTILINE), code


def test_views_and_copies_are_told_apart_by_numpy(chapter, capsys):
    chapter.tell_views_from_copies()
    pattern = r"^    (base\S*(?: [^\s\[]\S*)*) +(\[[\d, ]+\]) +-> .*: (뷰|복사)$"
    rows = re.findall(pattern, capsys.readouterr().out, re.MULTILINE)
    assert len(rows) == 9 and {word for _, _, word in rows} == {"뷰", "복사"}
    for code, shape, word in rows:
        base = torch.arange(6).view(2, 3)
        other = eval(code, {"base": base})
        assert str(list(other.shape)) == shape
        assert np.shares_memory(base.numpy(), other.numpy()) == (word == "뷰"), code


def test_classic_mistake_in_numpy(chapter, capsys):
    target = np.array([1.0, 2, 3, 4])
    wrong = np.mean((target - target[:, None]) ** 2)  # [4] - [4, 1]
    assert wrong == 2.5
    chapter.avoid_silent_broadcast()
    output = capsys.readouterr().out
    assert values_after(output, "((target - pred) ** 2).mean()") == ["tensor(2.5000)"]
    assert values_after(output, "((target - pred.squeeze(1)) ** 2).mean()") == ["tensor(0.)"]
    with pytest.warns(UserWarning, match="broadcasting"):  # 화면에서 말한 경고
        assert torch.nn.MSELoss()(torch.tensor(target).view(4, 1), torch.tensor(target)) == wrong


def test_image_is_the_winking_face(chapter):
    image, color = chapter.treat_image_as_tensor()
    face = """
        ...######...
        ..########..
        .##########.
        ###.########
        ###.###...##
        ###.########
        ############
        ###.####.###
        ####....####
        .##########.
        ..########..
        ...######..."""
    drawn = np.array([[dot == "#" for dot in line.strip()] for line in face.split("\n")[1:]])
    expected = np.where(drawn, 255 - 10 * np.arange(12)[:, None], 0)
    assert image.dtype == torch.uint8 and np.array_equal(image.numpy(), expected)
    assert np.array_equal(color.numpy(), np.stack([expected, expected // 2, 255 - expected]))


def test_both_directions_between_devices_are_timed(chapter, capsys):
    """CUDA가 없어도 재는 길을 지나가 봅니다."""
    chapter.measure_copy_cost(CPU, size=10)
    assert len(re.findall(r"복사  [\d.]+배", capsys.readouterr().out)) == 2


def test_moving_to_another_device_copies(chapter, monkeypatch, capsys):
    """GPU 대신 meta 장치로 갑니다. 값이 없으므로 시간은 재지 않습니다."""
    measured = []
    monkeypatch.setattr(chapter, "measure_copy_cost", measured.append)
    chapter.move_to_device(torch.device("meta"))
    assert [device.type for device in measured] == ["meta"]
    assert values_after(capsys.readouterr().out, "moved.device") == ["meta"]


def test_median_waits_for_cuda_and_drops_the_warm_up(chapter, monkeypatch):
    calls, clock = [], iter(range(1000))
    monkeypatch.setattr("torch.cuda.synchronize", lambda: calls.append("wait"))
    monkeypatch.setattr(chapter.time, "perf_counter", lambda: float(next(clock)))
    assert chapter.median_seconds_on(torch.device("cuda"), lambda: calls.append("work"), repeats=3) == 1.0
    assert calls == ["wait", "work", "wait"] * 4

    durations = iter([100, 5, 1, 3])  # 첫 번은 버리고 5, 1, 3의 가운데 값
    now = [0.0]
    monkeypatch.setattr(chapter.time, "perf_counter", lambda: now[0])
    work = lambda: now.__setitem__(0, now[0] + next(durations))  # noqa: E731
    assert chapter.median_seconds_on(CPU, work, repeats=3) == 3.0
    assert len(calls) == 12


def test_sums_agree_whichever_way(chapter, capsys):
    chapter.compare_with_loops(CPU, size=50)
    output = capsys.readouterr().out
    assert len(re.findall(r" ms   tensor\.sum\(\)의 +[\d.]+배", output)) == 4 and "on_gpu" not in output
    assert chapter.add_one_by_one([1.0, 2.0, 3.5]) == 6.5


# ---- 그림 ----


def cells(axis):
    """칸마다 (적힌 수, 실선인가)를 행과 열의 차례로 돌려줍니다."""
    solid = {(round(box.get_y()), round(box.get_x())): box.get_linestyle() in ("-", "solid") for box in axis.patches}
    found = {}
    for text in axis.texts:
        x, y = text.get_position()
        found[int(y), int(x)] = (int(text.get_text()), solid[int(y), int(x)])
    return [[found[y, x] for x in range(4)] for y in range(len(found) // 4)]


def test_broadcasting_picture_tells_stretched_cells(chapter):
    figure = chapter.draw_broadcasting()
    column, row, total, target, pred, difference = map(cells, figure.axes)
    assert column == [[(c, x == 0) for x in range(4)] for c in (10, 20, 30)]
    assert row == [[(x + 1, y == 0) for x in range(4)] for y in range(3)]
    assert total == [[(c + x + 1, True) for x in range(4)] for c in (10, 20, 30)]
    assert target == [[(x + 1, y == 0) for x in range(4)] for y in range(4)]
    assert pred == [[(y + 1, x == 0) for x in range(4)] for y in range(4)]
    assert difference == [[(x - y, x == y) for x in range(4)] for y in range(4)]
    plt.close(figure)


def test_image_picture_writes_every_pixel_value(chapter):
    image, color = chapter.treat_image_as_tensor()
    figure = chapter.draw_image_and_values(image, color)
    left, right, *small = figure.axes
    assert np.array_equal(left.images[0].get_array(), image.numpy())
    values = {tuple(map(int, text.get_position())): int(text.get_text()) for text in right.texts}
    assert values == {(x, y): int(image[y, x]) for y in range(12) for x in range(12)}
    assert np.array_equal(small[0].images[0].get_array(), image.numpy()[2:7])
    assert np.array_equal(small[1].images[0].get_array(), image.numpy()[:, ::-1])
    assert np.array_equal(small[2].images[0].get_array(), 255 - image.numpy())
    assert np.array_equal(small[3].images[0].get_array(), color.numpy().transpose(1, 2, 0))
    plt.close(figure)


def test_imports_neither_torchvision_nor_another_package():
    source = (ROOT / "tensor.py").read_text(encoding="utf-8")
    modules = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert modules <= {"argparse", "statistics", "sys", "tempfile", "time", "pathlib", "matplotlib", "numpy", "torch"}
