"""4장: 변형 전후의 값, 원-핫, v2, 정규화, 순서, 증강, 배치, 직렬화와 워커, 그림."""

import gc
import pickle
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from tools import assert_clean, assert_picture, broken_claims, load_chapter, run_main, written_files
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import ToTensor, v2

PICTURES = {f"transform_{what}.png" for what in ("histograms", "normalize_sgd", "order", "augmentation")}


@pytest.fixture
def chapter():
    return load_chapter("transform")


@pytest.fixture
def data(tiny_data):
    """변형을 지정하지 않은 학습용과 테스트용 데이터입니다."""
    return datasets.FashionMNIST(tiny_data), datasets.FashionMNIST(tiny_data, train=False)


@pytest.fixture
def normalize():
    return v2.Normalize([0.25], [0.5])


def claims(chapter):
    """지금까지 확인한 설명의 결과를 반환하고, 목록을 비웁니다."""
    results = [holds for _, holds in chapter.CLAIMS]
    chapter.CLAIMS.clear()
    return results


def ignore(*args):
    """실행하지 않을 절을 대신합니다."""


# ---- 사용자처럼 실행 ----


def test_runs_alone_with_a_spawned_worker(run_once):
    folder, result = run_once("transform")
    assert_clean(result)
    assert re.findall(r"^== (\d+)\.", result.stdout, re.MULTILINE) == [str(n) for n in range(1, 16)]
    assert result.stdout.count("4장. 변형") == 1  # spawn으로 시작한 워커는 main을 실행하지 않습니다
    assert "연습용" not in result.stdout and "model.py" in result.stdout.splitlines()[-1]
    assert result.stdout.count("    □ ") == 4 and len(re.findall("torch Tensor, float32, .4, 10.", result.stdout)) == 1
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
        assert str(folder / "outputs" / name) in result.stdout
    assert written_files(folder) == {f"outputs/{name}" for name in PICTURES}


def test_practice_data_is_announced_first_and_last(tmp_path, monkeypatch, no_network, capsys):
    options = ("--data-dir", tmp_path / "data", "--output-dir", tmp_path, "--seed", 3)
    chapter = run_main("transform", monkeypatch, *options, send_to_worker=ignore)
    output = capsys.readouterr().out
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("== 1.") and last > output.index("== 14.") and not broken_claims(output)
    assert not list((tmp_path / "data").rglob("*ubyte*")) and all(claims(chapter))


