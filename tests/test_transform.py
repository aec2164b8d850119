"""4장: 변형의 앞과 뒤, 원-핫, v2, 정규화, 순서, 증강, 배치, 작업 프로세스, 그림."""

import io
import json
import multiprocessing
import pickle
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import assert_picture, load_chapter, run_main, written_files
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.transforms import ToTensor, v2

PICTURES = ["transform_histograms.png", "transform_order.png", "transform_augmentation.png"]


@pytest.fixture
def chapter():
    torch.manual_seed(0)
    return load_chapter("transform")


@pytest.fixture
def data(tiny_data):
    return datasets.FashionMNIST(tiny_data), datasets.FashionMNIST(tiny_data, train=False)


# ---- 사용자처럼 실행 ----


def test_runs_alone_with_a_spawned_worker(run_once):
    folder, result = run_once("transform")
    assert result.returncode == 0 and result.stderr == ""
    assert re.findall(r"^== (\d+)\.", result.stdout, re.MULTILINE) == [str(n) for n in range(1, 13)]
    assert "연습용" not in result.stdout and result.stdout.count("장(device)") == 0
    assert result.stdout.count("4장. 변형") == 1  # 작업 프로세스가 수업을 되풀이하지 않습니다
    assert "found <class 'PIL.Image.Image'>" in result.stdout and "Got torch.uint8" in result.stdout
    assert "y from the worker" in result.stdout and "다음 장: model.py" in result.stdout
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    assert written_files(folder) == {f"outputs/{name}" for name in PICTURES}


def test_without_data_and_network_says_practice_data_twice(chapter, tmp_path, monkeypatch, no_network, capsys):
    monkeypatch.setattr("sys.argv", ["transform.py", "--data-dir", str(tmp_path / "d"), "--output-dir", str(tmp_path)])
    monkeypatch.setattr(
        chapter, "send_transform_to_worker", lambda *args: None
    )  # 느린 작업 프로세스는 위에서 보았습니다
    for name in ("draw_pixel_histograms", "draw_padding_orders", "draw_augmentation_gallery"):
        monkeypatch.setattr(chapter, name, lambda *args: None)
    monkeypatch.setattr(chapter, "save_figure", lambda figure, path: path)
    chapter.main()
    output = capsys.readouterr().out
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("== 1.") and last > output.index("== 12.")
    assert not list(tmp_path.rglob("*ubyte*"))


# ---- 수업의 내용 ----


def test_form_tells_kind_shape_and_range(chapter, data, capsys):
    image, _ = data[0][0]
    chapter.print_form("a", image)
    chapter.print_form("b", np.array([[3, 200]], dtype=np.uint8))
    chapter.print_form("c", torch.tensor([-0.5, 2.0]))
    chapter.print_form("d", v2.ToImage()(image))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    pixels = data[0].data[0]
    extremes = [str(pixels.min().item()), "~", str(pixels.max().item())]
    assert lines[0] == ["a", "PIL", "Image", "size=(28,", "28)", "mode=L", *extremes]
    assert lines[1] == ["b", "numpy", "ndarray", "[1,", "2]", "uint8", "3", "~", "200"]
    assert lines[2] == ["c", "torch", "Tensor", "[2]", "torch.float32", "-0.5", "~", "2"]
    assert lines[3] == ["d", "torchvision", "Image", "[1,", "28,", "28]", "torch.uint8", *extremes]


def test_raw_samples_are_pil_images_and_integers(chapter, tiny_data, capsys):
    training_data, test_data = chapter.look_at_raw_samples(datasets.FashionMNIST, tiny_data)
    assert (len(training_data), len(test_data)) == (300, 60)
    assert training_data.transform is None and training_data[13][1] == 3
    assert "TypeError: default_collate" in capsys.readouterr().out


def test_totensor_lesson_prints_the_scaled_pixel(chapter, data, capsys):
    image, _ = data[0][0]  # 정답 0: 4행과 5행이 230
    chapter.turn_image_into_tensor(image)
    output = capsys.readouterr().out
    assert f"(행 4, 열 0): 230 -> {230 / 255:.4f}" in output
    assert "[3, 28, 20]" in output and re.search(r"float32 ndarray .* 0 ~ 230$", output, re.MULTILINE)


