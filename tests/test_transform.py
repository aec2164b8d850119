"""4장: 변형 전후의 값, 원-핫, 정규화, 순서, 증강, 배치, 직렬화와 워커."""

import pickle
import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image
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
from torchvision import datasets
from torchvision.transforms import v2

NAMES = "pixels histograms normalize_sgd order salt_and_pepper augmentation mixup batch".split()
PICTURES = {f"transform_{name}.png" for name in NAMES}


@pytest.fixture
def chapter(tmp_path):
    module = load_chapter("transform")
    module.prepare_outputs(tmp_path)
    return module


@pytest.fixture
def data(tiny_data):
    """변형을 지정하지 않은 학습용과 테스트용 데이터입니다."""
    return datasets.FashionMNIST(tiny_data), datasets.FashionMNIST(tiny_data, train=False)


@pytest.fixture
def drawn(chapter, monkeypatch):
    """그림을 그리지 않고, draw_ 함수가 받은 값을 {함수 이름: 값들}에 모읍니다."""
    seen = {}
    for name in [name for name in vars(chapter) if name.startswith("draw_")]:
        monkeypatch.setattr(chapter, name, lambda *a, name=name: seen.setdefault(name, a))
    monkeypatch.setattr(chapter, "save_figure", lambda figure, name: None)
    return seen


@pytest.fixture
def normalize():
    return v2.Normalize([0.25], [0.5])


def held(chapter):
    """지금까지 확인한 설명의 결과입니다."""
    return [holds for _, _, holds in chapter.CLAIMS]


def test_runs_alone_with_a_spawned_worker(chapter_run):
    folder, result = chapter_run("transform")
    assert_clean(result)
    assert result.stdout.count("4장. 변형") == 1  # 새로 시작한 워커는 main을 실행하지 않습니다
    outputs = folder / "outputs"
    assert {path.name for path in outputs.iterdir()} == PICTURES | {"transform.html"}
    for name in PICTURES:
        assert_picture(outputs / name)


BAD_OPTIONS = [
    ("--seed", "-1"),
    ("--seed", "x"),
    ("--seed", str(2**32)),
    ("--device", "cpu"),
    ("--data-dir", __file__),
    ("--output-dir", __file__),
]


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
def test_bad_option_is_told_in_one_line(options, tmp_path, capsys):
    run = run_main(tmp_path, "transform", *options)
    error = capsys.readouterr().err + (run.code if isinstance(run.code, str) else "")
    assert_one_korean_line(error)
    assert run.code not in (0, None) and "== 1." not in run.out


# ---- 이미지와 정답 ----


def test_form_tells_kind_dtype_shape_and_range(chapter, data):
    image = data[0][0][0]
    assert chapter.form(image).startswith("PIL Image, uint8, [28, 28], ")
    assert chapter.form(image).endswith("~ 230")
    array = np.array([[3, 40000]], dtype=np.uint16)
    assert chapter.form(array) == "numpy ndarray, uint16, [1, 2], 3 ~ 40000"
    assert chapter.form(torch.tensor([-0.5, 2.0])) == "torch Tensor, float32, [2], -0.5 ~ 2"
    assert chapter.form(v2.ToImage()(image)).startswith("torchvision Image, uint8, [1, 28, 28], ")


@pytest.mark.parametrize("label", [0, 4, 9])
def test_three_steps_lambda_and_function_give_rows_of_the_identity(chapter, label, capsys):
    to_one_hot = chapter.encode_label(label)
    expected = torch.from_numpy(np.eye(10, dtype=np.float32)[label])
    assert str(expected) in capsys.readouterr().out and all(held(chapter))
    for result in (to_one_hot(label), chapter.one_hot_label(label)):
        assert torch.equal(result, expected) and result.dtype == torch.float32


def test_batch_holds_both_transforms_and_the_claim_can_fail(chapter, tiny_data, capsys):
    chapter.set_transforms(tiny_data, chapter.one_hot_label)
    out = capsys.readouterr().out
    assert "[64, 1, 28, 28], 0 ~ 0.902" in out and "[64, 10], 0 ~ 1" in out
    assert "uint8, [300, 28, 28], 0 ~ 230" in out and held(chapter) == [True]
    chapter.set_transforms(tiny_data, lambda y: chapter.one_hot_label((y + 1) % 10))
    assert held(chapter) == [True, False]


