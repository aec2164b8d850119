"""3장: 데이터셋, labels.csv, 데이터로더, 분리와 샘플러, 불러오는 속도."""

import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import tools
import torch
from matplotlib.colors import to_hex
from PIL import Image
from tools import load_chapter, only, source, user_environment, write_edited
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.transforms import ToTensor

NAME = "data_tutorial"


@pytest.fixture
def chapter():
    module = load_chapter(NAME)
    module.save_figure = print
    return module


@pytest.fixture
def pixels(tiny_data):
    """학습용 이미지의 픽셀을 파일에서 직접 읽어 0~1로 맞춥니다."""
    raw = (tiny_data / "FashionMNIST" / "raw" / "train-images-idx3-ubyte").read_bytes()
    return np.frombuffer(raw[16:], np.uint8).reshape(-1, 28, 28).astype(np.float32) / 255


def test_runs_alone(chapter_run):
    folder, result = chapter_run(NAME)
    tools.assert_clean(result)
    for what in ("samples", "shuffle", "shared_transform", "loading_speed"):
        tools.assert_picture(folder / "outputs" / f"data_tutorial_{what}.png")
    assert len(list((folder / "outputs" / "data_tutorial_images").iterdir())) == 101


SHIRT, TROUSER = "셔츠 1.png,3\nb.png,7\n", "바지.png,3\nb.png,7\n"
MAC = unicodedata.normalize("NFD", TROUSER)  # macOS처럼 자음과 모음으로 나눈 이름
RIGHT = [  # 두 샘플을 적은 파일의 내용
    "a.png,3\nb.png,7",
    '"a.png","3"\n"b.png",7\n',
    '"a, 2.png",3\nb.png,7\n',
    " a.png , 3 \nb.png,\t7\n",
    "\na.png,3\n   \n,\n\nb.png,7\n,,\n",
    "./a.png,03\n../images/b.png,007\n",
    SHIRT,
    unicodedata.normalize("NFD", SHIRT),
    TROUSER,
    MAC,
]
# 제목 줄, pandas의 번호, 다른 구분 기호, 순서나 개수가 다른 칸, 0 이상의 정수가 아닌 정답
WRONG_LABEL = "file,label label,file ,file,label 0,a.png,3 a.png;3 a.png\\t3 a.png，3 a.png_3"
WRONG_LABEL += " 3,a.png a.png,3,shirt a.png,3, a.png a.png, a.png,Bag a.png,3.0 a.png,-1 a.png,²"
NO_IMAGE = ",7 no.png,7 .,3 no/a.png,3"
NOT_UTF8 = ["\ufffd\ufffd.png,3\n".encode(), b"PK\x03\x04\x14\x00\x06\x00"]  # 이미 깨진 이름, xlsx
for encoding in ("cp949", "utf-16", "utf-16-le", "utf-16-be"):
    NOT_UTF8 += [SHIRT.encode(encoding), SHIRT.replace(",", "\t").encode(encoding)]