@pytest.mark.parametrize("option", [("--seed", -1), ("--seed", "x"), ("--seed", 2**32), ("--device", "cpu")])
def test_bad_options_end_in_one_line(option, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        run_main("transform", monkeypatch, *option, "--data-dir", tmp_path, "--output-dir", tmp_path)
    output, error = capsys.readouterr()
    assert end.value.code == 2 and error.count("\n") == 1 and error.startswith("오류") and not output


# ---- 이미지를 텐서로 ----


def test_form_tells_kind_dtype_shape_and_range(chapter, data):
    image, _ = data[0][0]
    low, high = data[0].data[0].min(), data[0].data[0].max()
    assert chapter.form(image) == f"PIL Image, L, [28, 28], {low} ~ {high}"
    assert chapter.form(np.array([[3, 200]], dtype=np.uint8)) == "numpy ndarray, uint8, [1, 2], 3 ~ 200"
    assert chapter.form(torch.tensor([-0.5, 2.0])) == "torch Tensor, float32, [2], -0.5 ~ 2"
    assert chapter.form(v2.ToImage()(image)) == f"torchvision Image, uint8, [1, 28, 28], {low} ~ {high}"


def test_raw_samples_are_pil_images_and_integers(chapter, tiny_data, capsys):
    training_data, test_data = chapter.load_raw_data(tiny_data)
    assert (len(training_data), len(test_data)) == (300, 60) and all(claims(chapter))
    assert training_data[13][1] == 3 and training_data[13][0].size == (28, 28)
    output = capsys.readouterr().out
    assert "TypeError: default_collate" in output and "PIL.Image.Image" in output


def test_totensor_shows_the_divided_pixels(chapter, data, capsys):
    chapter.convert_image(data[0][5][0])  # 정답 5: 14행과 15행이 230
    output = capsys.readouterr().out
    assert "array([230, 230, 230, 230, 230], dtype=uint8)" in output and f"[{230 / 255:.4f}, " in output
    assert "((28, 20, 3), torch.Size([3, 28, 20]))" in output and all(claims(chapter))


def test_only_8_bit_inputs_are_divided(chapter, data, capsys):
    chapter.find_divided_inputs(data[0][0][0])
    lines = [line.split(" -> ") for line in capsys.readouterr().out.splitlines() if " -> " in line]
    table = {old.split(", ")[1]: (new.split(", ")[1], new.split(" ~ ")[1]) for old, new in lines}
    kept = {"int32": "int32", "int64": "int64", "float32": "float32", "I;16": "int16", "F": "float32"}
    expected = {name: (dtype, "230") for name, dtype in kept.items()} | {"bool": ("bool", "1")}
    assert table == expected | {name: ("float32", f"{230 / 255:.4g}") for name in ("uint8", "L", "RGB")}
    assert all(claims(chapter))
    chapter.ToTensor = lambda: lambda value: torch.tensor(np.asarray(value, dtype=np.float32)) / 255
    chapter.find_divided_inputs(data[0][0][0])
    assert not all(claims(chapter))


def test_v2_ranges_are_those_of_the_dtype(chapter, data, capsys):
    chapter.use_v2(data[0][0][0])
    output = capsys.readouterr().out
    ranges = re.findall(r"form\((\w+)\) = .* ~ (\S+)", output)
    assert ranges == [("tensor", "230"), ("scaled", f"{230 / 255:.4g}"), ("unscaled", "230")]
    assert "255" in output and "32767" in output and all(claims(chapter))
    (difference,) = re.findall(r"difference.abs\(\).max\(\) = tensor\((\S+)\)", output)
    levels = np.arange(256, dtype=np.float32)
    by_hand = np.abs(levels * np.float32(1 / 255) - levels / np.float32(255)).max()
    assert float(difference) == pytest.approx(by_hand, rel=1e-4) and 0 < by_hand <= 1e-7


# ---- 정답 ----


@pytest.mark.parametrize("label", [0, 4, 9])
def test_three_steps_the_lambda_and_the_function_give_rows_of_the_identity(chapter, label, capsys):
    to_one_hot = chapter.encode_label(label, [str(i) for i in range(10)])
    expected = torch.from_numpy(np.eye(10, dtype=np.float32)[label])
    for result in (to_one_hot(label), chapter.one_hot_label(label)):
        assert torch.equal(result, expected) and result.dtype == torch.float32
    output = capsys.readouterr().out
    assert "zeros = tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0.])" in output
    assert f"index = tensor({label})" in output and f"result = {expected}" in output and all(claims(chapter))


def test_datasets_apply_both_transforms(chapter, tiny_data, capsys):
    chapter.set_transforms(tiny_data, chapter.one_hot_label)
    output = capsys.readouterr().out
    assert "float32, [64, 1, 28, 28], 0 ~ 0.902" in output and "float32, [64, 10], 0 ~ 1" in output
    assert "uint8, [300, 28, 28], 0 ~ 230" in output and all(claims(chapter))
    chapter.set_transforms(tiny_data, lambda y: chapter.one_hot_label((y + 1) % 10))
    assert not all(claims(chapter))


def test_losses_equal_numpy(chapter, capsys):
    labels = torch.tensor([3, 1, 1, 0])
    chapter.compare_label_forms(labels, seed=7)
    chapter.use_soft_labels(labels, seed=7)
    output, y, eye = capsys.readouterr().out, labels.numpy(), np.eye(10)
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(7)).double().numpy()
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    loss = f"tensor({-logs[range(4), y].mean():.4f})"
    assert f"= ({loss}, {loss})" in output and "got Long" in output
    assert f"= tensor({((np.exp(logs) - eye[y]) ** 2).mean():.4f})" in output
    mixed = (0.7 * eye[y] + 0.3 * eye[np.roll(y, 1)])[0]
    numbers = re.search(r"mixed\[0\] =\s+tensor\(\[(.*?)\]\)", output, re.DOTALL)[1]
    assert [float(number) for number in numbers.split(",")] == pytest.approx(mixed.tolist())
    assert "32" in re.search(r"labels.nbytes.*", output)[0] and "160" in output and all(claims(chapter))


# ---- 정규화와 순서 ----


