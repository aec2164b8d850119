"""3장. 데이터셋과 데이터로더: 데이터를 담고, 배치로 묶어 꺼냅니다.

준비된 데이터셋을 열어 보고, 내 이미지 파일과 labels.csv로 데이터셋을 직접 만듭니다. 그다음 데이터를 섞고, 나누고,
고르게 뽑고, 길이를 맞춥니다. 마지막으로 데이터를 꺼내는 세 가지 방법의 속도를 이 컴퓨터에서 잽니다.

실행 방법
    python data_tutorial.py                # 처음부터 끝까지
    python data_tutorial.py --seed 1       # 다른 순서로 섞고 뽑습니다
    python data_tutorial.py --show         # 그림을 창으로도 봅니다
    python data_tutorial.py --help         # 모든 옵션

차례
     1. 준비된 데이터셋: 한 줄로 엽니다              load_ready_made_data
     2. 변형: 꺼낼 때마다 바꿉니다                   attach_transforms
     3. 인덱싱: 번호로 하나를 꺼냅니다               index_a_dataset, draw_random_samples
     4. 클래스의 분포: 고르게 있는지 봅니다          count_classes, draw_class_distribution
     5. 나의 데이터셋: 파일에서 읽습니다             write_image_files, CustomImageDataset, compare_with_originals
     6. 분명한 오류: 몇 번째 줄인지 알립니다         read_labels, read_one_line, meet_broken_labels
     7. ToTensor가 깨지는 곳: 이미 텐서입니다        meet_to_tensor_error
     8. 데이터로더: 배치로 묶고 섞습니다             iterate_in_batches, handle_the_last_batch
     9. 같은 순서를 다시: 생성기에 씨앗을 줍니다     repeat_the_shuffle
    10. 학습용과 검증용: 겹치지 않게 나눕니다        split_for_validation
    11. 치우친 클래스: 드문 것을 더 자주 뽑습니다    balance_classes
    12. 길이가 다른 샘플: 채워서 묶습니다            pad_and_collate, batch_unequal_lengths
    13. 속도: 세 가지 방법을 재어 봅니다             BatchwiseDataset, time_one_pass, compare_loading_speed
    14. 작업 프로세스가 이로울 때: 느린 샘플         SlowDataset, see_when_workers_help

다음 장은 transform.py입니다.
"""

import argparse
import csv
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, Subset, WeightedRandomSampler, random_split
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.io import decode_image
from torchvision.transforms import ToTensor, v2


def load_ready_made_data(FashionMNIST, data_dir):
    """데이터를 다루는 코드는 학습하는 코드와 따로 둡니다. 읽기 쉽고, 데이터를 바꾸어도 학습 코드는 그대로입니다.

    PyTorch는 이 일을 둘로 나눕니다. Dataset은 샘플과 정답(label)을 담습니다.
    DataLoader는 Dataset을 배치(batch)로 묶어 하나씩 꺼낼 수 있게 합니다.
    """
    print("\n== 1. 준비된 데이터셋(dataset) ==")
    print("데이터를 다루는 코드는 학습하는 코드와 따로 둡니다. 데이터를 바꾸어도 학습 코드는 그대로입니다.")
    print("Dataset은 샘플과 정답(label)을 담고, DataLoader는 그것을 배치(batch)로 묶어 꺼냅니다.")
    print("TorchVision에는 준비된 데이터셋이 많습니다. 여기서는 옷 사진 FashionMNIST를 엽니다.")

    raw = data_dir / "FashionMNIST" / "raw"
    before = {path.name: path.stat().st_mtime_ns for path in raw.glob("*-ubyte")}
    training_data = FashionMNIST(root=data_dir, train=True, download=True)
    test_data = FashionMNIST(root=data_dir, train=False, download=True)
    print(f"root: 파일을 찾고, 내려받으면 담는 폴더입니다. {training_data.root}")
    assert training_data.train and not test_data.train
    print(f"train: True이면 학습용 {len(training_data)}장, False이면 시험용 {len(test_data)}장입니다.")

    # download=True는 파일이 없을 때에만 내려받습니다. 있으면 그대로 씁니다.
    assert before == {path.name: path.stat().st_mtime_ns for path in raw.glob("*-ubyte")}
    kept = f"파일 {len(before)}개가 이미 있어서" if before else "연습용 데이터는 메모리에서 만드므로"
    print(f"download=True: 없을 때에만 내려받습니다. 지금은 {kept} 받지 않습니다.")
    with tempfile.TemporaryDirectory() as empty:
        try:
            datasets.FashionMNIST(root=empty, train=True, download=False)
        except RuntimeError as error:
            print(f"download=False로 빈 폴더를 열면 오류입니다: {type(error).__name__}: {error}")
        else:
            raise AssertionError("빈 폴더에서는 열리지 않아야 합니다")
    return training_data


def attach_transforms(FashionMNIST, data_dir, pil_data):
    """변형(transform)은 저장된 데이터를 바꾸지 않습니다. 샘플을 꺼낼 때마다 계산합니다.

    transform은 샘플을, target_transform은 정답을 받아서 바꾼 것을 돌려주는 함수입니다.
    """
    print("\n== 2. 변형(transform): transform과 target_transform ==")
    training_data = FashionMNIST(root=data_dir, train=True, transform=ToTensor())
    test_data = FashionMNIST(root=data_dir, train=False, transform=ToTensor())
    before, after = pil_data[0][0], training_data[0][0]
    print(f"transform이 없으면 이미지는 PIL의 {type(before).__name__} 객체입니다. 크기 {before.size}, 픽셀 값 {before.getextrema()}")
    print(f"transform=ToTensor()이면 텐서(tensor)입니다. 모양(shape) {list(after.shape)}, 자료형(dtype) {after.dtype},")
    print(f"    값 {after.min():.2f}~{after.max():.2f}. 픽셀 값 0~255를 255로 나눕니다.")
    assert torch.equal(after[0], pil_data.data[0] / 255)

    named = FashionMNIST(root=data_dir, train=True, target_transform=lambda y: pil_data.classes[y])
    print(f"target_transform은 정답을 바꿉니다. 번호를 이름으로: {pil_data[0][1]} -> {named[0][1]!r}")
    assert named[0][1] == pil_data.classes[pil_data.targets[0]]
    print("여러 가지 변형은 다음 장(transform.py)에서 봅니다.")
    return training_data, test_data


