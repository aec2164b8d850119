"""2장(tensor.py)의 테스트입니다."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
import tools
import torch


def has_one_broken_claim(run):
    assert len(tools.broken_claims(run.out)) == 1 and "✗" in run.code


EXPERIMENTS = [  # 직접 해 보기
    ({**tools.only("tensor", lesson), old: new}, [], has_one_broken_claim)
    for lesson, old, new in [
        ("treat_image_as_tensor", "image[4, 7:10] = 0", "image[3:6, 8] = 0"),
        ("convert_numpy", "t.add_(1)", "t = t + 1"),
        ("compare_with_loops", "10_000", "10"),
    ]
]


@pytest.fixture
def chapter():
    yield tools.load_chapter("tensor")
    plt.close("all")


def test_runs_alone_and_draws(chapter_run):
    folder, result = chapter_run("tensor")
    tools.assert_clean(result)
    names = ["broadcasting", "broadcasting_mistake", "image", "reductions", "shapes", "strides"]
    for name in names:
        tools.assert_picture(folder / "outputs" / f"tensor_{name}.png")


def test_random_numbers_follow_the_seed(chapter, capsys):
    outputs = []
    for seed in (0, 0, 1, 2, 3):
        chapter.create_tensors(seed)
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] and len(set(outputs)) == 4
    assert len(chapter.CLAIMS) == 5 and all(holds for _, _, holds in chapter.CLAIMS)


BREAKS = {  # 설명을 하나씩 틀리게 만드는 변경
    "[[1000.0], [1500.0], [500.0]]": "[[1000.0], [1500.0], [600.0]]",
    "    torch.manual_seed(seed)  #": "    torch.manual_seed(seed + 1)  #",
    "doubles = images.to(torch.float64)": "doubles = images.to(torch.float32)",
    "picked = tensor[[0]]": "picked = tensor[:1]",
    "permuted = x.permute(1, 0)": "permuted = x.reshape(3, 2)",
    "stacked = torch.stack(": "stacked = torch.cat(",
    "z3 = torch.mul(": "z3 = torch.add(",
    "y3 = torch.matmul(tensor, tensor.T)": "y3 = torch.zeros(2, 2)",
    "columns = x.sum(dim=0)": "columns = x.sum(dim=1)",
    "total = column + row": "total = column * row",
    "centered = x - means": "centered = x + means",
    "difference = target - pred": "difference = target - pred.squeeze(1)",
    "image[4, 7:10] = 0": "image[3:6, 8] = 0",
    "added = pixels + 100": "added = pixels.int() + 100",
    "    model.to(torch.float64)": "    model.to(torch.float32)",
    "t.add_(1)": "t = t + 1",
    "copied = torch.tensor(array)": "copied = torch.as_tensor(array)",
    "y += 1": "y = y + 1",
    "flat = transposed.reshape(-1)": "flat = base.view(-1)",
    "target = torch.tensor(0.9)": "target = torch.tensor(1.0)",
    "big = torch.tensor(2.0**24)": "big = torch.tensor(2.0**23)",
    "    total = 0\n": "    total = 1\n",
}


@pytest.mark.full
def test_every_claim_can_fail(tmp_path, monkeypatch):
    edited = tools.load(tools.write_edited(tmp_path, "tensor", {**BREAKS, "10_000": "1_000"}))
    monkeypatch.setattr(edited, "save_figure", lambda figure, name: plt.close(figure))
    monkeypatch.setattr("sys.argv", ["tensor.py", "--output-dir", str(tmp_path)])
    with pytest.raises(SystemExit):
        edited.main()
    (standing,) = [claim for _, claim, holds in edited.CLAIMS if holds]
    assert "tensor.sum()이" in standing  # 시간은 EXPERIMENTS에서 확인합니다
    assert len(edited.CLAIMS) == len(BREAKS) + 1


@pytest.mark.full
def test_lessons_use_the_device_that_they_get(tmp_path, monkeypatch, capsys):
    """GPU가 없어도 되도록 값이 없는 meta 장치로 확인합니다."""
    chapter = tools.load(tools.write_edited(tmp_path, "tensor", {'device.type == "cuda"': "True"}))
    monkeypatch.setattr(chapter, "measure_ms", lambda work: work().numel())
    for lesson in (chapter.read_attributes, chapter.move_to_device, chapter.read_common_errors):
        lesson(torch.device("meta"))
    out = capsys.readouterr().out
    assert out.count("device(type='meta')") == 3 and out.count("1000000.00ms") == 3
    assert out.endswith("\nmeta\n") and not tools.broken_claims(out)


def test_time_is_the_median_without_the_warm_up(chapter, monkeypatch):
    waits = []
    clock = iter([0, 100, 0, 5, 0, 1, 0, 3, 0, 2, 0, 4])  # 워밍업 100초, 그다음 5, 1, 3, 2, 4초
    monkeypatch.setattr(chapter, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append(1))
    assert chapter.measure_ms(lambda: None) == 3000 and len(waits) == 6


def texts(axis):
    """축에 적힌 칸의 텍스트를 위에서 아래로, 왼쪽에서 오른쪽으로 정렬한 목록입니다."""
    cells = [(text.get_position()[::-1], text.get_text()) for text in axis.texts]
    return [text for _, text in sorted(cells) if text]


def colors(chapter, axis):
    """칸마다의 색을 SHADES에서 찾아 반환합니다."""
    return [[chapter.SHADES[int(k)] for k in row] for row in axis.collections[0].get_array()]


def test_pictures_show_where_values_go(chapter):
    x = torch.tensor([[1, 2, 3], [4, 5, 6]])
    axes = chapter.draw_shapes(x).axes
    assert [texts(axis) for axis in axes] == [list("123456"), list("123456"), list("142536")]
    pairs = zip(chapter.SHADES[:3], chapter.SHADES[3:])  # 색은 위치가 아니라 값을 따라갑니다
    assert colors(chapter, axes[2]) == [list(pair) for pair in pairs]
    axes = chapter.draw_reductions(x).axes
    assert [texts(axes[1]), texts(axes[3])] == [["5", "7", "9"], ["6", "15"]]
    down, right = (next(a for a in axes[k].texts if not a.get_text()) for k in (0, 2))
    assert down.xy[1] > down.xyann[1] and right.xy[0] > right.xyann[0]  # 더하는 방향
    blue, orange, green = chapter.SHADES[:3]  # 함께 더하는 원소는 색이 같습니다
    assert colors(chapter, axes[0]) == [[blue, orange, green]] * 2
    assert colors(chapter, axes[2]) == [[blue] * 3, [orange] * 3]
    axes = chapter.draw_strides(torch.arange(6).reshape(2, 3)).axes
    assert [texts(axis) for axis in axes[1::2]] == [list("012345")] * 3 + [list("031425")]
    arrows = [arrow for arrow in axes[5].texts if not arrow.get_text()]
    steps = [(arrow.xyann[0] - 0.5, arrow.xy[0] - 0.5) for arrow in arrows]
    assert steps == [(0, 3), (3, 1), (1, 4), (4, 2), (2, 5)]


def test_pictures_of_broadcasting_mark_what_is_stretched(chapter):
    row = torch.tensor([1, 2, 3])
    blue, grey, orange = chapter.BLUE, chapter.GREY, chapter.ORANGE
    axes = chapter.draw_broadcasting(torch.add, torch.tensor([[10], [20]]), row).axes
    assert texts(axes[2]) == ["11", "12", "13", "21", "22", "23"]
    assert colors(chapter, axes[0]) == [[blue, grey, grey]] * 2
    assert colors(chapter, axes[1]) == [[blue] * 3, [grey] * 3]
    axes = chapter.draw_broadcasting(torch.sub, row[:2], row[:2, None]).axes
    assert colors(chapter, axes[2]) == [[blue, orange], [orange, blue]]


def test_picture_of_the_face_agrees_with_plain_python(chapter, monkeypatch):
    figures = []
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: figures.append(figure))
    chapter.treat_image_as_tensor()
    black = [(3, 3), (4, 3), (5, 3), (4, 7), (4, 8), (4, 9)]  # 눈
    black += [(7, 3), (7, 8), (8, 4), (8, 5), (8, 6), (8, 7)]  # 입
    image = []
    for y in range(12):
        inside = [(y - 5.5) ** 2 + (x - 5.5) ** 2 <= 36 and (y, x) not in black for x in range(12)]
        image.append([(255 - 10 * y) * value for value in inside])
    values, flipped, inverted, color = [axis.images[0].get_array() for axis in figures[0].axes]
    assert values.tolist() == image
    assert texts(figures[0].axes[0]) == [str(value) for row in image for value in row]
    assert flipped.tolist() == [row[::-1] for row in image]
    assert inverted.tolist() == [[255 - value for value in row] for row in image]
    assert color.shape == (12, 12, 3) and color[..., 2].tolist() == inverted.tolist()
