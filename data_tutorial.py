"""3장. Dataset과 DataLoader: 데이터를 준비해 모델에게 건네기

1장에서는 남이 깔끔하게 정리해 둔 데이터를 불러오기만 하면 되었습니다. 직접 모은 데이터는 대개
그렇지 않습니다. 사진은 폴더에 흩어져 있고, 정답은 CSV 파일에 따로 적혀 있습니다. 이 장에서는 이미
만들어진 데이터셋을 먼저 살펴본 다음, 폴더에 있는 사진으로 데이터셋을 직접 만들고, 섞어서 배치로
묶어 봅니다. 다 읽고 나면 여러분이 찍은 사진으로도 1장의 모델을 학습할 수 있습니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python data_tutorial.py
    python data_tutorial.py --seed 1 --show     # 다른 순서로 섞고 페이지를 브라우저로 열기
    python data_tutorial.py --practice          # 연습 문제만 확인하기
    python data_tutorial.py --help              # 모든 옵션 보기
    %run data_tutorial.py                       # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
    1. 데이터셋(Dataset) 불러오기                open_fashion_mnist
    2. 가져올 때마다 변환하기                    apply_transforms
    3. 샘플을 꺼내 눈으로 살펴보기               look_at_samples
    4. 내 이미지로 데이터셋 만들기               read_image_files, CustomImageDataset
    5. 사진마다 크기가 다르다면                  resize_photos
    6. 데이터로더(DataLoader): 묶고 섞기         iterate_in_batches
    7. 클래스마다 몇 개씩 있을까요?              count_classes
    8. 검증용 데이터 떼어 두기                   split_for_validation
  더 알아보기
    9. labels.csv에 잘못된 줄이 있다면           find_broken_lines, read_labels
    10. 학습용에만 증강 적용하기                 augment_training_only
    11. 같은 순서를 다시 얻으려면                repeat_the_order
    12. 불균형 데이터와 샘플러(sampler)          balance_classes
    13. 길이가 다른 샘플과 collate_fn            batch_unequal_lengths, pad_and_collate
    14. 데이터를 불러오는 속도                   compare_loading_speed, make_four_dataloaders
    15. 워커가 정말 도움이 될 때                 use_workers, read_slowly
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "torchvision>=0.25.0", "matplotlib>=3.9.0"]
# ///

# 아래의 표준 라이브러리는 대부분 파일 끝의 도우미 함수가 사용합니다.
import argparse
import ast
import atexit
import contextlib
import copy
import csv
import html
import inspect
import io
import os
import re
import shutil
import socket
import sys
import tempfile
import textwrap
import time
import traceback
import unicodedata
import warnings
import webbrowser
from pathlib import Path

if "ipykernel" not in sys.modules:  # 노트북이 아니면 창을 열지 않고 그림을 파일로만 저장합니다
    os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import torch
from matplotlib import font_manager
from PIL import Image, ImageOps
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)
from torchvision import datasets
from torchvision.transforms import ToTensor, v2

CLASSES = datasets.FashionMNIST.classes  # 클래스의 이름 10개. 데이터셋을 바꾸면 함께 바꾸세요.


def open_fashion_mnist(data_dir):
    """1. 데이터셋(Dataset) 불러오기

    파일을 읽고 변환하는 코드는 금세 길어집니다. 학습하는 코드와 뒤섞이면 읽기 어려울 뿐만 아니라,
    데이터를 바꿀 때마다 학습하는 코드까지 손대야 합니다. 그래서 PyTorch는 둘을 떼어 놓았습니다.
    Dataset은 샘플(이미지와 정답의 짝)을 저장하고, DataLoader는 Dataset을 감싸서, for 문으로
    배치(batch)를 하나씩 꺼낼 수 있는 반복 가능한 객체(iterable)로 만듭니다.

    먼저 도메인 특화 라이브러리인 TorchVision이 제공하는 FashionMNIST를 불러와 봅시다. 1장에서 본
    28x28 크기의 흑백 옷 이미지 70,000장과 정답(label)입니다. 다음 인자는 다른 데이터셋에서도
    비슷합니다.

      root: 데이터를 저장할 폴더
      train: True이면 학습용, False이면 테스트용
      download: True이면 root에 데이터가 없을 때만 인터넷에서 내려받습니다
      transform: 이미지를 변환하는 함수 (2절)
      target_transform: 정답을 변환하는 함수 (2절)

    데이터가 없는 폴더를 지정하고 내려받지도 않으면 어떻게 될까요? 예제의 expect는 일부러 오류를
    내고 그 메시지를 보여 주는 도우미 함수입니다.
    """
    raw_data = datasets.FashionMNIST(root=data_dir, train=True, download=True)
    raw_test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True)
    show(f"{len(raw_data), len(raw_test_data) = }", "학습용과 테스트용 샘플의 개수")
    show(f"{raw_data.classes[:4] = }", "클래스의 이름 10개 중 처음 4개")

    with tempfile.TemporaryDirectory() as empty_folder, expect(RuntimeError):
        datasets.FashionMNIST(root=empty_folder, train=True, download=False)
    return raw_data


def is_shoe(label):
    """정답이 신발(샌들, 운동화, 앵클부츠)이면 1, 아니면 0을 반환합니다."""
    return int(label in (5, 7, 9))


def apply_transforms(data_dir, raw_data):
    """2. 가져올 때마다 변환하기

    불러온 데이터셋에서 샘플을 꺼내면 이미지와 정수가 나옵니다. 이미지는 파이썬의 이미지
    라이브러리인 PIL의 객체인데, 모델은 텐서로만 계산합니다. 그래서 이미지를 바꿀 함수를
    transform에, 정답을 바꿀 함수를 target_transform에 지정합니다. 이런 함수를 변형(transform)이라고
    합니다. 예제의 ToTensor()는 PIL 이미지를 텐서로 변환하면서 0~255의 픽셀 값을 0~1의 실수(float)로
    맞춥니다. is_shoe는 정답 9(앵클부츠)는 1로, 0(티셔츠)은 0으로 바꿉니다.

    변형은 언제 적용될까요? 데이터셋을 만들 때가 아니라 샘플을 가져올 때마다 적용됩니다. 그래서
    메모리를 아끼고, 이미지를 무작위로 회전하는 변형이라면 가져올 때마다 다른 각도로 회전합니다. 그
    대신 느린데, 1장의 speed_up은 반대로 메모리를 더 사용해서 속도를 높입니다(14절). transform이 몇
    번 호출되는지 세어 봅시다.
    """
    image, label = raw_data[0]
    show(f"{image.size, image.mode = }", "PIL 이미지의 너비와 높이, 흑백(L)")
    show(f"{image.getextrema() = }", "픽셀의 최솟값과 최댓값")

    training_data = datasets.FashionMNIST(root=data_dir, train=True, transform=ToTensor())
    test_data = datasets.FashionMNIST(root=data_dir, train=False, transform=ToTensor())
    image, label = training_data[0]
    show(f"{image.shape, image.dtype = }", "채널, 높이, 너비")
    show(f"{image.min(), image.max() = }")

    show_code(is_shoe)
    shoe_data = datasets.FashionMNIST(root=data_dir, target_transform=is_shoe)
    show(f"{shoe_data.targets[:8].tolist() = }", "저장된 정답")
    show(f"{[shoe_data[i][1] for i in range(8)] = }", "가져올 때 변환한 정답")

    calls = []

    def count_and_convert(image):
        calls.append("호출")
        return ToTensor()(image)

    counted_data = datasets.FashionMNIST(root=data_dir, transform=count_and_convert)
    show(f"{len(calls) = }", "데이터셋을 만든 직후")
    for _ in range(3):
        counted_data[0]
    show(f"{len(calls) = }", "같은 샘플을 세 번 가져온 뒤")
    check("transform은 샘플을 가져올 때마다 호출됩니다", len(calls) == 3)
    return training_data, test_data


def look_at_samples(training_data):
    """3. 샘플을 꺼내 눈으로 살펴보기

    새 데이터를 받으면 무엇보다 먼저 눈으로 살펴보세요. 정답이 잘못 붙었거나 이미지가 뒤집혔어도
    학습은 오류 없이 진행되기 때문에, 보지 않으면 모르고 지나칩니다. 데이터셋은 리스트처럼 len()으로
    개수를 확인하고, 인덱스를 지정해 샘플을 가져옵니다.

    다만 리스트와 달리 [0:3] 같은 슬라이스는 사용할 수 없습니다. 정답 하나를 int로 바꾸려는데 세
    개가 와서 오류가 납니다. 여러 샘플이 필요하면 Subset을 사용하세요. 이미지를 복사하지 않고
    인덱스의 목록만 저장하는 데이터셋입니다.

    그림은 무작위로 고른 아홉 장입니다. 이미지와 이름이 서로 맞나요?
    """
    image, label = training_data[0]
    show(f"{label, training_data.classes[label] = }", "정답과 그 이름")
    with expect(ValueError):
        training_data[0:3]

    subset = Subset(training_data, [0, 2, 4])
    show(f"{len(subset) = }")
    check(
        "subset[1]은 training_data[2]와 같은 이미지입니다", subset[1][0].equal(training_data[2][0])
    )

    indices = torch.randperm(len(training_data))[:9].tolist()
    save_figure(draw_chosen_samples(training_data, indices), "data_tutorial_samples.png")


def read_labels(labels_file, image_dir):
    """labels.csv의 각 줄(예: 000.png,9)을 (이미지 경로, 정수 정답)으로 바꿉니다."""
    file = Path(labels_file)
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    if "\ufffd" in text or "\0" in text:  # UTF-8이 아닌 파일을 읽으면 나오는 글자
        raise ValueError(f"{file.name}: UTF-8이 아닙니다. 엑셀의 'CSV UTF-8'로 저장하세요.")
    samples = []
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not "".join(row).strip():  # 빈 줄
            continue
        name = row[0].strip()
        label = ",".join(row[1:]).strip()
        line = f"{file.name} {number}번째 줄: 이름 {name!r}, 정답 {label!r}"
        if not label.isdecimal():
            raise ValueError(f"{line}. 제목 줄 없이 000.png,9처럼 쓰세요.")
        path = Path(image_dir, name)
        for form in ("NFC", "NFD"):  # macOS의 한글 이름은 자음과 모음이 나뉘어 있기도 합니다
            if not path.is_file():
                path = Path(image_dir, unicodedata.normalize(form, name))
        if not path.is_file():
            raise ValueError(f"{line}. {Path(image_dir).name}에 없습니다.")
        samples.append((path, int(label)))
    if not samples:
        raise ValueError(f"{file.name}: 샘플이 없습니다.")
    return samples


class CustomImageDataset(Dataset):
    """폴더에 있는 이미지와 CSV 파일에 적힌 정답으로 만든 데이터셋입니다."""

    def __init__(self, labels_file, image_dir, transform=None, target_transform=None):
        self.samples = read_labels(labels_file, image_dir)  # [(이미지 경로, 정답), …]
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = ImageOps.exif_transpose(Image.open(path))  # 사진에 기록된 회전을 적용합니다
        image = image.convert("L")  # 흑백. 컬러로 읽으려면 "RGB"를 지정합니다
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


def read_image_files(raw_data, image_dir):
    """4. 내 이미지로 데이터셋 만들기

    직접 모은 이미지로 학습하고 싶다면 어떻게 해야 할까요? TorchVision은 여러분의 폴더에 무엇이
    있는지 모르니, 읽는 방법을 알려 주어야 합니다. Dataset을 상속받는 파이썬 클래스를 정의하고
    메서드 세 개를 작성하면 됩니다.

    1) __init__은 데이터셋을 만들 때 한 번 실행됩니다. 이미지 경로와 정답의 목록을 읽고, 두 변형을
    저장해 둡니다.
    2) __len__은 샘플의 개수를 반환합니다.
    3) __getitem__은 인덱스를 받아 이미지를 파일에서 읽고, 변환한 이미지와 정답을 반환합니다.

    이미지를 __init__이 아니라 __getitem__에서 읽는 것은, 사진이 수만 장이어도 한 번에 한 장만
    메모리에 있으면 되기 때문입니다.

    여기서는 FashionMNIST의 처음 100장을 PNG 파일과 labels.csv로 저장한 뒤 다시 읽어서, 원본과
    같은지 확인합니다. labels.csv의 한 줄은 000.png,9처럼 파일 이름과 정답입니다. 읽는 함수
    read_labels는 잘못된 줄이 있으면 학습을 시작하기 전에 몇 번째 줄인지 알려 줍니다(9절). 이
    클래스와 read_labels는 필요한 import와 함께 여러분의 프로젝트에 복사해 사용해도 좋습니다.
    """
    show_code(CustomImageDataset)
    labels_file = write_image_files(raw_data, image_dir)
    print(f"저장: {labels_file}")
    lines = labels_file.read_text(encoding="utf-8").splitlines()
    show(f"{lines[:3] = }", "labels.csv의 처음 세 줄")

    custom_data = CustomImageDataset(labels_file, image_dir)
    different = 0
    for i in range(len(custom_data)):
        image, label = custom_data[i]
        old_image, old_label = raw_data[i]
        if image.tobytes() != old_image.tobytes() or label != old_label:
            different += 1
    show(f"{len(custom_data), different = }", "샘플의 개수, 원본과 다른 샘플의 개수")
    check("파일에서 읽은 이미지와 정답이 모두 원본과 같습니다", different == 0)

    custom_data = CustomImageDataset(labels_file, image_dir, transform=ToTensor())
    image, label = custom_data[0]
    show(f"{image.shape, label = }", "이제 모델에 넣을 수 있습니다")
    return custom_data


def resize_photos(raw_data):
    """5. 사진마다 크기가 다르다면

    직접 찍은 사진은 크기가 제각각이어서, 모양이 같은 텐서를 쌓아 만드는 배치로 묶으려고 하면 오류가
    납니다. v2.Resize((높이, 너비))로 같은 크기로 맞추세요. v2는 TorchVision의 변형을 모아 둔
    torchvision.transforms.v2이고, v2.Compose는 여러 변형을 차례로 적용합니다(4장 9절). 비율까지
    지키려면 1장의 ImageOps.pad처럼 여백을 채우세요.

    클래스마다 폴더를 하나씩 만들어 사진을 넣어 두었다면 labels.csv도, 새 파이썬 클래스도 필요
    없습니다. TorchVision의 ImageFolder가 폴더의 이름을 클래스의 이름으로 읽고, 이름을 정렬한
    순서대로 0, 1, 2를 정답으로 붙입니다.

    휴대전화로 찍은 사진이 옆으로 누워 있으면, 4절처럼 변형의 맨 앞에 ImageOps.exif_transpose를
    넣으세요. 돌릴 방향이 파일에 적혀 있는데도 ImageFolder는 읽지 않습니다.
    """
    photo_dir = write_photos(raw_data)
    for path in sorted(photo_dir.rglob("*.png")):
        with Image.open(path) as photo:
            name = path.relative_to(photo_dir).as_posix()
            print(f"{name:<18} 너비 {photo.width}, 높이 {photo.height}")

    photos = datasets.ImageFolder(photo_dir, transform=ToTensor())
    show(f"{photos.classes = }", "폴더의 이름")
    with expect(RuntimeError):
        next(iter(DataLoader(photos, batch_size=4)))

    transform = v2.Compose(
        [ImageOps.exif_transpose, v2.Resize((28, 28)), v2.Grayscale(), ToTensor()]
    )
    photos = datasets.ImageFolder(photo_dir, transform=transform)
    X, y = next(iter(DataLoader(photos, batch_size=4)))
    show(f"{X.shape, y = }")
    check("크기를 맞추니 사진 네 장이 배치 하나로 묶입니다", X.shape == (4, 1, 28, 28))


def iterate_in_batches(custom_data, training_data):
    """6. 데이터로더(DataLoader): 묶고 섞기

    모델에게 데이터를 얼마씩 보여 주면 좋을까요? 하나씩 보여 주면 느리고, 전체를 한 번에 보여 주면
    매개변수를 에폭(epoch)마다 한 번밖에 조정하지 못합니다. 그래서 수십에서 수백 개씩 묶은
    미니배치(mini-batch)로 학습합니다. 예제처럼 샘플 100개를 32개씩 묶으면 마지막 배치에는 4개만
    남습니다. 모든 배치의 크기가 같아야 한다면 drop_last=True로 제외하세요.

    섞는 이유는 눈으로 확인해 봅시다. 예제처럼 정답의 순서로 정렬된 데이터를 섞지 않으면 첫 배치가
    온통 한 클래스입니다. 이런 배치로 학습한 모델은 방금 본 클래스에 치우치고, 다음 클래스를 보는
    동안 앞의 것을 잊습니다. shuffle=True를 지정하면 에폭마다 순서를 새로 섞습니다. 검증용과
    테스트용 데이터는 결과를 확인하기만 하니 섞지 않아도 됩니다.
    """
    dataloader = DataLoader(custom_data, batch_size=32, shuffle=True)
    show(f"{len(custom_data), len(dataloader) = }", "샘플과 배치의 개수")
    for X, y in dataloader:
        print(f"X {list(X.shape)}, y {list(y.shape)}")
    dataloader = DataLoader(custom_data, batch_size=32, shuffle=True, drop_last=True)
    show(f"{[len(X) for X, y in dataloader] = }", "작은 배치를 제외했습니다")

    order = training_data.targets.argsort().tolist()
    sorted_data = Subset(training_data, order)  # 정답의 순서로 정렬한 데이터
    sorted_X, sorted_y = next(iter(DataLoader(sorted_data, batch_size=20)))
    show(f"{sorted_y = }", "섞지 않은 첫 배치의 정답")
    shuffled_X, shuffled_y = next(iter(DataLoader(sorted_data, batch_size=20, shuffle=True)))
    show(f"{shuffled_y = }", "섞은 첫 배치의 정답")
    check("섞은 배치에는 여러 클래스가 들어 있습니다", len(shuffled_y.unique()) > 1)
    save_figure(draw_batches(sorted_X, shuffled_X), "data_tutorial_shuffle.png")


def count_classes(training_data, test_data):
    """7. 클래스마다 몇 개씩 있을까요?

    100명 중 1명만 걸리는 병을 진단하는 모델이 있다고 합시다. 누구에게나 "건강합니다"라고만 답해도
    정확도가 99%입니다. 이렇게 한 클래스가 훨씬 많은 불균형(imbalanced) 데이터에서는 정확도에 속기
    쉬우니, 학습하기 전에 클래스별 개수를 세어 보세요. FashionMNIST는 열 클래스의 개수가 고르지만,
    2절처럼 신발인지 아닌지만 나누면 신발이 더 적습니다. 신발을 전혀 모르는 모델의 정확도는 얼마나
    될까요?

    정답만 세면 되니, 데이터셋을 순회하며 이미지까지 읽을 필요는 없습니다. FashionMNIST가 정답을
    따로 저장해 둔 targets를 bincount로 세세요. 예를 들어 정답이 [0, 2, 2]이면 bincount는 [1, 0,
    2]를 반환합니다. 0이 1개, 1이 0개, 2가 2개라는 뜻입니다.
    """
    train_counts = training_data.targets.bincount(minlength=10)
    test_counts = test_data.targets.bincount(minlength=10)
    for name, train_count, test_count in zip(CLASSES, train_counts, test_counts):
        print(f"{name:<12} 학습용 {train_count:>5}개, 테스트용 {test_count:>5}개")

    shoes = train_counts[5] + train_counts[7] + train_counts[9]
    accuracy = 1 - shoes / len(training_data)
    show(f"{accuracy = }", "무엇을 보여 주든 신발이 아니라고 답할 때의 정확도")
    check("신발을 하나도 알아보지 못하는데 정확도가 절반을 넘습니다", accuracy > 0.5)


def split_for_validation(training_data, seed):
    """8. 검증용 데이터 떼어 두기

    학습률을 얼마로 할지, 에폭을 몇 번 반복할지는 어떻게 정할까요? 여러 값으로 학습해 보고 결과가
    좋은 것을 고르면 되지만, 테스트용 데이터의 결과를 보고 고르면 안 됩니다. 그 데이터에만 잘 맞는
    설정을 고르게 되어, 테스트 정확도가 실제 성능보다 높게 나오기 때문입니다. 그래서 학습용 데이터의
    일부를 검증용(validation)으로 떼어 설정을 고를 때 사용하고, 테스트용 데이터는 마지막에 딱 한 번
    사용합니다.

    뒤에서 20%를 잘라 내면 될까요? 데이터가 정답의 순서로 정렬되어 있다면 몇 클래스만 검증하게
    됩니다. random_split은 무작위로 나눕니다. 다만 실행할 때마다 다르게 나누면 지난번에 학습한
    샘플로 검증하는 일이 생깁니다. 시드를 정한 난수 생성기(generator)를 전달하면 늘 똑같이 나눕니다.

    핵심은 여기까지입니다. 데이터셋에서는 샘플을 하나씩 꺼내고, 데이터로더는 그것을 섞어 배치로
    묶고, 설정은 따로 떼어 둔 검증용 데이터로 고릅니다.
    """
    generator = torch.Generator().manual_seed(seed)
    training_part, validation_part = random_split(training_data, [0.8, 0.2], generator=generator)
    show(f"{len(training_part), len(validation_part) = }")
    show(f"{validation_part.indices[:5] = }", "검증용 샘플의 인덱스 (처음 5개)")

    validation_counts = training_data.targets[validation_part.indices].bincount(minlength=10)
    show(f"{validation_counts = }", "검증용의 클래스별 개수")
    check("검증용에도 모든 클래스가 들어 있습니다", validation_counts.min() > 0)


def first_images(dataset):
    """처음 5개의 이미지를 텐서 하나로 쌓습니다."""
    return torch.stack([dataset[i][0] for i in range(5)])


def find_broken_lines(image_dir):
    """9. labels.csv에 잘못된 줄이 있다면

    손으로 만든 파일에는 잘못된 줄이 섞이기 쉽습니다. 한 시간쯤 학습하다가 없는 이미지 때문에
    멈추느니, 시작할 때 바로 아는 편이 낫습니다. 그래서 4절의 CustomImageDataset은 만들 때
    read_labels로 모든 줄을 확인합니다.

    메시지는 몇 번째 줄이 잘못되었는지, 그 줄에서 이름과 정답을 무엇으로 읽었는지 알려 줍니다.
    예제에서는 네 가지 잘못된 줄을 차례로 읽어 봅니다. 제목 줄, 쉼표 대신 세미콜론을 쓴 줄, pandas가
    앞에 번호를 붙인 줄, 없는 파일의 이름을 쓴 줄입니다. pandas에서는 to_csv("labels.csv",
    index=False, header=False)로 저장해야 번호와 제목 줄이 들어가지 않습니다.

    엑셀에서는 'CSV UTF-8'로 저장하세요. 그냥 'CSV'로 저장하면 한글이 cp949라는 방식으로 저장되어
    마지막 메시지가 나옵니다.
    """
    show_code(read_labels)
    with tempfile.TemporaryDirectory() as folder:
        labels_file = Path(folder, "labels.csv")
        for broken_line in ("file,label", "000.png;9", "0,000.png,9", "shirt.png,6"):
            labels_file.write_text(f"000.png,9\n{broken_line}\n", encoding="utf-8")
            with expect(ValueError):
                read_labels(labels_file, image_dir)
        labels_file.write_text("셔츠.png,6\n", encoding="cp949")
        with expect(ValueError):
            read_labels(labels_file, image_dir)


def augment_training_only(data_dir, seed):
    """10. 학습용에만 증강 적용하기

    학습용 이미지가 부족하면 이미지를 가져올 때마다 조금씩 회전하거나 옮겨서 보여 줍니다. 이를
    증강(augmentation)이라고 합니다(4장). 검증용 이미지까지 바꾸면 안 됩니다. 성능을 확인하는 기준이
    매번 달라지기 때문입니다.

    8절처럼 random_split으로 나눈 뒤 학습용 부분의 transform만 바꾸면 될 것 같지만, 여기에 함정이
    있습니다. 두 Subset이 데이터셋 하나를 공유하고 있어서 검증용까지 함께 바뀝니다. 오류는 나지
    않습니다. 데이터셋을 두 개 만들고, 나눠 둔 인덱스로 각각 Subset을 만들어야 학습용에만 증강이
    적용됩니다.

    그림에서 주황색 테두리의 이미지가 잘못 회전한 검증용 이미지입니다. 각도는 무작위로 정해지니 거의
    그대로인 것도 있습니다.
    """
    show_code(first_images)
    augment = v2.Compose([v2.RandomRotation(45), ToTensor()])
    shared_data = datasets.FashionMNIST(root=data_dir, transform=ToTensor())
    generator = torch.Generator().manual_seed(seed)
    training_part, validation_part = random_split(shared_data, [0.8, 0.2], generator=generator)
    original = first_images(validation_part)

    training_part.dataset.transform = augment  # 잘못된 방법: 검증용도 같은 데이터셋을 사용합니다
    wrong = first_images(validation_part)
    check("학습용만 바꾸려고 했지만 검증용 이미지까지 회전했습니다", not wrong.equal(original))

    augmented_data = datasets.FashionMNIST(root=data_dir, transform=augment)
    plain_data = datasets.FashionMNIST(root=data_dir, transform=ToTensor())
    training_part = Subset(augmented_data, training_part.indices)
    validation_part = Subset(plain_data, validation_part.indices)
    training = first_images(training_part)
    right = first_images(validation_part)
    check("데이터셋을 두 개 만들면 검증용 이미지는 그대로입니다", right.equal(original))
    figure = draw_shared_transform(original, wrong, training, right)
    save_figure(figure, "data_tutorial_shared_transform.png")


def repeat_the_order(seed):
    """11. 같은 순서를 다시 얻으려면

    어제는 90%였는데 오늘 다시 실행하니 89%라면, 코드를 고쳐서 그런지 순서가 달라서 그런지 알 수
    없습니다. 같은 결과를 다시 얻으려면 섞는 순서도 같아야 합니다. 시드(seed)를 정한 난수
    생성기(torch.Generator)를 DataLoader에 전달하세요.

    난수 생성기는 앞서 만든 난수에 이어서 다음 난수를 만듭니다. 그래서 시드를 정해 두어도 에폭마다
    순서가 달라지고, 시드를 처음 값으로 되돌리면 첫 에폭의 순서가 다시 나옵니다. 여기서는 순서가
    눈에 잘 보이도록 0부터 19까지의 range를 데이터셋으로 사용합니다.
    """
    generator = torch.Generator().manual_seed(seed)
    dataloader = DataLoader(range(20), batch_size=20, shuffle=True, generator=generator)
    first_epoch = next(iter(dataloader)).tolist()
    second_epoch = next(iter(dataloader)).tolist()
    show(f"{first_epoch = }")
    show(f"{second_epoch = }")
    check("에폭마다 순서가 다릅니다", first_epoch != second_epoch)

    generator.manual_seed(seed)
    again = next(iter(dataloader)).tolist()
    show(f"{again = }")
    check("같은 시드로 되돌리면 첫 에폭의 순서가 다시 나옵니다", first_epoch == again)


def balance_classes(training_data):
    """12. 불균형 데이터와 샘플러(sampler)

    7절에서 본 불균형 데이터로는 어떻게 학습해야 할까요? 한 가지 방법은 적은 클래스의 샘플을 더 자주
    보여 주는 것입니다. 어떤 샘플을 어떤 순서로 가져올지는 샘플러가 정합니다.

    WeightedRandomSampler는 가중치에 비례하는 확률로 샘플을 뽑고, 한 번 뽑은 샘플도 다시 뽑습니다.
    예제에는 티셔츠가 500개, 바지가 50개 있으니 가중치를 1/500과 1/50로 정합니다. 클래스마다
    가중치의 합이 1로 같아져서, 두 클래스가 비슷한 횟수로 나옵니다. 다만 같은 바지가 여러 번 나올
    뿐, 새로운 이미지가 생기지는 않습니다.
    """
    labels = training_data.targets
    tshirts = (labels == 0).nonzero().flatten()[:500]
    trousers = (labels == 1).nonzero().flatten()[: len(tshirts) // 10]
    indices = torch.cat([tshirts, trousers]).tolist()
    imbalanced_data = Subset(training_data, indices)
    y = labels[indices]
    show(f"{y.bincount() = }", "클래스별 샘플의 개수")

    weights = 1 / y.bincount()[y]  # 샘플마다 하나씩
    sampler = WeightedRandomSampler(weights, num_samples=1000)
    drawn = torch.zeros(2, dtype=torch.int64)
    for _, batch_y in DataLoader(imbalanced_data, batch_size=100, sampler=sampler):
        drawn += batch_y.bincount(minlength=2)
    show(f"{drawn = }", "샘플러가 뽑은 1,000개의 클래스별 개수")
    check("두 클래스가 모두 400번 넘게 나왔습니다", drawn.min() > 400)


def pad_and_collate(samples):
    """가장 긴 샘플에 맞추어 뒤를 0으로 채운 배치와, 샘플마다의 원래 길이를 반환합니다."""
    lengths = torch.tensor([len(sample) for sample in samples])
    batch = pad_sequence(samples, batch_first=True, padding_value=0)
    return batch, lengths


def batch_unequal_lengths():
    """13. 길이가 다른 샘플과 collate_fn

    이미지는 크기를 바꾸면 되지만 텍스트는 어떨까요? 짧은 문장을 잡아 늘일 수도, 긴 문장을 마음대로
    자를 수도 없습니다. 그래서 짧은 문장의 뒤에 아무 뜻이 없는 0을 붙여 길이를 맞춥니다. 이를
    패딩(padding)이라고 합니다.

    DataLoader는 샘플의 리스트를 배치로 묶을 때 collate_fn을 호출합니다. 여기에 전달할
    pad_and_collate는 배치에서 가장 긴 샘플에 맞추고, 어디까지가 진짜인지 알 수 있도록 원래 길이도
    함께 반환합니다. 예제에서는 클래스의 이름을 문자 코드로 바꿔 길이가 다른 샘플로 사용합니다.
    """
    names = []
    for name in CLASSES:
        names.append(torch.tensor([ord(letter) for letter in name]))
    with expect(RuntimeError):
        next(iter(DataLoader(names, batch_size=3)))

    show_code(pad_and_collate)
    X, lengths = next(iter(DataLoader(names, batch_size=3, collate_fn=pad_and_collate)))
    show(f"{X = }")
    show(f"{lengths = }")

    restored = []
    for row, length in zip(X, lengths):
        restored.append("".join(chr(code) for code in row[:length]))
    show(f"{restored = }", "패딩을 제외하고 되돌린 이름")
    check("길이를 알면 원래 샘플을 되찾을 수 있습니다", restored == CLASSES[:3])


def load_into_memory(dataset):
    """모든 샘플을 한 번만 변환해 TensorDataset으로 반환합니다."""
    batches = list(DataLoader(dataset, batch_size=1000))
    X = torch.cat([X for X, y in batches])
    y = torch.cat([y for X, y in batches])
    return TensorDataset(X, y)


def make_four_dataloaders(dataset, memory, batch_size):
    """같은 배치를 같은 순서로 불러오는 데이터로더 네 개를 만듭니다."""
    plain = DataLoader(dataset, batch_size)
    return {
        "sample by sample": plain,
        "2 workers": DataLoader(dataset, batch_size, num_workers=2, persistent_workers=True),
        "load_into_memory": DataLoader(memory, batch_size),
        "whole batches": DataLoader(memory, batch_size=None, sampler=plain.batch_sampler),
    }


def time_one_pass(dataloader):
    """모든 배치를 한 번 순회하는 데 걸린 시간(초)을 반환합니다."""
    started = time.perf_counter()
    for _ in dataloader:
        pass
    return time.perf_counter() - started


def compare_loading_speed(test_data):
    """14. 데이터를 불러오는 속도

    GPU가 아무리 빨라도 데이터가 늦게 도착하면 기다릴 수밖에 없습니다. 학습이 느리다면 데이터를
    불러오는 데 시간이 얼마나 드는지부터 확인해 보세요. 테스트용 데이터를 네 가지 방법으로 불러와
    비교합니다.

      sample by sample: DataLoader의 기본 방법. 샘플을 하나씩 가져와 변환하고 묶습니다
      2 workers: 같은 일을 워커(worker) 프로세스 두 개가 대신합니다
      load_into_memory: 모두 미리 변환해 메모리에 두고(1장 2절), 하나씩 가져와 묶습니다
      whole batches: 메모리에 둔 텐서에서 배치를 통째로 가져옵니다 (1장의 speed_up)

    마지막 방법이 가장 빠릅니다. batch_sampler가 배치 하나의 인덱스 64개를 한꺼번에 건네니, 인덱싱
    한 번으로 샘플 64개를 가져올 수 있기 때문입니다. batch_size=None은 이미 배치이니 다시 묶지
    말라는 뜻입니다.

    공짜는 아닙니다. 처음에 모두 변환하는 데 한 에폭만큼의 시간이 들고, 데이터가 메모리에 다
    들어가야 하며, 무작위 변형도 처음 한 번만 적용됩니다. 에폭을 여러 번 반복할수록 이득이 커집니다.
    """
    show_code(load_into_memory)
    show_code(make_four_dataloaders)
    show_code(time_one_pass)
    started = time.perf_counter()
    memory = load_into_memory(test_data)
    seconds = time.perf_counter() - started
    print(f"모두 변환해 메모리에 두기까지 {seconds:.2f}초 걸렸습니다.")

    dataloaders = make_four_dataloaders(test_data, memory, batch_size=64)
    speeds = {}
    for method, dataloader in dataloaders.items():
        seconds = min(time_one_pass(dataloader) for _ in range(3))  # 세 번 중 가장 빠른 시간
        speed = len(test_data) / seconds
        speeds[method] = speed
        ratio = speed / speeds["sample by sample"]
        print(f"{method:<17} 1에폭 {seconds:6.3f}초, 1초에 {speed:>9,.0f}개, {ratio:5.1f}배")
    check("whole batches가 sample by sample보다 네 배 넘게 빠릅니다", ratio > 4)
    save_figure(draw_loading_speed(speeds), "data_tutorial_loading_speed.png")


def read_slowly(image):
    """느린 디스크를 time.sleep으로 흉내 내는 transform입니다."""
    time.sleep(0.01)
    return ToTensor()(image)


def use_workers(data_dir):
    """15. 워커가 정말 도움이 될 때

    워커를 둘 둔다고 언제나 두 배로 빨라지는 것은 아닙니다. 배치를 프로세스 사이에서 주고받는 데에도
    시간이 들어서, 가벼운 일이라면 오히려 느려지기도 합니다. 워커가 도움이 되는 것은 큰 사진을 느린
    디스크에서 읽을 때처럼 샘플 하나를 가져오는 데 오래 걸릴 때입니다. 여기서는 read_slowly가
    샘플마다 0.01초씩 쉬면서 흉내 냅니다. 샘플 60개를 혼자 읽으면 0.6초, 둘이 나누어 읽으면
    0.3초쯤입니다.

    워커는 프로세스여서 시작하는 데에도 시간이 걸립니다. persistent_workers=True를 지정하면 같은
    워커가 계속 일하므로 이 시간이 첫 에폭에만 듭니다. 첫 에폭과 두 번째 에폭의 시간을 비교해
    보세요. GPU로 학습한다면 배치를 복사하는 시간을 줄여 주는 pin_memory=True도 시도해 볼 만합니다.

    Windows와 macOS에서(Linux도 Python 3.14부터) 워커를 사용하려면 두 가지를 지키세요. 실행하는
    코드는 if __name__ == "__main__": 안에 넣고, transform에는 lambda 대신 read_slowly처럼 def로
    정의한 함수를 지정합니다. 이유는 4장 17절에 있습니다.
    """
    show_code(read_slowly)
    slow_data = datasets.FashionMNIST(root=data_dir, train=False, transform=read_slowly)
    few_samples = Subset(slow_data, range(60))

    no_workers = DataLoader(few_samples, batch_size=10)
    seconds = time_one_pass(no_workers)
    print(f"워커 없음: {seconds:.2f}초")

    two_workers = DataLoader(few_samples, batch_size=10, num_workers=2, persistent_workers=True)
    first_seconds = time_one_pass(two_workers)
    second_seconds = time_one_pass(two_workers)
    print(f"워커 2개: 첫 에폭 {first_seconds:.2f}초, 두 번째 에폭 {second_seconds:.2f}초")
    check("두 번째 에폭에는 워커 2개가 더 빠릅니다", second_seconds < seconds)


def write_image_files(raw_data, image_dir, count=100):
    """처음 count개의 이미지를 PNG 파일로, 정답을 labels.csv로 저장하고 그 경로를 반환합니다."""
    lines = []
    for i in range(count):
        image, label = raw_data[i]
        lines.append(f"{i:03}.png,{label}\n")
        with saving(image_dir / f"{i:03}.png") as file:
            image.save(file, "PNG")
    with saving(image_dir / "labels.csv") as file:
        file.write("".join(lines).encode("utf-8"))
    return image_dir / "labels.csv"


def write_photos(raw_data):
    """크기가 다른 사진 4장을 클래스마다 다른 폴더에 저장하고, 전체 폴더를 반환합니다."""
    photo_dir = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, photo_dir, ignore_errors=True)
    for i, size in enumerate([(40, 30), (30, 40), (28, 28), (64, 48)]):
        image, label = raw_data[i]
        class_dir = photo_dir / CLASSES[label].replace("/", "-")
        class_dir.mkdir(exist_ok=True)
        image.resize(size).save(class_dir / f"{i}.png")
    return photo_dir


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    torch.manual_seed(args.seed)
    # CPU 코어가 워커보다 적은 컴퓨터에서 나오는 경고입니다
    warnings.filterwarnings("ignore", "This DataLoader will create")

    begin("핵심", "장치(device): cpu")
    data_dir = prepare_fashion_mnist(args.data_dir)
    raw_data = teach(open_fashion_mnist, data_dir)
    training_data, test_data = teach(apply_transforms, data_dir, raw_data)
    teach(look_at_samples, training_data)
    image_dir = OUTPUT_DIR / "data_tutorial_images"
    custom_data = teach(read_image_files, raw_data, image_dir)
    teach(resize_photos, raw_data)
    teach(iterate_in_batches, custom_data, training_data)
    teach(count_classes, training_data, test_data)
    teach(split_for_validation, training_data, args.seed)

    begin("더 알아보기")
    teach(find_broken_lines, image_dir)
    teach(augment_training_only, data_dir, args.seed)
    teach(repeat_the_order, args.seed)
    teach(balance_classes, training_data)
    teach(batch_unequal_lengths)
    teach(compare_loading_speed, test_data)
    teach(use_workers, data_dir)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("4장 변형(transform.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="3장. Dataset과 DataLoader")
    parser.error = lambda message: parser.exit(
        2, f"오류: 잘못된 옵션입니다({message}). 도움말: --help\n"
    )
    add = parser.add_argument
    add("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    add("--data-dir", default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    add("--output-dir", default=OUTPUT_DIR, help="결과 폴더 (기본값: %(default)s)")
    add("--show", action="store_true", help="끝나면 페이지를 브라우저로 엽니다")
    add("--practice", action="store_true", help="연습 문제만 확인합니다")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 2**32 미만이어야 합니다")
    return args


def try_it_yourself():
    """직접 해 보기

    data_tutorial.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저
    예상해 보면 더 재미있습니다.

    1) CustomImageDataset 클래스(4절)의 convert("L")을 convert("RGB")로 바꿔 보세요.
    2) iterate_in_batches 함수(6절)의 마지막 DataLoader에서 shuffle=True를 shuffle=False로 바꿔
    보세요.
    3) balance_classes 함수(12절)의 weights를 torch.ones(len(y))로 바꿔 보세요.

    다음은 직접 실행해 확인한 결과이며, 셋 다 ✗가 표시됩니다. 1)은 채널이 3개가 되어 이미지의 모양이
    [3, 28, 28]로 바뀌고, 흑백인 원본과 달라집니다. 2)는 데이터가 정렬된 그대로여서 첫 배치의 정답이
    모두 0입니다. 3)은 가중치가 모두 같으니 1,000번 중에 바지가 90번쯤만 나옵니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def balanced_weights(labels):
    """정답 labels [N]에 맞는 샘플별 가중치 [N]을 반환하세요.

    클래스마다 가중치의 합이 같고, 모두 더하면 1이어야 합니다.
    예: labels가 [0, 0, 0, 5]이면 [1/6, 1/6, 1/6, 1/2]입니다.

    힌트: 12절의 가중치를 모두 구한 뒤, 그 합으로 나누어 보세요.
    """
    raise NotImplementedError


