"""3장: 데이터셋, labels.csv, 데이터로더, 분리와 샘플러, 불러오는 속도."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tools import (
    assert_clean,
    assert_one_korean_line,
    assert_picture,
    broken_claims,
    load_chapter,
    run_main,
    source,
    user_environment,
    write_edited,
)
from torch.utils.data import Dataset, Subset
from torchvision import datasets
from torchvision.transforms import ToTensor

PICTURES = ["samples", "shuffle", "shared_transform", "loading_speed"]


@pytest.fixture
def chapter(tmp_path):
    module = load_chapter("data_tutorial")
    module.OUTPUT_DIR = tmp_path / "outputs"
    return module


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
    results = [holds for _, _, holds in chapter.CLAIMS]
    chapter.CLAIMS.clear()
    return results


def test_runs_alone_as_a_user_runs_it(chapter_run):
    folder, result = chapter_run("data_tutorial")
    assert_clean(result)
    assert (folder / "outputs" / "data_tutorial.html").is_file()
    for what in PICTURES:
        assert_picture(folder / "outputs" / f"data_tutorial_{what}.png")
    images = folder / "outputs" / "data_tutorial_images"
    assert len(list(images.glob("*.png"))) == 100 and (images / "labels.csv").is_file()
    assert "(4800, 1200)" in result.stdout  # 학습용의 20%를 검증용으로 분리합니다


# ---- labels.csv ----

RIGHT = {
    "plain": b"a.png,3\nb.png,7\n",
    "no newline at the end": b"a.png,3\nb.png,7",
    "CRLF": b"a.png,3\r\nb.png,7\r\n",
    "CR": b"a.png,3\rb.png,7\r",
    "BOM": b"\xef\xbb\xbfa.png,3\nb.png,7\n",
    "BOM and CRLF": b"\xef\xbb\xbfa.png,3\r\nb.png,7\r\n",
    "quotes": b'"a.png","3"\n"b.png","7"\n',
    "quoted names": b'\xef\xbb\xbf"a.png",3\n"b.png",7\n',
    "blanks": b" a.png , 3 \nb.png,\t7\n",
    "blank lines": b"\na.png,3\n\n\nb.png,7\n\n",
    "lines of blanks": b"a.png,3\n   \nb.png,7\n\t\n",
    "empty rows of Excel": b"a.png,3\n,\nb.png,7\n,,\n",
    "zeros": b"a.png,03\nb.png,007\n",
    "folder": b"./a.png,3\n../images/b.png,7\n",
}
HANGUL = "한글 이름.png,3\nb.png,7\n"
WRONG = {  # 파일의 내용: 오류 메시지에 있어야 하는 것
    "header": (b"file,label\na.png,3\n", ["1번째", "'file'", "'label'", "제목 줄"]),
    "semicolon": (b"a.png;3\n", ["1번째", "'a.png;3'", "''", "000.png,9"]),
    "tab": (b"b.png,7\na.png\t3\n", ["2번째", r"'a.png\t3'", "''", "000.png,9"]),
    "blank": (b"a.png 3\n", ["1번째", "'a.png 3'", "000.png,9"]),
    "fullwidth comma": ("a.png，3\n".encode(), ["1번째", "'a.png，3'", "000.png,9"]),
    "swapped": (b"3,a.png\n", ["1번째", "'3'", "'a.png'", "000.png,9"]),
    "swapped and header": (b"label,file\n3,a.png\n", ["1번째", "'label'", "제목 줄"]),
    "pandas": (b",file,label\n0,a.png,3\n", ["1번째", "''", "'file,label'", "제목 줄"]),
    "pandas without header": (b"0,a.png,3\n", ["1번째", "'0'", "'a.png,3'", "000.png,9"]),
    "three columns": (b"a.png,3,shirt\n", ["1번째", "'3,shirt'", "000.png,9"]),
    "comma at the end": (b"a.png,3,\n", ["1번째", "'3,'", "000.png,9"]),
    "one column": (b"a.png,3\nb.png\n", ["2번째", "'b.png'", "''", "000.png,9"]),
    "no label": (b"a.png,\n", ["1번째", "'a.png'", "''", "000.png,9"]),
    "no name": (b"a.png,3\n,7\n", ["2번째", "''", "'7'", "images"]),
    "word": (b"a.png,3\n\nb.png,Bag\n", ["3번째", "'b.png'", "'Bag'", "000.png,9"]),
    "fraction": (b"a.png,3.0\n", ["1번째", "'3.0'", "000.png,9"]),
    "negative": (b"a.png,-1\n", ["1번째", "'-1'", "000.png,9"]),
    "missing image": (b"a.png,3\nno.png,7\n", ["2번째", "'no.png'", "'7'", "images"]),
    "folder as image": (b".,3\n", ["1번째", "'.'", "images"]),
    "open quote": (b'"a.png,3\nb.png,7\n', ["1번째", "a.png,3", "000.png,9"]),
    "UTF-16": (HANGUL.encode("utf-16"), ["CSV UTF-8"]),
    "Unicode text of Excel": (HANGUL.replace(",", "\t").encode("utf-16"), ["CSV UTF-8"]),
    "cp949": (HANGUL.encode("cp949"), ["CSV UTF-8"]),
    "workbook": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xb5\x90", ["CSV UTF-8"]),
    "empty": (b"", ["샘플이 없습니다"]),
    "BOM alone": (b"\xef\xbb\xbf\r\n", ["샘플이 없습니다"]),
}


@pytest.fixture
def image_dir(tmp_path):
    """가로와 세로가 다른 이미지 3개가 있는 폴더입니다."""
    folder = tmp_path / "images"
    folder.mkdir()
    for k, name in enumerate(["a.png", "b.png", "한글 이름.png"]):
        array = np.arange(k, k + 6, dtype=np.uint8).reshape(2, 3)
        Image.fromarray(array).save(folder / name)
    return folder


@pytest.mark.parametrize("name", RIGHT)
def test_labels_are_read(chapter, image_dir, name):
    labels_file = image_dir / "labels.csv"
    labels_file.write_bytes(RIGHT[name])
    dataset = chapter.CustomImageDataset(labels_file, image_dir)
    assert [(np.array(image).tolist(), label) for image, label in dataset] == [
        ([[0, 1, 2], [3, 4, 5]], 3),
        ([[1, 2, 3], [4, 5, 6]], 7),
    ]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_hangul_names_are_read(chapter, image_dir, bom):
    labels_file = image_dir / "정답.csv"
    labels_file.write_bytes(bom + HANGUL.encode())
    samples = chapter.read_labels(str(labels_file), str(image_dir))
    assert samples == [(image_dir / "한글 이름.png", 3), (image_dir / "b.png", 7)]


@pytest.mark.parametrize("name", WRONG)
def test_broken_labels_are_explained(chapter, image_dir, tmp_path, name):
    content, words = WRONG[name]
    labels_file = tmp_path / "labels.csv"
    labels_file.write_bytes(content)
    with pytest.raises(ValueError) as error:
        chapter.CustomImageDataset(labels_file, image_dir)
    message = str(error.value)
    assert_one_korean_line(message)
    for word in ["labels.csv", *words]:
        assert word in message


def test_class_can_be_copied_into_a_project(image_dir):
    text = source("data_tutorial")
    start, end = text.index("def read_labels"), text.index("def read_image_files")
    project = {"csv": csv, "Path": Path, "Image": Image, "Dataset": Dataset}
    exec(text[start:end], project)
    (image_dir / "labels.csv").write_bytes(RIGHT["plain"])
    dataset = project["CustomImageDataset"](
        image_dir / "labels.csv",
        image_dir,
        transform=lambda image: int(np.array(image).sum()),
        target_transform=lambda label: label + 100,
    )
    assert len(dataset) == 2 and list(dataset) == [(15, 103), (21, 107)]


# ---- 절에서 보여 주는 사실 ----


@pytest.mark.full
def test_transforms_give_the_pixels_of_the_file(chapter, tiny_data, pixels, capsys):
    raw_data = datasets.FashionMNIST(tiny_data)
    training_data, test_data = chapter.apply_transforms(tiny_data, raw_data)
    image, label = training_data[23]
    assert len(training_data) == 300 and len(test_data) == 60 and label == 3
    assert np.array_equal(image[0], pixels[23].astype(np.float32) / 255)
    assert "[0, 0, 0, 0, 0, 1, 0, 1]" in capsys.readouterr().out  # 정답 5와 7은 신발입니다


@pytest.mark.full
def test_samples_are_drawn_under_their_names(chapter, tiny, pixels):
    figure = chapter.draw_chosen_samples(tiny, [4, 250, 33, 7, 8, 9, 10, 11, 12])
    assert figure.axes[1].get_title() == "T-shirt/top\n(index 250)"
    assert np.allclose(figure.axes[2].images[0].get_array(), pixels[33] / 255)


@pytest.mark.full
def test_a_changed_pixel_breaks_the_claim(chapter, tiny_data, tmp_path, pixels):
    right = chapter.write_image_files

    def wrong(raw_data, image_dir):
        labels_file = right(raw_data, image_dir)
        array = pixels[42].copy()
        array[27, 27] ^= 1
        Image.fromarray(array).save(image_dir / "042.png")
        return labels_file

    raw_data = datasets.FashionMNIST(tiny_data)
    chapter.read_image_files(raw_data, tmp_path)
    chapter.write_image_files = wrong
    chapter.read_image_files(raw_data, tmp_path)
    assert claims(chapter) == [True, False]


@pytest.mark.full
def test_photos_get_one_size_and_keep_their_class(chapter, tiny_data, capsys):
    chapter.resize_photos(datasets.FashionMNIST(tiny_data))
    out = capsys.readouterr().out
    assert "너비 64, 높이 48" in out and "equal size" in out
    assert "torch.Size([4, 1, 28, 28])" in out and claims(chapter) == [True]


@pytest.mark.full
def test_sorted_batch_and_last_batch(chapter, tiny, capsys):
    chapter.iterate_in_batches(Subset(tiny, range(70)), tiny)
    out = capsys.readouterr().out
    sizes = [("32", "32"), ("32", "32"), ("6", "6")]
    assert re.findall(r"X \[(\d+), 1, 28, 28\], y \[(\d+)\]", out) == sizes
    assert "\n[32, 32]\n" in out and f"tensor([{', '.join(['0'] * 20)}])" in out


@pytest.mark.full
def test_classes_are_counted(chapter, tiny_data, tiny, capsys):
    tiny.targets[:6] = 9  # 0~5번이 하나씩 줄고 9번이 여섯 늘어납니다
    chapter.count_classes(tiny, datasets.FashionMNIST(tiny_data, train=False))
    out = capsys.readouterr().out
    counts = [int(count) for count in re.findall(r"학습용 +(\d+)개", out)]
    assert counts == [29] * 6 + [30] * 3 + [36] and out.count("    6개") == 10
    assert f"tensor({1 - (29 + 30 + 36) / 300:.4f})" in out


@pytest.mark.full
def test_split_depends_on_the_seed_alone(chapter, tiny, capsys):
    for seed in (3, 3, 4):
        torch.rand(1)
        chapter.split_for_validation(tiny, seed)
    out = capsys.readouterr().out
    first, again, other = re.findall(r"^\[.+\]$", out, re.MULTILINE)
    assert first == again != other and out.count("(240, 60)") == 3


@pytest.mark.full
def test_only_the_shared_transform_changes_validation(chapter, tiny_data, pixels):
    drawn = []
    draw = chapter.draw_shared_transform

    def keep(*rows):
        drawn.extend(rows)
        return draw(*rows)

    chapter.draw_shared_transform = keep
    chapter.augment_training_only(tiny_data, 0)
    known = {(image.astype(np.float32) / 255).tobytes() for image in pixels}
    inside = [all(image.numpy().tobytes() in known for image in row) for row in drawn]
    assert inside == [True, False, False, True] and claims(chapter) == [True, True]


@pytest.mark.full
def test_four_methods_give_the_same_batches(chapter, tiny, pixels):
    few = Subset(tiny, range(70))
    dataloaders = chapter.make_four_dataloaders(few, chapter.load_into_memory(few), 16)
    for dataloader in dataloaders.values():
        batches = list(dataloader)
        assert [len(y) for X, y in batches] == [16, 16, 16, 16, 6]
        X = torch.cat([X for X, y in batches])
        assert np.array_equal(X[:, 0], pixels[:70].astype(np.float32) / 255)
        assert torch.cat([y for X, y in batches]).tolist() == [k % 10 for k in range(70)]
    workers = [dataloader.num_workers for dataloader in dataloaders.values()]
    assert workers == [0, 2, 0, 0]


@pytest.mark.full
def test_workers_stay_for_the_second_epoch(chapter, tiny_data):
    made = []
    dataloader = chapter.DataLoader
    chapter.DataLoader = lambda *args, **options: (
        made.append(options) or dataloader(*args, **options)
    )
    chapter.use_workers(tiny_data)
    with_workers = [options for options in made if options.get("num_workers")]
    assert [options["persistent_workers"] for options in with_workers] == [True]


@pytest.mark.full
def test_claims_hold_for_many_seeds(chapter):
    chapter.save_figure = print
    for draw in ("draw_chosen_samples", "draw_batches", "draw_shared_transform"):
        setattr(chapter, draw, lambda *args: None)
    data_dir = chapter.write_practice_data()
    practice_data = datasets.FashionMNIST(data_dir, transform=ToTensor())
    for seed in range(20):
        torch.manual_seed(seed)
        chapter.look_at_samples(practice_data)
        chapter.iterate_in_batches(Subset(practice_data, range(100)), practice_data)
        chapter.split_for_validation(practice_data, seed)
        chapter.augment_training_only(data_dir, seed)
        chapter.repeat_the_order(seed)
        chapter.balance_classes(practice_data)
    results = claims(chapter)
    assert len(results) == 20 * 8 and all(results)


# ---- 실행 환경 ----


@pytest.mark.full
def test_real_data(real_data, tmp_path):
    run = run_main(tmp_path, "data_tutorial", "--data-dir", real_data, "--output-dir", tmp_path)
    assert not run.code and "(48000, 12000)" in run.out and not broken_claims(run.out)


@pytest.mark.full
def test_seed_changes_order_split_and_samples(tiny_data, tmp_path):
    outputs = []
    for seed in (0, 1):
        options = ("--data-dir", tiny_data, "--output-dir", tmp_path, "--seed", seed)
        run = run_main(tmp_path, "data_tutorial", *options, edits={"time.sleep(0.01)": "pass"})
        outputs.append(run.out)
    first, second = [re.findall(r"^    \[[\d, ]+\]$", out, re.MULTILINE) for out in outputs]
    assert len(first) == len(second) and sum(a != b for a, b in zip(first, second)) >= 4


@pytest.mark.full
def test_image_folder_that_is_a_file_is_kept(tiny_data, tmp_path):
    taken = tmp_path / "data_tutorial_images"
    taken.write_text("중요한 내용", encoding="utf-8")
    run = run_main(tmp_path, "data_tutorial", "--output-dir", tmp_path, "--data-dir", tiny_data)
    assert_one_korean_line(run.code)
    assert taken.read_text(encoding="utf-8") == "중요한 내용"


@pytest.mark.full
@pytest.mark.skipif(sys.platform == "win32", reason="forkserver는 Windows에 없습니다")
def test_new_processes_as_workers_with_little_shared_memory(tiny_data, tmp_path):
    """워커가 새 프로세스(Python 3.14의 forkserver)이고, Docker처럼 /dev/shm이 64 MB입니다."""
    start = "import multiprocessing\nmultiprocessing.set_start_method('forkserver')\n"
    (tmp_path / "sitecustomize.py").write_text(start)
    write_edited(tmp_path, "data_tutorial")
    data_dir = os.path.abspath(os.environ.get("FASHION_MNIST_DIR", tiny_data))
    command = [sys.executable, "data_tutorial.py", "--data-dir", data_dir]
    mount = "mount -t tmpfs -o size=64m tmpfs /dev/shm"
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if (
        shutil.which("unshare")
        and subprocess.run([*alone, mount], stderr=subprocess.DEVNULL).returncode == 0
    ):
        command = [*alone, f'{mount} && exec "$@"', "sh", *command]
    env = user_environment(PYTHONPATH=str(tmp_path))
    assert_clean(
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    )


# ---- 직접 해 보기 ----


def has_wrong(lesson, *words):
    """lesson번째 절에 ✗가 하나 있고, words가 출력에 있는지 확인하는 함수를 반환합니다."""

    def assert_run(run):
        wrong = [claim for title, claim, holds in run.module.CLAIMS if not holds]
        titles = [title for title, claim, holds in run.module.CLAIMS if not holds]
        assert len(wrong) == 1 and titles[0].startswith(f"{lesson}. ") and run.code
        for word in words:
            assert word in run.out, word

    return assert_run


def trousers_are_rare(run):
    has_wrong(12)(run)
    drawn = re.findall(r"tensor\(\[(\d+), +(\d+)\]\)", run.out)
    assert 50 < int(drawn[-1][1]) < 140


EXPERIMENTS = [
    ({'convert("L")': 'convert("RGB")'}, [], has_wrong(4, "torch.Size([3, 28, 28])")),
    (
        {"batch_size=20, shuffle=True)))": "batch_size=20, shuffle=False)))"},
        [],
        has_wrong(7),
    ),
    ({"weights = 1 / y.bincount()[y]": "weights = torch.ones(len(y))"}, [], trousers_are_rare),
]
