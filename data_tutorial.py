"""3장. Dataset과 DataLoader: 샘플과 정답을 저장하고, 배치로 묶어 불러옵니다.

TorchVision의 데이터셋을 살펴보고, 이미지 파일과 labels.csv로 사용자 정의 데이터셋을 직접 만듭니다.
그다음 데이터를 섞고, 분리하고, 고르게 샘플링합니다. 마지막으로 여러 방법의 속도를 비교합니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python data_tutorial.py
    python data_tutorial.py --seed 1 --show     # 다른 순서로 섞고, 끝날 때 그림을 창에 표시합니다
    python data_tutorial.py --help              # 모든 옵션을 출력합니다

목차
    1. 데이터셋(Dataset) 불러오기              open_fashion_mnist
    2. transform과 target_transform            apply_transforms
    3. 인덱싱과 Subset                         index_samples
    4. 사용자 정의 데이터셋                    CustomImageDataset, read_labels, read_image_folder
    5. labels.csv의 오류                       find_broken_lines
    6. 데이터로더(DataLoader)                  iterate_in_batches
    7. 같은 순서 재현하기                      repeat_the_order
    8. 클래스 분포                             count_classes, class_index
    9. 학습용과 검증용 분리하기                split_for_validation
    10. 학습용에만 증강 적용하기               augment_training_only
    11. 불균형 클래스와 샘플러(sampler)        balance_classes
    12. 길이가 다른 샘플과 collate_fn          pad_and_collate, batch_unequal_lengths
    13. 데이터를 불러오는 속도                 compare_loading_speed, load_into_memory
    14. 워커가 유리한 경우                     use_workers, read_slowly

다음 장은 transform.py입니다.
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "torchvision>=0.25.0", "matplotlib>=3.9.0"]
# ///

import argparse
import atexit
import contextlib
import copy
import csv
import inspect
import os
import shutil
import socket
import sys
import tempfile
import textwrap
import time
import traceback
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from PIL import Image
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import BatchSampler, DataLoader, Dataset, Subset, TensorDataset, WeightedRandomSampler
from torchvision import datasets
from torchvision.transforms import ToTensor, v2


def open_fashion_mnist(data_dir):
    """1. 데이터셋(Dataset) 불러오기

    데이터를 처리하는 코드를 학습 코드와 분리하면 코드를 읽기 쉽고, 학습 코드를 변경하지 않고도 다른
    데이터를 사용할 수 있습니다. PyTorch에서는 Dataset이 샘플과 정답을 저장하고, DataLoader가 Dataset을
    배치 단위로 순회 가능한 객체(iterable)로 감쌉니다.

    root에는 데이터를 저장할 경로를 지정합니다. train은 학습용(True)과 테스트용(False) 중 하나를
    선택합니다. download=True를 지정하면 root에 데이터가 없을 때만 인터넷에서 내려받습니다.
    """
    images_file = Path(data_dir, "FashionMNIST", "raw", "train-images-idx3-ubyte")
    saved = images_file.stat().st_mtime_ns
    training_data = datasets.FashionMNIST(root=data_dir, train=True, download=True)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True)
    show(f"{len(training_data), len(test_data) = }", "학습용, 테스트용 샘플의 개수")
    check("root에 있는 파일은 다시 내려받지 않습니다", images_file.stat().st_mtime_ns == saved)
    with tempfile.TemporaryDirectory() as empty_dir, expect(RuntimeError):
        datasets.FashionMNIST(root=empty_dir, train=True, download=False)


def apply_transforms(data_dir, raw_data):
    """2. transform과 target_transform

    transform은 샘플을, target_transform은 정답을 입력으로 받아 변환한 결과를 반환하는 함수입니다.
    저장된 데이터를 미리 변환하지 않고, 샘플을 가져올 때마다 함수를 호출합니다. 예를 들어 ToTensor()는
    PIL 이미지를 텐서로 변환하고, 0~255의 픽셀 값을 0~1의 실수(float)로 조정합니다.
    """
    training_data = datasets.FashionMNIST(root=data_dir, train=True, transform=ToTensor())
    test_data = datasets.FashionMNIST(root=data_dir, train=False, transform=ToTensor())
    before, after = raw_data[0][0], training_data[0][0]
    show(f"{before.size, before.mode = }", "PIL 이미지의 너비와 높이, 회색조(L)")
    show(f"{before.getextrema() = }", "픽셀의 최솟값과 최댓값")
    show(f"{after.shape, after.dtype = }", "채널, 높이, 너비")
    show(f"{after.min(), after.max() = }")
    shoe_data = datasets.FashionMNIST(root=data_dir, train=False, target_transform=lambda y: int(y in (5, 7, 9)))
    show(f"{shoe_data.targets[:8] = }", "저장된 정답")
    show(f"{[shoe_data[i][1] for i in range(8)] = }", "변환한 정답: 신발이면 1")
    calls = []
    counted_data = datasets.FashionMNIST(data_dir, transform=calls.append, target_transform=calls.append)
    samples = [counted_data[0] for _ in range(3)]
    check("샘플을 가져올 때마다 transform과 target_transform이 호출됩니다", len(calls) == 2 * len(samples))
    return training_data, test_data


def index_samples(training_data):
    """3. 인덱싱과 Subset

    데이터셋은 리스트처럼 len()으로 샘플의 개수를 확인하고, 인덱스로 샘플과 정답을 가져올 수 있습니다.
    하지만 이 데이터셋에는 인덱스를 하나만 지정해야 하며, 슬라이스는 사용할 수 없습니다. 샘플 여러 개를
    선택할 때는 Subset을 사용합니다. Subset은 원본 데이터셋과 인덱스의 목록을 저장한 데이터셋입니다.
    """
    image, label = training_data[0]
    show(f"{image.shape = }")
    show(f"{label = }", "정답")
    with expect(ValueError):
        training_data[0:3]
    subset = Subset(training_data, range(3))
    show(f"{[label for image, label in subset] = }")
    check("Subset은 데이터셋을 복사하지 않고 공유합니다", subset.dataset is training_data)


class CustomImageDataset(Dataset):
    """폴더에 있는 이미지와 CSV 파일의 정답으로 만든 데이터셋입니다."""

    def __init__(self, labels_file, image_dir, transform=None, target_transform=None):
        self.samples = read_labels(labels_file, image_dir)
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = Image.open(path).convert("L")  # 컬러 이미지로 읽으려면 "RGB"를 지정합니다
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


def read_labels(labels_file, image_dir):
    """CSV의 각 줄을 (이미지 경로, 정수 정답)으로 변환합니다. 잘못된 줄이 있으면 줄 번호와 함께 오류가 발생합니다."""
    samples = []
    with open(labels_file, encoding="utf-8-sig", errors="replace", newline="") as file:  # -sig: 엑셀의 BOM을 제외합니다
        reader = csv.reader(file)
        try:
            for name, *rest in filter(None, reader):
                path, label = Path(image_dir, name), ",".join(rest)
                if not label.strip().isdecimal():
                    header = reader.line_num == 1 and not path.is_file()
                    raise ValueError("제목 줄(header)이면 삭제하세요" if header else f"잘못된 정답입니다: {label!r}")
                if not path.is_file():
                    raise ValueError(f"이미지 파일이 없습니다: {name!r}")
                samples.append((path, int(label)))
            if not samples:
                raise ValueError("샘플이 없습니다")
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{labels_file} {reader.line_num}번째 줄: {error}") from None
    return samples


def read_image_folder(raw_data, image_dir):
    """4. 사용자 정의 데이터셋

    사용자 정의 데이터셋은 Dataset을 상속받고 메서드 3개를 구현합니다. __init__은 객체를 생성할 때 한 번
    호출되어 파일 목록을 저장하고, __len__은 샘플의 개수를 반환합니다. __getitem__은 인덱스에 해당하는
    이미지를 파일에서 읽고 변환한 뒤, 샘플과 정답을 반환합니다.

    여기서는 이미지를 PIL로 읽고 v2.ToImage()를 사용해 텐서로 변환합니다. 파일을 바로 텐서로 읽는
    torchvision.io.decode_image는 TorchVision 0.29부터 사용이 권장되지 않으며(deprecated), 이후 버전에서
    제거되고 TorchCodec 라이브러리로 대체됩니다.
    """
    labels_file = write_image_files(raw_data, image_dir)
    custom_data = CustomImageDataset(labels_file, image_dir)
    print(f"    이미지와 정답: {labels_file.parent}")
    show(f"{labels_file.read_text().split()[:3] = }")
    images, labels = zip(*custom_data)
    old_images, old_labels = zip(*Subset(raw_data, range(len(custom_data))))
    same_pixels = [torch.equal(*(v2.ToImage()(x).float().mean(0) for x in pair)) for pair in zip(images, old_images)]
    check("파일에서 읽은 이미지는 모든 픽셀이 원본과 같습니다", all(same_pixels))
    check("파일에서 읽은 정답도 원본과 같습니다", labels == old_labels)
    transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    custom_data = CustomImageDataset(labels_file, image_dir, transform=transform)
    X, y = next(iter(DataLoader(custom_data, batch_size=32)))
    show(f"{X.shape, X.dtype = }")
    show(f"{y.shape, y.dtype = }", "정수 정답은 학습에 사용할 수 있습니다")
    loss = nn.CrossEntropyLoss()(torch.zeros(len(X), 10), y)
    show(f"{loss = }", "모든 로짓이 0일 때의 손실 ln(10)")
    return custom_data


def write_image_files(raw_data, folder, count=100):
    """처음 count개의 이미지를 PNG 파일로, 정답을 labels.csv로 저장합니다. 정답의 각 줄은 "000.png,9"와 같습니다."""
    lines = []
    for i in range(min(count, len(raw_data))):
        image, label = raw_data[i]
        lines.append(f"{i:03}.png,{label}\n")
        with save_whole(folder / f"{i:03}.png") as path:
            image.save(path)
    with save_whole(folder / "labels.csv") as path:
        path.write_text("".join(lines), encoding="utf-8")
    return folder / "labels.csv"


def find_broken_lines(image_dir):
    """5. labels.csv의 오류

    데이터 파일에는 오류가 있는 경우가 많습니다. 따라서 데이터셋을 생성할 때 모든 줄을 확인하고, 오류
    메시지에 파일과 줄 번호를 포함합니다. 제목 줄(header)이 있는 파일에서도 오류가 발생합니다.
    """
    good = "000.png,9"
    with tempfile.TemporaryDirectory() as folder:
        labels_file = Path(folder, "labels.csv")
        for lines in (["file,label", good], [good, "no_such.png,1"], [good, "000.png"], [good, "000.png,Bag"]):
            labels_file.write_text("\n".join(lines), encoding="utf-8")
            show(f"{lines = }")
            with expect(ValueError):
                CustomImageDataset(labels_file, image_dir)


def iterate_in_batches(dataset):
    """6. 데이터로더(DataLoader)

    모델은 샘플을 작은 묶음, 즉 미니배치(mini-batch) 단위로 학습합니다. DataLoader를 for 문으로 순회하면
    배치가 하나씩 반환되며, shuffle=True를 지정하면 에폭(epoch)마다 순서를 섞습니다. 샘플 수가 배치
    크기로 나누어떨어지지 않으면 마지막 배치가 작아지고, drop_last=True는 이 배치를 제외합니다.
    """
    dataloader = DataLoader(dataset, batch_size=32, shuffle=True)
    sizes = []
    for batch, (X, y) in enumerate(dataloader):
        print(f"    배치 {batch}: X {list(X.shape)}, y {list(y.shape)}")
        sizes.append(len(X))
    check("1에폭에 불러온 샘플의 개수는 데이터셋의 크기와 같습니다", sum(sizes) == len(dataset))
    check("len(dataloader)는 배치의 개수입니다", len(sizes) == len(dataloader))
    full_batches = DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)
    show(f"{[len(X) for X, y in full_batches] = }")
    check("drop_last=True이면 배치의 크기가 모두 같습니다", len({len(X) for X, y in full_batches}) <= 1)


def repeat_the_order(seed):
    """7. 같은 순서 재현하기

    샘플을 섞는 순서는 난수로 결정됩니다. 따라서 시드(seed)를 설정한 생성기(generator)를 전달하면 같은
    순서를 재현할 수 있습니다. 생성기는 난수를 이어서 생성하므로, 다음 에폭의 순서는 달라집니다.
    여기서는 len()과 인덱싱을 지원하는 range를 데이터셋으로 사용합니다.
    """
    generator = torch.Generator().manual_seed(seed)
    dataloader = DataLoader(range(20), batch_size=20, shuffle=True, generator=generator)
    epoch1 = torch.cat(list(dataloader)).tolist()
    epoch2 = torch.cat(list(dataloader)).tolist()
    generator.manual_seed(seed)
    again = torch.cat(list(dataloader)).tolist()
    show(f"{epoch1 = }")
    show(f"{epoch2 = }")
    show(f"{again = }")
    check("에폭마다 순서가 다릅니다", epoch1 != epoch2)
    check("같은 시드를 다시 설정하면 순서도 같습니다", epoch1 == again)


def count_classes(training_data, test_data):
    """8. 클래스 분포

    학습하기 전에 클래스별 샘플의 개수를 확인합니다. 한 클래스가 훨씬 많은 불균형(imbalanced)
    데이터에서는 모델이 항상 그 클래스로만 예측해도 정확도가 높게 나옵니다.
    """
    train_labels = torch.cat([class_index(y) for X, y in DataLoader(training_data, batch_size=1000)])
    test_labels = torch.cat([class_index(y) for X, y in DataLoader(test_data, batch_size=1000)])
    names = range(10) if getattr(training_data, "target_transform", None) else datasets.FashionMNIST.classes
    for k, name in enumerate(names):  # target_transform이 있으면 클래스 이름 대신 번호를 출력합니다
        print(f"    {name:<12} 학습용 {(train_labels == k).sum():>5}개, 테스트용 {(test_labels == k).sum():>5}개")
    check("샘플마다 정답이 하나씩 있습니다", len(train_labels) == len(training_data))
    return train_labels, test_labels


def class_index(y):
    """정답의 클래스 번호 [N]을 반환합니다. 원-핫(one-hot) 정답 [N, C]도 전달할 수 있습니다."""
    return y.argmax(1) if y[0].numel() > 1 else y.flatten().long()


def split_for_validation(training_data, seed):
    """9. 학습용과 검증용 분리하기

    학습률 등의 설정을 테스트용 데이터의 결과를 보고 선택하면, 테스트 정확도가 실제 성능보다 높게
    나옵니다. 따라서 학습용 데이터의 일부를 검증용(validation)으로 분리합니다. random_split은 겹치지
    않는 Subset을 반환하며, 생성기를 전달하면 같은 결과를 재현할 수 있습니다.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = torch.utils.data.random_split(training_data, [0.8, 0.2], generator=generator)
    show(f"{[len(part) for part in parts] = }")
    show(f"{parts[-1].indices[:5] = }")
    again = torch.utils.data.random_split(training_data, [len(p) for p in parts], generator.manual_seed(seed))
    check("같은 시드로 다시 분리하면 결과가 같습니다", all(a.indices == b.indices for a, b in zip(parts, again)))
    every_index = sorted(index for part in parts for index in part.indices)
    check("Subset은 서로 겹치지 않고, 합치면 모든 샘플을 포함합니다", every_index == list(range(len(training_data))))