@pytest.mark.parametrize("label", [0, 4, 9])
def test_lambda_and_function_give_rows_of_the_identity(chapter, label):
    to_one_hot = chapter.turn_label_into_one_hot(label, [str(i) for i in range(10)])
    expected = torch.from_numpy(np.eye(10, dtype=np.float32)[label])
    for result in (to_one_hot(label), chapter.one_hot_label(label)):
        assert torch.equal(result, expected) and result.dtype == torch.float32


def test_transforms_are_attached(chapter, tiny_data, capsys):
    chapter.load_with_transforms(datasets.FashionMNIST, tiny_data, chapter.one_hot_label)
    output = capsys.readouterr().out
    assert "[64, 1, 28, 28] torch.float32" in output and "[64, 10] torch.float32" in output
    assert "[0, 1, 2] -> y에서 1이 있는 자리: [0, 1, 2]" in output


def test_label_forms_and_losses(chapter, capsys):
    """교차 엔트로피를 NumPy로 계산하여 화면에 나온 값과 견줍니다."""
    labels = torch.tensor([3, 1, 1, 0])
    one_hot = chapter.compare_label_forms(labels, chapter.one_hot_label)
    assert np.array_equal(one_hot.numpy(), np.eye(10, dtype=np.float32)[labels.numpy()])
    chapter.use_labels_that_need_one_hot(labels, one_hot)
    output = capsys.readouterr().out

    torch.manual_seed(0)
    first, second = (torch.randn(4, 10).double().numpy() for _ in range(2))
    logs = [x - np.log(np.exp(x).sum(1, keepdims=True)) for x in (first, second)]
    eye, y = np.eye(10), labels.numpy()
    assert f"번호 정답 {-logs[0][range(4), y].mean():.5f}" in output
    mixed = 0.7 * eye[y] + 0.3 * eye[np.roll(y, 1)]
    assert f"교차 엔트로피 {-(mixed * logs[1]).sum(1).mean():.4f}" in output
    smooth = 0.9 * eye[y] + 0.01
    assert f"손수 만든 정답 {-(smooth * logs[1]).sum(1).mean():.4f}" in output
    assert f"손실 {((np.exp(logs[1]) - eye[y]) ** 2).mean():.4f}" in output
    assert "[0.3, 0.0, 0.0, 0.7, 0.0" in output and "got Long" in output
    assert "번호는 8바이트, 원-핫은 40바이트" in output


def test_v2_lessons_print_the_ranges(chapter, data, capsys):
    image, _ = data[0][0]
    chapter.use_transforms_v2(image)
    chapter.forget_to_scale(image)
    output = capsys.readouterr().out
    top = {line[4:26].strip(): line.split("~")[-1].strip() for line in output.splitlines() if " ~ " in line}
    assert top["1. v2.ToImage()"] == top["float32, scale=False"] == top["uint8, scale=True"] == "230"
    assert top["2. v2.ToDtype(scale)"] == top["ToTensor()"] == f"{230 / 255:.4g}"
    assert top["uint8, scale=False"] == "0"  # 230/255의 소수점 아래를 버립니다


def test_measure_pixels_equals_numpy(chapter, data):
    images = data[0].data
    mean, std = chapter.measure_pixels(images)
    pixels = images.numpy().astype(np.float64) / 255
    assert mean == pytest.approx(pixels.mean(), rel=1e-12) and std == pytest.approx(pixels.std(), rel=1e-12)
    assert chapter.measure_pixels(torch.tensor([[[0, 255]]], dtype=torch.uint8)) == (0.5, 0.5)