def pair_dataset(a, b):
    """i번째 샘플이 튜플 (a[i], b[i])인 Dataset 객체를 반환하세요.

    a와 b는 리스트이고, 데이터셋의 길이는 둘 중 짧은 것과 같습니다.
    예: a가 [1, 2, 3]이고 b가 [4, 5]이면 길이는 2이고, 인덱스 1의 샘플은 (2, 5)입니다.

    힌트: 이 함수 안에서 Dataset을 상속받는 파이썬 클래스를 정의하고, 그 객체를 반환해
    보세요.
    """
    raise NotImplementedError


def pad_left(samples):
    """길이가 다른 텐서의 리스트를 받아, 짧은 텐서의 앞을 0으로 채운 배치 [N, L]을 반환하세요.

    L은 가장 긴 텐서의 길이입니다.
    예: samples가 [1, 2, 3]과 [4]이면 [[1, 2, 3], [0, 0, 4]]입니다.

    힌트: nn.functional.pad(x, (개수, 0))으로 앞에 0을 붙이고, torch.stack으로 쌓아 보세요.
    """
    raise NotImplementedError


def validation_indices(labels, n):
    """정답 labels [N]에서 클래스마다 처음 n개의 인덱스를 골라, 오름차순으로 반환하세요.

    샘플이 n개보다 적은 클래스는 모두 고릅니다.
    예: labels가 [2, 0, 2, 2, 0]이고 n이 1이면 [0, 1]입니다.

    힌트: labels.unique()의 클래스 k마다 (labels == k).nonzero()[:n, 0]을 구해 보세요.
    """
    raise NotImplementedError


