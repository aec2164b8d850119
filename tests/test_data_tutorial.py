"""3장: 데이터셋, 파일에서 읽는 데이터셋과 그 오류, 데이터로더, 세 가지 꺼내는 방법, 세 가지 시작 방식."""

import multiprocessing
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import assert_picture, load_chapter, run_alone, run_main, written_files
from PIL import Image
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.transforms import ToTensor

PICTURES = ["data_tutorial_samples.png", "data_tutorial_classes.png", "data_tutorial_loading_speed.png"]
START_METHODS = [m for m in multiprocessing.get_all_start_methods() if (m, sys.platform) != ("fork", "darwin")]
DRIVER = """
import multiprocessing
import data_tutorial

if __name__ == "__main__":
    multiprocessing.set_start_method("METHOD")
    multiprocessing.set_forkserver_preload(["torch", "torchvision", "matplotlib.pyplot"])  # 시험이 빨리 끝나게 합니다
    data_tutorial.see_when_workers_help = lambda *args: None  # 13번까지만 합니다
    data_tutorial.main()
"""


@pytest.fixture
def chapter():
    return load_chapter("data_tutorial")


@pytest.fixture
def tiny(tiny_data):
    return datasets.FashionMNIST(tiny_data, transform=ToTensor())


# ---- 사용자처럼 실행: 프로세스를 시작하는 방식마다 ----


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_data, run_once):
    """시작 방식마다 실행하여 (폴더, 출력)을 돌려줍니다. spawn은 데이터도 네트워크도 없이 실행하므로 연습용 데이터를 씁니다."""

    def run(method):
        folder = tmp_path_factory.mktemp(method)
        (folder / "driver.py").write_text(DRIVER.replace("METHOD", method), encoding="utf-8")
        args = [] if method == "spawn" else ["--data-dir", tiny_data]
        return folder, run_alone(folder, "data_tutorial", *args, script="driver.py")

    with ThreadPoolExecutor() as pool:
        jobs = {method: pool.submit(run, method) for method in START_METHODS if method != "fork"}
        results = {method: job.result() for method, job in jobs.items()}
    results["default"] = run_once("data_tutorial")
    if "fork" in START_METHODS:
        results["fork"] = results["default"] if multiprocessing.get_start_method() == "fork" else run("fork")
    for folder, result in results.values():
        assert result.returncode == 0 and result.stderr == "", result.stderr
    return {method: (folder, result.stdout) for method, (folder, result) in results.items()}


@pytest.mark.parametrize("method", START_METHODS)
def test_runs_alone_under_each_start_method(runs, method):
    folder, output = runs[method]
    assert output.count("3장. 데이터셋과 데이터로더") == 1  # 작업 프로세스가 장을 다시 실행하지 않습니다
    lessons = 14 if runs[method] == runs["default"] else 13
    assert re.findall(r"== (\d+)\.", output) == [str(n) for n in range(1, lessons + 1)]
    assert "세 방법이 준 배치는 처음부터 끝까지 값이 똑같습니다" in output
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
    images = {f"outputs/data_tutorial_images/{i:03}.png" for i in range(100)}
    others = {"outputs/data_tutorial_images/labels.csv", *(f"outputs/{name}" for name in PICTURES)}
    assert written_files(folder) == images | others


def test_output_is_the_same_apart_from_times(runs):
    def facts(folder, output):
        text = output.replace(str(folder / "data"), "DATA").replace(str(folder), "").split("== 14.")[0].split("만든 파일")[0]
        text = re.sub(r"root: .*", "", text.rstrip())
        return re.sub(r"\d+\.\d+(초|배)|(?m:^ +\d+ +\d+\.\d .*$)", "", text)

    assert "WeightedRandomSampler로 1000번" in facts(*runs["default"])
    for method in runs.keys() - {"spawn"}:
        assert facts(*runs[method]) == facts(*runs["default"])


def test_practice_data_is_announced_first_and_last(runs):
    assert "연습용" not in runs["default"][1]
    folder, output = runs["spawn"]
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("== 1.") and output.index("== 13.") < last < output.index("만든 파일")
    assert "refused" in output and not list((folder / "data").rglob("*ubyte*"))  # 파일로 남지 않습니다