def index_a_dataset(training_data):
    """데이터셋은 리스트처럼 씁니다. len()으로 개수를 알고, [번호]로 (샘플, 정답) 하나를 꺼냅니다."""
    print("\n== 3. 인덱싱 ==")
    image, label = training_data[0]
    print("데이터셋은 리스트처럼 씁니다. len()은 개수, [번호]는 (샘플, 정답) 하나입니다.")
    print(f"len(training_data) = {len(training_data)}")
    print(f"training_data[0] = ({list(image.shape)} 텐서, {label}),  정답 {label}번은 {training_data.classes[label]!r}입니다.")
    assert label == training_data.targets[0] and torch.equal(image[0], training_data.data[0] / 255)
    print("그 이미지를 글자로 그리면 이렇습니다. 밝은 픽셀일수록 획이 많은 글자입니다.")
    print_image_as_text(image)
    try:
        training_data[len(training_data)]
    except IndexError as error:
        print(f"번호는 0부터 {len(training_data) - 1}까지입니다. 넘으면 오류입니다: IndexError: {error}")
    else:
        raise AssertionError("끝을 넘은 번호는 오류여야 합니다")


def print_image_as_text(image):
    """0~1의 이미지 [1, 28, 28]을 글자로 찍습니다. 글자는 세로로 길어서 한 줄씩 건너뜁니다."""
    for row in image[0, ::2].tolist():
        print("    |" + "".join(" .:-=+*#%@"[min(int(value * 10), 9)] for value in row) + "|")


def draw_random_samples(training_data, seed):
    """아홉 장을 무작위로 골라 3x3으로 그립니다."""
    random = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(training_data), generator=random)[:9].tolist()  # 서로 다른 번호 아홉 개
    figure, axes = plt.subplots(3, 3, figsize=(6.6, 7.2), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, index in zip(axes.flat, chosen):
        image, label = training_data[index]
        axis.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"{training_data.classes[label]}\n(index {index})", fontsize=11)
    figure.suptitle("Random training samples with their class names")
    return figure


def count_classes(training_data, test_data):
    """클래스마다 몇 장인지 셉니다. 한쪽으로 치우쳐 있으면 정확도를 믿기 어렵고, 뽑는 방법을 바꾸어야 합니다."""
    print("\n== 4. 클래스의 분포 ==")
    print("학습하기 전에 클래스마다 몇 장인지 셉니다. 한쪽이 훨씬 많으면 그쪽만 찍어도 정확도가 높아 보입니다.")
    n = len(training_data.classes)
    train_counts, test_counts = (torch.bincount(data.targets, minlength=n) for data in (training_data, test_data))
    for name, train_count, test_count in zip(training_data.classes, train_counts.tolist(), test_counts.tolist()):
        print(f"    {name:<12} 학습용 {train_count:>5}장  시험용 {test_count:>5}장")
    assert train_counts.sum() == len(training_data) and test_counts.sum() == len(test_data)
    print(f"학습용에서 가장 적은 클래스는 {train_counts.min()}장, 가장 많은 클래스는 {train_counts.max()}장입니다.")
    return train_counts, test_counts


def draw_class_distribution(train_counts, test_counts, classes):
    """클래스마다 학습용과 시험용이 몇 장인지 막대로 그립니다."""
    rows = torch.arange(len(classes)).numpy()
    figure, axis = plt.subplots(figsize=(9, 6), layout="constrained")
    for counts, shift, color, hatch, label in (
        (train_counts, -0.2, "#0072B2", "", "training"),
        (test_counts, 0.2, "#E69F00", "//", "test"),
    ):
        bars = axis.barh(rows + shift, counts.numpy(), 0.38, color=color, hatch=hatch, edgecolor="black", label=label)
        axis.bar_label(bars, padding=3, fontsize=9)
    axis.set_yticks(rows, classes)
    axis.invert_yaxis()  # 0번 클래스가 맨 위에 오게 합니다
    axis.margins(x=0.12)
    axis.set(title="Number of images per class", xlabel="images", ylabel="class")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    return figure