@pytest.mark.full
def test_mixed_labels_equal_numpy(chapter, data, drawn, capsys):
    torch.manual_seed(7)
    chapter.mix_labels(data[0])
    torch.manual_seed(7)
    logits = torch.randn(10).double().numpy()
    logs = logits - np.log(np.exp(logits).sum())
    loss = -0.7 * logs[0] - 0.3 * logs[1]  # 작은 데이터의 처음 두 정답은 0과 1입니다
    assert f"(tensor({loss:.4f}), tensor({loss:.4f}))" in capsys.readouterr().out
    pixels = data[0].data[:2].numpy() / 255
    assert np.allclose(drawn["draw_mixup"][1], 0.7 * pixels[0] + 0.3 * pixels[1], atol=1e-6)
    assert all(held(chapter))


@pytest.mark.full
def test_only_8_bit_inputs_are_divided(chapter, data, capsys):
    chapter.find_undivided_inputs(data[0][0][0])
    rows = dict(re.findall(r"^(\S+ \S+) .*~ (\S+)$", capsys.readouterr().out, re.MULTILINE))
    divided = {"PIL L", "PIL RGB", "NumPy uint8"}
    assert {name for name, largest in rows.items() if largest == "0.902"} == divided
    assert {rows[name] for name in ("NumPy int32", "NumPy float32", "PIL F")} == {"230"}
    assert int(rows["PIL I;16"]) == 40000 - 2**16 and all(held(chapter))


# ---- 정규화와 순서 ----


@pytest.mark.full
def test_statistics_come_from_the_training_images_alone(chapter, data, drawn, capsys):
    data[1].data[:20] = 255
    normalize = chapter.normalize_images(*data)
    training, test = (dataset.data.numpy() / 255.0 for dataset in data)
    assert normalize.mean == pytest.approx([training.mean()])
    assert normalize.std == pytest.approx([training.std()], 1e-4)
    by_hand = (test - training.mean()) / training.std()
    shown = re.search(
        r"std\(\)  #.*\n\(tensor\((.+?)\), tensor\((.+?)\)\)", capsys.readouterr().out
    )
    assert float(shown[1]) == pytest.approx(by_hand.mean(), abs=2e-4)
    assert float(shown[2]) == pytest.approx(by_hand.std(), abs=2e-4)
    assert held(chapter) == [True]


@pytest.mark.full
def test_statistics_and_claims_on_real_data(tmp_path, real_data):
    run = run_main(tmp_path, "transform", "--data-dir", real_data, "--seed", 5)
    assert run.code == 0 and not broken_claims(run.out)
    assert "(0.28604" in run.out and "0.35302" in run.out
    stuck = re.search(r"pixels 0..255 .* 5에폭 손실 (\S+)", run.out)[1]
    assert float(stuck) == pytest.approx(np.log(10), abs=0.05)  # 8절의 설명: 2.3 근처에서 멈춥니다


@pytest.mark.full
def test_training_equals_numpy(chapter):
    """배치가 하나이면 에폭마다 전체 변화도로 한 단계입니다. 같은 계산을 NumPy로 반복합니다."""
    X = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    y = torch.arange(8)
    losses = chapter.train_with_sgd(X, y, 3)
    torch.manual_seed(3)
    layers = torch.nn.Linear(784, 64), torch.nn.Linear(64, 10)
    w1, b1, w2, b2 = (p.detach().double().numpy() for layer in layers for p in layer.parameters())
    x = X.flatten(1).double().numpy()
    expected = []
    for _ in losses:
        hidden = np.maximum(x @ w1.T + b1, 0)
        p = np.exp(hidden @ w2.T + b2)
        p /= p.sum(1, keepdims=True)
        expected.append(-np.log(p[range(8), y]).mean())
        error = (p - np.eye(10)[y]) / 8
        back = error @ w2 * (hidden > 0)
        w2, b2 = w2 - 0.01 * error.T @ hidden, b2 - 0.01 * error.sum(0)
        w1, b1 = w1 - 0.01 * back.T @ x, b1 - 0.01 * back.sum(0)
    assert len(losses) == 5 and losses == pytest.approx(expected, rel=1e-4)