def test_statistics_come_from_the_training_images_alone(chapter, data, tmp_path, capsys):
    chapter.save_figure = ignore
    data[1].data[:20] = 255
    training, test = (dataset.data.numpy() / 255.0 for dataset in data)
    normalize = chapter.normalize_images(*data, tmp_path)
    assert normalize.mean == pytest.approx([training.mean()]) and normalize.std == pytest.approx([training.std()], 1e-4)
    by_hand = (test - training.mean()) / training.std()
    output = capsys.readouterr().out
    shown = re.search(r"test.mean\(\), test.std\(\) = \(tensor\((\S+)\), tensor\((\S+)\)\)", output).groups()
    assert [float(number) for number in shown] == pytest.approx([by_hand.mean(), by_hand.std()], abs=2e-4)
    assert "torch.Size([3, 28, 28])" in output and all(claims(chapter))


def test_statistics_of_real_data(chapter, real_data, tmp_path):
    chapter.save_figure = ignore
    data = [datasets.FashionMNIST(real_data, train=train) for train in (True, False)]
    normalize = chapter.normalize_images(*data, tmp_path)
    assert (normalize.mean, normalize.std) == (pytest.approx([0.2860], abs=1e-4), pytest.approx([0.3530], abs=1e-4))
    assert all(claims(chapter))


def test_sgd_equals_numpy(chapter):
    """배치가 하나이면 에폭마다 전체 변화도로 한 단계입니다. 같은 계산을 NumPy로 반복합니다."""
    X, y = torch.rand(8, 1, 4, 4, generator=torch.Generator().manual_seed(1)), torch.arange(8)
    losses = chapter.train_with_sgd(X, y, 0.5, 3)
    torch.manual_seed(3)
    layers = torch.nn.Linear(16, 64), torch.nn.Linear(64, 10)
    w1, b1, w2, b2 = (p.detach().double().numpy() for layer in layers for p in layer.parameters())
    x, expected = X.flatten(1).double().numpy(), []
    for _ in losses:
        hidden = np.maximum(x @ w1.T + b1, 0)
        logits = hidden @ w2.T + b2
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected.append(-np.log(p[range(8), y]).mean())
        error = (p - np.eye(10)[y]) / 8
        back = error @ w2 * (hidden > 0)
        w2, b2 = w2 - 0.5 * error.T @ hidden, b2 - 0.5 * error.sum(0)
        w1, b1 = w1 - 0.5 * back.T @ x, b1 - 0.5 * back.sum(0)
    assert len(losses) == 5 and losses == pytest.approx(expected, rel=1e-4)


def test_training_differs_in_the_input_alone(chapter, data, normalize, tmp_path):
    calls, chapter.save_figure = [], ignore
    chapter.train_with_sgd = lambda X, y, rate, seed: calls.append((X, y, rate, seed)) or [2.0, 1.0 + len(calls) % 2]
    chapter.compare_training(data[0], normalize, 5, tmp_path)
    assert claims(chapter) == [True, True]
    for before, after in zip(calls[::2], calls[1::2]):
        assert torch.equal(after[0], (before[0] - 0.25) / 0.5) and torch.equal(after[1], before[1])
        assert before[2:] == after[2:] and before[3] == 5
    chapter.train_with_sgd = lambda *args: [1.0]
    chapter.compare_training(data[0], normalize, 5, tmp_path)
    assert claims(chapter) == [False, False]


def test_order_of_compose(chapter, data, normalize, tmp_path, capsys):
    shown, chapter.save_figure = [], ignore
    chapter.draw_orders = lambda results: shown.extend(results)
    chapter.compose_in_order(data[0][0][0], normalize, tmp_path)
    (first_name, first), (last_name, last) = shown
    pixels = data[0].data[0].numpy() / 255.0
    assert (first_name, last_name) == ("Pad, Normalize", "Normalize, Pad")
    assert np.allclose(first[0], (np.pad(pixels, 4) - 0.25) / 0.5, atol=1e-6)
    assert np.allclose(last[0], np.pad((pixels - 0.25) / 0.5, 4), atol=1e-6)
    output = capsys.readouterr().out
    assert re.findall(r" (-?\d\.\d{4})$", output, re.MULTILINE) == ["-0.5000", "0.0000"]
    assert "TypeError: Input tensor should be a float tensor" in output and all(claims(chapter))


# ---- 사용자 정의 변형과 증강 ----