def test_image_folder_that_is_a_file_is_kept(tmp_path, monkeypatch, capsys):
    taken = tmp_path / "data_tutorial_images"
    taken.write_text("중요한 글", encoding="utf-8")
    with pytest.raises(SystemExit, match="^오류: .*data_tutorial_images"):
        run_main("data_tutorial", monkeypatch, "--output-dir", tmp_path, "--data-dir", tmp_path / "data")
    assert capsys.readouterr().out == "" and taken.read_text(encoding="utf-8") == "중요한 글"


# ---- 준비된 데이터셋과 그림 ----


def test_each_argument_is_shown_doing_its_work(runs):
    output = runs["default"][1]
    assert "학습용 300장" in output and "시험용 60장" in output  # train
    assert "파일 4개가 이미 있어서 받지 않습니다" in output  # download=True
    assert "RuntimeError: Dataset not found" in output  # download=False
    assert "[1, 28, 28], 자료형(dtype) torch.float32" in output  # transform
    assert "0 -> 'T-shirt/top'" in output  # target_transform


def test_random_samples_show_the_named_images(chapter, tiny):
    def titles(seed):
        return [axis.get_title() for axis in chapter.draw_random_samples(tiny, seed).axes]

    figure = chapter.draw_random_samples(tiny, 5)
    assert len(figure.axes) == 9
    indices = []
    for axis in figure.axes:
        name, index = re.fullmatch(r"(.+)\n\(index (\d+)\)", axis.get_title()).groups()
        indices.append(int(index))
        assert name == datasets.FashionMNIST.classes[int(index) % 10]  # 작은 데이터의 정답은 번호를 10으로 나눈 나머지
        assert np.allclose(axis.images[0].get_array(), tiny.data[int(index)].numpy() / 255)
    assert len(set(indices)) == 9
    assert titles(5) == titles(5) != titles(6)


def test_class_counts_and_their_picture(chapter, tiny, tiny_data, capsys):
    train, test = chapter.count_classes(tiny, datasets.FashionMNIST(tiny_data, train=False))
    assert train.tolist() == [30] * 10 and test.tolist() == [6] * 10
    train[3], test[4] = 7, 2
    axis = chapter.draw_class_distribution(train, test, tiny.classes).axes[0]
    widths = [bar.get_width() for bar in axis.patches]
    assert widths == [30] * 3 + [7] + [30] * 6 + [6] * 4 + [2] + [6] * 5


# ---- 파일에서 읽는 데이터셋 ----


@pytest.fixture
def image_folder(tmp_path):
    """가로와 세로가 다른 이미지 셋: a.png, b.png, 한글 이름.png"""
    folder = tmp_path / "나의 이미지"
    folder.mkdir()
    for k, name in enumerate(["a.png", "b.png", "한글 이름.png"]):
        Image.fromarray(np.arange(k, k + 6, dtype=np.uint8).reshape(2, 3)).save(folder / name)
    return folder


def test_custom_dataset_reads_pixels_labels_and_transforms(chapter, image_folder, recwarn):
    labels = image_folder / "labels.csv"
    labels.write_text("\ufeffb.png,2\n\n한글 이름.png,0\na.png, 1\n", encoding="utf-8")  # BOM과 빈 줄이 있습니다
    dataset = chapter.CustomImageDataset(labels, image_folder, ["x", "y", "z"])
    assert len(dataset) == 3 and [label for _, label in dataset.samples] == [2, 0, 1]
    image, label = dataset[0]
    assert image.dtype == torch.uint8 and image.tolist() == [[[1, 2, 3], [4, 5, 6]]] and label == 2
    assert dataset[1][0].tolist() == [[[2, 3, 4], [5, 6, 7]]]

    changed = chapter.CustomImageDataset(labels, image_folder, "xyz", lambda image: image.sum(), lambda y: y + 100)
    assert [(X.item(), y) for X, y in (changed[i] for i in range(3))] == [(21, 102), (27, 100), (15, 101)]
    X, y = next(iter(DataLoader(dataset, batch_size=3)))
    assert X.shape == (3, 1, 2, 3) and y.tolist() == [2, 0, 1]
    assert not recwarn.list