def augment_training_only(data_dir, seed):
    """10. 학습용에만 증강 적용하기

    증강(augmentation)은 학습용 이미지를 무작위로 변형하는 방법이며, 다음 장에서 자세히 다룹니다. 검증용
    이미지는 변형하지 않습니다. 하지만 random_split이 반환한 Subset은 데이터셋과 transform을 공유하므로,
    학습용의 transform을 변경하면 검증용도 변경됩니다. 데이터셋을 따로 생성하고 같은 인덱스로 Subset을
    만들면 학습용에만 증강을 적용할 수 있습니다.
    """
    torch.manual_seed(seed)
    augment = v2.Compose([v2.RandomRotation(45), ToTensor()])
    shared_data = datasets.FashionMNIST(root=data_dir, transform=ToTensor())
    training_part, validation_part = torch.utils.data.random_split(shared_data, [0.8, 0.2])
    original = torch.stack([validation_part[i][0] for i in range(6)])
    training_part.dataset.transform = augment  # 잘못된 방법: 검증용 부분의 데이터셋도 같은 객체입니다
    wrong = torch.stack([validation_part[i][0] for i in range(6)])
    check("학습용과 검증용 부분은 데이터셋 하나를 공유합니다", training_part.dataset is validation_part.dataset)
    check("따라서 검증용 부분에도 증강이 지정됩니다", validation_part.dataset.transform is augment)
    augmented_data = datasets.FashionMNIST(root=data_dir, transform=augment)
    plain_data = datasets.FashionMNIST(root=data_dir, transform=ToTensor())
    training_part = Subset(augmented_data, training_part.indices)
    validation_part = Subset(plain_data, validation_part.indices)
    training = torch.stack([training_part[i][0] for i in range(6)])
    right = torch.stack([validation_part[i][0] for i in range(6)])
    check("데이터셋을 따로 생성하면 검증용 샘플은 변형되지 않습니다", torch.equal(right, original))
    return original, wrong, training, right