def read_pairs(dataset):
    """데이터셋의 모든 샘플을 리스트로 반환합니다. 형식이 다르면 오류가 발생합니다."""
    if not isinstance(dataset, Dataset):
        raise TypeError("Dataset을 상속받은 클래스의 객체가 아닙니다")
    pairs = []
    for i in range(len(dataset)):
        if not isinstance(dataset[i], tuple):
            raise TypeError("샘플이 튜플이 아닙니다")
        pairs.append(dataset[i])
    return pairs


def read_tensor(answer):
    """텐서를 그대로 반환합니다. 텐서가 아니면 오류가 발생합니다."""
    if not isinstance(answer, torch.Tensor):
        raise TypeError("텐서가 아닙니다")
    return answer


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 data_tutorial.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고,
    함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. balanced_weights는 12절, pad_left는
    13절을 읽고 푸세요. python data_tutorial.py --practice를 실행하면 맞는지 바로 알려 줍니다. 모범
    답안은 저장소의 tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    practice(
        balanced_weights,
        ((tensor([0, 0, 0, 5]),), [1 / 6, 1 / 6, 1 / 6, 1 / 2]),
        ((tensor([3, 0, 3, 3, 1, 0]),), [1 / 9, 1 / 6, 1 / 9, 1 / 9, 1 / 3, 1 / 6]),
        ((tensor([7, 7]),), [1 / 2, 1 / 2]),
    )
    practice(
        pair_dataset,
        (([1, 2, 3], [4, 5]), [[1, 4], [2, 5]]),
        (([6, 7], [8, 9, 10]), [[6, 8], [7, 9]]),
        (([], [1, 2]), []),
        read=read_pairs,
    )
    practice(
        pad_left,
        (([tensor([1, 2, 3]), tensor([4])],), [[1, 2, 3], [0, 0, 4]]),
        (([tensor([4]), tensor([1, 2, 3]), tensor([5, 6])],), [[0, 0, 4], [1, 2, 3], [0, 5, 6]]),
        (([tensor([7])],), [[7]]),
        read=read_tensor,
    )
    practice(
        validation_indices,
        ((tensor([2, 0, 2, 2, 0]), 1), [0, 1]),
        ((tensor([2, 0, 2, 2, 0]), 2), [0, 1, 2, 4]),
        ((tensor([12, 3, 12, 12]), 2), [0, 1, 2]),
        ((tensor([1, 0]), 99), [0, 1]),
    )