def test_training_differs_in_the_input_alone(chapter, data, drawn, normalize, monkeypatch):
    calls = []
    monkeypatch.setattr(chapter, "train_with_sgd", lambda *a: calls.append(a) or [5 - len(calls)])
    chapter.compare_training(data[0], normalize, 5)
    (pixels, y, seed), (scaled, *same), (normalized, *also) = calls
    assert torch.equal(pixels[:, 0], data[0].data[:2000].float())
    assert torch.allclose(scaled, pixels / 255) and torch.allclose(normalized, 2 * scaled - 0.5)
    assert seed == 5 and all(torch.equal(y, other[0]) and other[1] == 5 for other in (same, also))
    assert held(chapter) == [True]
    calls.clear()
    monkeypatch.setattr(chapter, "train_with_sgd", lambda *a: calls.append(a) or [len(calls)])
    chapter.compare_training(data[0], normalize, 5)
    assert held(chapter) == [True, False]


def test_compose_makes_one_batch_of_unlike_photos(chapter, normalize, capsys):
    photo = Image.new("L", (28, 28), 51)
    chapter.compose_transforms(photo, normalize)
    out = capsys.readouterr().out
    assert "stack expects each tensor to be equal size" in out
    value = f"{(51 / 255 - 0.25) / 0.5:g}"
    assert f"torch Tensor, float32, [2, 1, 28, 28], {value} ~ {value}" in out
    assert held(chapter) == [True]


def test_padding_before_and_after_normalizing(chapter, data, drawn, normalize, capsys):
    chapter.change_order(data[0][0][0], normalize)
    pad_first, pad_last = drawn["draw_orders"]
    pixels = data[0].data[0].numpy() / 255
    assert np.allclose(pad_first[0], (np.pad(pixels, 4) - 0.25) / 0.5, atol=1e-6)
    assert np.allclose(pad_last[0], np.pad((pixels - 0.25) / 0.5, 4), atol=1e-6)
    assert "TypeError: Input tensor should be a float tensor" in capsys.readouterr().out
    assert held(chapter) == [True]


# ---- 사용자 정의 변형과 증강 ----


@pytest.mark.parametrize("amount", [0, 0.4, 1])
def test_salt_and_pepper_changes_its_share_and_nothing_else(chapter, amount):
    torch.manual_seed(0)
    image = torch.full((8, 3, 50, 50), 0.5)
    noisy = chapter.SaltAndPepper(amount)(image)
    shares = [(noisy == value).float().mean().item() for value in (0, 0.5, 1)]
    assert shares == pytest.approx([amount / 2, 1 - amount, amount / 2], abs=0.02)
    assert (image == 0.5).all() and noisy.dtype == torch.float32
    assert torch.equal(noisy, noisy[:, :1].expand_as(noisy))  # 채널에는 같은 난수
    assert torch.equal(noisy[0], noisy[1]) == (amount == 0)  # 이미지마다 다른 난수


def test_count_kinds(chapter):
    zeros = torch.zeros(1, 2, 2)
    ones = torch.ones(1, 2, 2)
    lists = ([], [zeros], [zeros, ones, zeros.clone()], torch.stack([ones, ones]))
    assert [chapter.count_kinds(images) for images in lists] == [0, 1, 2, 1]


@pytest.mark.full
def test_augmentation_is_for_training_only(chapter, tiny_data, data, normalize, monkeypatch):
    seen = []
    count = chapter.count_kinds
    monkeypatch.setattr(chapter, "count_kinds", lambda x: seen.append(x) or count(x))
    chapter.augment_training_data(tiny_data, normalize)
    train_images, test_images = seen[:2]
    assert count(train_images) > 1 and count(test_images) == 1
    by_hand = (data[1].data[0].numpy() / 255 - 0.25) / 0.5
    assert np.allclose(test_images[0][0], by_hand, atol=1e-6)