def balance_classes(training_data, labels, seed):
    """11. 불균형 클래스와 샘플러(sampler)

    샘플러는 샘플을 가져오는 순서를 결정합니다. WeightedRandomSampler는 기본적으로 중복을 허용하며,
    가중치에 비례하는 확률로 샘플을 뽑습니다. 가중치를 1 / (클래스의 샘플 개수)로 지정하면 모든 클래스가
    비슷한 횟수만큼 나옵니다. 하지만 샘플이 적은 클래스의 이미지가 반복될 뿐, 새로운 이미지가 생기지는
    않습니다.
    """
    common, rare = labels.unique()[:2]
    common_indices = (labels == common).nonzero()[:500, 0].tolist()
    rare_indices = (labels == rare).nonzero()[: max(len(common_indices) // 10, 1), 0].tolist()
    imbalanced_data = Subset(training_data, common_indices + rare_indices)
    y = labels[imbalanced_data.indices]
    show(f"{y.bincount() = }", "클래스별 샘플의 개수")
    weights = 1 / y.bincount()[y]  # 샘플별 가중치
    generator = torch.Generator().manual_seed(seed)
    sampler = WeightedRandomSampler(weights, num_samples=1000, generator=generator)
    drawn = torch.cat([class_index(y) for X, y in DataLoader(imbalanced_data, batch_size=100, sampler=sampler)])
    show(f"{drawn.bincount() = }", "샘플러를 사용한 결과")
    check("클래스별 가중치의 합이 같습니다", torch.isclose(weights[y == common].sum(), weights[y == rare].sum()))


def pad_and_collate(samples):
    """샘플의 리스트를 받아, 가장 긴 샘플에 맞추어 뒤를 0으로 패딩한 배치와 원래 길이를 반환합니다."""
    lengths = torch.tensor([len(sample) for sample in samples])
    return pad_sequence(samples, batch_first=True, padding_value=0), lengths


def batch_unequal_lengths():
    """12. 길이가 다른 샘플과 collate_fn

    텍스트나 오디오는 길이가 달라서 그대로는 묶을 수 없습니다. 이때는 샘플의 리스트를 배치로 변환하는
    함수를 collate_fn으로 전달합니다. 여기서는 클래스 이름의 문자 코드를 0으로 패딩(padding)합니다.
    """
    classes = datasets.FashionMNIST.classes
    names = [torch.tensor([ord(letter) for letter in name]) for name in classes]
    with expect(RuntimeError):
        next(iter(DataLoader(names, batch_size=3)))
    X, lengths = next(iter(DataLoader(names, batch_size=3, collate_fn=pad_and_collate)))
    show(f"{X = }")
    restored = ["".join(map(chr, row[:length])) for row, length in zip(X, lengths)]
    show(f"{lengths, restored = }")
    check("길이를 알면 패딩을 제외하고 원래 샘플을 복원할 수 있습니다", set(restored) <= set(classes))


def load_into_memory(dataset):
    """transform과 target_transform을 적용한 모든 샘플과 정답을 배치 하나로 불러와 TensorDataset으로 반환합니다."""
    X, y = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    return TensorDataset(X, y)


def prepare_dataloaders(dataset, seed, batch_size, workers):
    """같은 배치를 같은 순서로 불러오는 데이터로더를 방법별로 생성합니다."""
    torch.set_num_threads(1)  # 워커처럼 스레드 하나만 사용해 조건을 맞춥니다
    warnings.filterwarnings("ignore", "This DataLoader will create")  # CPU 코어가 워커보다 적어도 측정합니다
    memory = load_into_memory(dataset)
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed)).tolist()
    batches = BatchSampler(order, batch_size, drop_last=False)
    return {
        "sample by sample": DataLoader(dataset, batch_size, sampler=order),
        f"{workers} workers": DataLoader(dataset, batch_size, sampler=order, num_workers=workers),
        "load_into_memory": DataLoader(memory, batch_size, sampler=order),
        "list of samples": DataLoader(list(zip(*memory.tensors)), batch_size, sampler=order),
        "BatchSampler": DataLoader(memory, batch_size=None, sampler=batches),
        f"BatchSampler, {workers} workers": DataLoader(memory, batch_size=None, sampler=batches, num_workers=workers),
    }


