"""2장(tensor.py)의 테스트입니다."""

import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
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

PICTURES = ["broadcasting", "broadcasting_mistake", "image", "reductions", "shapes", "strides"]


def has_one_broken_claim(lesson):
    """lesson번째 절에서만 ✗가 한 번 표시되고, 마지막에 다시 출력되는지 확인합니다."""

    def check(run):
        assert len(broken_claims(run.out)) == 1
        assert f"✗ {lesson}. " in run.code

    return check


def has_slow_sum(run):
    assert all("tensor.sum()" in claim for claim in broken_claims(run.out))
    assert "✗ 19. " in run.code


EXPERIMENTS = [  # 직접 해 보기
    ({"image[4, 7:10] = 0": "image[3:6, 8] = 0"}, [], has_one_broken_claim(14)),
    ({"t.add_(1)": "t = t + 1"}, [], has_one_broken_claim(13)),
    ({"torch.arange(10_000": "torch.arange(10"}, [], has_slow_sum),
]


@pytest.fixture
def chapter():
    yield load_chapter("tensor")
    plt.close("all")


def test_runs_alone_and_draws(chapter_run):
    folder, result = chapter_run("tensor")
    assert_clean(result)
    names = [f"tensor_{name}.png" for name in PICTURES]
    written = sorted(path.name for path in (folder / "outputs").iterdir())
    assert written == sorted([*names, "tensor.html"])
    for name in names:
        assert_picture(folder / "outputs" / name)


@pytest.mark.parametrize(
    "option", [["--seed", "-1"], ["--seed", "x"], ["--device", "tpu"], ["--epochs", "3"]]
)
def test_bad_option_ends_in_one_korean_line(tmp_path, capsys, option):
    run = run_main(tmp_path, "tensor", *option)
    assert run.code == 2 and run.out == ""
    assert_one_korean_line(capsys.readouterr().err)


def test_output_folder_that_is_a_file_ends_in_one_korean_line(tmp_path):
    (tmp_path / "file").write_text("")
    run = run_main(tmp_path, "tensor", "--output-dir", tmp_path / "file")
    assert_one_korean_line(run.code)


def test_practice_alone_checks_the_exercises(tmp_path):
    run = run_main(tmp_path, "tensor", "--practice")
    assert run.code == 0 and run.out.count("□") == 4
    assert [path.name for path in tmp_path.iterdir()] == ["tensor.py"]


def random_lines(chapter, capsys, seed):
    torch.manual_seed(seed)
    chapter.create_tensors(seed)
    return capsys.readouterr().out


def test_random_numbers_follow_the_seed(chapter, capsys):
    first = random_lines(chapter, capsys, 0)
    assert random_lines(chapter, capsys, 0) == first
    assert random_lines(chapter, capsys, 1) != first


# ---- 여기부터는 --full을 지정했을 때만 실행합니다. ----


@pytest.mark.full
def test_claims_hold_for_many_seeds(chapter):
    for seed in range(20):
        torch.manual_seed(seed)
        chapter.create_tensors(seed)
    assert len(chapter.CLAIMS) >= 20 and all(holds for _, _, holds in chapter.CLAIMS)


# 절마다 확인하는 설명 하나를 틀리게 만드는 변경입니다.
BREAKS = {
    "[[1000.0], [1500.0], [500.0]]": "[[1000.0], [1500.0], [600.0]]",
    "    generator.manual_seed(seed)": "    generator.manual_seed(seed + 1)",
    "doubles = images.to(torch.float64)": "doubles = images.to(torch.float32)",
    "picked = tensor[[0]]": "picked = tensor[:1]",
    "permuted = x.permute(1, 0)": "permuted = x.reshape(3, 2)",
    "stacked = torch.stack(": "stacked = torch.cat(",
    "torch.mul(tensor, tensor, out=z3)": "torch.add(tensor, tensor, out=z3)",
    "torch.matmul(tensor, tensor.T, out=y3)": "y3.zero_()",
    "centered = x - means": "centered = x + means",
    "total = column + row": "total = column * row",
    "difference = target - pred": "difference = target - pred.squeeze(1)",
    "floats = torch.tensor([0.5, 0.5])": "floats = torch.tensor([1, 2])",
    "layer.to(torch.float64)": "layer.to(torch.float32)",
    "t.add_(1)": "t = t + 1",
    "a @ b  #": "a @ b.T  #",  # 오류가 발생하지 않습니다
    "copied = torch.tensor(array)": "copied = torch.as_tensor(array)",
    "image[4, 7:10] = 0": "image[3:6, 8] = 0",
    "y += 1": "y = y + 1",
    "flat = transposed.reshape(-1)": "flat = base.view(-1)",
    "target = torch.tensor(0.9)": "target = torch.tensor(1.0)",
    "big = torch.tensor(2.0**24)": "big = torch.tensor(2.0**23)",
    "    total = 0\n": "    total = 1\n",
}


@pytest.mark.full
def test_every_claim_can_fail(tmp_path):
    run = run_main(tmp_path, "tensor", "--output-dir", tmp_path, edits=BREAKS)
    standing = [claim for _, claim, holds in run.module.CLAIMS if holds]
    assert len(broken_claims(run.out)) == len(BREAKS)
    assert (
        len(standing) == 1 and "tensor.sum()이" in standing[0]
    )  # 시간은 EXPERIMENTS에서 확인합니다


