"""4장: 변형 전후의 값, 원-핫, 정규화, 순서, 증강, 배치, 워커."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from tools import assert_clean, assert_picture, load_chapter, only
from torch import nn
from torchvision import datasets
from torchvision.transforms import v2

NAMES = "pixels histograms normalize_sgd order salt_and_pepper augmentation mixup batch".split()
PICTURES = {f"transform_{name}.png" for name in NAMES}
NORMALIZE = v2.Normalize([0.25], [0.5])


@pytest.fixture
def chapter(monkeypatch):
    """그림은 저장하지 않고, figures에 모읍니다."""
    module = load_chapter("transform")
    module.figures = {}
    monkeypatch.setattr(module, "save_figure", lambda f, name: module.figures.update({name: f}))
    yield module
    module.plt.close("all")


@pytest.fixture
def data(tiny_data):
    return datasets.FashionMNIST(tiny_data), datasets.FashionMNIST(tiny_data, train=False)


def shown_images(figure):
    return [axis.images[0].get_array() for axis in figure.axes if axis.images]


def held(chapter):
    return [holds for _, _, holds in chapter.CLAIMS]


def test_runs_alone_with_a_spawned_worker(chapter_run):
    folder, result = chapter_run("transform")
    assert_clean(result)
    assert result.stdout.count("4장. 변형") == 1  # 새로 시작한 워커는 main을 실행하지 않습니다
    assert {path.name for path in folder.glob("outputs/*.png")} == PICTURES
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)


def test_lambda_and_function_give_rows_of_the_identity(chapter):
    for label in (0, 4, 9):
        expected = torch.from_numpy(np.eye(10, dtype=np.float32)[label])
        for result in (chapter.encode_label(label)(label), chapter.one_hot_label(label)):
            assert torch.equal(result, expected) and result.dtype == torch.float32


def test_batch_holds_both_transforms_and_the_claim_can_fail(chapter, tiny_data, capsys):
    chapter.set_transforms(tiny_data, chapter.one_hot_label)
    assert "[64, 1, 28, 28], 0 ~ 0.902" in capsys.readouterr().out
    chapter.set_transforms(tiny_data, lambda y: chapter.one_hot_label((y + 1) % 10))
    assert held(chapter) == [True, False]


def test_mixed_labels_equal_numpy(chapter, data, capsys):
    torch.manual_seed(7)
    chapter.mix_labels(data[0])
    torch.manual_seed(7)
    logits = torch.randn(10).double().numpy()
    logs = logits - np.log(np.exp(logits).sum())
    loss = -0.7 * logs[0] - 0.3 * logs[1]  # 작은 데이터의 처음 두 정답은 0과 1입니다
    assert f"(tensor({loss:.4f}), tensor({loss:.4f}))" in capsys.readouterr().out
    first, second, mixed = shown_images(chapter.figures["transform_mixup.png"])
    assert np.allclose(mixed, 0.7 * first + 0.3 * second, atol=1e-6)


def test_only_8_bit_inputs_are_divided(chapter, data, capsys):
    chapter.find_undivided_inputs(data[0][0][0])
    rows = dict(re.findall(r"^(\S+ \S+) .*~ (\S+)$", capsys.readouterr().out, re.MULTILINE))
    divided = dict.fromkeys(["PIL L", "PIL RGB", "NumPy uint8"], "0.902")
    assert rows == divided | {"NumPy float32": "230", "PIL I;16": str(40000 - 2**16)}


def test_statistics_come_from_the_training_images_alone(chapter, data, capsys):
    data[1].data[:20] = 255
    normalize = chapter.normalize_images(*data)
    training, test = (dataset.data.numpy() / 255.0 for dataset in data)
    mean, std = training.mean(), training.std()
    assert (normalize.mean, normalize.std) == (pytest.approx([mean]), pytest.approx([std], 1e-4))
    out = capsys.readouterr().out
    assert f"({-mean / std:.2f}, {(1 - mean) / std:.2f})" in out  # 검은색과 흰색
    pair = re.search(r"test\.std\(\)  #.*\n\(tensor\((.+?)\), tensor\((.+?)\)\)", out).groups()
    by_hand = [(test.mean() - mean) / std, test.std() / std]
    assert [float(value) for value in pair] == pytest.approx(by_hand, 1e-3)


def test_training_takes_plain_gradient_steps(chapter):
    """배치가 하나이면 에폭마다 전체 변화도로 한 단계입니다."""
    X = torch.rand(8, 1, 28, 28)
    y = torch.arange(8)
    losses = chapter.train_with_sgd(X, y, 3)
    torch.manual_seed(3)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    for expected in losses:
        loss = -model(X).log_softmax(1)[range(8), y].mean()
        assert loss.item() == pytest.approx(expected, rel=1e-4)
        for p, grad in zip(model.parameters(), torch.autograd.grad(loss, [*model.parameters()])):
            p.data -= 0.01 * grad
    assert len(losses) == 5


def test_training_differs_in_the_input_alone(chapter, data, monkeypatch):
    calls = []
    losses = iter([3, 2, 1, 3, 2, 2])
    monkeypatch.setattr(chapter, "train_with_sgd", lambda *a: calls.append(a) or [next(losses)] * 5)
    chapter.compare_training(data[0], NORMALIZE, 5)
    chapter.compare_training(data[0], NORMALIZE, 5)  # 정규화해도 0~1보다 작지 않은 손실
    pixels, scaled, normalized = (X for X, y, seed in calls[:3])
    assert torch.equal(pixels[:, 0], data[0].data.float())
    assert torch.allclose(scaled, pixels / 255) and torch.allclose(normalized, 2 * scaled - 0.5)
    assert all(seed == 5 and torch.equal(y, data[0].targets) for X, y, seed in calls)
    assert held(chapter) == [True, False]


def test_compose_and_order(chapter, data, capsys):
    chapter.compose_transforms(Image.new("L", (28, 28), 51), NORMALIZE)
    assert "torch Tensor, float32, [2, 1, 28, 28], -0.1 ~ -0.1" in capsys.readouterr().out
    chapter.change_order(data[0][0][0], NORMALIZE)
    pad_first, pad_last, *_ = shown_images(chapter.figures["transform_order.png"])
    pixels = data[0].data[0].numpy() / 255
    assert np.allclose(pad_first, (np.pad(pixels, 4) - 0.25) / 0.5, atol=1e-6)
    assert np.allclose(pad_last, np.pad((pixels - 0.25) / 0.5, 4), atol=1e-6)


def test_salt_and_pepper_changes_its_share_and_nothing_else(chapter):
    torch.manual_seed(0)
    for amount in (0, 0.4, 1):
        image = torch.full((8, 1, 50, 50), 0.5)
        noisy = chapter.SaltAndPepper(amount)(image)
        shares = [(noisy == value).float().mean().item() for value in (0, 0.5, 1)]
        assert shares == pytest.approx([amount / 2, 1 - amount, amount / 2], abs=0.02)
        same = torch.equal(noisy[0], noisy[1])  # 이미지마다 다른 난수
        assert (image == 0.5).all() and same == (amount == 0)


def test_augmentation_is_for_training_only(chapter, tiny_data, data, monkeypatch):
    seen = []
    count = chapter.count_kinds
    monkeypatch.setattr(chapter, "count_kinds", lambda x: seen.append(x) or count(x))
    chapter.augment_training_data(tiny_data, NORMALIZE)
    train_images, test_images = seen[:2]
    assert len({image.numpy().tobytes() for image in train_images}) == count(train_images) > 1
    assert len(test_images) == 5 and count(test_images) == 1
    by_hand = (data[1].data[0].numpy() / 255 - 0.25) / 0.5
    assert np.allclose(test_images[0][0], by_hand, atol=1e-6)


@pytest.mark.full
def test_each_row_of_the_gallery_begins_with_the_original(chapter, data):
    chapter.compare_augmentations(data[0][9][0])
    rows = shown_images(chapter.figures["transform_augmentation.png"])
    original = np.pad(data[0].data[9] / 255, ((0, 0), (1, 1)), constant_values=1)  # 흰 간격
    assert [np.allclose(row[:, :30], original) for row in rows] == [True] * 7
    noisy = torch.from_numpy(np.array(rows[5])).split(30, dim=1)  # SaltAndPepper는 매번 다릅니다
    assert chapter.count_kinds(noisy) == 5


@pytest.mark.full
def test_claims_hold_for_some_seeds(chapter, tiny_data, data):
    for seed in (1, 2, 2**32 - 1):
        torch.manual_seed(seed)
        chapter.compare_label_forms(data[0])
        chapter.use_custom_transform(data[0][9][0])
        chapter.augment_training_data(tiny_data, NORMALIZE)
        chapter.transform_batch(data[0])
    assert held(chapter) == [True] * 12


@pytest.mark.full
def test_facts_of_the_text_on_real_data(chapter, real_data, capsys):
    training_data, test_data = chapter.load_raw_data(real_data)
    normalize = chapter.normalize_images(training_data, test_data)
    chapter.compare_training(training_data, normalize, 5)
    out = capsys.readouterr().out
    assert re.search(r"pixels 0..255 .* 에폭 5의 손실 2\.3", out)
    assert "(-0.81, 2.02)" in out and held(chapter) == [True] * 3


def breaks(lesson):
    """이 절의 설명에만 ✗가 표시되는지 확인하는 함수를 반환합니다."""

    def check(run):
        wrong = {title.partition(".")[0] for title, _, holds in run.module.CLAIMS if not holds}
        assert run.code != 0 and wrong == {lesson}, wrong

    return check


def scaled_inputs_catch_up(run):
    """연습용 데이터에서 lr=0.01이면 0~1인 입력은 약 0.9, 정규화한 입력은 약 0.2입니다."""
    rows = dict(re.findall(r"^ +(\w+) .*에폭 5의 손실 (\S+)$", run.out, re.MULTILINE))
    assert run.code == 0 and float(rows["normalized"]) < float(rows["scaled"]) < 0.3, rows


TO_FLOAT = "test_transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), "
IN_PLACE = {"image.masked_fill(noise <": "image.masked_fill_(noise <"}
CROP = {TO_FLOAT: TO_FLOAT + "v2.RandomCrop(28, padding=2), "}
EXPERIMENTS = [
    (only("transform", "use_custom_transform") | IN_PLACE, [], breaks("11")),
    (only("transform", "compare_training") | {"lr=0.01)": "lr=0.08)"}, [], scaled_inputs_catch_up),
    (only("transform", "augment_training_data") | CROP, [], breaks("12")),
]
