"""2장: 텐서의 사실, 그림, 학습자가 변경해 볼 만한 코드."""

import contextlib
import io
import re

import numpy as np
import pytest
import torch
from tools import assert_clean, assert_picture, broken_claims, load_chapter, run_main, written_files

CPU = torch.device("cpu")
PICTURES = ["broadcasting", "broadcasting_mistake", "image", "reductions", "strides"]


@pytest.fixture
def chapter(monkeypatch):
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **options: path.touch())
    return load_chapter("tensor")


def values(output, code):
    """화면에 `code = 값   # 설명`으로 출력한 값입니다. 여러 줄인 값은 한 줄로 연결합니다."""
    pattern = rf"^    {re.escape(code)} =\s+(.*?)(?:   # .*?)?(?=\n {{4}}\S|\n\n|\Z)"
    return [" ".join(m.split()) for m in re.findall(pattern, output, re.MULTILINE | re.DOTALL)]


# ---- 사용자처럼 실행하기 ----


def test_runs_alone_and_draws(run_once):
    folder, result = run_once("tensor")
    assert_clean(result)
    assert written_files(folder) == {f"outputs/tensor_{name}.png" for name in PICTURES}
    for name in PICTURES:
        assert_picture(folder / "outputs" / f"tensor_{name}.png")
    headings = re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE)
    assert headings == [str(n) for n in range(1, 20)]
    assert torch.__version__ in result.stdout.splitlines()[0] and "data_tutorial.py" in result.stdout.splitlines()[-1]


def test_contents_name_every_lesson_in_order(chapter):
    lines = re.findall(r"^ +(\d+)\. .*? {2,}([\w, ]+)$", chapter.__doc__, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 20))
    for number, names in lines:
        functions = [getattr(chapter, name) for name in names.split(", ")]
        assert functions[0].__doc__.startswith(f"{number}. ")


def test_whole_messages_are_shown(run_once):
    """오류 메시지에서 해결 방법을 알려 주는 마지막 부분까지 출력합니다."""
    output = " ".join(run_once("tensor")[1].stdout.split())
    for end in ("Use .reshape(...) instead.", "cuda:0 and cpu!", "set_detect_anomaly(True"):
        assert end in output
    assert len(re.findall(r"(?:Error|Warning): ", output)) == 11
    assert "(2x3 and 2x3)" in output and "Please ensure they have the same size." in output


def test_only_random_numbers_follow_the_seed(chapter, tmp_path, capsys):
    def lines(seed):
        chapter.create_tensors(seed)
        return capsys.readouterr().out

    first, again, other = lines(0), lines(0), lines(4)
    assert first == again != other
    assert values(first, "x_rand") != values(other, "x_rand") and values(first, "x_data") == values(other, "x_data")


def test_claims_hold_for_many_seeds(chapter, tmp_path):
    with contextlib.redirect_stdout(io.StringIO()):
        for seed in range(30):
            chapter.create_tensors(seed)
    assert len(chapter.CLAIMS) == 60 and all(holds for _, holds in chapter.CLAIMS)


# ---- 절의 내용: 값은 NumPy와 손으로 따로 계산했습니다 ----