def test_normalize_measures_training_images_only(chapter, data, monkeypatch):
    training_data, test_data = data
    expected = training_data.data.numpy() / 255.0
    mean, std = chapter.normalize_pixels(training_data, test_data)
    assert (mean, std) == (pytest.approx(expected.mean()), pytest.approx(expected.std()))
    normalize = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])])
    measured = chapter.measure_after(normalize, test_data.data)
    by_hand = (test_data.data.numpy() / 255.0 - expected.mean()) / expected.std()
    assert measured == (pytest.approx(by_hand.mean(), abs=1e-5), pytest.approx(by_hand.std(), abs=1e-5))

    seen = []
    measure = chapter.measure_pixels
    monkeypatch.setattr(chapter, "measure_pixels", lambda images: seen.append(images) or measure(images))
    chapter.normalize_pixels(training_data, test_data)
    assert len(seen) == 1 and seen[0] is training_data.data


def test_histograms_hold_every_pixel(chapter, data):
    mean, std = chapter.measure_pixels(data[0].data)
    figure = chapter.draw_pixel_histograms(data[0].data, data[1].data, mean, std)
    low, high = -mean / std, (1 - mean) / std
    for axis, (left, right) in zip(figure.axes, [(0, 255), (0, 1), (low, high)]):
        outlines = [patch.get_xy() for patch in axis.patches if len(patch.get_xy()) > 60]
        assert len(outlines) == 2  # 학습용과 시험용
        for outline, split in zip(outlines, data):
            heights = outline[1:-1:2, 1]  # 계단 모양의 윤곽선에서 막대마다 높이 하나
            assert heights.sum() == pytest.approx(100)
            zeros = 100 * (split.data < 4).float().mean().item()
            assert heights[0] == pytest.approx(zeros, rel=1e-5)
        half = (right - left) / 510
        assert outlines[0][:, 0].min() == pytest.approx(left - half) and outlines[0][:, 0].max() == pytest.approx(
            right + half
        )
    plt.close(figure)


def test_order_of_compose(chapter, data, capsys):
    image, _ = data[0][0]
    first, last = chapter.compose_in_order(image, 0.25, 0.5)
    pixels = np.asarray(image) / 255.0
    expected = (np.pad(pixels, 4) - 0.25) / 0.5
    assert np.allclose(first[0], expected, atol=1e-6)
    assert np.allclose(last[0], np.pad((pixels - 0.25) / 0.5, 4), atol=1e-6)
    assert (first[0, :4] == -0.5).all() and (last[0, :4] == 0).all()
    assert "TypeError: Input tensor should be a float tensor" in capsys.readouterr().out


def test_own_transform(chapter):
    image = torch.full((8, 1, 50, 50), 0.5)
    noisy = chapter.SaltAndPepper(0.4)(image)
    assert (image == 0.5).all() and noisy.shape == image.shape and noisy.dtype == torch.float32
    assert set(noisy.unique().tolist()) == {0.0, 0.5, 1.0}
    shares = [(noisy == value).float().mean().item() for value in (0, 0.5, 1)]
    assert shares == pytest.approx([0.2, 0.6, 0.2], abs=0.02)
    assert not torch.equal(noisy[0], noisy[1])  # 이미지마다 따로 뽑습니다
    assert torch.equal(chapter.SaltAndPepper(0)(image), image)
    assert repr(chapter.SaltAndPepper(0.4)) == "SaltAndPepper(amount=0.4)"
    torch.manual_seed(5)
    again = chapter.SaltAndPepper(0.4)(image)
    torch.manual_seed(5)
    assert torch.equal(chapter.SaltAndPepper(0.4)(image), again)


def test_augmentation_is_for_training_only(chapter, tiny_data, capsys):
    chapter.augment_training_data(datasets.FashionMNIST, tiny_data, 0.3, 0.4, 9)
    train, test = (int(n) for n in re.findall(r"서로 다른 이미지 (\d)가지", capsys.readouterr().out))
    assert train > 1 and test == 1


def test_gallery_shows_the_original_and_six_draws(chapter, data):
    image, _ = data[0][9]
    figure = chapter.draw_augmentation_gallery(image)
    mosaic = np.asarray(figure.axes[0].images[0].get_array())
    rows = mosaic.reshape(8, 30, 7, 30).transpose(0, 2, 1, 3)[:, :, 1:-1, 1:-1]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()][::6] == ["original", "draw 6"]
    assert len(figure.axes[0].get_yticklabels()) == 8
    for row in rows:
        assert np.allclose(row[0], np.asarray(image) / 255)
        assert len({draw.tobytes() for draw in row}) > 1
    flips = {draw.tobytes() for draw in rows[0]}
    assert flips == {rows[0, 0].tobytes(), np.ascontiguousarray(rows[0, 0][:, ::-1]).tobytes()}
    plt.close(figure)