@pytest.mark.parametrize("amount", [0, 0.4, 1])
def test_own_transform_changes_its_share_and_nothing_else(chapter, amount):
    torch.manual_seed(0)
    image = torch.full((8, 1, 50, 50), 0.5)
    noisy = chapter.SaltAndPepper(amount)(image)
    assert (image == 0.5).all() and noisy.shape == image.shape and noisy.dtype == torch.float32
    shares = [(noisy == value).float().mean().item() for value in (0, 0.5, 1)]
    assert shares == pytest.approx([amount / 2, 1 - amount, amount / 2], abs=0.02) and sum(shares) == pytest.approx(1)
    assert torch.equal(noisy[0], noisy[1]) == (amount == 0)  # 이미지마다 난수가 다릅니다


def test_an_in_place_transform_is_noticed():
    edits = {"image = image.masked_fill(noise <": "image = image.masked_fill_(noise <"}
    chapter = load_chapter("transform", edits)
    chapter.use_custom_transform(seed=0)
    assert claims(chapter) == [True, False]


def test_augmentation_is_for_training_only(chapter, tiny_data, data, normalize, tmp_path, capsys):
    seen, chapter.save_figure = {}, ignore
    count = chapter.count_kinds
    chapter.count_kinds = lambda images: seen.setdefault(len(seen), images) and count(images)
    chapter.augment_training_data(tiny_data, data[0][9][0], normalize, 0, tmp_path)
    output = capsys.readouterr().out
    kinds = {name: int(n) for name, n in re.findall(r"count_kinds\((\w+)\) = (\d)", output)}
    assert 1 < kinds["train_images"] <= 5 and kinds["test_images"] == 1 and all(claims(chapter))
    by_hand = (data[1].data[0].numpy() / 255.0 - 0.25) / 0.5
    assert all(np.allclose(image[0], by_hand, atol=1e-6) for image in seen[1])
    rows = dict(re.findall(r"^    (\w+) +6\D+(\d)\D*$", output, re.MULTILINE))
    assert len(rows) == 8 and rows["RandomHorizontalFlip"] in "12" and rows["SaltAndPepper"] == rows["Compose"] == "6"


def test_same_seed_same_images(chapter, tiny_data, data, normalize, tmp_path):
    shown, chapter.save_figure = [], ignore
    chapter.draw_augmentations = lambda original, rows: shown.append(torch.stack([x for _, row in rows for x in row]))
    for seed in (1, 1, 2):
        chapter.augment_training_data(tiny_data, data[0][9][0], normalize, seed, tmp_path)
    assert torch.equal(shown[0], shown[1]) and not torch.equal(shown[0], shown[2])


def test_a_batch_gets_one_draw(chapter, data, normalize, capsys):
    chapter.transform_batch(data[0].data, normalize, 0)
    batch, one_by_one, noise = (int(n) for n in re.findall(r"count_kinds\(.*\) = (\d)", capsys.readouterr().out))
    assert batch == 1 < one_by_one and noise == 8 and all(claims(chapter))


def test_count_kinds(chapter):
    zeros, ones = torch.zeros(1, 2, 2), torch.ones(1, 2, 2)
    assert [chapter.count_kinds(images) for images in ([zeros], [zeros, ones, zeros], [])] == [1, 2, 0]


# ---- 직렬화와 워커 ----


def test_a_lambda_is_not_pickled_and_the_message_names_it(chapter):
    to_one_hot = chapter.encode_label(2, "0123456789")
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(to_one_hot)
    message = chapter.try_pickle(to_one_hot)
    assert "encode_label.<locals>.<lambda>" in message and " at 0x" not in message
    assert chapter.try_pickle(chapter.one_hot_label).startswith(str(len(pickle.dumps(chapter.one_hot_label))))


@pytest.mark.parametrize("kind", [AttributeError, TypeError, pickle.PicklingError])
def test_each_kind_of_pickling_error_is_shown(chapter, kind):
    class Broken:
        def __reduce__(self):
            raise kind("Can't pickle <function <lambda> at 0x7fb2>: no")

    message = chapter.try_pickle(Broken())
    assert "0x" not in message and message.startswith(f"{kind.__name__}: Can't pickle <function <lambda>")


