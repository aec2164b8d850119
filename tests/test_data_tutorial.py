"""3장: 데이터셋, 파일에서 읽는 데이터셋과 그 오류, 데이터로더, 분리와 샘플러, 불러오는 속도."""

import pickle
import re
import sys
import types

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from tools import (
    ROOT,
    assert_clean,
    assert_picture,
    broken_claims,
    load_chapter,
    run_main,
    source,
    written_files,
)
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision import datasets
from torchvision.transforms import ToTensor, v2

PICTURES = [f"data_tutorial_{what}.png" for what in ("samples", "classes", "shared_transform", "loading_speed")]


@pytest.fixture
def chapter():
    return load_chapter("data_tutorial")


@pytest.fixture
def tiny(tiny_data):
    return datasets.FashionMNIST(tiny_data, transform=ToTensor())


@pytest.fixture
def pixels(tiny_data):
    """학습용 이미지의 픽셀을 파일에서 직접 읽습니다."""
    raw = (tiny_data / "FashionMNIST" / "raw" / "train-images-idx3-ubyte").read_bytes()
    return np.frombuffer(raw[16:], np.uint8).reshape(-1, 28, 28)


def claims(chapter):
    """지금까지 확인한 설명의 결과를 반환하고, 목록을 비웁니다."""
    results = [holds for _, holds in chapter.CLAIMS]
    chapter.CLAIMS.clear()
    return results


def edited(monkeypatch, tmp_path, data_dir, edits):
    """edits를 적용한 복사본의 main을 이 프로세스에서 실행하고 모듈을 반환합니다."""
    text = source("data_tutorial")
    for old, new in edits.items():
        assert old in text, old
        text = text.replace(old, new)
    module = types.ModuleType("edited_chapter")
    module.__file__ = str(ROOT / "data_tutorial.py")
    exec(compile(text, module.__file__, "exec"), vars(module))
    module.time_one_pass = lambda dataloader: len([batch for batch in dataloader]) / 1000  # 기다리지 않습니다
    module.use_workers = lambda *args: None
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **options: path.touch())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "argv", ["x", "--data-dir", str(data_dir), "--output-dir", str(tmp_path)])
    try:
        module.main()
    except SystemExit as end:
        assert not isinstance(end.code, str) or any(not holds for _, holds in module.CLAIMS)
    return module


# ---- 사용자처럼 실행 ----


def test_runs_alone_without_any_network(run_once, tiny_data):
    folder, result = run_once("data_tutorial")
    assert_clean(result)
    assert re.findall(r"== (\d+)\.", result.stdout) == [str(n) for n in range(1, 15)]
    assert result.stdout.count("Dataset not found") == 1 and result.stdout.count("labels.csv 2번째 줄") == 3
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
        assert str(folder / "outputs" / name) in result.stdout
    images = {f"outputs/data_tutorial_images/{i:03}.png" for i in range(100)}
    assert written_files(folder) == images | {
        f"outputs/{name}" for name in ["data_tutorial_images/labels.csv", *PICTURES]
    }
    for path in (tiny_data / "FashionMNIST" / "raw").iterdir():
        assert (folder / "data" / "FashionMNIST" / "raw" / path.name).read_bytes() == path.read_bytes()


def test_practice_data_is_announced_first_and_last(tmp_path, monkeypatch, no_network, capsys):
    options = ("--data-dir", tmp_path / "data", "--output-dir", tmp_path)
    chapter = run_main("data_tutorial", monkeypatch, *options, compare_loading_speed=few_speeds, use_workers=print)
    output = capsys.readouterr().out
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("== 1.") and last > output.index("== 12.") and not broken_claims(output)
    assert "refused" in output and not list((tmp_path / "data").rglob("*ubyte*")) and all(claims(chapter))


def few_speeds(training_data, seed):
    """13. 속도"""
    return {"sample by sample": 1.0}