NOT_UTF8 += ["a.png,3\n".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be")]


@pytest.fixture
def image_dir(tmp_path):
    """가로와 세로가 다른 이미지가 있는 폴더입니다. b.png만 픽셀이 1씩 큽니다."""
    (tmp_path / "images").mkdir()
    for name in ("a.png", "a, 2.png", "셔츠 1.png", MAC.split(",")[0], "b.png"):
        array = np.arange(6, dtype=np.uint8).reshape(2, 3) + (name == "b.png")
        Image.fromarray(array).save(tmp_path / "images" / name)
    return tmp_path / "images"


def test_labels_are_read_by_the_copied_class(image_dir, tmp_path):
    """4절에서 말한 대로, 클래스와 read_labels만 다른 프로젝트에 복사해 사용합니다."""
    text = source(NAME)
    start, end = text.index("def read_labels"), text.index("def read_image_files")
    imports = "import csv, unicodedata\nfrom pathlib import Path\nfrom PIL import Image, ImageOps\n"
    project = {}
    exec(f"{imports}from torch.utils.data import Dataset\n{text[start:end]}", project)
    options = {"transform": np.array, "target_transform": lambda label: label + 100}
    right = [([[0, 1, 2], [3, 4, 5]], 103), ([[1, 2, 3], [4, 5, 6]], 107)]
    for content in RIGHT:
        for newline, encoding in (("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r", "utf-8")):
            file = tmp_path / "정답.csv"
            file.write_bytes(content.replace("\n", newline).encode(encoding))
            dataset = project["CustomImageDataset"](str(file), str(image_dir), **options)
            samples = [(image.tolist(), label) for image, label in dataset]
            assert samples == right and len(dataset) == 2, file.read_bytes()


def test_broken_labels_are_explained(chapter, image_dir, tmp_path):
    cases = {content: "CSV UTF-8" for content in NOT_UTF8}
    cases |= {b"": "샘플이 없", b"\xef\xbb\xbf\n": "샘플이 없", b'"a.png,3\n': "000.png,9처럼"}
    for lines, advice in ((WRONG_LABEL, "제목 줄 없이 000.png,9"), (NO_IMAGE, "images에 없")):
        for line in lines.split():
            line = line.replace("\\t", "\t").replace("_", " ")
            name, _, label = line.partition(",")
            told = f"3번째 줄: 이름 {name!r}, 정답 {label!r}. {advice}"
            cases[f"b.png,7\n\n{line}\na.png,3\n".encode()] = told
    for content, words in cases.items():
        (tmp_path / "labels.csv").write_bytes(content)
        with pytest.raises(ValueError) as error:
            raise AssertionError(chapter.read_labels(tmp_path / "labels.csv", image_dir), content)
        assert "labels.csv" in str(error.value) and words in str(error.value), content
        tools.assert_one_korean_line(error.value)


def test_photos_stand_upright_in_one_size(chapter, tiny_data, tmp_path, capsys):
    """EXIF에 회전이 기록된 사진은 CustomImageDataset과 6절의 변형에서 똑바로 섭니다."""
    lying = Image.new("RGB", (64, 32), "black")
    lying.paste("white", (0, 0, 32, 32))  # 왼쪽이 흰 사진. 바로 세우면 위쪽이 흽니다
    exif = Image.Exif()
    exif[0x0112] = 6  # 시계 방향으로 90도 돌려야 하는 사진
    lying.save(tmp_path / "photo.jpg", exif=exif)
    (tmp_path / "labels.csv").write_text("photo.jpg,3\n")
    image = np.array(chapter.CustomImageDataset(tmp_path / "labels.csv", tmp_path)[0][0])
    assert image.shape == (64, 32) and image[:28].min() > 200 and image[36:].max() < 50

    made = []  # 6절의 ImageFolder
    chapter.DataLoader = lambda data, **options: made.append(data) or DataLoader(data, **options)
    chapter.resize_photos(datasets.FashionMNIST(tiny_data))
    X = made[-1].transform(made[-1].loader(tmp_path / "photo.jpg"))
    assert X.shape == (1, 28, 28) and X[0, :12].min() > 0.8 and X[0, 16:].max() < 0.2
    out = capsys.readouterr().out
    assert "너비 64, 높이 48" in out and "equal size" in out and not tools.broken_claims(out)


def test_transforms_and_drawing_keep_the_pixels_of_the_file(chapter, tiny_data, pixels, capsys):
    training_data, test_data = chapter.apply_transforms(tiny_data, datasets.FashionMNIST(tiny_data))
    assert len(training_data) == 300 and len(test_data) == 60 and training_data[23][1] == 3
    assert np.array_equal(training_data[23][0][0], pixels[23])
    assert "[0, 0, 0, 0, 0, 1, 0, 1]" in capsys.readouterr().out  # 정답 5와 7은 신발입니다
    figure = chapter.draw_chosen_samples(training_data, [4, 250, 33, 7, 8, 9, 10, 11, 12])
    assert figure.axes[1].get_title() == "T-shirt/top\n(index 250)"
    assert np.array_equal(figure.axes[2].images[0].get_array(), pixels[33])


def test_batches_and_classes_are_counted(chapter, tiny_data, capsys):
    tiny = datasets.FashionMNIST(tiny_data, transform=ToTensor())
    chapter.iterate_in_batches(Subset(tiny, range(70)), tiny)
    tiny.targets[:6] = 9  # 0~5번이 하나씩 줄고 9번이 여섯 늘어납니다
    chapter.count_classes(tiny, datasets.FashionMNIST(tiny_data, train=False))
    out = capsys.readouterr().out
    sizes = re.findall(r"X \[(\d+), 1, 28, 28\], y \[(\d+)\]", out)
    assert sizes == [("32", "32"), ("32", "32"), ("6", "6")] and "\n[32, 32]\n" in out
    counts = [int(count) for count in re.findall(r"학습용 +(\d+)개", out)]
    assert counts == [29] * 6 + [30] * 3 + [36] and out.count("    6개") == 10
    assert f"tensor({1 - (29 + 30 + 36) / 300:.4f})" in out


def test_only_the_shared_transform_changes_validation(chapter, tiny_data, pixels):
    drawn = []
    chapter.draw_shared_transform = lambda *rows: drawn.extend(rows)
    chapter.augment_training_only(tiny_data, 0)
    known = {image.tobytes() for image in pixels}
    inside = [all(image.numpy().tobytes() in known for image in row) for row in drawn]
    assert inside == [True, False, False, True]


@pytest.mark.full
def test_four_methods_give_the_same_batches(chapter, tiny_data, pixels):
    few = Subset(datasets.FashionMNIST(tiny_data, transform=ToTensor()), range(70))
    dataloaders = chapter.make_four_dataloaders(few, chapter.load_into_memory(few), 16)
    for dataloader in dataloaders.values():
        batches = list(dataloader)
        assert [len(y) for X, y in batches] == [16, 16, 16, 16, 6]
        assert np.array_equal(torch.cat([X for X, y in batches])[:, 0], pixels[:70])
        assert torch.cat([y for X, y in batches]).tolist() == [k % 10 for k in range(70)]
    assert [dataloader.num_workers for dataloader in dataloaders.values()] == [0, 2, 0, 0]


@pytest.mark.full
def test_seeds_decide_split_and_order_and_break_no_claim(chapter, tiny_data, capsys):
    tiny = datasets.FashionMNIST(tiny_data, transform=ToTensor())
    for draw in ("draw_chosen_samples", "draw_batches", "draw_shared_transform"):
        setattr(chapter, draw, lambda *args: None)
    lists = []
    for seed in (0, 0, 1, 2):
        torch.manual_seed(seed)
        chapter.look_at_samples(tiny)
        chapter.iterate_in_batches(Subset(tiny, range(100)), tiny)
        chapter.split_for_validation(tiny, seed)
        chapter.augment_training_only(tiny_data, seed)
        chapter.repeat_the_order(seed)
        chapter.balance_classes(tiny)
        lists.append(re.findall(r"^\[\d+(?:, \d+){4,}\]$", capsys.readouterr().out, re.MULTILINE))
    assert lists[0] == lists[1] and all(a != b for a, b in zip(lists[1], lists[2], strict=True))
    assert len(lists[0]) == 4 and all(holds for _, _, holds in chapter.CLAIMS)


def test_pictures_show_what_their_names_say(chapter):
    speeds = {"sample by sample": 100, "2 workers": 50, "load_into_memory": 1000}  # 첫째가 1배
    (axis,) = chapter.draw_loading_speed(speeds).axes
    assert [bar.get_width() for bar in axis.patches] == [100, 50, 1000]
    assert [text.get_text() for text in axis.texts] == ["x 1.0", "x 0.5", "x 10.0"]
    rows = torch.arange(4.0).reshape(4, 1, 1, 1, 1).expand(4, 6, 1, 2, 2)  # k번째 줄은 모두 k
    axes = chapter.draw_batches(rows[1], rows[2]).axes  # 위는 섞지 않은 배치, 아래는 섞은 배치
    assert [axis.images[0].get_array().max() for axis in axes] == [1] * 6 + [2] * 6
    axes = chapter.draw_shared_transform(*rows).axes[::6]  # 줄마다 첫 칸
    assert [axis.images[0].get_array().max() for axis in axes] == [0, 1, 2, 3]
    orange = [to_hex(axis.spines["left"].get_edgecolor()) == "#d55e00" for axis in axes]
    assert orange == ["shared" in axis.get_ylabel() for axis in axes] == [False, True, False, False]


@pytest.mark.full
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/shm은 Linux에만 있습니다")
def test_new_processes_as_workers_with_little_shared_memory(tmp_path):
    """워커가 Python 3.14의 forkserver이고 /dev/shm이 Docker처럼 64 MB일 때를 1/10 크기로 확인합니다."""
    tools.write_tiny_fashion_mnist(tmp_path / "data", 6000, 1000)
    start = "import multiprocessing as m\nm.set_start_method('forkserver')\n"
    start += "m.set_forkserver_preload(['torchvision', 'matplotlib.pyplot'])\n"
    (tmp_path / "sitecustomize.py").write_text(start)
    write_edited(tmp_path, NAME, only(NAME, "compare_loading_speed"))
    command = [sys.executable, "data_tutorial.py"]
    mount = 'mount -t tmpfs -o size=6400k tmpfs /dev/shm && exec "$@"'
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode == 0:  # 권한이 있으면
        command = [*alone, *command]
    env = user_environment(PYTHONPATH=str(tmp_path))
    options = {"cwd": tmp_path, "env": env, "capture_output": True, "encoding": "utf-8"}
    tools.assert_clean(subprocess.run(command, timeout=200, **options))


def has_wrong(lesson, words):
    """lesson번째 절에만 ✗가 하나 있고, 출력에 words가 있는지 확인하는 함수를 반환합니다."""

    def assert_run(run):
        (title,) = [title for title, claim, holds in run.module.CLAIMS if not holds]
        assert title.startswith(f"{lesson}. ") and run.code and re.search(words, run.out)

    return assert_run


SHUFFLED = "batch_size=20, shuffle="
BATCH, BALANCE = only(NAME, "iterate_in_batches"), only(NAME, "balance_classes")
EXPERIMENTS = [
    ({**only(NAME), 'convert("L")': 'convert("RGB")'}, [], has_wrong(4, r"Size\(\[3, 28, 28\]")),
    ({**BATCH, f"{SHUFFLED}True": f"{SHUFFLED}False"}, [], has_wrong(6, r"(0, ){19}0\]\)\n +✗")),
    ({**BALANCE, "1 / y.bincount()[y]": "torch.ones(len(y))"}, [], has_wrong(12, r"[89].., +\d+")),
]