def time_one_pass(dataloader):
    """모든 배치를 한 번 순회하는 시간(초)을 반환합니다."""
    started = time.perf_counter()
    for _ in dataloader:
        pass
    return time.perf_counter() - started


def load_all(dataloader):
    """한 번 순회하는 시간(초), 모든 샘플, 모든 정답을 반환합니다. 워커가 없으면 3번 더 측정한 중앙값입니다."""
    started = time.perf_counter()
    batches = [(X.clone(), y.clone()) for X, y in dataloader]
    seconds = time.perf_counter() - started
    if not dataloader.num_workers:
        seconds = sorted(time_one_pass(dataloader) for _ in range(3))[1]
    return seconds, *(torch.cat(parts) for parts in zip(*batches))


def compare_loading_speed(training_data, seed, batch_size=64, workers=2):
    """13. 데이터를 불러오는 속도

    DataLoader는 기본적으로 샘플을 하나씩 가져와 배치로 묶습니다(sample by sample). num_workers를
    지정하면 워커(worker) 프로세스가 대신 가져옵니다. load_into_memory는 모든 샘플을 배치 하나로 불러와
    메모리에 저장합니다. 이때 transform을 한 번만 적용하므로, 무작위 변형의 결과도 에폭마다 같습니다.

    list of samples는 저장한 텐서를 샘플별로 미리 나눈 리스트입니다. 표에 없는 메서드 __getitems__는
    배치의 인덱스를 리스트로 받아 샘플의 리스트를 반환하지만, 샘플을 한 번에 읽지 않으면 빨라지지
    않습니다. batch_size=None과 함께 sampler로 BatchSampler를 전달하면 TensorDataset이 배치를 직접
    반환합니다. 표의 load_into_memory부터는 저장한 데이터로 측정하고, 저장하는 시간은 제외합니다. 이미
    빠른 방법에 워커를 추가하면, 프로세스를 시작하고 배치를 전달하는 시간 때문에 보통 더 느려집니다.

    Windows와 macOS 등의 워커는 이 파일을 다시 불러옵니다. 따라서 실행 코드는 if __name__ == "__main__":
    안에 작성하고, transform은 lambda가 아니라 최상위에 정의한 함수나 클래스의 객체여야 합니다.
    """
    dataset = Subset(training_data, range(min(8000, len(training_data))))
    dataloaders = prepare_dataloaders(dataset, seed, batch_size, workers)
    results = {method: load_all(dataloader) for method, dataloader in dataloaders.items()}
    speeds = {method: len(dataset) / seconds for method, (seconds, X, y) in results.items()}
    print(f"    샘플 {len(dataset)}개, 배치 크기 {batch_size}\n    {'':<32}초당 샘플 수    배율")
    for method, speed in speeds.items():
        print(f"    {method:<32}{speed:>14,.0f}{speed / speeds['sample by sample']:>8.1f}")
    _, X, y = results["sample by sample"]
    few = Subset(dataset, range(min(100, len(dataset))))
    random = not torch.equal(load_into_memory(few).tensors[0], load_into_memory(few).tensors[0])
    check("모든 방법이 같은 순서로 샘플을 가져옵니다", all(torch.equal(y, result[2]) for result in results.values()))
    same = all(torch.equal(X, result[1]) for result in results.values())
    check("무작위 변형이 없으면 모든 방법의 배치가 똑같습니다", same or random)
    return speeds