@pytest.mark.parametrize("option", [("--seed", -1), ("--seed", "x"), ("--epochs", 1)])
def test_bad_options_end_in_one_line(option, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        run_main("data_tutorial", monkeypatch, *option, "--data-dir", tmp_path, "--output-dir", tmp_path)
    output, error = capsys.readouterr()
    assert end.value.code == 2 and error.count("\n") == 1 and error.startswith("오류") and not output


def test_image_folder_that_is_a_file_is_kept(tmp_path, monkeypatch, capsys):
    taken = tmp_path / "data_tutorial_images"
    taken.write_text("중요한 내용", encoding="utf-8")
    with pytest.raises(SystemExit, match="^오류: .*data_tutorial_images"):
        run_main("data_tutorial", monkeypatch, "--output-dir", tmp_path, "--data-dir", tmp_path / "data")
    assert capsys.readouterr().out == "" and taken.read_text(encoding="utf-8") == "중요한 내용"


def test_real_data_through_files(chapter, real_data, tmp_path):
    raw_data = datasets.FashionMNIST(real_data)
    custom_data = chapter.read_image_folder(raw_data, tmp_path)
    assert len(custom_data) == 100 and custom_data[0][1] == 9 and all(claims(chapter))
    assert np.allclose(custom_data[7][0], np.array(raw_data[7][0]) / 255)


# ---- 데이터셋과 그림 ----


def test_transforms_give_the_pixels_of_the_file(chapter, tiny_data, pixels, capsys):
    training_data, test_data = chapter.apply_transforms(tiny_data, datasets.FashionMNIST(tiny_data))
    assert len(training_data) == 300 and len(test_data) == 60
    image, label = training_data[23]
    assert np.array_equal(image[0], pixels[23].astype(np.float32) / 255) and label == 3
    output = capsys.readouterr().out
    assert "= [0, 0, 0, 0, 0, 1, 0, 1]" in output  # 작은 데이터의 정답은 0, 1, 2, …이고 5와 7은 신발입니다
    assert f"= ({pixels[0].min()}, {pixels[0].max()})" in output


def test_slices_are_shown_as_an_error(chapter, tiny, capsys):
    chapter.index_samples(tiny)
    output = capsys.readouterr().out
    assert re.search(r"training_data\[0:3\]\n +ValueError: ", output) and "= [0, 1, 2]" in output


def test_random_samples_show_the_named_images(chapter, tiny, pixels):
    figure = chapter.draw_samples(tiny, 5)
    indices = []
    for axis in figure.axes:
        name, index = re.fullmatch(r"(.+)\n\(index (\d+)\)", axis.get_title()).groups()
        indices.append(int(index))
        assert name == datasets.FashionMNIST.classes[int(index) % 10]
        assert np.allclose(axis.images[0].get_array(), pixels[int(index)] / 255)
    assert len(set(indices)) == 9
    again, other = ([axis.get_title() for axis in chapter.draw_samples(tiny, seed).axes] for seed in (5, 6))
    assert again == [axis.get_title() for axis in figure.axes] != other


def test_class_counts_and_their_picture(chapter, tiny, tiny_data, capsys):
    train, test = chapter.count_classes(tiny, datasets.FashionMNIST(tiny_data, train=False, transform=ToTensor()))
    assert train.bincount().tolist() == [30] * 10 and test.bincount().tolist() == [6] * 10
    axis = chapter.draw_class_distribution(train[:13], test).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [2, 2, 2] + [1] * 7 + [6] * 10
    assert [label.get_text() for label in axis.get_yticklabels()] == datasets.FashionMNIST.classes


# ---- 파일에서 읽는 데이터셋 ----


@pytest.fixture
def image_folder(tmp_path):
    """가로와 세로가 다른 이미지 3개입니다: a.png, b.png, 한글 이름.png"""
    folder = tmp_path / "사용자 이미지"
    folder.mkdir()
    for k, name in enumerate(["a.png", "b.png", "한글 이름.png"]):
        Image.fromarray(np.arange(k, k + 6, dtype=np.uint8).reshape(2, 3)).save(folder / name)
    return folder


def test_custom_dataset_reads_pixels_labels_and_transforms(chapter, image_folder, recwarn):
    labels = image_folder / "labels.csv"
    labels.write_text("\ufeffb.png,2\n\n한글 이름.png, 0\na.png,1 \n", encoding="utf-8")  # BOM, 빈 줄, 공백
    dataset = chapter.CustomImageDataset(labels, image_folder)
    assert [(np.array(image).tolist(), label) for image, label in dataset] == [
        ([[1, 2, 3], [4, 5, 6]], 2),
        ([[2, 3, 4], [5, 6, 7]], 0),
        ([[0, 1, 2], [3, 4, 5]], 1),
    ]
    changed = chapter.CustomImageDataset(labels, image_folder, lambda image: np.array(image).sum(), lambda y: y + 100)
    assert len(changed) == 3 and list(changed) == [(21, 102), (27, 100), (15, 101)]
    assert not recwarn.list


def test_labels_can_be_trained_with(chapter, tiny_data, tmp_path):
    custom_data = chapter.read_image_folder(datasets.FashionMNIST(tiny_data), tmp_path)
    X, y = next(iter(DataLoader(custom_data, batch_size=20)))
    model = nn.Linear(28 * 28, 10)
    nn.CrossEntropyLoss()(model(X.flatten(1)), y).backward()
    assert model.weight.grad.abs().sum() > 0 and y.tolist() == [*range(10)] * 2


def test_chapter_works_when_decode_image_is_gone(chapter, tiny_data, tmp_path, monkeypatch):
    for name in ("decode_image", "read_image"):
        monkeypatch.delattr(torchvision.io, name, raising=False)
    load_chapter("data_tutorial").read_image_folder(datasets.FashionMNIST(tiny_data), tmp_path)


def test_written_files_are_what_others_read(chapter, tiny_data, tmp_path, pixels):
    labels = chapter.write_image_files(datasets.FashionMNIST(tiny_data), tmp_path, count=12)
    assert labels.read_text(encoding="utf-8").split() == [f"{i:03}.png,{i % 10}" for i in range(12)]
    assert all(np.array_equal(Image.open(tmp_path / f"{i:03}.png"), pixels[i]) for i in range(12))
    assert len(list(tmp_path.iterdir())) == 13
    few = Subset(datasets.FashionMNIST(tiny_data), range(5))
    assert len(chapter.write_image_files(few, tmp_path).read_text(encoding="utf-8").split()) == 5


def test_a_changed_pixel_breaks_the_claim(chapter, tiny_data, tmp_path):
    right = chapter.write_image_files

    def wrong(raw_data, folder):
        labels = right(raw_data, folder)
        image = np.array(Image.open(folder / "042.png"))
        image[27, 27] ^= 1
        Image.fromarray(image).save(folder / "042.png")
        return labels

    chapter.write_image_files = wrong
    chapter.read_image_folder(datasets.FashionMNIST(tiny_data), tmp_path)
    assert claims(chapter) == [False, True]


BROKEN = {
    "missing image": ("a.png,0\nno.png,1\n", 2, "'no.png'"),
    "no name": ("a.png,0\n,1\n", 2, "''"),
    "one column": ("a.png,0\nb.png,1\nb.png\n", 3, "''"),
    "three columns": ("a.png,0,5\n", 1, ""),
    "header": ("file,label\na.png,0\n", 1, "header"),
    "word": ("a.png,0\n\nb.png,Bag\n", 3, "'Bag'"),
    "word in the first line": ("b.png,Bag\n", 1, "'Bag'"),
    "fraction": ("a.png,1.5\n", 1, "'1.5'"),
    "no label": ("a.png,\n", 1, "''"),
    "negative": ("a.png,-1\n", 1, "'-1'"),
    "empty": ("", 0, ""),
    "blank lines": ("\n\n", 2, ""),
    "cp949": ("a.png,0\n한글 이름.png,0\n".encode("cp949"), 2, "\ufffd"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_labels_name_file_line_and_reason(chapter, image_folder, tmp_path, name):
    text, line, reason = BROKEN[name]
    labels = tmp_path / "broken.csv"
    labels.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError) as error:
        chapter.CustomImageDataset(labels, image_folder)
    message = str(error.value)
    assert message.startswith(f"{labels} {line}번째 줄: ") and reason in message and "\n" not in message
    assert ("header" in message) == (name == "header")


# ---- 데이터로더, 분리, 샘플러 ----


def test_batches_and_the_last_one(chapter, tiny, capsys):
    chapter.iterate_in_batches(Subset(tiny, range(70)))
    output = capsys.readouterr().out
    assert re.findall(r"X \[(\d+), 1, 28, 28\], y \[(\d+)\]", output) == [("32", "32"), ("32", "32"), ("6", "6")]
    assert "= [32, 32]\n" in output and all(claims(chapter))


def test_shuffle_depends_on_the_seed_alone(chapter, capsys):
    orders = []
    for seed, noise in ((3, 1), (3, 2), (4, 1)):
        torch.manual_seed(noise)
        chapter.repeat_the_order(seed)
        orders.append(re.findall(r"= (\[.*\])", capsys.readouterr().out))
    assert orders[0] == orders[1] and orders[0][0] == orders[0][2] != orders[0][1] and orders[0][0] != orders[2][0]


def test_split_depends_on_the_seed_alone(chapter, tiny, capsys):
    for seed in (3, 3, 4):
        chapter.split_for_validation(tiny, seed)
    first, again, other = re.findall(r"\[:5\].* = (.*)", capsys.readouterr().out)
    assert first == again != other and all(claims(chapter))


def test_only_the_shared_transform_changes_validation_samples(chapter, tiny_data, pixels):
    original, wrong, training, right = chapter.augment_training_only(tiny_data, 0)
    known = {(image.astype(np.float32) / 255).tobytes() for image in pixels}
    inside = [[image.numpy().tobytes() in known for image in images] for images in (original, wrong, training, right)]
    assert inside == [[True] * 6, [False] * 6, [False] * 6, [True] * 6] and torch.equal(original, right)
    rows = [axis.get_ylabel() for axis in chapter.draw_shared_transform(original, wrong, training, right).axes]
    assert [bool(label) for label in rows] == ([True] + [False] * 5) * 4


def test_sampler_balances_and_equal_weights_do_not(chapter, tiny, capsys):
    labels = torch.arange(300) % 10

    def counts():
        chapter.balance_classes(tiny, labels, 0)
        output = re.findall(r"bincount\(\) = tensor\(\[ *(\d+), +(\d+)\]\)", capsys.readouterr().out)
        return [[int(n) for n in pair] for pair in output]

    before, after = counts()
    assert before == [30, 3] and sum(after) == 1000 and abs(after[1] - 500) < 100 and claims(chapter) == [True]
    sampler = chapter.WeightedRandomSampler
    chapter.WeightedRandomSampler = lambda weights, **options: sampler(weights.fill_(1), **options)
    before, after = counts()
    assert before == [30, 3] and sum(after) == 1000 and after[1] < 200 and claims(chapter) == [False]


def test_pad_and_collate(chapter):
    batch, lengths = chapter.pad_and_collate([torch.tensor([5]), torch.tensor([1, 2, 3]), torch.tensor([4, 4])])
    assert batch.tolist() == [[5, 0, 0], [1, 2, 3], [4, 4, 0]] and lengths.tolist() == [1, 3, 2]


def test_claims_hold_for_many_seeds(chapter, tiny, tiny_data):
    labels = torch.arange(300) % 10
    for seed in range(20):
        chapter.repeat_the_order(seed)
        chapter.split_for_validation(tiny, seed)
        chapter.balance_classes(tiny, labels, seed)
    for seed in range(3):
        chapter.augment_training_only(tiny_data, seed)
    assert all(claims(chapter))


# ---- 속도: 배치는 같아야 하고, 속도 자체는 테스트하지 않습니다 ----


def test_every_method_gives_the_same_batches(chapter, tiny, pixels):
    dataloaders = chapter.prepare_dataloaders(Subset(tiny, range(70)), seed=3, batch_size=16, workers=1)
    order = torch.randperm(70, generator=torch.Generator().manual_seed(3)).numpy()
    assert [method.endswith("1 workers") for method in dataloaders] == [False, True, False, False, False, True]
    for dataloader in dataloaders.values():
        batches = list(dataloader)
        assert [len(y) for X, y in batches] == [16, 16, 16, 16, 6]
        assert np.array_equal(torch.cat([X for X, y in batches])[:, 0], pixels[order].astype(np.float32) / 255)
        assert torch.cat([y for X, y in batches]).tolist() == (order % 10).tolist()


def test_getitems_is_asked_once_per_batch_and_returns_samples():
    """13절에서 설명하는 __getitems__의 동작입니다."""
    asked = []

    class Watched(list):
        def __getitems__(self, indices):
            asked.append(indices)
            return [self[i] for i in indices]

    dataset = Watched((torch.tensor([i]), torch.tensor(-i)) for i in range(9))
    (X, y), *_ = DataLoader(dataset, 2, sampler=[7, 3, 2])
    assert asked == [[7, 3], [2]] and X.tolist() == [[7], [3]] and y.tolist() == [-7, -3]


def test_load_into_memory_keeps_samples_and_labels(chapter, tiny_data):
    dataset = datasets.FashionMNIST(tiny_data, transform=ToTensor(), target_transform=lambda y: 9 - y)
    memory = chapter.load_into_memory(Subset(dataset, [5, 2]))
    assert len(memory) == 2 and torch.equal(memory[0][0], dataset[5][0]) and memory[:][1].tolist() == [4, 7]


@pytest.mark.parametrize("wrong", ["order", "value"])
def test_comparison_finds_other_batches(chapter, tiny, wrong):
    prepare = chapter.prepare_dataloaders

    def prepare_wrong(*args):
        dataloaders = prepare(*args)
        samples, order = dataloaders["list of samples"].dataset, dataloaders["list of samples"].sampler
        wrong_samples = samples[::-1] if wrong == "order" else [(X + (y == 7), y) for X, y in samples]
        return dataloaders | {"list of samples": DataLoader(wrong_samples, 32, sampler=order)}

    chapter.prepare_dataloaders = prepare_wrong
    speeds = chapter.compare_loading_speed(tiny, seed=0, batch_size=32, workers=0)
    assert claims(chapter) == ([False, False] if wrong == "order" else [True, False])
    assert len(speeds) == 6 and min(speeds.values()) > 0


def test_everything_for_workers_can_be_pickled(chapter, tiny, tiny_data):
    """Windows와 macOS에서는 데이터셋을 pickle로 워커에 전달합니다."""
    given = []

    def watched(dataset, *args, **options):
        given.append((dataset, options))
        return DataLoader(dataset, *args, **options)

    chapter.DataLoader = watched
    chapter.prepare_dataloaders(Subset(tiny, range(9)), 0, 32, workers=1)
    chapter.time_one_pass = len
    chapter.use_workers(tiny_data, workers=1)
    datasets_for_workers = [dataset for dataset, options in given if options.get("num_workers")]
    assert len(datasets_for_workers) == 3
    for dataset in datasets_for_workers:
        copied = pickle.loads(pickle.dumps(dataset))
        assert torch.equal(copied[5][0], dataset[5][0]) and copied[5][1] == dataset[5][1]


def test_bars_start_at_zero_and_show_the_rates(chapter):
    axis = chapter.draw_loading_speed({"sample by sample": 1000.0, "b": 500.0, "c": 20000.0}).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [1000, 500, 20000] and axis.get_xlim()[0] == 0
    assert [text.get_text() for text in axis.texts] == ["1,000  (x 1.0)", "500  (x 0.5)", "20,000  (x 20.0)"]


@pytest.mark.parametrize("y", [[0, 2], [0.0, 2.0], [[0.0], [2.0]], [[1, 0, 0], [0, 0, 1]]], ids=str)
def test_class_numbers_of_any_labels(chapter, y):
    assert chapter.class_index(torch.tensor(y)).tolist() == [0, 2]
    assert not chapter.class_index(torch.tensor(y)).is_floating_point()


# ---- 학습자가 변경하는 코드 ----

DATASETS = {
    "v2": dict(transform=v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])),
    "normalize": dict(transform=v2.Compose([ToTensor(), v2.Normalize([0.5], [0.5])])),
    "flip": dict(transform=v2.Compose([v2.RandomHorizontalFlip(), ToTensor()])),
    "three channels": dict(transform=v2.Compose([v2.Grayscale(3), v2.Resize(32), ToTensor()])),
    "one-hot": dict(transform=ToTensor(), target_transform=lambda y: nn.functional.one_hot(torch.tensor(y), 10)),
    "other labels": dict(transform=ToTensor(), target_transform=lambda y: 9 - y),
}