@pytest.mark.skipif(sys.platform == "win32", reason="신호를 상속하지 않습니다")
def test_workers_start_with_ctrl_c_ignored(chapter):
    code = "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"

    class Loader:
        def __iter__(self):
            yield from ()

    loader, before, answers = Loader(), signal.getsignal(signal.SIGINT), []
    run = [sys.executable, "-c", code]
    Loader.__iter__ = lambda self: answers.append(subprocess.check_output(run, text=True)) or iter([1])
    assert list(chapter.start_workers(loader)) == [1] and answers == ["True\n"]
    assert signal.getsignal(signal.SIGINT) is before
    Loader.__iter__ = lambda self: 1 / 0
    with pytest.raises(ZeroDivisionError):
        chapter.start_workers(loader)
    assert signal.getsignal(signal.SIGINT) is before


class Unreadable(list):
    def __getitem__(self, index):
        raise KeyError("unreadable")


@pytest.mark.skipif(sys.platform == "win32", reason="fork가 없습니다")
def test_an_error_in_a_worker_is_raised_here_once(chapter, capfd, monkeypatch):
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.2)  # 워커의 종료를 기다리는 시간(초)
    loader = DataLoader(Unreadable([1]), num_workers=1, multiprocessing_context="fork")
    with pytest.raises(KeyError, match="unreadable"):
        list(chapter.start_workers(loader))
    gc.collect()
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="fork가 없습니다")
def test_a_forked_worker_gives_the_same_labels(tiny_data, capsys):
    chapter = load_chapter("transform", {'multiprocessing_context="spawn"': 'multiprocessing_context="fork"'})
    chapter.send_to_worker(tiny_data, chapter.one_hot_label)
    assert all(claims(chapter)) and "float32, [4, 10], 0 ~ 1" in capsys.readouterr().out


def test_salt_and_pepper_changes_all_channels_of_a_pixel(chapter):
    noisy = chapter.SaltAndPepper(0.5)(torch.full((2, 3, 16, 16), 0.5))
    assert torch.equal(noisy, noisy[:, :1].expand_as(noisy)) and noisy.unique().tolist() == [0, 0.5, 1]


# ---- 여러 시드와 독자의 변경 ----