def write_image_files(pil_data, folder, count=100):
    """앞의 이미지 count장을 PNG로, 정답을 labels.csv로 씁니다. 내 파일이 있는 것과 같은 상황을 만듭니다."""
    count = min(count, len(pil_data))
    with open(folder / "labels.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for i in range(count):
            image, label = pil_data[i]
            image.save(folder / f"{i:03}.png")
            writer.writerow([f"{i:03}.png", label])
    return folder / "labels.csv"


class CustomImageDataset(Dataset):
    """폴더의 이미지와 CSV의 정답으로 만드는 데이터셋입니다. 세 메서드만 있으면 됩니다.

    __init__은 한 번 불립니다. 목록만 읽고, 이미지는 아직 읽지 않습니다.
    __len__은 샘플이 몇 개인지 알려 줍니다.
    __getitem__은 번호를 받아 그 이미지를 읽고, 변형하고, (이미지, 정답)을 돌려줍니다.
    """

    def __init__(self, labels_file, image_dir, classes, transform=None, target_transform=None):
        self.samples = read_labels(labels_file, image_dir, len(classes))
        self.classes = classes
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = read_image_as_tensor(path)
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


def read_image_as_tensor(path):
    """이미지 파일을 uint8 텐서 [1, H, W]로 읽습니다. 컬러로 읽으려면 mode를 "RGB"로 바꿉니다.

    TorchVision 0.29부터 decode_image는 TorchCodec으로 옮겨 간다고 예고(DeprecationWarning)합니다. 아직 잘 됩니다.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return decode_image(str(path), mode="GRAY")


def compare_with_originals(labels_file, pil_data):
    """쓴 것을 다시 읽어, 픽셀 하나까지 원래와 같은지 봅니다. 변형은 텐서를 받는 것을 씁니다."""
    print("\n== 5. 나의 데이터셋: 폴더의 이미지와 labels.csv ==")
    folder = labels_file.parent
    lines = labels_file.read_text(encoding="utf-8").splitlines()
    print(f"{folder} 폴더에 이미지 {len(lines)}장과 labels.csv를 썼습니다. 앞의 세 줄: {lines[:3]}")
    print("Dataset을 상속하고 메서드 셋을 씁니다. __init__은 목록을 읽고, __len__은 개수를, __getitem__은 하나를 줍니다.")

    dataset = CustomImageDataset(labels_file, folder, pil_data.classes)
    assert len(dataset) == len(lines)
    for i, (image, label) in enumerate(dataset):
        assert torch.equal(image[0], pil_data.data[i]) and label == pil_data.targets[i]
    image, label = dataset[0]
    print(f"dataset[0]: decode_image가 읽은 {list(image.shape)} {image.dtype} 텐서, 정답 {label}")
    print(f"{len(dataset)}장이 모두 원래 이미지와 픽셀 하나까지 같고, 정답도 같습니다.")

    # v2.ToDtype은 텐서를 받습니다. scale=True는 0~255를 0~1로 줄이라는 뜻입니다.
    to_float = v2.ToDtype(torch.float32, scale=True)
    dataset = CustomImageDataset(labels_file, folder, pil_data.classes, to_float, target_transform=float)
    X, y = next(iter(DataLoader(dataset, batch_size=32)))
    print("변형을 주고 DataLoader에 넣으면 배치가 됩니다.")
    print(f"    X {list(X.shape)} {X.dtype} {X.min():.2f}~{X.max():.2f}, y {list(y.shape)} {y.dtype}")
    print("v2.ToDtype이 이미지를 0~1의 실수로, target_transform=float가 정답을 실수로 바꾸었습니다.")
    assert torch.allclose(X, pil_data.data[: len(X), None] / 255)
    assert y.dtype == torch.float64 and y.tolist() == pil_data.targets[: len(y)].tolist()
    return CustomImageDataset(labels_file, folder, pil_data.classes, to_float)


def read_labels(labels_file, image_dir, class_count):
    """CSV를 읽어 (이미지 경로, 정답 번호)의 리스트로 돌려줍니다. 틀린 줄이 있으면 파일과 줄 번호를 알립니다.

    오류는 일찍, 분명하게 알립니다. 학습을 한 시간 한 뒤에 멈추는 것보다 처음에 멈추는 것이 낫습니다.
    """
    samples = []
    # utf-8-sig는 엑셀이 앞에 붙이는 표시(BOM)를 건너뜁니다. 읽지 못할 글자는 replace로 바꾸어 그 줄에서 걸리게 합니다.
    with open(labels_file, encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        try:
            for row in reader:
                if row:  # 빈 줄은 건너뜁니다
                    samples.append(read_one_line(row, image_dir, class_count))
            if not samples:
                raise ValueError("파일이 비어 있습니다")
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{labels_file} {max(reader.line_num, 1)}번째 줄: {error}") from None
    return samples


def read_one_line(row, image_dir, class_count):
    """CSV의 한 줄 ["000.png", "9"]를 확인하고 (경로, 9)로 돌려줍니다. 틀린 까닭마다 다른 말로 알립니다."""
    if len(row) != 2:
        raise ValueError(f"'파일 이름,정답 번호' 두 칸이어야 하는데 {len(row)}칸입니다: {row}")
    name, label = row
    try:
        label = int(label)
    except ValueError:
        raise ValueError(f"정답이 정수가 아닙니다: {label!r}") from None
    if not 0 <= label < class_count:
        raise ValueError(f"정답은 0부터 {class_count - 1}까지인데 {label}입니다")
    if not (image_dir / name).is_file():
        raise ValueError(f"이미지 파일이 없습니다: {image_dir / name}")
    return image_dir / name, label


def meet_broken_labels(image_dir, classes):
    """일부러 틀린 CSV를 임시 폴더에 쓰고, 오류가 몇 번째 줄을 가리키는지 봅니다."""
    print("\n== 6. 분명한 오류 ==")
    print("데이터 파일은 틀려 있을 때가 많습니다. 어느 파일 몇 번째 줄이 왜 틀렸는지 알려야 고칠 수 있습니다.")
    good = "000.png,0\n"
    cases = {
        "없는 이미지": (good + "no_such.png,1\n", 2),
        "칸이 모자란 줄": (good + good + "001.png\n", 3),
        "정수가 아닌 정답": (good + "001.png,Bag\n", 2),
        "없는 클래스": (good + f"001.png,{len(classes)}\n", 2),
        "빈 파일": ("", 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        labels_file = Path(folder, "labels.csv")
        for name, (text, line) in cases.items():
            labels_file.write_text(text, encoding="utf-8")
            try:
                CustomImageDataset(labels_file, image_dir, classes)
            except ValueError as error:
                short = str(error).replace(str(labels_file), labels_file.name).replace(str(image_dir / "_")[:-1], "")
                print(f"    {name}: ValueError: {short}")
                assert f"{line}번째 줄" in str(error)
            else:
                raise AssertionError(f"오류가 나야 합니다: {name}")


def meet_to_tensor_error(labels_file, classes):
    """ToTensor는 PIL 이미지나 NumPy 배열을 받습니다. decode_image는 이미 텐서를 주므로 둘은 맞지 않습니다."""
    print("\n== 7. ToTensor가 깨지는 곳 ==")
    print("ToTensor는 PIL 이미지나 NumPy 배열을 텐서로 바꿉니다. decode_image가 준 것은 이미 텐서입니다.")
    dataset = CustomImageDataset(labels_file, labels_file.parent, classes, transform=ToTensor())
    print("만들 때에는 아무 일도 없습니다. 변형은 꺼낼 때 계산하기 때문입니다. dataset[0]을 꺼내면:")
    try:
        dataset[0]
    except TypeError as error:
        print(f"    TypeError: {error}")
    else:
        raise AssertionError("ToTensor는 텐서를 받지 않아야 합니다")
    image = read_image_as_tensor(dataset.samples[0][0])
    to_float = v2.ToDtype(torch.float32, scale=True)
    difference = (to_float(image) - image / 255).abs().max().item()
    print("해결: 텐서를 받는 변형 v2.ToDtype(torch.float32, scale=True)를 씁니다.")
    print(f"    image / 255와의 차이는 {difference:.0e} 이하입니다. 곱셈으로 계산하느냐 나눗셈으로 계산하느냐의 차이입니다.")
    assert difference < 1e-6


def iterate_in_batches(training_data):
    """DataLoader는 샘플을 배치로 묶습니다. for로 돌리면 배치가 하나씩 나옵니다.

    학습할 때에는 shuffle=True로 에폭(epoch)마다 순서를 바꿉니다. 늘 같은 순서로 배우면 그 순서에 물듭니다.
    """
    print("\n== 8. 데이터로더(DataLoader) ==")
    print("모델은 샘플을 하나씩이 아니라 작은 묶음, 곧 미니배치(mini-batch)로 배웁니다. DataLoader가 묶습니다.")
    first = Subset(training_data, range(min(200, len(training_data))))  # 보기 쉽게 앞의 200장만 씁니다
    train_dataloader = DataLoader(first, batch_size=64, shuffle=True)

    seen = []
    for batch, (X, y) in enumerate(train_dataloader, 1):
        print(f"    배치 {batch}: X {list(X.shape)}, y {list(y.shape)} {y.dtype}")
        seen += y.tolist()
    again = [label for _, y in train_dataloader for label in y.tolist()]
    print(f"한 바퀴, 곧 에폭(epoch) 하나 동안 {len(seen)}장을 한 번씩 보았습니다. 배치는 {len(train_dataloader)}개였습니다.")
    print(f"shuffle=True이면 에폭마다 순서가 바뀝니다. 정답 앞의 열 개: {seen[:10]} -> {again[:10]}")
    assert sorted(seen) == sorted(again) == sorted(training_data.targets[: len(first)].tolist())

    image, label = X[0], y[0].item()  # 마지막 배치의 첫 이미지
    print(f"배치에서 X[0]과 y[0]을 꺼내면 이미지 하나와 그 정답입니다: {label}번 {training_data.classes[label]!r}")
    print_image_as_text(image)


def handle_the_last_batch(dataset):
    """샘플 수가 배치 크기로 나누어떨어지지 않으면 마지막 배치가 작습니다. drop_last=True는 그것을 버립니다."""
    kept, dropped = (
        [len(X) for X, _ in DataLoader(dataset, batch_size=32, drop_last=drop_last)] for drop_last in (False, True)
    )
    print(f"나의 데이터셋 {len(dataset)}장을 32장씩 묶으면 마지막 배치가 작습니다: {kept}")
    print(f"drop_last=True이면 그 배치를 버립니다: {dropped}. 배치 크기가 늘 같아야 할 때에 씁니다.")
    assert sum(kept) == len(dataset) and dropped == [32] * (len(dataset) // 32)


def repeat_the_shuffle(seed):
    """섞는 순서는 난수입니다. 생성기(generator)에 같은 씨앗을 주면 같은 순서가 다시 나옵니다."""
    print("\n== 9. 같은 순서를 다시 ==")
    print("섞는 순서는 난수에서 나옵니다. 생성기(generator)를 정해 주면 순서를 되풀이할 수 있습니다.")

    def two_epochs():
        generator = torch.Generator().manual_seed(seed)
        dataloader = DataLoader(range(10), batch_size=10, shuffle=True, generator=generator)
        return [next(iter(dataloader)).tolist() for epoch in range(2)]

    first, again = two_epochs(), two_epochs()
    print(f"    씨앗 {seed}, 첫 번째: 에폭 1 {first[0]}  에폭 2 {first[1]}")
    print(f"    씨앗 {seed}, 두 번째: 에폭 1 {again[0]}  에폭 2 {again[1]}")
    print("두 번이 똑같습니다. 에폭마다는 순서가 바뀝니다. 생성기가 이어서 난수를 내기 때문입니다.")
    assert first == again and sorted(first[0]) == list(range(10))


def split_for_validation(training_data, seed):
    """학습용의 일부를 떼어 검증용(validation)으로 씁니다. 시험용은 마지막에 한 번만 씁니다.

    random_split이 돌려주는 것은 Subset입니다. Subset은 원래 데이터셋과 번호 목록을 기억할 뿐, 복사하지 않습니다.
    """
    print("\n== 10. 학습용과 검증용 ==")
    print("설정을 고를 때 시험용을 보면 시험 문제를 미리 본 셈입니다. 그래서 학습용에서 검증용(validation)을 떼어 냅니다.")
    splits = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(seed)
        splits.append(random_split(training_data, [0.8, 0.2], generator=generator))
    (training, validation), (training_again, validation_again) = splits
    print(f"random_split [0.8, 0.2]: 학습용 {len(training)}장, 검증용 {len(validation)}장")
    print(f"    검증용 번호의 앞: {validation.indices[:5]}, 같은 씨앗으로 다시: {validation_again.indices[:5]}")
    assert training.indices == training_again.indices and validation.indices == validation_again.indices
    assert sorted(training.indices + validation.indices) == list(range(len(training_data)))
    print("두 번이 똑같고, 겹치는 샘플도 빠진 샘플도 없습니다.")

    subset = Subset(training_data, [4, 2, 7])
    print(f"Subset(training_data, [4, 2, 7])의 길이는 {len(subset)}, 0번은 training_data[4]입니다. 복사하지 않습니다.")
    assert torch.equal(subset[0][0], training_data[4][0]) and subset.dataset is training_data


def balance_classes(training_data, seed):
    """표본 추출기(sampler)는 뽑는 순서를 정합니다. WeightedRandomSampler는 무게만큼 자주 뽑습니다.

    무게를 1/(그 클래스의 수)로 하면 클래스마다 무게의 합이 같아져서 고르게 나옵니다.
    """
    print("\n== 11. 치우친 클래스 ==")
    common, rare = 7, 8  # Sneaker와 Bag
    common_indices, rare_indices = ((training_data.targets == k).nonzero()[:, 0].tolist() for k in (common, rare))
    size = min(500, len(common_indices), 10 * len(rare_indices))
    subset = Subset(training_data, common_indices[:size] + rare_indices[: max(size // 10, 1)])
    labels = training_data.targets[subset.indices]
    counts = torch.bincount(labels, minlength=10)
    print(f"일부러 치우친 부분을 만듭니다: {describe_counts(counts, training_data.classes)}")

    weights = 1 / counts[labels]  # 샘플마다 무게 하나. 드문 클래스일수록 무겁습니다
    generator = torch.Generator().manual_seed(seed)
    # 같은 샘플을 여러 번 뽑을 수 있습니다(replacement=True). 그래서 가진 것보다 많이 뽑아도 됩니다.
    sampler = WeightedRandomSampler(weights, num_samples=1000, replacement=True, generator=generator)
    drawn = torch.cat([y for _, y in DataLoader(subset, batch_size=50, sampler=sampler)])
    after = torch.bincount(drawn, minlength=10)
    print(f"WeightedRandomSampler로 1000번 뽑으면: {describe_counts(after, training_data.classes)}")
    print(f"드문 클래스의 비율이 {counts[rare] / counts.sum():.1%}에서 {after[rare] / after.sum():.1%}로 바뀌었습니다.")
    print("다만 드문 샘플이 여러 번 나올 뿐, 새 이미지가 생기지는 않습니다.")
    assert after.sum() == 1000 and 400 <= after[rare] <= 600
    return counts, after


def describe_counts(counts, classes):
    """0이 아닌 수만 "이름 몇 장"으로 적습니다."""
    return ", ".join(f"{classes[k]} {counts[k]}장" for k in counts.nonzero()[:, 0].tolist())


def pad_and_collate(samples):
    """collate_fn은 샘플의 리스트를 받아 배치 하나를 만듭니다. 짧은 것의 뒤를 0으로 채우고, 길이도 돌려줍니다."""
    lengths = torch.tensor([len(sample) for sample in samples])
    return pad_sequence(samples, batch_first=True, padding_value=0), lengths


def batch_unequal_lengths(classes):
    """글이나 소리는 샘플마다 길이가 다릅니다. 길이가 다르면 그대로는 하나의 텐서로 묶이지 않습니다."""
    print("\n== 12. 길이가 다른 샘플: collate_fn ==")
    print("글이나 소리는 샘플마다 길이가 다릅니다. 클래스 이름의 글자 번호를 예로 듭니다.")
    sequences = [torch.tensor([ord(letter) for letter in name]) for name in classes]  # 리스트도 데이터셋이 됩니다
    try:
        next(iter(DataLoader(sequences, batch_size=3)))
    except RuntimeError as error:
        print(f"그대로 묶으면 오류입니다: RuntimeError: {str(error).splitlines()[0]}")
    else:
        raise AssertionError("길이가 다른 텐서는 묶이지 않아야 합니다")

    print("collate_fn은 샘플의 리스트를 배치로 만드는 함수입니다. 긴 것에 맞추어 0으로 채우고 길이를 함께 줍니다.")
    X, lengths = next(iter(DataLoader(sequences, batch_size=3, collate_fn=pad_and_collate)))
    for name, row, length in zip(classes, X, lengths):
        print(f"    {name:<12} 길이 {length:>2}  {row.tolist()}")
        assert "".join(chr(code) for code in row[:length]) == name and not row[length:].any()
    print(f"배치의 모양은 {list(X.shape)}입니다. 길이를 알기 때문에 채운 0을 나중에 빼고 셀 수 있습니다.")
    assert X.shape == (3, max(len(name) for name in classes[:3]))


class BatchwiseDataset(Dataset):
    """배치 하나를 한꺼번에 주는 데이터셋입니다. DataLoader는 __getitems__가 있으면 번호의 리스트를 넘깁니다.

    그러면 파이썬 함수를 64번 부르는 대신 텐서 연산 몇 번으로 64장을 바꿉니다. 데이터가 메모리에 다 있을 때에 씁니다.
    """

    def __init__(self, data, targets):
        self.data, self.targets = data, targets

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index].unsqueeze(0) / 255, self.targets[index]

    def __getitems__(self, indices):
        return self.data[indices].unsqueeze(1) / 255, self.targets[indices]  # ToTensor와 같은 값입니다


def keep_batch(batch):
    """__getitems__가 이미 배치를 만들었으므로, 묶는 일(collate_fn)은 그대로 돌려주기만 합니다."""
    return batch


def time_one_pass(dataloader, expected=None):
    """한 바퀴 돌면서 배치를 기다린 시간만 잽니다. (전체 시간, 첫 배치까지의 시간, 배치들)을 돌려줍니다.

    expected가 있으면 모든 배치가 그것과 같은지 확인합니다. 확인하는 시간은 재지 않습니다.
    """
    seconds, first, batches = 0.0, 0.0, []
    started = time.perf_counter()
    for i, (X, y) in enumerate(dataloader):
        seconds += time.perf_counter() - started
        if i == 0:
            first = seconds
        if expected is None:
            batches.append((X, y))
        else:
            assert torch.equal(X, expected[i][0]) and torch.equal(y, expected[i][1]), f"배치 {i}가 다릅니다"
        started = time.perf_counter()
    seconds += time.perf_counter() - started
    assert expected is None or i + 1 == len(expected)
    return seconds, first, batches


def compare_loading_speed(training_data, seed, batch_size=64):
    """같은 배치를 세 가지 방법으로 꺼내면서 시간을 잽니다. 생성기의 씨앗이 같으므로 순서도 같습니다."""
    print("\n== 13. 속도 ==")
    print(f"같은 {len(training_data)}장을 {batch_size}장씩, 같은 순서로, 세 가지 방법으로 꺼냅니다. 몇 초 걸립니다.", flush=True)
    batchwise_data = BatchwiseDataset(training_data.data, training_data.targets)
    methods = {  # 이름: (데이터셋, DataLoader의 설정, 재는 횟수)
        "sample by sample": (training_data, {}, 1),
        "2 workers": (training_data, {"num_workers": 2}, 1),
        "batch-wise": (batchwise_data, {"collate_fn": keep_batch}, 3),
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # 작업 프로세스도 스레드 하나로 계산하므로 조건을 맞춥니다
    results, expected = {}, None
    for name, (dataset, settings, repeats) in methods.items():
        runs = []
        for _ in range(repeats):
            generator = torch.Generator().manual_seed(seed)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "This DataLoader will create")  # CPU가 하나뿐이어도 재어 봅니다
                dataloader = DataLoader(dataset, batch_size, shuffle=True, generator=generator, **settings)
                seconds, first, batches = time_one_pass(dataloader, expected)
            expected = expected or batches  # 처음 방법의 배치를 다른 방법과 견줍니다
            runs.append((seconds, first))
        results[name] = [statistics.median(values) for values in zip(*runs)]
    torch.set_num_threads(threads)
    return {name: (len(training_data) / seconds, seconds, first) for name, (seconds, first) in results.items()}


def explain_loading_speed(speeds):
    """잰 것을 표로 알립니다. 예상이 아니라 이 컴퓨터에서 방금 잰 값입니다."""
    meanings = ("샘플 하나씩", "작업 프로세스 2개", "배치 단위 (세 번 잰 가운데 값)")
    (slowest, *_), (workers, _, worker_start), (fastest, *_) = speeds.values()
    print("    초당 장수    배율   전체(초)  첫 배치(초)  방법")
    for (name, (rate, seconds, first)), meaning in zip(speeds.items(), meanings):
        print(f"    {rate:>9.0f} {rate / slowest:>7.1f} {seconds:>10.3f} {first:>12.4f}  {name}: {meaning}")
    print("세 방법이 준 배치는 처음부터 끝까지 값이 똑같습니다.")
    print(f"배치 단위는 샘플 하나씩의 {fastest / slowest:.1f}배였습니다. __getitems__가 텐서 연산 몇 번으로 배치를 만듭니다.")
    print(f"작업 프로세스 2개(num_workers=2)는 {workers / slowest:.1f}배였습니다. 프로세스를 띄우고 첫 배치를 받기까지")
    print(f"{worker_start:.2f}초가 들었고, 배치를 넘겨받을 때마다 또 시간이 듭니다.")


class SlowDataset(Dataset):
    """샘플 하나를 꺼내는 데 오래 걸리는 데이터셋입니다. 느린 디스크나 네트워크를 기다림으로 흉내 냅니다."""

    def __init__(self, dataset, seconds):
        self.dataset, self.seconds = dataset, seconds

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        time.sleep(self.seconds)
        return self.dataset[index]


def see_when_workers_help(training_data):
    """작업 프로세스는 샘플 하나를 꺼내는 일이 오래 걸릴 때에 이롭습니다. 기다리는 일을 여럿이 나누어 맡습니다."""
    print("\n== 14. 작업 프로세스가 이로울 때 ==")
    print("샘플마다 0.005초를 기다리게 하여 느린 디스크를 흉내 냅니다. 작업 프로세스는 기다림을 나누어 맡습니다.", flush=True)
    slow_data = SlowDataset(Subset(training_data, range(min(100, len(training_data)))), seconds=0.005)
    second_epochs, expected = [], None
    for workers in (0, 2):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This DataLoader will create")
            # persistent_workers=True는 띄운 프로세스를 다음 에폭에도 그대로 씁니다.
            dataloader = DataLoader(slow_data, 10, num_workers=workers, persistent_workers=workers > 0)
            first, _, batches = time_one_pass(dataloader, expected)
            expected = expected or batches
            second, *_ = time_one_pass(dataloader, expected)
        second_epochs.append(second)
        print(f"    작업 프로세스 {workers}개: 에폭 1은 {first:.2f}초, 에폭 2는 {second:.2f}초")
    print("작업 프로세스를 띄우는 시간은 에폭 1에만 듭니다. persistent_workers=True로 계속 쓰기 때문입니다.")
    print(f"에폭 2에서 작업 프로세스 2개는 {second_epochs[0] / second_epochs[1]:.1f}배 속도였습니다. 배치의 값은 똑같습니다.")
    print("작업 프로세스는 이렇게 오래 기다릴 때, 또는 CPU 코어가 남는데 큰 사진을 풀거나 무거운 증강(augmentation)을")
    print("할 때에 씁니다. 이 장의 데이터처럼 작고 메모리에 다 있으면 배치 단위로 바꾸는 쪽을 먼저 생각하십시오.")


def draw_loading_speed(speeds):
    """초당 장수를 막대로 그립니다. 눈금은 0부터 시작하는 보통 눈금입니다."""
    rates = [rate for rate, *_ in speeds.values()]
    figure, axis = plt.subplots(figsize=(9, 3.6), layout="constrained")
    bars = axis.barh(list(speeds), rates, color=["#0072B2", "#E69F00", "#009E73"], edgecolor="black")
    axis.bar_label(bars, [f"{rate:,.0f}  (x {rate / rates[0]:.1f})" for rate in rates], padding=4)
    axis.invert_yaxis()
    axis.margins(x=0.25)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.set(title="Loading speed on this machine (same batches)", xlabel="images per second (higher is better)")
    return figure


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="3장. 데이터셋과 데이터로더", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--data-dir", type=Path, default=here / "data", metavar="DIR", help="FashionMNIST 폴더 (기본값: %(default)s)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """3장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    image_dir = args.output_dir / "data_tutorial_images"
    make_folder(args.output_dir)
    make_folder(image_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"3장. 데이터셋과 데이터로더  |  PyTorch {torch.__version__}  |  장치(device): cpu")

    FashionMNIST = find_fashion_mnist(args.data_dir)  # 보통은 torchvision의 datasets.FashionMNIST입니다
    pil_data = load_ready_made_data(FashionMNIST, args.data_dir)
    training_data, test_data = attach_transforms(FashionMNIST, args.data_dir, pil_data)
    index_a_dataset(training_data)
    train_counts, test_counts = count_classes(training_data, test_data)

    labels_file = write_image_files(pil_data, image_dir)
    my_data = compare_with_originals(labels_file, pil_data)
    meet_broken_labels(image_dir, pil_data.classes)
    meet_to_tensor_error(labels_file, pil_data.classes)

    iterate_in_batches(training_data)
    handle_the_last_batch(my_data)
    repeat_the_shuffle(args.seed)
    split_for_validation(training_data, args.seed)
    balance_classes(training_data, args.seed)
    batch_unequal_lengths(training_data.classes)
    speeds = compare_loading_speed(training_data, args.seed)
    explain_loading_speed(speeds)
    see_when_workers_help(training_data)

    samples = draw_random_samples(training_data, args.seed)
    distribution = draw_class_distribution(train_counts, test_counts, training_data.classes)
    files = [
        image_dir,
        labels_file,
        save_figure(samples, args.output_dir / "data_tutorial_samples.png"),
        save_figure(distribution, args.output_dir / "data_tutorial_classes.png"),
        save_figure(draw_loading_speed(speeds), args.output_dir / "data_tutorial_loading_speed.png"),
    ]
    if isinstance(training_data, PracticeData):
        print(PracticeData.notice)
    print_closing(files, started, "transform.py")
    show_figures(args.show)


# 직접 해 보기
#   1. main의 write_image_files(pil_data, image_dir)에 count=50을 더해 보십시오.
#      8번 수업의 마지막 배치가 4장에서 18장으로 바뀌고, drop_last=True이면 32장짜리 하나만 남습니다.
#   2. compare_loading_speed의 batch_size=64를 4로 바꾸어 보십시오.
#      배치 단위의 배율이 크게 줄어듭니다. 한 번에 바꾸는 장수가 적어서 묶는 이득이 작습니다.
#   3. balance_classes의 weights를 torch.ones(len(labels))로 바꾸어 보십시오.
#      무게가 모두 같으면 Sneaker가 열 배쯤 많이 나오고, 그 아래의 assert에서 AssertionError로 멈춥니다.


# ---- 여기부터는 여러 장에 똑같이 들어 있는 도우미입니다. 건너뛰어도 수업에는 지장이 없습니다. ----


def use_utf8_output():
    """어떤 터미널과 파이프에서도 한글이 나가게 합니다. 노트북의 출력에는 reconfigure가 없습니다."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", line_buffering=True)


def number_between(kind, low, high):
    """low 이상 high 이하의 수(kind: int 또는 float)만 받는 argparse의 type을 만듭니다."""

    def convert(text):
        try:
            number = kind(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:  # nan은 어떤 비교에서도 거짓입니다
            raise argparse.ArgumentTypeError(f"{low}부터 {high}까지의 {'정수' if kind is int else '수'}를 넣으십시오: {text}")
        return number

    return convert


def make_folder(path):
    """폴더(Path)를 만들고 쓸 수 있는지 확인합니다. 쓸 수 없으면 끝냅니다."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        sys.exit(f"오류: 이 폴더에 쓸 수 없습니다: {path} ({error.strerror})")


STALL_SECONDS = 7  # 이만큼 기다려도 새로 온 것이 없으면 다음 미러로 갑니다
SECOND_MIRROR = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
PRACTICE_NOTICE = """
[연습용 데이터] FashionMNIST를 내려받지 못하여 연습용 데이터로 수업을 이어 갑니다.
  이유: {reasons}
  연습용 데이터의 정확도는 FashionMNIST의 정확도가 아닙니다.
  해결: 인터넷에 연결하고 다시 실행하십시오. 아니면 .gz 파일 네 개를 다음 주소에서 받아
        {mirror}
        {raw} 폴더에 넣고 다시 실행하십시오. 온전한지 확인하고 풀어서 씁니다."""


def find_fashion_mnist(data_dir):
    """datasets.FashionMNIST를 돌려줍니다. 파일이 없고 내려받지도 못하면 PracticeData를 돌려줍니다."""
    raw, reasons = data_dir / "FashionMNIST" / "raw", []
    if not all((raw / name.removesuffix(".gz")).is_file() for name, md5 in datasets.FashionMNIST.resources):
        make_folder(raw)
        for mirror in [*datasets.FashionMNIST.mirrors, SECOND_MIRROR]:
            try:
                download_fashion_mnist(mirror, raw)
                break
            except Exception as error:  # 무엇이 잘못되든 다음 미러로 넘어갑니다
                reasons.append(f"{type(error).__name__}: {error}".splitlines()[-1])
        else:
            PracticeData.notice = PRACTICE_NOTICE.format(reasons="; ".join(reasons), mirror=SECOND_MIRROR, raw=raw)
            print(PracticeData.notice)
            return PracticeData
    check_fashion_mnist(raw)
    return datasets.FashionMNIST


def download_fashion_mnist(mirror, raw):
    """mirror에서 임시 폴더로 내려받고, MD5가 모두 맞으면 풀어서 raw(Path)로 옮깁니다."""

    class FashionMNIST(datasets.FashionMNIST):  # 클래스 이름이 폴더 이름이 됩니다
        mirrors = [mirror]

    def work():
        try:
            FashionMNIST(folder, download=True)
        except Exception as error:
            errors.append(error)

    print(f"FashionMNIST를 준비합니다: {mirror}", flush=True)
    with tempfile.TemporaryDirectory(dir=raw.parent, ignore_cleanup_errors=True) as folder:
        part, errors, before, size = Path(folder, "FashionMNIST", "raw"), [], -1, 0
        shutil.copytree(raw, part)  # 손으로 넣어 둔 온전한 .gz 파일은 다시 받지 않습니다
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        while worker.is_alive() and before < size:
            worker.join(STALL_SECONDS)
            before, size = size, sum(path.stat().st_size for path in part.iterdir())
        if worker.is_alive():  # 멈춘 미러는 버려두고 떠납니다
            raise TimeoutError(f"{STALL_SECONDS}초 동안 아무것도 오지 않았습니다")
        if errors:
            raise errors[0]
        for path in part.glob("*-ubyte"):
            os.replace(path, raw / path.name)


def check_fashion_mnist(raw):
    """네 파일을 읽어 봅니다. 손상된 것이 있으면 이름을 알리고 끝냅니다. 아무것도 지우지 않습니다."""
    for split in ("train", "t10k"):
        try:
            images = read_image_file(path := raw / f"{split}-images-idx3-ubyte")
            labels = read_label_file(path := raw / f"{split}-labels-idx1-ubyte")
            if images.shape != (len(labels), 28, 28) or labels.max() > 9:
                raise ValueError("이미지와 정답이 서로 맞지 않습니다")
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            sys.exit(f"오류: {path} 파일이 손상되었습니다 ({reason}). {raw} 폴더를 지우고 다시 실행하십시오.")


class PracticeData(datasets.FashionMNIST):
    """FashionMNIST처럼 쓰는 연습용 데이터입니다. data는 uint8 [N, 28, 28], targets는 int64 [N]입니다."""

    notice = ""
    bitmaps = """
        ####### .#####. ####### ..###.. ##...## ....... ####### ....... ..###.. ...##..
        ####### .#####. ####### ..###.. ####### ....... ##.#.## ....... .#...#. ...##..
        .#####. .##.##. ####### ...#... ####### #...... ##.#.## ....### ####### ...##..
        .#####. .##.##. #.###.# ..###.. ###.### .##.... #.###.# ..##### ####### ..###..
        .#####. .##.##. #.###.# ..###.. ###.### ...##.# #.#.#.# ####### ####### #####..
        .#####. .##.##. #.###.# .#####. ###.### ######. #.###.# ####### ####### #######
        .#####. .##.##. ..###.. .#####. .##.##. ....... ..#.#.. ....... ####### ##...##"""

    def __init__(self, root=None, train=True, transform=None, target_transform=None, download=False):
        datasets.VisionDataset.__init__(self, root, transform=transform, target_transform=target_transform)
        self.train, n, random = train, 6000 if train else 1000, torch.Generator().manual_seed(int(train))
        rows = [[[dot == "#" for dot in shape] for shape in line.split()] for line in self.bitmaps.split("\n")[1:]]
        shapes = torch.tensor(rows).float().transpose(0, 1).repeat_interleave(3, dim=1).repeat_interleave(3, dim=2)
        shapes = nn.functional.pad(shapes, (3, 4, 3, 4))  # [10, 7, 7]을 세 배로 키우고 둘레를 붙여 [10, 28, 28]
        self.targets = torch.randint(10, (n,), generator=random)
        row, column = (torch.randint(-3, 4, (2, n, 1), generator=random) + torch.arange(28)) % 28  # 옮기기
        images = shapes[self.targets[:, None, None], row[:, :, None], column[:, None, :]]
        images = images * torch.empty(n, 1, 1).uniform_(0.2, 1, generator=random)  # 밝기 바꾸기
        images = images + 0.3 * torch.randn(n, 28, 28, generator=random)  # 잡음 더하기
        self.data = (255 * images.clamp(0, 1)).to(torch.uint8)


def prepare_figures(show):
    """창을 띄우지 않거나 띄울 수 없을 때에는 화면이 없어도 되는 방식(agg)으로 그립니다."""
    try:
        plt.switch_backend(plt.get_backend() if show else "agg")
    except ImportError:  # MPLBACKEND로 정한 창을 이 화면에 띄울 수 없습니다
        plt.switch_backend("agg")


def save_figure(figure, path):
    """그림을 PNG로 저장하고 그 경로를 돌려줍니다."""
    figure.savefig(path, dpi=120)
    return path


def show_figures(show):
    """show가 참이면 그림을 창으로 보여 줍니다. 창을 닫으면 끝납니다."""
    if show and plt.get_backend().lower() == "agg":
        print("이 환경에서는 창을 띄울 수 없습니다. 저장한 그림 파일을 열어 보십시오.")
    elif show:
        plt.show()


def print_closing(files, started, next_chapter):
    """만든 파일, 걸린 시간, 다음 장을 알립니다. started는 시작할 때의 time.perf_counter()입니다."""
    print("\n만든 파일:")
    for path in files:
        print(f"    {path}")
    print(f"걸린 시간: {time.perf_counter() - started:.1f}초")
    print(f"다음 장: {next_chapter}")


if __name__ == "__main__":
    main()