@pytest.mark.parametrize("name", [*DATASETS, "subset", "in memory"])
def test_lessons_take_any_dataset(chapter, tiny, tiny_data, name):
    data = datasets.FashionMNIST(tiny_data, **DATASETS.get(name, {"transform": ToTensor()}))
    if name == "subset":
        data = Subset(data, range(50))
    elif name == "in memory":
        data = TensorDataset(*chapter.load_into_memory(data).tensors)
    chapter.index_samples(data)
    assert claims(chapter) == ([False, True] if name == "in memory" else [True])  # 텐서는 슬라이스할 수 있습니다
    labels, _ = chapter.count_classes(data, tiny)
    assert labels.bincount().tolist() == [5 if name == "subset" else 30] * 10
    chapter.split_for_validation(data, 0)
    chapter.balance_classes(data, labels, 0)
    chapter.compare_loading_speed(data, 0, workers=0)
    assert len(chapter.draw_samples(data, 0).axes) == 9 and all(claims(chapter))


EDITS = {
    "many at once": (
        {
            "count=100": "count=50",
            '.convert("L")': '.convert("RGB")',
            "batch_size=32": "batch_size=7",
            "batch_size=64": "batch_size=1000",
            "[0.8, 0.2]": "[0.7, 0.3]",
            "batch_size=3, collate_fn": "batch_size=10, shuffle=True, collate_fn",
            "workers=2": "workers=3",
            "v2.RandomRotation(45), ToTensor()": "ToTensor(), v2.RandomErasing(p=1)",
            "num_samples=1000": "num_samples=10",
        },
        0,
    ),
    "lossy files": ({"{i:03}.png": "{i:03}.jpg", "batch_size=64": "batch_size=1", "workers=2": "workers=0"}, 1),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_end_without_traceback(name, monkeypatch, tmp_path, tiny_data, capsys):
    edits, broken = EDITS[name]
    module = edited(monkeypatch, tmp_path, tiny_data, edits)
    output = capsys.readouterr().out
    assert [holds for _, holds in module.CLAIMS].count(False) == broken == len(broken_claims(output))
    workers = edits["workers=2"][-1]
    assert f"    {workers} workers " in output and f"BatchSampler, {workers} workers " in output
    assert f"배치 크기 {edits['batch_size=64'][11:]}\n" in output