@pytest.mark.full
def test_edits_of_a_learner_do_not_stop_the_chapter(tmp_path):
    edits = {
        "torch.tensor([[10], [20], [30]])": "torch.tensor(10)",
        "row = torch.tensor([1, 2, 3, 4])": "row = torch.tensor(5)",
        "array[0] = 9": "array[0] = 0",
        "x = torch.tensor([[1, 2, 3], [4, 5, 6]])": "x = torch.tensor([[0, 0, 0], [4, 5, 9]])",
        "floats = torch.tensor([0.5, 0.5])": "floats = torch.tensor([1, 2])",
    }
    run = run_main(tmp_path, "tensor", "--seed", 5, "--output-dir", tmp_path, edits=edits)
    assert "seed=5" in run.out
    assert [re.search("✗ ([0-9]+)", line)[1] for line in run.code.splitlines()[1:]] == ["9", "11"]


@pytest.mark.full
def test_lessons_use_the_device_that_they_get(chapter, capsys):
    """GPU가 없어도 되도록 값이 없는 meta 장치로 확인합니다."""
    meta = torch.device("meta")
    chapter.read_attributes(meta)
    assert "device(type='meta')" in capsys.readouterr().out
    chapter.move_to_device(meta)
    out = capsys.readouterr().out
    assert out.count("device(type='meta')") == 2 and not broken_claims(out)


@pytest.mark.full
def test_time_is_the_median_without_the_warm_up(chapter, monkeypatch):
    waits = []
    clock = iter(
        [0, 100, 0, 5, 0, 1, 0, 3, 0, 2, 0, 4]
    )  # 시작과 끝: 워밍업 100초, 그다음 5, 1, 3, 2, 4초
    monkeypatch.setattr(chapter, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append(1))
    assert chapter.measure_ms(lambda: None) == 3000
    assert len(waits) == 6


def texts(axis):
    """축에 적힌 칸의 텍스트를 위에서 아래로, 왼쪽에서 오른쪽으로 정렬한 목록입니다."""
    cells = [(text.get_position()[::-1], text.get_text()) for text in axis.texts]
    return [text for _, text in sorted(cells) if text]


def cell_colors(chapter, axis):
    """칸마다의 색을 SHADES에서 찾아 반환합니다."""
    return [[chapter.SHADES[int(k)] for k in row] for row in axis.collections[0].get_array()]


@pytest.mark.full
def test_picture_of_reductions_shows_the_sums(chapter):
    axes = chapter.draw_reductions(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).axes
    assert texts(axes[1]) == texts(axes[2]) == ["5", "7", "9"]
    assert texts(axes[4]) == texts(axes[5]) == ["6", "15"]
    blue, orange, green = chapter.SHADES[:3]  # 함께 더하는 원소는 색이 같습니다
    assert cell_colors(chapter, axes[0]) == [[blue, orange, green]] * 2
    assert cell_colors(chapter, axes[3]) == [[blue] * 3, [orange] * 3]
    assert "[2, 1]" in axes[5].get_title() and "[3]" in axes[1].get_title()


@pytest.mark.full
def test_picture_of_broadcasting_marks_what_is_stretched(chapter):
    column = torch.tensor([[10], [20]])
    axes = chapter.draw_broadcasting(torch.add, column, torch.tensor([1, 2, 3])).axes
    assert texts(axes[0]) == ["10"] * 3 + ["20"] * 3
    assert texts(axes[2]) == ["11", "12", "13", "21", "22", "23"]
    assert cell_colors(chapter, axes[0]) == [[chapter.BLUE, chapter.GREY, chapter.GREY]] * 2
    assert cell_colors(chapter, axes[1]) == [[chapter.BLUE] * 3, [chapter.GREY] * 3]


@pytest.mark.full
def test_picture_of_the_mistake_marks_what_is_not_wanted(chapter):
    target = torch.tensor([1.0, 2.0])
    figure = chapter.draw_broadcasting(torch.sub, target, target[:, None])
    wanted = [[chapter.BLUE, chapter.ORANGE], [chapter.ORANGE, chapter.BLUE]]
    assert cell_colors(chapter, figure.axes[2]) == wanted
    assert "orange" in figure.get_suptitle()
    assert "orange" not in chapter.draw_broadcasting(torch.add, target, target).get_suptitle()


@pytest.mark.full
def test_picture_of_strides_follows_the_memory(chapter):
    axes = chapter.draw_strides(torch.arange(6).reshape(2, 3)).axes
    assert [texts(axis) for axis in axes[1::2]] == [list("012345")] * 3 + [list("031425")]
    arrows = [
        (arrow.xyann[0] - 0.5, arrow.xy[0] - 0.5) for arrow in axes[5].texts if not arrow.get_text()
    ]
    assert arrows == [(0, 3), (3, 1), (1, 4), (4, 2), (2, 5)]
    assert ["new" in axis.get_title() for axis in axes[1::2]] == [False, False, False, True]


@pytest.mark.full
def test_picture_of_shapes_shows_where_the_values_go(chapter):
    axes = chapter.draw_shapes(torch.tensor([[1, 2, 3], [4, 5, 6]])).axes
    assert [texts(axis) for axis in axes] == [list("123456"), list("123456"), list("142536")]


@pytest.mark.full
def test_picture_of_the_image_shows_the_pixels(chapter):
    image = torch.arange(16, dtype=torch.uint8).reshape(4, 4)
    color = torch.stack([image] * 3)
    axes = chapter.draw_image(image, image.flip(1), 255 - image, color).axes
    assert texts(axes[0]) == [str(k) for k in range(16)]
    assert axes[1].images[0].get_array().tolist() == image.flip(1).tolist()
    assert axes[3].images[0].get_array().shape == (4, 4, 3)


@pytest.mark.full
def test_screen_is_at_most_100_cells_wide(chapter_run):
    _, result = chapter_run("tensor")
    for line in result.stdout.splitlines():
        cells = len(line) + len(re.findall("[가-힣]", line))
        assert cells <= 100 or "outputs" in line, line