def read_slowly(image):
    """느린 디스크나 네트워크를 time.sleep으로 흉내 내는 transform입니다."""
    time.sleep(0.005)
    return ToTensor()(image)


def use_workers(data_dir, workers=2):
    """14. 워커가 유리한 경우

    워커는 샘플 하나를 가져오는 데 오래 걸릴 때 유리합니다. 여기서는 time.sleep으로 느린 디스크를 흉내
    냅니다. 이때 여러 워커가 동시에 작업하므로 시간이 줄어듭니다. persistent_workers=True를 지정하면
    다음 에폭에도 같은 워커를 사용하므로, 프로세스를 시작하는 시간이 첫 에폭에만 필요합니다.
    """
    slow_data = Subset(datasets.FashionMNIST(root=data_dir, train=False, transform=read_slowly), range(60))
    for num_workers in (0, workers):
        dataloader = DataLoader(slow_data, 10, num_workers=num_workers, persistent_workers=num_workers > 0)
        first, second = (time_one_pass(dataloader) for epoch in range(2))
        print(f"    워커 {num_workers}개: 에폭 1은 {first:.2f}초, 에폭 2는 {second:.2f}초")


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    output_dir = prepare_outputs(args.output_dir, args.show)
    image_dir = prepare_outputs(output_dir / "data_tutorial_images", args.show)
    torch.manual_seed(args.seed)
    print(f"3장. Dataset과 DataLoader  |  PyTorch {torch.__version__}  |  장치(device): cpu")
    data_dir = prepare_fashion_mnist(args.data_dir)
    teach(open_fashion_mnist, data_dir)
    raw_data = datasets.FashionMNIST(root=data_dir)
    training_data, test_data = teach(apply_transforms, data_dir, raw_data)
    teach(index_samples, training_data)
    save_figure(draw_samples(training_data, args.seed), output_dir / "data_tutorial_samples.png")
    custom_data = teach(read_image_folder, raw_data, image_dir)
    teach(find_broken_lines, image_dir)
    teach(iterate_in_batches, custom_data)
    teach(repeat_the_order, args.seed)
    labels = teach(count_classes, training_data, test_data)
    save_figure(draw_class_distribution(*labels, training_data), output_dir / "data_tutorial_classes.png")
    teach(split_for_validation, training_data, args.seed)
    images = teach(augment_training_only, data_dir, args.seed)
    save_figure(draw_shared_transform(*images), output_dir / "data_tutorial_shared_transform.png")
    teach(balance_classes, training_data, labels[0], args.seed)
    teach(batch_unequal_lengths)
    speeds = teach(compare_loading_speed, training_data, args.seed)
    save_figure(draw_loading_speed(speeds), output_dir / "data_tutorial_loading_speed.png")
    teach(use_workers, data_dir)
    teach(check_practice)
    finish(started, "transform.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="3장. 데이터 불러오기", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--data-dir", type=Path, default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 2**32 미만이어야 합니다")
    return args


# 직접 해 보기
#   1. write_image_files의 count=100을 count=50으로 변경해 보세요. 6번 절에서 마지막 배치의 크기가 18이 됩니다.
#   2. compare_loading_speed의 batch_size=64를 batch_size=8로 변경해 보세요. BatchSampler의 배율이 크게 줄어듭니다.
#   3. balance_classes의 weights를 torch.ones(len(y))로 변경해 보세요. 1번 클래스가 약 90번만 나오고 ✗가 표시됩니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def balanced_weights(labels):
    """클래스별 합이 서로 같고, 모두 더하면 1인 샘플별 가중치 [N]을 반환하세요. labels는 정수 정답 [N]입니다.
    예: labels가 [0, 0, 0, 5]이면 [1/6, 1/6, 1/6, 1/2]입니다.
    힌트: 11번 절의 가중치를 모두 계산한 뒤, 그 합으로 나누어 보세요.
    """
    return None


def pair_dataset(a, b):
    """i번째 샘플이 (a[i], b[i])인 Dataset 객체를 반환하세요. 길이는 a와 b 중 짧은 것과 같습니다.
    예: a가 [1, 2, 3]이고 b가 [4, 5]이면 길이는 2이고, 인덱스 1의 샘플은 (2, 5)입니다.
    힌트: 함수 안에서 Dataset을 상속받는 클래스를 정의해 보세요.
    """
    return None


def pad_left(samples):
    """길이가 다른 텐서의 리스트에서 짧은 텐서의 앞을 0으로 패딩해, 배치 [N, L]을 반환하는 collate_fn을 작성하세요.
    예: samples가 [1, 2, 3]과 [4]이면 [[1, 2, 3], [0, 0, 4]]입니다.
    힌트: nn.functional.pad(x, (개수, 0))과 torch.stack을 사용해 보세요.
    """
    return None


def validation_indices(labels, n):
    """정답 labels [N]에서 클래스마다 처음 n개의 인덱스를 선택해 오름차순으로 반환하세요. 부족하면 모두 선택합니다.
    예: labels가 [2, 0, 2, 2, 0]이고 n이 1이면 [0, 1]입니다.
    힌트: 클래스마다 (labels == k).nonzero()[:n, 0]을 계산해 보세요.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    labels, a, b = torch.tensor([3, 0, 3, 3, 1, 0, 3]), torch.arange(5), torch.arange(10, 17)

    def pairs(dataset):
        if not isinstance(dataset, Dataset):
            raise TypeError(f"Dataset이 아닙니다: {dataset!r}")
        return torch.tensor([[int(value) for value in dataset[i]] for i in range(len(dataset))])

    inputs = (labels,), (a,), (labels[2:4],)
    practice(balanced_weights, lambda y: 1 / (y == y[:, None]).sum(1) / len(y.unique()), *inputs)
    inputs = (a, b), (b, a), (a[:0], b)
    practice(pair_dataset, lambda x, y: Subset(list(zip(x, y)), range(min(len(x), len(y)))), *inputs, to_tensor=pairs)
    inputs = ([a[1:4], b[:1], a],), ([b[:1], labels],), ([labels],)
    practice(pad_left, lambda x: pad_sequence([t.flip(0) for t in x], batch_first=True).flip(1), *inputs)
    inputs = (labels, 1), (labels.flip(0), 2), (labels, 99)
    practice(validation_indices, lambda y, n: [i for i, k in enumerate(y) if (y[:i] == k).sum() < n], *inputs)


# ---- 그림을 그리는 함수입니다. ----
def draw_samples(dataset, seed):
    """무작위로 선택한 샘플 9개를 3x3으로 그립니다."""
    indices = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))[:9].tolist()
    figure, axes = plt.subplots(3, 3, figsize=(6.6, 7.2), layout="constrained")
    figure.suptitle("Random training samples with their labels")
    for axis, index in zip(axes.flat, indices):
        image, label = dataset[index]
        number = int(class_index(torch.as_tensor(label)[None]))
        named = not getattr(dataset, "target_transform", None)  # 변환한 정답에는 클래스 이름이 맞지 않습니다
        name = datasets.FashionMNIST.classes[number] if named else f"label {number}"
        axis.imshow(
            torch.atleast_2d(image.float().reshape(-1, *image.shape[-2:]).mean(0)).numpy(), cmap="gray"
        )  # 채널 평균
        axis.set_title(f"{name}\n(index {index})", fontsize=11)
        axis.axis("off")
    return figure


def draw_class_distribution(train_labels, test_labels, dataset=None):
    """클래스별 학습용과 테스트용 샘플의 개수를 막대로 그립니다."""
    classes = range(10) if getattr(dataset, "target_transform", None) else datasets.FashionMNIST.classes
    figure, axis = plt.subplots(figsize=(9, 6), layout="constrained")
    for labels, shift, color in ((train_labels, -0.2, "#0072B2"), (test_labels, 0.2, "#E69F00")):
        counts = [(labels == k).sum().item() for k in range(len(classes))]
        bars = axis.barh([k + shift for k in range(len(classes))], counts, 0.38, color=color)
        axis.bar_label(bars, padding=3, fontsize=9)
    axis.set_yticks(range(len(classes)), classes)
    axis.invert_yaxis()  # 0번 클래스를 맨 위에 그립니다
    axis.margins(x=0.12)
    axis.set(title="Number of samples per class", xlabel="samples")
    figure.legend(axis.containers, ["training", "test"], loc="outside lower center", ncols=2)
    return figure


def draw_shared_transform(original, wrong, training, right):
    """분리한 두 부분이 transform을 공유할 때와 데이터셋을 따로 생성했을 때의 샘플을 그립니다."""
    names = ("validation", "validation with\nshared transform", "training,\nown dataset", "validation,\nown dataset")
    figure, axes = plt.subplots(4, len(original), figsize=(9.5, 6.6), layout="constrained")
    figure.suptitle("Both parts of a split share one transform (orange). Two datasets do not.")
    for row, name, images in zip(axes, names, (original, wrong, training, right)):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
        for axis, image in zip(row, images):
            axis.imshow(image.float().mean(dim=0).numpy(), cmap="gray")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(color="#D55E00" if images is wrong else "#0072B2", linewidth=3)
    return figure


def draw_loading_speed(speeds):
    """방법별 초당 샘플 수를 막대로 그립니다."""
    figure, axis = plt.subplots(figsize=(9, 4.2), layout="constrained")
    bars = axis.barh(list(speeds), list(speeds.values()), color="#0072B2")
    axis.bar_label(bars, [f"{v:,.0f}  (x {v / speeds['sample by sample']:.1f})" for v in speeds.values()], padding=4)
    axis.invert_yaxis()
    axis.margins(x=0.3)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.set(title="Loading speed on this machine (same batches)", xlabel="samples per second (higher is better)")
    return figure


# ---- 여기부터는 여러 장에서 공통으로 사용하는 도우미 함수입니다. 건너뛰어도 괜찮습니다. ----
CLAIMS, EXERCISES, REMINDERS = [], [], []  # 확인한 설명, 연습 문제의 결과, 마지막에 다시 출력할 안내


def teach(lesson, *args):
    """절 함수 lesson의 docstring을 제목과 설명으로 출력한 뒤, 함수를 실행한 결과를 반환합니다."""
    title, _, text = (inspect.getdoc(lesson) or lesson.__name__).partition("\n\n")
    print(f"\n== {title} ==\n{text}\n")
    return lesson(*args)


def show(text, note=""):
    """show(f"{식 = }", "설명")은 식과 그 값을 출력합니다. 여러 줄인 값은 다음 줄부터 출력합니다."""
    code, _, value = text.partition(" = ")
    value = "\n" + textwrap.indent(value, " " * 8) if "\n" in value else " " + value
    print(f"    {code} ={value}" + (f"   # {note}" if note else ""))


def check(claim, holds):
    """설명 한 문장이 맞는지 확인하고 출력합니다. 틀려도 멈추지 않고, 마지막에 다시 출력합니다."""
    print(f"    {'✓' if holds else '✗'} {claim}")
    CLAIMS.append((claim, bool(holds)))


@contextlib.contextmanager
def expect(kind):
    """이 블록에서는 kind 오류가 발생해야 합니다. 오류가 발생한 코드와 메시지 전체를 출력하고 계속합니다."""
    try:
        yield
        check(f"이 블록에서는 다음 오류가 발생합니다: {kind.__name__}", False)
    except kind as error:
        print(f"    {traceback.extract_tb(error.__traceback__)[1].line}")
        message = f"{type(error).__name__}: {error}"
        print(textwrap.fill(message, 96, initial_indent=" " * 8, subsequent_indent=" " * 10))


def practice(exercise, expected, *inputs, to_tensor=torch.as_tensor):
    """연습 문제의 답을 다른 방법(expected)으로 계산한 값과 비교하고 □(미완성), ✓(정답), ✗(오답)로 출력합니다."""
    for args in inputs:
        right, solved = to_tensor(expected(*copy.deepcopy(args))).double(), False
        try:
            answer = exercise(*copy.deepcopy(args))
            if answer is not None:
                value = to_tensor(answer).double()
                solved = value.shape == right.shape and torch.allclose(value, right, atol=1e-5)
        except Exception as error:
            answer = error
        if not solved:
            break
    EXERCISES.append(solved)
    name, hint = exercise.__name__, (inspect.getdoc(exercise) or "").rpartition("\n")[2]
    if solved or answer is None:
        return print(f"    ✓ {name}" if solved else f"    □ {name}: 아직 풀지 않았습니다.\n        {hint}")
    print(f"    ✗ {name}")
    for title, value in (("입력", args), ("올바른 값", right.tolist()), ("반환한 값", repr(answer))):
        print(textwrap.shorten(f"{title}: {value}", 80, initial_indent=" " * 8))


def finish(started, next_chapter, show_figures):
    """결과를 요약하고 --show이면 그림을 표시합니다. 틀린 설명이 있으면 모두 출력하고 1로 종료합니다."""
    broken = [f"    ✗ {claim}" for claim, holds in CLAIMS if not holds]
    print(*REMINDERS, f"설명 {len(CLAIMS)}개를 확인한 결과 {len(CLAIMS) - len(broken)}개가 맞습니다.", sep="\n")
    print(f"연습 문제 {len(EXERCISES)}개 중 {sum(EXERCISES)}개를 풀었습니다.")
    print(f"걸린 시간: {time.perf_counter() - started:.1f}초\n다음 장: {next_chapter}")
    if show_figures:
        plt.show()
    if broken:
        sys.exit("\n".join(["다음 설명은 실행 결과와 다릅니다. 왜 달라졌는지 생각해 보세요.", *broken]))


def prepare_terminal():
    """출력을 UTF-8로 설정합니다. Ctrl+C나 닫힌 파이프(| head)로 끝날 때는 트레이스백(traceback)을 출력하지 않습니다."""

    def end_quietly(kind, error, trace):
        if not {kind, type(error.__cause__), type(error.__context__)} & {KeyboardInterrupt, BrokenPipeError}:
            return sys.__excepthook__(kind, error, trace)
        sys.stdout = open(os.devnull, "w")  # 아직 출력하지 못한 내용을 버립니다
        print("실행을 중단했습니다. 이미 저장한 파일은 그대로 있습니다.", file=sys.stderr)

    sys.excepthook = end_quietly
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # 노트북의 출력 스트림에는 reconfigure가 없습니다
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def prepare_outputs(path, show_figures):
    """결과 폴더를 생성해 경로를 반환합니다. 창을 열지 않을 때는 화면이 필요 없는 백엔드(agg)로 그립니다."""
    if not show_figures and "ipykernel" not in sys.modules:  # 노트북에서는 그림이 셀 아래에 표시됩니다
        plt.switch_backend("agg")
    try:
        path.expanduser().mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.expanduser()).close()
        return path.expanduser()
    except OSError as error:
        sys.exit(f"오류: {path} 폴더에 저장할 수 없습니다 ({error.strerror}). --output-dir로 다른 폴더를 지정하세요.")


@contextlib.contextmanager
def save_whole(path):
    """임시 파일에 저장한 뒤 이름을 path로 변경합니다. 도중에 중단되어도 기존 파일은 그대로 유지됩니다."""
    temporary = path.with_name(f"{os.getpid()}_{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        sys.exit(f"오류: {path} 파일을 저장할 수 없습니다. 권한과 디스크 공간을 확인하세요 ({type(error).__name__}).")
    finally:
        temporary.unlink(missing_ok=True)


def save_figure(figure, path):
    """그림을 PNG 파일로 저장하고 경로를 출력합니다."""
    with save_whole(path) as file:
        figure.savefig(file, dpi=120)
    print(f"    그림: {path}")


STALL_SECONDS = 5  # 이 시간 동안 데이터를 받지 못하면 다음 미러를 시도합니다
SECOND_MIRROR = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
PRACTICE_NOTICE = """\n[연습용 데이터] FashionMNIST를 내려받지 못해 연습용 데이터로 진행합니다.
    따라서 출력되는 정확도는 FashionMNIST의 정확도가 아닙니다.
    이유: {}
    해결 방법: 인터넷에 연결한 뒤 다시 실행하세요. 또는 다음 주소에 있는 .gz 파일 4개를 내려받아
        https://github.com/zalandoresearch/fashion-mnist/tree/master/data/fashion
        {} 폴더에 넣고 다시 실행하세요.
"""
GARMENTS = """1fffbe7cf9f3e 0f9f366cd9b36 1fffffbb76e9c 070e083871f3e 18ffffefdfbb6
    0000406037f00 1ff5ebbb56e94 0000073ffff80 07117ffffffff 03060c39f3fe3"""  # 클래스별 7x7 그림(49비트)


def prepare_fashion_mnist(data_dir):
    """FashionMNIST가 있는 폴더를 반환합니다. 없으면 내려받고, 내려받지 못하면 연습용 데이터를 생성합니다."""
    root, reasons = data_dir.expanduser(), []
    raw = root / "FashionMNIST" / "raw"
    if root.is_file():
        sys.exit(f"오류: {root}은(는) 폴더가 아니라 파일입니다. --data-dir로 다른 폴더를 지정하세요.")
    socket.setdefaulttimeout(STALL_SECONDS)
    for mirror in [*datasets.FashionMNIST.mirrors, SECOND_MIRROR]:
        try:
            download_fashion_mnist(mirror, raw)
            break
        except Exception as error:  # 어떤 오류가 발생하더라도 다음 미러를 시도합니다
            reasons.append(f"{type(error).__name__}: {error}".strip().splitlines()[-1][:85])
    else:
        root = write_practice_data()
        REMINDERS.append(PRACTICE_NOTICE.format("\n          ".join(reasons), raw))
        print(REMINDERS[-1])
    socket.setdefaulttimeout(None)
    return root


def download_fashion_mnist(mirror, raw):
    """raw 폴더에 없는 파일을 mirror에서 내려받고 MD5를 확인합니다. 이미 있는 파일이 손상되었으면 종료합니다."""
    files = [raw / name.removesuffix(".gz") for name, _ in datasets.FashionMNIST.resources]
    if not all(path.is_file() for path in files):
        print(f"FashionMNIST를 준비합니다: {mirror.split('/')[2]}", flush=True)
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw.parent) as temporary:
            part = shutil.copytree(raw, Path(temporary, "FashionMNIST", "raw"))  # 직접 넣은 .gz 파일도 사용합니다
            type("FashionMNIST", (datasets.FashionMNIST,), {"mirrors": [mirror]})(temporary, download=True)
            for path in files:
                os.replace(part / path.name, path)
    for path in files:
        count = int.from_bytes(path.read_bytes()[4:8], "big")  # 파일에 기록된 샘플 수
        if path.stat().st_size != (16 + 28 * 28 * count if "images" in path.name else 8 + count):
            sys.exit(f"오류: {path} 파일이 손상되었습니다. {raw} 폴더를 삭제하고 다시 실행하세요.")


def write_practice_data():
    """7x7 그림을 확대하고 이동한 뒤 잡음(noise)을 더한 이미지 7,000개를 임시 폴더에 저장하고, 그 폴더를 반환합니다."""
    raw = Path(tempfile.mkdtemp(), "FashionMNIST", "raw")
    raw.mkdir(parents=True)
    atexit.register(shutil.rmtree, raw.parent.parent, ignore_errors=True)
    pixels = torch.tensor([[int(bit) for bit in f"{int(code, 16):049b}"] for code in GARMENTS.split()]).view(10, 7, 7)
    shapes = nn.functional.pad(pixels.repeat_interleave(3, 1).repeat_interleave(3, 2), (3, 4, 3, 4))  # [10, 28, 28]
    for split, n in (("train", 6000), ("t10k", 1000)):
        random = torch.Generator().manual_seed(n)
        labels, brightness = torch.randint(10, (n,), generator=random), torch.rand(n, 1, 1, generator=random)
        rows, columns = (torch.randint(-3, 4, (2, n, 1), generator=random) + torch.arange(28)) % 28
        images = shapes[labels[:, None, None], rows[:, :, None], columns[:, None, :]] * (0.2 + 0.8 * brightness)
        images = 255 * (images + 0.3 * torch.randn(n, 28, 28, generator=random)).clamp(0, 1)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.dim()]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (raw / f"{split}-{kind}-ubyte").write_bytes(header + array.to(torch.uint8).numpy().tobytes())
    return raw.parent.parent


if __name__ == "__main__":
    main()