def test_pictures_show_what_their_titles_say(chapter):
    curves = {"pixels 0..255": [9, 2], "scaled to 0..1": [2, 1], "normalized": [1, 0.5]}
    lines = chapter.draw_input_ranges(curves).axes[0].lines
    shown = {line.get_label(): list(line.get_ydata()) for line in lines}
    assert curves.items() <= shown.items()

    ramp = torch.arange(-1.0, 15.0).view(1, 4, 4)
    first, last = chapter.draw_orders(ramp, 2 * ramp + 3).axes[:2]
    assert "-1.00" in first.get_title() and "1.00" in last.get_title()
    assert first.images[0].get_clim() == last.images[0].get_clim()

    values = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    left, right = chapter.draw_histograms(values, values - 0.5).axes
    assert list(left.lines[0].get_xdata()) == [0.5, 0.5]
    assert list(right.lines[0].get_xdata()) == [0, 0]

    images = torch.rand(4, 1, 5, 5)
    axes = chapter.draw_augmentations(torch.zeros(1, 5, 5), {"Flip": images, "Crop": images}).axes
    assert [axes[1].get_title("left"), axes[6].get_title("left")] == ["Flip", "Crop"]
    assert np.array_equal(axes[9].images[0].get_array(), images[3, 0])


# ---- 직렬화와 워커 ----


def test_lambda_is_not_pickled(chapter):
    to_one_hot = chapter.encode_label(2)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(to_one_hot)
    assert pickle.loads(pickle.dumps(chapter.SaltAndPepper(0.2))).amount == 0.2


@pytest.mark.full
@pytest.mark.skipif(sys.platform == "win32", reason="fork가 없습니다")
@pytest.mark.parametrize("start", ["forkserver", "fork"])
def test_other_ways_to_start_the_worker(start, tmp_path, tiny_data, monkeypatch, capsys):
    monkeypatch.syspath_prepend(tmp_path)  # 워커도 이 폴더에서 모듈을 찾습니다
    edits = {'multiprocessing_context="spawn"': f'multiprocessing_context="{start}"'}
    chapter = load(write_edited(tmp_path, "transform", edits))
    chapter.send_to_worker(tiny_data, chapter.encode_label(3))
    assert held(chapter) == [True, True]
    assert "torch Tensor, float32, [4, 10], 0 ~ 1" in capsys.readouterr().out


# ---- 여러 시드, 학습자가 바꿔 보는 코드 ----


@pytest.mark.full
def test_claims_hold_for_many_seeds(chapter, tiny_data, data, drawn, normalize):
    image = data[0][9][0]
    for seed in range(0, 2**32, 2**32 // 12 + 1):
        torch.manual_seed(seed)
        chapter.compare_label_forms(data[0].targets[:64])
        chapter.use_custom_transform(image)
        chapter.augment_training_data(tiny_data, normalize)
        chapter.compare_augmentations(image)
        chapter.mix_labels(data[0])
        chapter.transform_batch(data[0], normalize)
    assert len(held(chapter)) > 60 and all(held(chapter))


def breaks(*lessons):
    """이 절들의 설명에만 ✗가 표시되는지 확인하는 함수를 반환합니다."""

    def check(run):
        wrong = {title.partition(".")[0] for title, _, holds in run.module.CLAIMS if not holds}
        assert run.code != 0 and wrong == set(lessons), wrong

    return check


EXPERIMENTS = [
    ({"image.masked_fill(noise <": "image.masked_fill_(noise <"}, [], breaks("11", "13")),
    ({"v2.Normalize([mean], [std])": "v2.Normalize([0.5], [0.5])"}, [], breaks("7")),
    (
        {"[*to_float, normalize])": "[*to_float, *augment, normalize])"},
        [],
        breaks("12"),
    ),
]

USUAL_EDITS = {
    "Lambda(\n        lambda y: torch": "(\n        lambda y: torch",
    "SaltAndPepper(amount=0.2)": "SaltAndPepper(amount=0.6)",
    "v2.RandomErasing(p=0.8, value=0.5),": "v2.Resize(20), v2.Grayscale(3),",
    "v2.RandomCrop(28, padding=2)": "v2.RandomRotation(15)",
    "v2.RandomRotation((10, 60))": "v2.RandomAffine(0, translate=(0.3, 0.3))",
}


@pytest.mark.full
def test_usual_edits_keep_running(tmp_path, tiny_data):
    """무작위 변형이나 설정을 바꾸어도 설명은 그대로 맞습니다."""
    run = run_main(tmp_path, "transform", "--data-dir", tiny_data, edits=USUAL_EDITS)
    assert run.code == 0 and not broken_claims(run.out)