# ---- 그림을 그리는 함수입니다. ----


def draw_chosen_samples(dataset, indices):
    """샘플 9개를 3x3으로 그리고, 정답의 이름과 인덱스를 적습니다."""
    figure, axes = plt.subplots(3, 3, figsize=(6.6, 7.2), layout="constrained")
    figure.suptitle("Random training samples with their labels")
    for axis, index in zip(axes.flat, indices):
        image = dataset[index][0]
        label = dataset.targets[index]
        axis.imshow(image[0].numpy(), cmap="gray")
        axis.set_title(f"{CLASSES[label]}\n(index {index})", fontsize=11)
        axis.axis("off")
    return figure


def draw_batches(sorted_X, shuffled_X):
    """정렬한 데이터의 첫 배치를 섞지 않았을 때와 섞었을 때로 나누어 그립니다."""
    figure, axes = plt.subplots(2, 6, figsize=(7, 2.9), layout="constrained")
    figure.suptitle("First batch of sorted data: not shuffled (top), shuffled (bottom)")
    for row, images in zip(axes, (sorted_X, shuffled_X)):
        for axis, image in zip(row, images):
            axis.imshow(image[0].numpy(), cmap="gray")
            axis.axis("off")
    return figure


def draw_shared_transform(original, wrong, training, right):
    """transform을 공유할 때와 데이터셋을 따로 만들었을 때의 이미지를 그립니다."""
    rows = {
        "validation": original,
        "validation,\nshared transform": wrong,
        "training,\nown dataset": training,
        "validation,\nown dataset": right,
    }
    figure, axes = plt.subplots(4, len(original), figsize=(7, 5.4), layout="constrained")
    figure.suptitle("Both parts share one transform (orange), two datasets do not")
    for row, (name, images) in zip(axes, rows.items()):
        color = "#D55E00" if images is wrong else "#0072B2"
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
        for axis, image in zip(row, images):
            axis.imshow(image[0].numpy(), cmap="gray")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(color=color, linewidth=3)
    return figure