def test_written_files_are_what_others_read(chapter, tiny_data, tmp_path):
    (tmp_path / "mine.txt").write_text("그대로", encoding="utf-8")
    pil_data = datasets.FashionMNIST(tiny_data)
    labels = chapter.write_image_files(pil_data, tmp_path, count=12)
    lines = labels.read_text(encoding="utf-8").split()
    assert lines == [f"{i:03}.png,{i % 10}" for i in range(12)]
    for i in range(12):
        assert np.array_equal(np.asarray(Image.open(tmp_path / f"{i:03}.png")), pil_data.data[i].numpy())
    assert len(chapter.write_image_files(pil_data, tmp_path).read_text(encoding="utf-8").split()) == 100
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "그대로"


BROKEN = {
    "missing image": ("a.png,0\nno.png,1\n", 2, "no.png"),
    "no name": ("a.png,0\n,1\n", 2, "없습니다"),
    "one column": ("a.png,0\nb.png,1\nb.png\n", 3, "1칸"),
    "three columns": ("a.png,0,5\n", 1, "3칸"),
    "header": ("file,label\na.png,0\n", 1, "'label'"),
    "word": ("a.png,0\n\nb.png,Bag\n", 3, "'Bag'"),
    "fraction": ("a.png,1.5\n", 1, "'1.5'"),
    "no label": ("a.png,\n", 1, "''"),
    "too large": ("a.png,2\nb.png,3\n", 2, "0부터 2까지인데 3"),
    "negative": ("a.png,-1\n", 1, "-1"),
    "empty": ("", 1, "비어"),
    "blank lines": ("\n\n", 2, "비어"),
    "cp949": ("a.png,0\n한글 이름.png,0\n".encode("cp949"), 2, "없습니다"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_labels_name_file_line_and_reason(chapter, image_folder, tmp_path, name):
    text, line, reason = BROKEN[name]
    labels = tmp_path / "broken.csv"
    labels.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError) as error:
        chapter.CustomImageDataset(labels, image_folder, ["x", "y", "z"])
    message = str(error.value)
    assert message.startswith(f"{labels} {line}번째 줄: ") and reason in message and "\n" not in message


def test_lesson_shows_the_errors(runs):
    output = runs["default"][1]
    assert output.count("ValueError: labels.csv") == 5 and "TypeError: pic should be PIL Image or ndarray" in output


# ---- 데이터로더 ----


def test_last_batch_and_shuffle(chapter, tiny, capsys):
    torch.manual_seed(0)
    chapter.iterate_in_batches(tiny)
    assert re.findall(r"X \[(\d+), 1, 28, 28\]", capsys.readouterr().out) == ["64", "64", "64", "8"]
    chapter.handle_the_last_batch(Subset(tiny, range(70)))
    output = capsys.readouterr().out
    assert "[32, 32, 6]" in output and "[32, 32]." in output


def test_shuffle_depends_on_the_seed_alone(chapter, capsys):
    outputs = []
    for seed, noise in ((3, 1), (3, 2), (4, 1)):
        torch.manual_seed(noise)
        chapter.repeat_the_shuffle(seed)
        outputs.append(re.findall(r"에폭 1 (\[.*?\])  에폭 2 (\[.*?\])", capsys.readouterr().out))
    assert outputs[0] == outputs[1] and outputs[0][0] == outputs[0][1] != outputs[2][0]
    assert outputs[0][0][0] != outputs[0][0][1]


def test_sampler_balances(chapter, tiny):
    before, after = chapter.balance_classes(tiny, 0)
    assert before.tolist() == [0] * 7 + [30, 3, 0]
    assert after.sum() == 1000 and abs(after[7] - 500) < 100 and after[7] + after[8] == 1000


def test_pad_and_collate(chapter):
    batch, lengths = chapter.pad_and_collate([torch.tensor([5]), torch.tensor([1, 2, 3]), torch.tensor([4, 4])])
    assert batch.tolist() == [[5, 0, 0], [1, 2, 3], [4, 4, 0]] and lengths.tolist() == [1, 3, 2]


# ---- 속도: 값은 같아야 하고, 빠르기는 시험하지 않습니다 ----


def test_batchwise_dataset_is_asked_once_per_batch(chapter, tiny):
    asked = []

    class Watched(chapter.BatchwiseDataset):
        def __getitems__(self, indices):
            asked.append(list(indices))
            return super().__getitems__(indices)

    dataset = Watched(tiny.data, tiny.targets)
    (X, y), *_ = DataLoader(Subset(dataset, [7, 3, 12]), 2, collate_fn=chapter.keep_batch)
    assert asked == [[7, 3], [12]]
    expected = tiny.data.numpy()[[7, 3]].astype(np.float32) / 255
    assert np.array_equal(X.numpy()[:, 0], expected) and y.tolist() == [7, 3]
    assert torch.equal(dataset[5][0], tiny[5][0]) and dataset[5][1] == tiny[5][1]  # 하나씩 꺼내도 같습니다


def test_time_one_pass_finds_a_different_batch(chapter):
    pairs = [(torch.tensor(float(i)), i) for i in range(6)]
    seconds, first, batches = chapter.time_one_pass(DataLoader(pairs, 2))
    assert 0 < first <= seconds and [y.tolist() for _, y in batches] == [[0, 1], [2, 3], [4, 5]]
    chapter.time_one_pass(DataLoader(pairs, 2), batches)
    for wrong in (pairs[:4], [*pairs[:5], (torch.tensor(9.0), 5)], [*pairs[:5], (torch.tensor(5.0), 6)]):
        with pytest.raises(AssertionError):
            chapter.time_one_pass(DataLoader(wrong, 2), batches)


def test_time_one_pass_counts_the_waiting(chapter):
    slow = chapter.SlowDataset([(torch.zeros(1), 0)] * 4, 0.02)
    seconds, first, _ = chapter.time_one_pass(DataLoader(slow, 2))
    assert seconds >= 0.08 and 0.04 <= first <= seconds - 0.04


def test_comparison_refuses_other_batches(chapter, tiny, monkeypatch):
    few = datasets.FashionMNIST(tiny.root, train=False, transform=ToTensor())
    calls = []  # 진짜로 바꾸면 MKL의 계산 순서가 달라져서, 다른 시험의 끝자리가 바뀝니다
    monkeypatch.setattr(torch, "set_num_threads", calls.append)
    speeds = chapter.compare_loading_speed(few, 0)
    assert list(speeds) == ["sample by sample", "2 workers", "batch-wise"]
    for rate, seconds, first in speeds.values():
        assert rate == pytest.approx(60 / seconds) and 0 < first <= seconds
    assert calls == [1, torch.get_num_threads()]

    right = chapter.BatchwiseDataset.__getitems__
    monkeypatch.setattr(chapter.BatchwiseDataset, "__getitems__", lambda self, indices: right(self, indices[::-1]))
    with pytest.raises(AssertionError, match="배치 0"):
        chapter.compare_loading_speed(few, 0)


def test_bars_start_at_zero_and_show_the_rates(chapter):
    axis = chapter.draw_loading_speed({"a": (1000.0, 1, 1), "b": (500.0, 1, 1), "c": (20000.0, 1, 1)}).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [1000, 500, 20000] and axis.get_xlim()[0] == 0
    assert [text.get_text() for text in axis.texts] == ["1,000  (x 1.0)", "500  (x 0.5)", "20,000  (x 20.0)"]


def test_real_data_through_files(chapter, real_data, tmp_path, capsys):
    pil_data = chapter.load_ready_made_data(datasets.FashionMNIST, real_data)
    dataset = chapter.compare_with_originals(chapter.write_image_files(pil_data, tmp_path), pil_data)
    assert len(dataset) == 100 and dataset[0][1] == 9 and dataset[0][0].max() > 0.9