MATRIX = np.array([[1.0, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    "lesson, code, expected",
    [
        ("index_and_slice", "tensor[1:, ::2]", ["tensor([[ 4, 6], [ 8, 10]])"]),
        ("index_and_slice", "tensor[tensor > 8]", ["tensor([ 9, 10, 11])"]),
        ("join_tensors", "torch.stack([a, b], dim=1)", ["tensor([[1, 4], [2, 5], [3, 6]])"]),
        ("join_tensors", "torch.cat([a, longer])", ["tensor([ 1, 2, 3, 7, 8, 9, 10])"]),
        ("multiply_tensors", "y1", ["tensor([[14., 32.], [32., 77.]])"]),
        ("multiply_tensors", "z1", ["tensor([[ 1., 4., 9.], [16., 25., 36.]])"]),
        ("change_in_place", "before", ["tensor([8., 8., 8.])"]),
        ("convert_numpy", "n", ["array([2., 2., 2.], dtype=float32)"]),
        ("convert_numpy", "shared", ["tensor([9., 0., 0.], dtype=torch.float64)"]),
        ("convert_numpy", "converted", ["tensor([0., 0., 0.])"]),
        ("distinguish_views", "viewed", ["tensor([99, 1, 2, 3, 4, 5])"]),
        ("distinguish_views", "base", ["tensor([[7, 7, 7], [7, 7, 7]])"]),
        ("promote_dtypes", "pixels + 100", ["tensor([200, 44], dtype=torch.uint8)"]),
        ("promote_dtypes", "(floats + doubles[0]).dtype", ["torch.float32"]),
        ("promote_dtypes", "ints // 2", ["tensor([ 3, -4])"]),
        ("promote_dtypes", "torch.div(ints, 2, rounding_mode='trunc')", ["tensor([ 3, -3])"]),
        ("find_float32_limits", "(big + 1).item()", ["16777216.0"]),
        ("find_float32_limits", "gap", ["tensor(2.)"]),
        ("find_float32_limits", "big + 1 - big", ["tensor(0.)"]),
        ("find_float32_limits", "big - big + 1", ["tensor(1.)"]),
    ],
)
def test_what_a_lesson_prints(chapter, capsys, lesson, code, expected):
    getattr(chapter, lesson)()
    assert values(capsys.readouterr().out, code) == expected


@pytest.mark.parametrize(
    "lesson, code, expected",
    [
        ("reduce_dimensions", "x.sum(dim=0)", ["tensor([5., 7., 9.])"]),
        ("reduce_dimensions", "x.sum(dim=1)", ["tensor([ 9., 12.])"]),
        ("reduce_dimensions", "x.mean(dim=1, keepdim=True)", ["tensor([[3.], [4.]])"]),
        ("reduce_dimensions", "x.argmax(dim=1)", ["tensor([1, 2])"]),
        ("follow_strides", "base.T.stride()", ["(1, 3)"]),
        ("follow_strides", "base.T.reshape(-1)", ["tensor([0, 3, 1, 4, 2, 5])"]),
        ("broadcast_shapes", "column.expand_as(total).stride()", ["(1, 0)"]),
        ("subtract_wrong_shapes", "(difference**2).mean()", ["tensor(2.5000)"]),
        ("subtract_wrong_shapes", "((target - pred.squeeze(-1)) ** 2).mean()", ["tensor(0.)"]),
        ("treat_image_as_tensor", "color.permute(1, 2, 0).shape", ["torch.Size([12, 12, 3])"]),
    ],
)
def test_what_a_lesson_with_a_picture_prints(chapter, capsys, tmp_path, lesson, code, expected):
    getattr(chapter, lesson)(tmp_path)
    assert values(capsys.readouterr().out, code) == expected


def test_facts_with_numpy():
    """화면의 값이 PyTorch가 아니라 수학에서 나온 것인지 확인합니다."""
    assert (MATRIX @ MATRIX.T).tolist() == [[14, 32], [32, 77]] and (MATRIX**2).tolist() == [[1, 4, 9], [16, 25, 36]]
    target = np.arange(1.0, 5)
    assert ((target - target[:, None]) ** 2).mean() == 2.5
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)
    assert (np.uint8([100, 200]) + np.uint8(100)).tolist() == [200, 44]


def test_module_moves_in_place_and_tensor_does_not(chapter, capsys):
    chapter.move_to_device(CPU)
    output = capsys.readouterr().out
    assert values(output, "tensor.dtype") == ["torch.float32"]
    assert values(output, "layer.weight.dtype") == ["torch.float64"]


def test_another_device_gets_the_tensor_and_the_error(chapter, capsys):
    """GPU가 없으므로 값이 없는 meta 장치로 확인합니다."""
    meta = torch.device("meta")
    chapter.move_to_device(meta)
    chapter.read_attributes(meta)
    output = capsys.readouterr().out
    assert values(output, "tensor.device") == ["device(type='cpu')", "device(type='meta')"]
    assert values(output, "moved.device") == ["device(type='meta')"] and not broken_claims(output)


def test_median_waits_and_drops_the_warm_up(chapter, monkeypatch):
    calls = []
    chapter.median_ms(lambda: calls.append("work"), lambda: calls.append("wait"), repeats=3)
    assert calls == ["work", "wait"] * 4
    monkeypatch.setattr(chapter.timeit, "repeat", lambda work, number, repeat: [100, 0.005, 0.001, 0.003][:repeat])
    assert chapter.median_ms(lambda: None, repeats=3) == pytest.approx(3.0)


def test_timing_on_the_cpu_never_waits_for_cuda(chapter, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: pytest.fail("CPU에서는 기다릴 필요가 없습니다"))
    chapter.compare_with_loops(CPU)
    assert len(re.findall(r"^    median_ms\(.*\) = [\d.]+   # ", capsys.readouterr().out, re.MULTILINE)) == 4


def test_products_and_both_copies_are_timed_on_cuda(chapter, monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append(1))
    chapter.compare_cpu_and_gpu(CPU, size=20)
    output = capsys.readouterr().out
    assert len(re.findall(r"^    median_ms\(.*\) = [\d.]+   # ", output, re.MULTILINE)) == 4
    assert len(waits) == 3 * 6 and not broken_claims(output)  # 행렬 곱 하나와 복사 둘을 여섯 번씩 측정합니다


def test_shares_memory_agrees_with_numpy(chapter):
    base = torch.arange(6).reshape(2, 3)
    others = [base.view(-1), base.T, base[1:], base[[0, 1]], base[base >= 0], base.clone(), base.T.reshape(-1)]
    found = [chapter.shares_memory(other, base) for other in others]
    assert found == [np.shares_memory(other.numpy(), base.numpy()) for other in others] == [True] * 3 + [False] * 4


def test_image_is_a_winking_face(chapter, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(chapter, "draw_image_and_values", lambda *images: drawn.extend(images))
    monkeypatch.setattr(chapter, "save_figure", lambda figure, path: None)
    chapter.treat_image_as_tensor(tmp_path)
    face = """
        ....####....
        ..########..
        .##########.
        .##.#######.
        ###.###...##
        ###.########
        ############
        ###.####.###
        .###....###.
        .##########.
        ..########..
        ....####...."""
    bright = np.array([[dot == "#" for dot in line.strip()] for line in face.split("\n")[1:]])
    expected = np.where(bright, 255 - 10 * np.arange(12)[:, None], 0)
    assert drawn[0].dtype == torch.uint8 and np.array_equal(drawn[0].numpy(), expected)
    assert np.array_equal(drawn[1].numpy(), np.stack([expected, expected // 2, 255 - expected]))


# ---- 그림 ----


def texts(axis):
    """축에 표시한 칸의 텍스트를 위에서 아래로, 왼쪽에서 오른쪽으로 정렬한 목록입니다."""
    cells = [(round(t.get_position()[1], 1), round(t.get_position()[0], 1), t.get_text()) for t in axis.texts]
    return [text for _, _, text in sorted(cells) if text and not text.startswith("dim")]


def test_reductions_picture_shows_the_sums(chapter):
    axes = chapter.draw_reductions(torch.tensor(MATRIX)).axes
    assert [texts(axis) for axis in axes[1::3]] == [["5", "7", "9"], ["6", "15"]]
    assert texts(axes[0]) == texts(axes[3]) == list("123456")
    colors = [axis.collections[0].get_array().tolist() for axis in (axes[0], axes[3])]
    assert colors == [[[0, 1, 2]] * 2, [[0] * 3, [1] * 3]]  # 함께 더하는 원소는 색이 같습니다
    assert "[2, 3]" in axes[0].get_title() and "[3]" in axes[1].get_title() and "[2, 1]" in axes[5].get_title()


def test_strides_picture_reads_the_memory_in_order(chapter):
    axes = chapter.draw_strides(torch.arange(6).reshape(2, 3)).axes
    assert [texts(axis) for axis in axes[1::2]] == [list("012345")] * 3 + [list("031425")]
    arrows = [(arrow.xyann[0] - 0.5, arrow.xy[0] - 0.5) for arrow in axes[5].texts if not arrow.get_text()]
    assert arrows == [(0, 3), (3, 1), (1, 4), (4, 2), (2, 5)]
    assert texts(axes[6]) == list("031425") and "copy" in axes[7].get_title()
    assert "(1, 3)" in axes[5].get_title() and "memory of base" in axes[5].get_title()


def test_broadcasting_picture_shows_the_result(chapter):
    column, row = torch.tensor([[10], [20]]), torch.tensor([1, 2, 3])
    axes = chapter.draw_broadcasting("+", column=column, row=row).axes
    assert texts(axes[0]) == ["10"] * 3 + ["20"] * 3 and texts(axes[2]) == ["11", "12", "13", "21", "22", "23"]
    assert "[2, 3]" in axes[2].get_title()


def test_image_picture_shows_the_pixels(chapter):
    image = torch.arange(16, dtype=torch.uint8).view(4, 4)
    axes = chapter.draw_image_and_values(image, torch.stack([image] * 3)).axes
    assert [t.get_text() for t in axes[0].texts] == [str(k) for k in range(16)]
    assert np.array_equal(axes[3].images[0].get_array(), np.arange(16).reshape(4, 4)[:, ::-1])


# ---- 학습자가 변경해 볼 만한 코드 ----

# 한 묶음의 변경은 서로 다른 절에 있습니다. 그래서 한 번에 실행합니다.
EDITS = {
    "sizes": {
        "tensor = torch.ones(3, 4, device=device)": "tensor = torch.ones(8, 3, 4, device=device, dtype=torch.float16)",
        "inputs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])": "inputs = torch.rand(64, 3)",
        "torch.arange(12).reshape(3, 4)": "torch.arange(12).reshape(4, 3)",
        "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])\n    y1": "[[1.0, 2.0], [4.0, 5.0], [0.5, 0.1]])\n    y1",
        "x = torch.tensor([[1, 5, 3], [4, 2, 6]], dtype=torch.float32)": "x = torch.randn(4, 3)",
        "base = torch.arange(6).reshape(2, 3)\n": "base = torch.arange(12).reshape(4, 3)\n",
        "torch.tensor([[10], [20], [30]]), torch.tensor([1, 2, 3, 4])": "torch.tensor([[10], [20]]), torch.arange(7)",
        "target = torch.tensor([1, 2, 3, 4], dtype=torch.float32)": "target = torch.rand(6)",
        "size = 12 ": "size = 16 ",
        "torch.arange(10_000": "torch.arange(10",
        "a, b = torch.ones(2, 3), torch.ones(2, 3)": "a, b = torch.ones(4, 3), torch.ones(5, 3)",
    },
    "dtypes": {
        "x_data = torch.tensor([[1, 2], [3, 4]])": "x_data = torch.tensor([[1.5, 2], [3, 4]])",
        "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])\n    y1": "[[1, 2, 3], [4, 5, 6]])\n    y1",
        "array = np.zeros(3)\n": "array = np.zeros(3, dtype=np.float32)\n",
        "base = torch.arange(6).reshape(2, 3)\n": "base = torch.rand(2, 3)\n",
        "dtype=torch.uint8)": "dtype=torch.int16)",
        "big = torch.tensor(2.0**24, dtype=torch.float32)": "big = torch.tensor(2.0**53, dtype=torch.float64)",
        "torch.arange(10_000, dtype=torch.float64)": "torch.rand(10_000)",
        "layer.to(torch.float64)": "layer.to(torch.float16)",
    },
    "values": {
        "tensor[tensor > 8]": "tensor[tensor > 20]",
        "[4, 5, 6]), torch.tensor([7, 8, 9, 10])": "[4, 5, 0]), torch.tensor([7])",
        "x = torch.tensor([[1, 5, 3], [4, 2, 6]], dtype=torch.float32)": "x = torch.tensor([[1.0, 1.0], [2.0, 2.0]])",
        "sliced = base.view(-1), base.T, base[:, :2]": "sliced = base.view(-1), base.T, base[1:]",
        "pred = target[:, None].clone()": "pred = target[:, None] + 1",
        "[100, 200], dtype=torch.uint8": "[100, 250], dtype=torch.uint8",
        "torch.tensor([7, -7])": "torch.tensor([9, -4])",
        "value = 0.1": "value = 1 / 3",
        "image[4, 7:10] = 0": "image[3:6, 8] = 0",
        "x_rand = torch.rand_like(": "x_rand = torch.randn_like(",
        "    tensor[:, 1] = 0\n": "    tensor[:, 1] = 5\n",
        "    array[0] = 9\n": "    array[1] = 9\n",
        "base[[0, 1]] = value = 7": "base[[0, 1]] = value = 5",
        "[30]]), torch.tensor([1, 2, 3, 4])": "[30]]), torch.tensor(5)",
        "torch.arange(10_000, dtype=torch.float64)": "torch.arange(200, dtype=torch.int32)",
    },
    "three dimensions": {
        "x_data = torch.tensor([[1, 2], [3, 4]])": "x_data = torch.tensor([[[1, 2], [3, 4]]])",
        "torch.arange(12).reshape(3, 4)": "torch.arange(24).reshape(3, 4, 2)",
        "torch.zeros(1, 28, 28)": "torch.zeros(3, 32, 32)",
        "x = torch.tensor([[1, 5, 3], [4, 2, 6]], dtype=torch.float32)": "x = torch.randn(2, 4, 3)",
        "torch.tensor([[10], [20], [30]])": "torch.ones(2, 3, 1)",
    },
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_of_a_learner_keeps_every_claim(edit, tmp_path, monkeypatch, capsys, recwarn):
    run_main("tensor", monkeypatch, "--output-dir", tmp_path, edits=EDITS[edit], median_ms=lambda *args, **options: 0.0)
    assert not broken_claims(capsys.readouterr().out) and not recwarn.list
    assert {path.name for path in tmp_path.iterdir()} == {f"tensor_{name}.png" for name in PICTURES}


def test_edit_that_refutes_a_claim_is_marked_and_the_run_goes_on(tmp_path, monkeypatch, capsys):
    """직접 해 보기 2번입니다."""
    with pytest.raises(SystemExit):
        run_main("tensor", monkeypatch, "--output-dir", tmp_path, edits={"t.add_(1)": "t = t + 1"})
    assert len(broken_claims(capsys.readouterr().out)) == 1
    assert len(list(tmp_path.iterdir())) == len(PICTURES)