def draw_loading_speed(speeds):
    """방법별 1초에 불러오는 샘플의 개수를 막대로 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
    bars = axis.barh(list(speeds), list(speeds.values()), color="#0072B2")
    ratios = [speed / speeds["sample by sample"] for speed in speeds.values()]
    axis.bar_label(bars, [f"x {ratio:.1f}" for ratio in ratios], padding=4, fontsize=11)
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.xaxis.set_major_locator(plt.MaxNLocator(5))
    axis.set(title="Loading speed on this machine", xlabel="samples per second (higher is better)")
    return figure


# ---- 여기부터는 여러 장에서 공통으로 사용하는 도우미 함수입니다. 건너뛰어도 괜찮습니다. ----
CLAIMS = []  # 확인한 설명: (절의 제목, 설명, 맞았으면 True)
EXERCISES = {}  # 연습 문제의 이름: 맞았으면 True
PAGE = []  # 화면에 출력한 텍스트. 끝나면 HTML 페이지로 바꾸어 저장합니다
TITLES = [""]  # 지금까지 실행한 절의 제목
OUTPUT_DIR = Path(__file__).resolve().parent / "outputs"
PAGE_HEAD = """<!doctype html><html lang="ko"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><style>:root{color-scheme:light dark}
body{max-width:52em;margin:2em auto;padding:0 1em;font:16px/1.75 system-ui,sans-serif;
word-break:keep-all;overflow-wrap:anywhere}h2{margin-top:3em;border-bottom:2px solid #0072B2}
h3{margin:3em 0 0}small,i{color:#808080;font-style:normal}.ok,.wrong{margin:.2em 1em}
pre,samp{display:block;white-space:pre;overflow-x:auto;margin:0;padding:.5em 1em;
font:14px/1.6 ui-monospace,Consolas,monospace}pre{background:#8881;border-left:4px solid #0072B2}
samp{white-space:pre-wrap}.ok{color:#2a9d4f}.wrong{color:#e5534b}img{max-width:100%}
ul{columns:20em}.h3{margin-left:1em}</style>"""
PAGE_RULES = {  # 화면의 줄을 HTML로 바꾸는 규칙. 위에서부터 차례대로 적용합니다
    r"\A(.+)\n(.+)": r"<h1>\1</h1><small>\2</small>",
    r"──── (\W*(\w+).*) ────": r'<h2 id="\2">\1</h2>',
    r"== (.+) ==   (.+ (\w+))": r'<h3 id="\3">\1</h3><small>\2</small>',
    r"&gt;&gt;&gt; (.*)": r"<pre>\1</pre>",
    r"<pre>(|.*  )(# .*)</pre>": r"<pre>\1<i>\2</i></pre>",
    r" *(✓ .*)": r'<p class="ok">\1</p>',
    r" *(□ .*)": r"<p>\1</p>",
    r" *(✗ .*|\[연습용 데이터\].*)": r'<p class="wrong">\1</p>',
    r" *저장: .*?([^/\\\n]+\.png)  (.*)": r'<img src="\1" alt="\2">',
    r" {2,4}(.+)": r"<samp>\1</samp>",
    r"[^<\n].*(\n[^<\n].*)*": r"<p>\g<0></p>",
    r"\d+\) .*": r"<br>\g<0>",
}


def use_hangul():
    """어느 컴퓨터에서나 한글을 출력하고, 한글 글꼴이 있으면 그림에도 사용합니다."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # 노트북의 출력 스트림에는 reconfigure가 없습니다
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    installed = set(font_manager.get_font_names())
    hangul = {"Malgun Gothic", "Apple SD Gothic Neo", "NanumGothic", "Noto Sans CJK KR"}
    plt.rcParams["font.family"] = ["DejaVu Sans", *sorted(hangul & installed)]


def prepare_outputs(path):
    """결과 폴더를 만들고, 파일을 저장할 수 있는지 미리 확인합니다."""
    global OUTPUT_DIR
    OUTPUT_DIR = Path(os.path.expanduser(path))
    try:
        OUTPUT_DIR.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=OUTPUT_DIR).close()
    except OSError as error:
        sys.exit(f"오류: {path} 폴더에 저장할 수 없습니다({error}). --output-dir를 확인하세요.")


def say(text):
    """텍스트를 화면에 출력하고 페이지에도 담습니다."""
    print(text)
    PAGE.append(f"{text}\n")


def begin(part, device=""):
    """핵심, 더 알아보기 등의 제목을 출력합니다. 처음에는 장의 제목과 소개도 출력합니다."""
    if not PAGE:
        file = Path(__file__).name
        title, introduction, *_ = __doc__.split("\n\n")
        say(f"""{title}\nPyTorch {torch.__version__}  {device}\n\n{introduction}

이 내용은 python {file}를 실행하면 나옵니다. 결과는 코드 바로 아래에 있습니다.
'받은 값'은 앞의 절에서 만들었거나 실행할 때 정한 값입니다. ✓가 붙은 문장은 실행하면서 정말
맞는지 확인한 설명이며, 틀리면 ✗로 바뀝니다. 값을 보여 주지 않는 코드는 대개 그 아래의 ✓를
확인하는 코드입니다. import와 그림을 그리는 함수는 {file} 파일에 있습니다. 처음에는
핵심만 읽어도 괜찮습니다.""")
    say(f"\n\n──── {part} ────")


def teach(lesson, *args, **options):
    """절의 docstring을 제목과 설명으로 출력하고, 코드와 결과를 번갈아 출력하며 실행합니다."""
    if not callable(lesson):
        raise TypeError("teach(lesson())이 아니라 teach(lesson)처럼 함수를 전달하세요.")
    title, _, text = (inspect.getdoc(lesson) or lesson.__name__).partition("\n")
    TITLES.append(title)
    transcript = Transcript(inspect.unwrap(lesson))
    place = f"{Path(__file__).name}:{transcript.first} {lesson.__name__}"
    say(f"\n== {title} ==   {place}\n{text.strip()}\n")
    with contextlib.redirect_stdout(transcript):
        try:
            values = []
            for name, value in inspect.signature(lesson).bind(*args, **options).arguments.items():
                simple = isinstance(value, (int, float, str, torch.device, type(None)))
                values.append(f"{name}={value}" if simple else name)
            if values:
                print(f">>> # 받은 값: {', '.join(values)}")
            result = lesson(*args, **options)
            transcript.write(transcript.take_code(len(transcript.lines)))
            return result
        except BaseException as error:
            for frame, number in traceback.walk_tb(error.__traceback__):
                if frame.f_code is transcript.code:
                    transcript.write(transcript.take_code(number - transcript.first + 1))
            PAGE.append(f"\n✗ 여기에서 멈췄습니다: {type(error).__name__}: {error}\n")
            with contextlib.suppress(SystemExit):  # 저장할 수 없어도 원래의 오류를 보여 줍니다
                write_page()
            raise


class Transcript(io.TextIOBase):
    """절을 실행하는 동안의 출력 스트림입니다. 결과보다 그 결과를 만든 코드를 먼저 출력합니다."""

    def __init__(self, lesson):
        self.screen = sys.stdout
        self.code = lesson.__code__
        self.lines, self.first = inspect.getsourcelines(lesson)
        self.statements = ast.parse("".join(self.lines)).body[0].body  # 아직 출력하지 않은 문장
        self.shown = self.statements[0].lineno - 1  # 이미 출력한 줄의 개수
        if lesson.__doc__:
            self.shown = self.statements.pop(0).end_lineno
        if lesson is check_practice:
            self.statements.clear()  # 연습 문제를 확인하는 코드는 출력하지 않습니다

    def take_code(self, number):
        """number번째 줄이 속한 문장까지의 새 코드를 반환합니다. 반복문은 전체가 한 문장입니다."""
        code = ""
        while self.statements and self.statements[0].lineno <= number:
            statement = self.statements.pop(0)
            last = statement.lineno - 1 if only_prints(statement) else statement.end_lineno
            for line in self.lines[self.shown : last]:
                code += f">>> {line.removeprefix('    ')}" if line.strip() else "\n"
            self.shown = statement.end_lineno
        return code

    def write(self, text):
        """실행한 코드와 텍스트를 화면에 출력하고 페이지에 담습니다. 코드가 아니면 들여씁니다."""
        for frame, number in traceback.walk_stack(inspect.currentframe()):
            if frame.f_code is self.code:
                text = self.take_code(number - self.first + 1) + text
        for line in text.splitlines(keepends=True):
            at_line_start = PAGE[-1].endswith("\n")
            if line.startswith(">>> "):
                line = line if at_line_start else f"\n{line}"
            elif at_line_start and not line.isspace():
                line = f"    {line}"
            print(line, end="", file=self.screen, flush=True)
            PAGE.append(line)


def only_prints(statement):
    """출력만 하는 문장이면 True입니다. 결과가 바로 이어지므로 코드는 출력하지 않습니다."""
    names = ("print", "show", "check", "practice", "save_figure", "show_code")
    function = getattr(getattr(statement, "value", None), "func", None)
    return isinstance(statement, ast.Return) or getattr(function, "id", "") in names


def show_code(thing):
    """함수나 클래스의 코드를 출력합니다."""
    print(textwrap.indent(inspect.getsource(thing), ">>> "))


def show(text, note=""):
    """show(f"{식 = }", "설명")은 식과 설명을 코드처럼 출력하고, 그 아래에 값을 출력합니다."""
    code, equals, value = str(text).partition(" = ")
    if equals:
        print(f">>> {code}" + (f"  # {note}" if note else ""))
    print(value if equals else f"{text} {note}".rstrip())


def check(claim, holds):
    """설명 한 문장이 맞는지 확인하고 출력합니다. 틀려도 멈추지 않고, 마지막에 다시 출력합니다."""
    holds = bool(holds.all() if hasattr(holds, "all") else holds)  # 벡터이면 모두 참이어야 합니다
    print(f"{'✓' if holds else '✗'} {claim}")
    CLAIMS.append((TITLES[-1], claim, holds))


@contextlib.contextmanager
def expect(kind):
    """이 블록에서는 kind 오류가 발생해야 합니다. 오류의 메시지를 출력하고 계속합니다."""
    try:
        yield
    except kind as error:
        message = " ".join(f"{type(error).__name__}: {error}".split())
        # 옵션 이름의 하이픈에서는 줄을 바꾸지 않습니다
        print(textwrap.fill(message, 92, subsequent_indent="    ", break_on_hyphens=False))
    else:
        check(f"위의 코드에서 {getattr(kind, '__name__', kind)} 오류가 발생합니다", False)


def practice(exercise, *examples, read=torch.as_tensor):
    """연습 문제를 (입력, 올바른 값)마다 확인하고 □(미완성), ✓(정답), ✗(오답)로 출력합니다.

    반환한 값이 텐서가 아니면, 비교할 값을 구하는 함수를 read에 지정합니다.
    """
    EXERCISES[exercise.__name__] = False
    names = inspect.signature(exercise)
    code = exercise.__code__
    title = f"{exercise.__name__}{names}   {Path(__file__).name}:{code.co_firstlineno}"
    task = inspect.getdoc(exercise)
    for inputs, right in examples:
        try:
            problem = find_problem(exercise(*copy.deepcopy(inputs)), right, read)
        except NotImplementedError:
            print(f"□ {title}\n{textwrap.indent(task, '    ')}")
            return
        except Exception as error:
            line = code.co_firstlineno
            for frame in traceback.extract_tb(error.__traceback__)[1:]:
                line = frame.lineno if frame.filename == code.co_filename else line
            problem = f"{line}번째 줄의 오류: {type(error).__name__}: {error}"
        if problem:
            told = [f"{name} = {value}" for name, value in zip(names.parameters, inputs)]
            told += [f"올바른 값: {right}", problem, task.rpartition("\n\n")[2]]
            details = textwrap.indent("\n".join(told), "    ")
            print(f"✗ {title}\n{details}")
            return
    EXERCISES[exercise.__name__] = True
    print(f"✓ {exercise.__name__}")


def find_problem(answer, right, read):
    """반환한 값이 올바른 값과 어떻게 다른지 설명하는 문장을 반환합니다. 같으면 빈 문자열입니다."""
    if answer is None:
        return "반환한 값이 없습니다. return을 확인하세요."
    try:
        value = torch.as_tensor(read(answer)).detach().double()
    except Exception as error:
        return f"반환한 값: {answer}\n비교할 수 없는 값입니다({type(error).__name__}: {error})."
    expected = torch.as_tensor(right).double()
    told = f"반환한 값: {value.numpy().round(4).tolist()}"
    if value.shape != expected.shape:
        return f"{told}\n모양 {list(value.shape)}, 올바른 모양 {list(expected.shape)}"
    return "" if torch.allclose(value, expected, rtol=1e-4, atol=1e-5) else told


@contextlib.contextmanager
def saving(path):
    """임시 폴더에 모두 저장한 뒤 옮깁니다. 도중에 멈춰도 기존 파일은 그대로입니다."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, ignore_cleanup_errors=True) as folder:
            with open(f"{folder}/new", "wb") as file:
                yield file
            os.replace(file.name, path)
    except OSError as error:
        sys.exit(f"오류: {path} 파일을 저장할 수 없습니다({error}).")


def save_figure(figure, name):
    """그림을 결과 폴더에 PNG 파일로 저장하고 페이지에 넣습니다. 노트북에서는 바로 표시합니다."""
    path = OUTPUT_DIR / Path(name).with_suffix(".png")
    with saving(path) as file:
        figure.savefig(file, dpi=120)
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    title = figure.get_suptitle() or ", ".join(titles)
    print(f"저장: {path}  {' '.join(title.split())}")
    if "ipykernel" in sys.modules:
        from IPython.display import display

        display(figure)
    plt.close(figure)


def write_page():
    """화면에 출력한 텍스트를 HTML 페이지로 저장하고 그 경로를 반환합니다."""
    body = html.escape("".join(PAGE))
    for pattern, tags in PAGE_RULES.items():
        body = re.sub(f"(?m)^{pattern}$", tags, body)
    body = re.sub(r"</(pre|samp)>(\n+)<\1>", r"\2", body)  # 이어지는 줄을 한 블록으로 합칩니다
    contents = ""
    for tag, name, title in re.findall(r'<(h[23]) id="(\w+)">(.+)</h', body):
        contents += f'<li class="{tag}"><a href="#{name}">{title}</a></li>\n'
    body = body.replace("<h2", f"<nav><ul>\n{contents}</ul></nav>\n<h2", 1)
    path = OUTPUT_DIR / f"{Path(__file__).stem}.html"
    with saving(path) as file:
        page = f"{PAGE_HEAD}<title>{path.stem}</title></head><body>\n{body}\n</body></html>\n"
        file.write(page.encode())
    return path


def finish(next_chapter, open_page):
    """결과를 요약하고 페이지를 저장합니다. 틀린 설명이 있으면 모두 출력하고 1로 종료합니다."""
    wrong = [f"✗ {title}: {claim}" for title, claim, holds in CLAIMS if not holds]
    begin("마무리")
    say(f"""✓로 확인한 설명은 {len(CLAIMS)}개 중 {len(CLAIMS) - len(wrong)}개가 맞습니다.
연습 문제는 {len(EXERCISES)}개 중 {sum(EXERCISES.values())}개를 풀었습니다.
다음에 읽을 것: {next_chapter}""")
    for notice in re.findall(r"(?m)^\[연습용 데이터\].*", "".join(PAGE)):
        print(notice)
    PAGE.append("\n".join(wrong))
    path = write_page()
    if open_page and not webbrowser.open(path.resolve().as_uri()):
        print("브라우저를 열 수 없으니 다음 파일을 직접 여세요.")
    print(f"설명, 코드, 결과, 그림을 모은 페이지: {path}")
    if wrong:
        sys.exit("\n".join(["다음 설명은 결과와 다릅니다. 왜 달라졌는지 생각해 보세요.", *wrong]))


SECOND_MIRROR = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
)
STALL_SECONDS = 5  # 이 시간 동안 응답이 없으면 다음 서버에서 내려받습니다
GARMENTS = """1fffbe7cf9f3e 0f9f366cd9b36 1fffffbb76e9c 070e083871f3e 18ffffefdfbb6
    0000406037f00 1ff5ebbb56e94 0000073ffff80 07117ffffffff 03060c39f3fe3"""  # 7x7 그림(49비트)


def prepare_fashion_mnist(data_dir):
    """FashionMNIST가 있는 폴더를 반환합니다. 없으면 내려받습니다."""
    root = Path(os.path.expanduser(data_dir))
    raw = root / "FashionMNIST" / "raw"
    if os.path.isfile(root):
        sys.exit(f"오류: {root}은(는) 폴더가 아니라 파일입니다. --data-dir를 확인하세요.")
    if not all(os.path.isfile(raw / Path(gz).stem) for gz, md5 in datasets.FashionMNIST.resources):
        return download_fashion_mnist(root)
    for split in ("train", "t10k"):
        try:
            dataset = datasets.FashionMNIST(root, train=split == "train")
            if dataset.data.shape != (len(dataset.targets), 28, 28) or dataset.targets.max() > 9:
                raise ValueError("이미지와 정답이 서로 맞지 않습니다")
        except Exception as error:
            files = f"{raw / split}-images-idx3-ubyte나 {split}-labels-idx1-ubyte"
            sys.exit(f"오류: {files}가 손상되었습니다({error!r}). 네 파일을 다시 준비하세요.")
    return root


def download_fashion_mnist(root):
    """FashionMNIST를 root에 내려받습니다. 내려받지 못하면 연습용 데이터의 폴더를 반환합니다."""
    reasons = ""
    mirrors = datasets.FashionMNIST.mirrors
    socket.setdefaulttimeout(STALL_SECONDS)
    for mirror in [*mirrors, SECOND_MIRROR]:
        print(f"FashionMNIST를 내려받습니다: {mirror}")
        datasets.FashionMNIST.mirrors = [mirror]
        try:
            datasets.FashionMNIST(root, download=True)  # MD5도 확인합니다
            break
        except Exception as error:  # 어떤 오류가 발생하더라도 다음 서버를 시도합니다
            reasons += f"내려받지 못한 이유: {' '.join(str(error).split())}\n\n"
    else:
        say(f"""[연습용 데이터] FashionMNIST 대신 단순한 그림을 사용하니 정확도가 다릅니다.

{reasons}해결 방법: 인터넷에 연결하고 다시 실행하거나, 다음 주소의 .gz 파일 4개를
{root / "FashionMNIST" / "raw"} 폴더에 넣으세요.
https://github.com/zalandoresearch/fashion-mnist/tree/master/data/fashion""")
        root = write_practice_data()
    datasets.FashionMNIST.mirrors = mirrors
    socket.setdefaulttimeout(None)
    return root


def write_practice_data():
    """옷 그림에 잡음(noise)을 더한 이미지 7,000장을 임시 폴더에 저장하고, 그 폴더를 반환합니다."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    bits = "".join(f"{int(code, 16):049b}" for code in GARMENTS.split())
    pixels = torch.tensor([float(bit) for bit in bits]).view(10, 1, 7, 7)
    shapes = nn.functional.interpolate(pixels, size=28)[:, 0]
    random = torch.Generator().manual_seed(0)
    for split, n in (("train", 6000), ("t10k", 1000)):
        labels = torch.randint(10, (n,), generator=random)
        brightness = 50 + 150 * torch.rand(n, 1, 1, generator=random)
        noise = 80 * torch.randn(n, 28, 28, generator=random)
        images = (brightness * shapes[labels] + noise).clamp(0, 255)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.dim()])
            header += b"".join(size.to_bytes(4, "big") for size in array.shape)
            with saving(root / "FashionMNIST" / "raw" / f"{split}-{kind}-ubyte") as file:
                file.write(header + array.to(torch.uint8).numpy().tobytes())
    return root


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("실행을 중단했습니다. 이미 저장한 파일은 그대로 있습니다.")
    except BrokenPipeError:  # 출력을 head나 less로 보내고 먼저 닫은 경우
        os._exit(1)