def test_same_seed_same_draws(chapter, data):
    def pixels(seed):
        torch.manual_seed(seed)
        figure = chapter.draw_augmentation_gallery(data[0][9][0])
        plt.close(figure)
        return np.asarray(figure.axes[0].images[0].get_array())

    first, again, other = pixels(1), pixels(1), pixels(2)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_batch_is_flipped_whole_or_not_at_all(chapter, data, capsys):
    chapter.transform_whole_batch(data[0].data, 0.3, 0.4)
    chapter.flip_batch_at_random(data[0].data)
    lines = [json.loads(text) for text in re.findall(r" (\[[\d, ]+\])$", capsys.readouterr().out, re.MULTILINE)]
    by_batch, by_image, by_mask = lines
    assert [len(line) for line in lines] == [12, 12, 12]
    assert set(by_batch) == {0, 8} and not set(by_image) <= {0, 8} and not set(by_mask) <= {0, 8}


# ---- 작업 프로세스 ----


def test_lambda_cannot_be_pickled_and_the_function_can(chapter, capsys):
    to_one_hot = chapter.turn_label_into_one_hot(2, "0123456789")
    with pytest.raises((AttributeError, pickle.PicklingError)):
        multiprocessing.reduction.ForkingPickler(io.BytesIO()).dump(to_one_hot)
    chapter.pickle_transforms(to_one_hot)
    output = capsys.readouterr().out
    assert "lambda>" in output and " at 0x" not in output
    assert pickle.loads(pickle.dumps(chapter.one_hot_label)) is chapter.one_hot_label


@pytest.mark.parametrize("method", [m for m in ("fork",) if m in multiprocessing.get_all_start_methods()])
def test_function_works_in_a_forked_worker_too(chapter, tiny_data, method):
    dataset = datasets.FashionMNIST(tiny_data, transform=ToTensor(), target_transform=chapter.one_hot_label)
    loader = DataLoader(Subset(dataset, range(4)), 2, num_workers=1, multiprocessing_context=method)
    X, y = zip(*loader)
    assert torch.equal(torch.cat(y), torch.eye(10)[:4])
    assert torch.equal(torch.cat(X), dataset.data[:4, None] / 255)


@pytest.mark.parametrize("kind", [AttributeError, pickle.PicklingError])
def test_either_pickling_error_is_explained(chapter, tiny_data, monkeypatch, capsys, kind):
    """파이썬의 판에 따라 오류의 종류가 다릅니다. 둘 다 잡고, 다음 작업 프로세스는 그 함수로 갑니다."""
    sent = []

    def read(dataset):
        sent.append(dataset.target_transform)
        if len(sent) == 1:
            raise kind("Can't pickle <function <lambda> at 0x7fb2>: no")
        return list(DataLoader(Subset(dataset, range(4)), 2))

    monkeypatch.setattr(chapter, "read_in_worker", read)
    monkeypatch.setattr("sys.platform", "linux")
    lazy = lambda y: y  # noqa: E731
    chapter.send_transform_to_worker(datasets.FashionMNIST, tiny_data, lazy)
    assert sent == [lazy, chapter.one_hot_label]
    assert f"lambda: {kind.__name__}: Can't pickle <function <lambda>\n" in capsys.readouterr().out


# ---- 진짜 데이터 ----


def test_statistics_of_real_data(chapter, real_data, capsys):
    training_data = datasets.FashionMNIST(real_data)
    chapter.normalize_pixels(training_data, datasets.FashionMNIST(real_data, train=False))
    mean, std = chapter.measure_pixels(training_data.data)
    assert mean == pytest.approx(0.286, abs=0.005) and std == pytest.approx(0.353, abs=0.005)