def test_claims_hold_for_many_seeds(chapter, tiny_data, data, normalize, tmp_path):
    chapter.save_figure = chapter.draw_augmentations = ignore
    image, labels = data[0][9][0], data[0].targets[:64]
    for seed in range(0, 2**32, 2**32 // 12 + 1):
        chapter.compare_label_forms(labels, seed)
        chapter.use_soft_labels(labels, seed)
        chapter.use_custom_transform(seed)
        chapter.augment_training_data(tiny_data, image, normalize, seed, tmp_path)
        chapter.transform_batch(data[0].data, normalize, seed)
    assert all(claims(chapter))


EDITS = {
    "v2.Pad(4)": {"v2.Resize(14)": True, "v2.RandomRotation(30)": True, "v2.RandomErasing(p=1.0)": True},
    "v2.Normalize(mean, std)": {"v2.Normalize([0.5], [0.5])": False, "v2.Normalize(mean * 3, std * 3)": True},
    "SaltAndPepper(amount=0.2)": {"SaltAndPepper(amount=0)": True, "SaltAndPepper(amount=0.6)": True},
    "[*to_float, normalize])\n": {"[*to_float, *augment, normalize])\n": False},
    "v2.RandomCrop(28, padding=2)]": {
        "v2.RandomRotation(15)]": True,
        "v2.Resize(32)]": True,
        "SaltAndPepper(0.1)]": True,
    },
    "v2.RandomErasing(p=0.5, value=0.5), ": {"v2.Resize(20), ": True, "v2.Grayscale(3), ": True, "": True},
    "Lambda(lambda y: torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1))": {
        "Lambda(one_hot_label)": True,
        "one_hot_label": True,
        "lambda y: torch.eye(10)[y]": True,
        "Lambda(lambda y: y)": False,
    },
    "transform=ToTensor(), target_transform=to_one_hot": {"transform=ToTensor()": False},
    "copies, transform = X[:1].repeat(8, 1, 1, 1), v2.RandomRotation(20)": {
        "copies, transform = X[:1].repeat(3, 1, 1, 1), v2.RandomHorizontalFlip(p=0.5)": True,
        "copies, transform = X[:1].repeat(8, 1, 1, 1), SaltAndPepper(0.5)": False,
    },
    '("L", "RGB", "I;16", "F")': {'("1", "L", "RGBA", "I", "CMYK")': True},
    "(0.01, 0.1)": {"(0.05,)": True, "(0.01, 0.03, 0.1)": True},
    "data[:2000].unsqueeze(1) / 255, training_data.targets[:2000]": {
        "data[:50].unsqueeze(1) / 255, training_data.targets[:50]": True
    },
}
CASES = [(old, new, clean) for old, news in EDITS.items() for new, clean in news.items()]


@pytest.mark.parametrize("old, new, clean", CASES)
def test_edits_of_a_reader_end_without_a_traceback(old, new, clean, tiny_data, tmp_path, monkeypatch, capsys):
    """변경해도 오류가 없습니다. clean이 False이면 성립하지 않는 설명에 ✗가 표시되고 1로 종료합니다."""
    quick = {} if "2000" in old or "0.1)" in old else {"train_with_sgd": quick_training}
    if not old.startswith("v2."):
        quick |= {"save_figure": ignore, **{f"draw_{what}": ignore for what in ("histograms", "sgd_curves", "orders")}}
    options = ("--data-dir", tiny_data, "--output-dir", tmp_path)
    try:
        run_main(
            "transform", monkeypatch, *options, edits={old: new}, send_to_worker=ignore, check_practice=ignore, **quick
        )
        assert clean and not broken_claims(capsys.readouterr().out)
    except SystemExit as end:
        assert not clean and "✗" in end.code and broken_claims(capsys.readouterr().out)


def quick_training(X, y, learning_rate, seed):
    """학습하지 않고, 표준편차가 클수록 작은 손실을 반환합니다."""
    return [2.0, 1 / X.std().item()]


# ---- 그림 ----


def test_histograms_hold_every_pixel(chapter, data, normalize):
    figure = chapter.draw_histograms(data[0].data, data[1].data, normalize)
    ends = [(0, 255), (0, 1), (-0.5, 1.5)]
    for axis, (left, right) in zip(figure.axes, ends, strict=True):
        outlines = [patch.get_xy() for patch in axis.patches if len(patch.get_xy()) > 60]
        for outline, dataset in zip(outlines, (data[1], data[0]), strict=True):
            heights = outline[1:-1:2, 1]
            assert heights.sum() == pytest.approx(100)
            assert heights[0] == pytest.approx(100 * (dataset.data < 4).float().mean().item(), rel=1e-4)
            assert (outline[:, 0].min(), outline[:, 0].max()) == pytest.approx((left, right))


def test_curves_are_the_losses(chapter):
    curves = [(0.5, [3.0, 2.0], [2.0, 1.0]), (2, [4.0], [5.0])]
    for axis, (rate, before, after) in zip(chapter.draw_sgd_curves(curves).axes, curves, strict=True):
        assert [list(line.get_ydata()) for line in axis.lines] == [before, after] and str(rate) in axis.get_title()


def test_orders_share_one_scale(chapter):
    results = [("A, B", torch.arange(12.0).view(3, 2, 2)), ("B, A", -torch.ones(1, 4, 5))]
    figure = chapter.draw_orders(results)
    for axis, (name, image) in zip(figure.axes, results):
        picture = axis.images[0]
        assert np.allclose(picture.get_array(), image.mean(dim=0)) and axis.get_title().startswith(name)
        assert picture.get_clim() == (-1, 7)


def test_gallery_shows_the_original_and_every_draw(chapter):
    original = torch.rand(1, 28, 28)
    rows = [("Flip", [original.flip(-1)] * 6), ("Grow", [torch.ones(3, 14, 14)] * 6)]
    axis = chapter.draw_augmentations(original, rows).axes[0]
    tiles = np.asarray(axis.images[0].get_array()).reshape(2, 30, 7, 30).transpose(0, 2, 1, 3)[:, :, 1:-1, 1:-1]
    assert all(np.allclose(tiles[row, 0], original[0]) for row in (0, 1))
    assert np.allclose(tiles[0, 6], original[0].flip(-1)) and np.allclose(tiles[1, 1:], 1)
    assert [label.get_text() for label in axis.get_yticklabels()] == ["Flip", "Grow"]
    assert len(axis.get_xticklabels()) == 7 and ToTensor()(np.zeros((2, 2), np.uint8)).sum() == 0
