"""4장. 변형: 데이터를 학습하기 좋은 모습으로 바꾸기

3장에서는 transform에 ToTensor()를 지정했지만, 그 안에서 무슨 일이 일어나는지는 자세히 보지
않았습니다. 이 장에서는 이미지를 텐서로, 정답을 원-핫으로 바꾸고, 값의 범위를 맞추고, 무작위로
조금씩 바꾸어 학습용 이미지를 늘려 봅니다. 다 읽고 나면 크기와 색이 제각각인 사진도 모델이 배우기
좋은 배치로 만들 수 있습니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python transform.py
    python transform.py --seed 1 --show         # 다른 난수로 실행하고 페이지를 브라우저로 열기
    python transform.py --practice              # 연습 문제만 확인하기
    python transform.py --help                  # 모든 옵션 보기
    %run transform.py                           # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
    1. 변형(transform)은 왜 필요할까요?          load_raw_data, form
    2. ToTensor: 이미지를 텐서로                 convert_image
    3. Lambda: 정답을 원-핫(one-hot)으로         encode_label
    4. 데이터셋에 변형 지정하기                  set_transforms
    5. 정수 정답으로 충분할 때                   compare_label_forms
    6. transforms.v2와 scale=True                use_v2
    7. 정규화(normalize): 평균 0, 표준편차 1     normalize_images
    8. 정규화하면 학습이 빨라질까요?             compare_training, train_with_sgd
    9. Compose: 변형을 이어 붙이기               compose_transforms
    10. 순서를 바꾸면 어떻게 될까요?             change_order
    11. 사용자 정의 변형                         use_custom_transform, SaltAndPepper
    12. 증강(augmentation)은 학습용에만          augment_training_data, count_kinds
    13. 어떤 증강을 고를까요?                    compare_augmentations
  더 알아보기
    14. ToTensor가 255로 나누지 않는 입력        find_undivided_inputs
    15. 정답을 섞어야 할 때: 믹스업(mixup)       mix_labels
    16. 배치를 통째로 변형하면                   transform_batch
    17. 워커(worker) 프로세스에 변형 보내기      send_to_worker, one_hot_label
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
import html
import inspect
import io
import os
import pickle
import re
import shutil
import socket
import sys
import tempfile
import textwrap
import traceback
import webbrowser
from pathlib import Path

if "ipykernel" not in sys.modules:  # 노트북이 아니면 창을 열지 않고 그림을 파일로만 저장합니다
    os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib import font_manager
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.transforms import Lambda, ToTensor, v2


def form(value):
    """값의 종류, 자료형, 모양, 최솟값 ~ 최댓값을 한 줄로 적습니다."""
    library = type(value).__module__.split(".")[0]  # PIL, numpy, torch 등
    array = np.asarray(value)
    smallest = round(float(array.min()), 3)
    largest = round(float(array.max()), 3)
    kind = f"{library} {type(value).__name__}"
    return f"{kind}, {array.dtype}, {list(array.shape)}, {smallest:g} ~ {largest:g}"


def load_raw_data(data_dir):
    """1. 변형(transform)은 왜 필요할까요?

    데이터가 처음부터 학습하기 좋은 모습으로 저장되어 있는 경우는 드뭅니다. FashionMNIST도 그대로
    불러오면 PIL 이미지와 정수 정답(label)이 나오는데, 신경망은 실수(float) 텐서(tensor)로 계산하고
    DataLoader는 PIL 이미지를 배치(batch)로 묶지 못합니다. 그래서 데이터를 학습하기 좋은 모습으로
    바꾸는 함수, 곧 변형(transform)이 필요합니다.

    이미지를 바꿀 변형은 transform에, 정답을 바꿀 변형은 target_transform에 지정합니다(3장 2절).
    이번에는 둘 다 지정하지 않고, 원래 무엇이 나오는지부터 살펴봅시다.

    예제에서는 도우미 함수 두 개를 사용합니다. form은 값의 종류, 자료형, 모양, 범위를 한 줄로 보여
    주고, expect는 일부러 오류를 내고 그 메시지를 보여 줍니다.
    """
    training_data = datasets.FashionMNIST(root=data_dir, train=True, download=True)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True)

    image, label = training_data[0]
    show(f"{form(image) = !s}", "종류, 자료형, 모양, 최솟값 ~ 최댓값")
    show(f"{label = }", "정답: 클래스 번호")
    check("데이터셋에서 꺼낸 이미지는 텐서가 아닙니다", not isinstance(image, torch.Tensor))

    with expect(TypeError):
        next(iter(DataLoader(training_data, batch_size=4)))
    return training_data, test_data


def convert_image(image):
    """2. ToTensor: 이미지를 텐서로

    이미지는 알고 보면 숫자표입니다. 픽셀마다 밝기가 0(검은색)부터 255(흰색)까지의 정수로 적혀
    있습니다. ToTensor는 PIL 이미지나 NumPy 배열(ndarray)에 담긴 이 표를 신경망이 계산할 수 있는
    실수 텐서(FloatTensor)로 바꿉니다. ToTensor()는 변형을 만들 뿐이고, 그 변형을 함수처럼 호출해야
    이미지가 바뀝니다. 그래서 한 줄로 쓰면 ToTensor()(image)처럼 괄호가 두 번 나옵니다.

    ToTensor는 픽셀 값을 255로 나누어 0~1의 범위로 맞춥니다. 예를 들어 99는 99 / 255 = 0.388이
    됩니다. 왜 나눌까요? 값이 크면 학습이 잘되지 않기 때문입니다(8절). 그림은 가운데의 픽셀 16개를
    확대한 것이니, 같은 픽셀의 값이 어떻게 바뀌었는지 비교해 보세요.

    차원의 순서도 [높이, 너비, 채널]에서 [채널, 높이, 너비]로 바꿉니다. PyTorch의 연산은 채널이
    높이와 너비보다 앞에 있다고 가정하기 때문입니다.
    """
    to_tensor = ToTensor()  # 변형을 만듭니다
    tensor = to_tensor(image)  # 만든 변형을 이미지에 적용합니다
    show(f"{form(image) = !s}", "변형 전")
    show(f"{form(tensor) = !s}", "변형 후")

    array = np.array(image)
    show(f"{array[12, 12:16] = }", "픽셀 4개의 값")
    show(f"{tensor[0, 12, 12:16] = }", "같은 픽셀을 변형한 값")
    check(
        "변형한 값은 픽셀 값을 255로 나눈 것과 같습니다",
        torch.equal(tensor[0], torch.from_numpy(array) / 255),
    )
    save_figure(draw_pixels(array, tensor), "transform_pixels.png")

    color = image.convert("RGB").resize((20, 28))  # PIL에서 크기는 (너비, 높이)
    show(f"{np.array(color).shape = }", "컬러 이미지의 높이, 너비, 채널")
    show(f"{ToTensor()(color).shape = }", "채널, 높이, 너비")


def encode_label(label):
    """3. Lambda: 정답을 원-핫(one-hot)으로

    정답 9는 9번 클래스라는 뜻일 뿐, 1번보다 9배 크다는 뜻이 아닙니다. 원-핫(one-hot) 텐서는
    클래스마다 자리를 하나씩 두고 정답의 자리에만 1을, 나머지에는 0을 넣어, 번호의 크기에 뜻이 없게
    합니다. 정답이 9라면 0이 10개인 영 텐서(zero tensor)를 만들고 zeros[9] = 1을 실행하면 됩니다.

    모든 정답을 이렇게 바꾸려면 함수가 필요합니다. def로 써도 되지만, 공식 튜토리얼처럼 lambda로 한
    줄에 써 봅시다. lambda 안에서는 =로 할당할 수 없기 때문에 같은 일을 하는 메서드 scatter_를
    사용합니다. 외우지 않아도 됩니다.

    1) 0이 10개인 텐서를 만듭니다. 10은 클래스의 개수입니다.
    2) 정답을 인덱스로 사용할 텐서로 변환합니다.
    3) scatter_로 이 인덱스의 자리에 1을 넣습니다. 첫 인자 0은 인덱스를 찾을 차원입니다. 이름 끝의
    _는 텐서를 직접 바꾼다는 뜻입니다(2장 16절).

    마지막으로 이 함수를 Lambda로 감싸면 변형이 됩니다.
    """
    zeros = torch.zeros(10)
    zeros[label] = 1
    show(f"{zeros = }", "=로 할당한 원-핫")

    one_hot = torch.zeros(10, dtype=torch.float)  # 1) 영 텐서
    index = torch.tensor(label)  # 2) 인덱스
    one_hot.scatter_(0, index, value=1)  # 3) 할당
    show(f"{one_hot = }", "scatter_로 할당한 원-핫")
    check("두 원-핫은 같습니다", torch.equal(zeros, one_hot))

    to_one_hot = Lambda(
        lambda y: torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1)
    )
    show(f"{to_one_hot(3) = }", "세 단계를 한 번에")
    return to_one_hot


def set_transforms(data_dir, to_one_hot):
    """4. 데이터셋에 변형 지정하기

    샘플이 60,000개인데 변형을 일일이 호출해야 할까요? 그렇지 않습니다. 데이터셋을 만들 때
    transform과 target_transform에 지정해 두면, 샘플을 가져올 때마다 데이터셋이 두 변형을
    적용합니다. DataLoader도 데이터셋에서 샘플을 가져오기 때문에, 1절에서는 오류가 나던 배치를
    이번에는 얻을 수 있습니다.

    변형으로는 함수처럼 호출할 수 있는 객체(callable)라면 무엇이든 지정할 수 있습니다. lambda를
    Lambda로 감싸지 않고 바로 지정해도 됩니다(1장).

    저장된 데이터까지 바뀌지는 않습니다. training_data.data에는 언제나 원본이 들어 있으니, 변형한
    결과를 보려면 training_data[0]처럼 샘플을 가져와야 합니다.
    """
    training_data = datasets.FashionMNIST(
        root=data_dir,
        train=True,
        download=True,
        transform=ToTensor(),
        target_transform=to_one_hot,
    )
    X, y = next(iter(DataLoader(training_data, batch_size=64)))
    show(f"{form(X) = !s}", "이미지 64장의 배치")
    show(f"{form(y) = !s}", "원-핫 정답 64개의 배치")
    show(f"{form(training_data.data) = !s}", "저장된 데이터: 변형하지 않은 원본")
    check(
        "원-핫에서 1의 자리는 저장된 정수 정답과 같습니다",
        torch.equal(y.argmax(dim=1), training_data.targets[:64]),
    )


def compare_label_forms(training_data):
    """5. 정수 정답으로 충분할 때

    정답을 원-핫으로 바꿔 보았지만, 일반적인 분류에서는 그럴 필요가 없습니다. 1장에서 사용한
    CrossEntropyLoss, 곧 교차 엔트로피(cross entropy)는 정수 정답도 받기 때문입니다. 손실(loss)이
    원-핫일 때와 같은지 확인해 보세요.

    그렇다면 원-핫은 언제 필요할까요? 정답을 한 클래스로 정할 수 없을 때입니다. 15절에서 그런 정답을
    만들어 봅니다.
    """
    loss_fn = nn.CrossEntropyLoss()
    logits = torch.randn(64, 10)  # 모델이 내놓은 점수라고 생각하세요
    labels = training_data.targets[:64]  # 정수 정답
    # F: 계층을 만들지 않고 바로 호출하는 함수를 모은 torch.nn.functional
    one_hot = F.one_hot(labels, num_classes=10)  # 정답 64개를 한 번에 원-핫으로

    integer_loss = loss_fn(logits, labels)
    one_hot_loss = loss_fn(logits, one_hot.float())  # 원-핫은 실수여야 합니다
    show(f"{integer_loss, one_hot_loss = }")
    check(
        "정수 정답의 손실과 원-핫 정답의 손실은 같습니다",
        torch.isclose(integer_loss, one_hot_loss),
    )


def use_v2(image):
    """6. transforms.v2와 scale=True

    ToTensor는 텐서로 만드는 일과 0~1로 맞추는 일을 함께 합니다. 둘 중 하나만 하고 싶을 때도 있기
    때문에, TorchVision이 새 코드에 권장하는 transforms.v2에서는 이 일을 두 변형으로 나누었습니다.

    1) v2.ToImage()는 값을 그대로 두고 텐서로 만듭니다. form은 이것을 torchvision Image라고 적는데,
    이미지라는 표시가 붙은 텐서입니다.
    2) v2.ToDtype(torch.float32, scale=True)는 실수로 바꾸면서 0~1로 맞춥니다.

    여기에는 함정이 하나 있습니다. scale의 기본값이 False여서, 빠뜨리면 255가 그대로 255.0이 됩니다.
    오류는 나지 않습니다. 학습이 잘되지 않을 뿐이어서(8절) 원인을 찾기도 어려우니, form으로 하듯
    값의 범위를 출력해 확인해 보세요.
    """
    tensor = v2.ToImage()(image)
    show(f"{form(tensor) = !s}", "값은 그대로인 텐서")
    scaled = v2.ToDtype(torch.float32, scale=True)(tensor)
    show(f"{form(scaled) = !s}", "scale=True: 0~1")
    unscaled = v2.ToDtype(torch.float32)(tensor)
    show(f"{form(unscaled) = !s}", "scale을 빠뜨리면 값의 범위가 그대로입니다")
    check(
        "두 변형을 차례로 적용한 결과는 ToTensor의 결과와 같습니다",
        torch.allclose(scaled, ToTensor()(image)),
    )


def normalize_images(training_data, test_data):
    """7. 정규화(normalize): 평균 0, 표준편차 1

    값의 범위가 데이터마다 다르면 알맞은 학습률도 그때마다 달라집니다. 그래서 어떤 데이터든 평균은
    0, 표준편차는 1이 되도록 맞추는데, 이를 정규화(normalize) 또는 표준화라고 합니다. 표준편차는
    값들이 평균에서 보통 얼마나 떨어져 있는지 나타내는 숫자입니다.

    평균을 빼고 표준편차로 나누면 됩니다. 값이 1, 2, 3이라면 평균 2를 빼고 표준편차 1(개수보다 하나
    작은 2로 나눈 값)로 나누어 -1, 0, 1이 됩니다. 픽셀도 마찬가지여서 0이던 검은색은 음수가 되고
    1이던 흰색은 더 커지니, 어떤 값이 되는지 black과 white에서 확인해 보세요.

    평균과 표준편차는 학습용 데이터로만 계산해서 테스트용 데이터에도 그대로 사용합니다. 테스트용
    데이터는 아직 보지 못한 데이터를 대신하기 때문에 미리 들여다보면 안 됩니다. 그림의 세로축은 한
    눈금마다 10배가 됩니다.
    """
    X = training_data.data.unsqueeze(1) / 255  # [60000, 28, 28] → [60000, 1, 28, 28]
    mean = X.mean().item()
    std = X.std().item()
    show(f"{mean, std = }", "학습용 데이터의 평균과 표준편차")
    black = round((0 - mean) / std, 2)
    white = round((1 - mean) / std, 2)
    show(f"{black, white = }", "정규화한 검은색과 흰색")

    normalize = v2.Normalize([mean], [std])  # 채널마다 하나씩. 컬러이면 3개씩 지정합니다
    train = normalize(X)
    train_mean = train.mean()
    train_std = train.std()
    show(f"{train_mean, train_std = }", "0.000001 정도는 계산의 반올림 오차")
    test = normalize(test_data.data.unsqueeze(1) / 255)
    show(f"{test.mean(), test.std() = }", "학습용의 평균과 표준편차를 사용했습니다")
    check(
        "정규화한 학습용 데이터의 평균은 0, 표준편차는 1입니다",
        abs(train_mean) < 0.001 and abs(train_std - 1) < 0.001,
    )
    save_figure(draw_histograms(X[:500], train[:500]), "transform_histograms.png")
    return normalize


def train_with_sgd(X, y, seed):
    """작은 신경망을 SGD로 5에폭 학습하고, 에폭별 평균 손실을 반환합니다."""
    torch.manual_seed(seed)  # 초기 가중치와 배치의 순서를 똑같이 맞춥니다
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 64), nn.ReLU(), nn.Linear(64, 10))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for _ in range(5):
        total_loss = 0.0
        for indices in torch.randperm(len(X)).split(32):
            loss = loss_fn(model(X[indices]), y[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(indices)
        losses.append(total_loss / len(X))
    return losses


def compare_training(training_data, normalize, seed):
    """8. 정규화하면 학습이 빨라질까요?

    말로만 들어서는 믿기 어려우니 직접 학습해서 비교해 봅시다. 학습용 이미지 2,000장을 픽셀 값
    그대로인 0~255, 255로 나눈 0~1, 정규화한 값의 세 가지로 준비하고, 작은 신경망을 SGD로
    5에폭(epoch)씩 학습합니다. 시드(seed)가 같아서 초기 가중치와 배치의 순서도 같습니다. 다른 것은
    입력뿐입니다.

    그림을 보면 정규화한 입력의 손실이 가장 빨리 줄어듭니다. 0~255를 그대로 넣으면 손실이 그림
    밖으로 튀어 올랐다가 2.3 근처에서 멈춥니다. 2.3은 열 클래스에 모두 같은 확률을 주는 모델의
    손실이니(1장), 아무것도 배우지 못한 셈입니다. 6절의 scale=True를 빠뜨리면 이런 일이 생깁니다.

    정규화하면 왜 더 빨리 배울까요? 이 실험에서는 무엇보다 값이 알맞게 커졌기 때문입니다. 1보다 작은
    표준편차로 나누어 값이 커지니, 학습률이 같아도 가중치가 한 번에 더 많이 움직입니다. 그렇다면
    0~1인 입력도 학습률을 키우면 빨라지지 않을까요? '직접 해 보기'에서 확인해 보세요.
    """
    show_code(train_with_sgd)
    images = training_data.data[:2000].unsqueeze(1)
    y = training_data.targets[:2000]
    curves = {
        "pixels 0..255": train_with_sgd(images.float(), y, seed),
        "scaled to 0..1": train_with_sgd(images / 255, y, seed),
        "normalized": train_with_sgd(normalize(images / 255), y, seed),
    }
    for name, losses in curves.items():
        print(f"{name:<14} 에폭 1의 손실 {losses[0]:8.3f}, 에폭 5의 손실 {losses[-1]:.3f}")
    check(
        "5에폭 뒤의 손실은 정규화한 입력에서 가장 작습니다",
        curves["normalized"][-1] < min(curves["pixels 0..255"][-1], curves["scaled to 0..1"][-1]),
    )
    save_figure(draw_input_ranges(curves), "transform_normalize_sgd.png")


def compose_transforms(image, normalize):
    """9. Compose: 변형을 이어 붙이기

    휴대전화로 찍은 사진은 색이 있고 크기도 제각각입니다. 흑백으로 바꾸고, 크기를 맞추고, 텐서로
    만들고, 정규화까지 해야 하는데, 데이터셋의 transform에는 변형을 하나만 지정할 수 있습니다.

    여러 변형을 하나로 이어 붙이는 것이 v2.Compose입니다. 앞에서부터 차례로 적용하면서 변형한 결과를
    다음 변형에 전달하니, 출력에서 단계마다 무엇이 바뀌는지 따라가 보세요. 크기를 맞추는
    v2.Resize에는 (높이, 너비)를 지정합니다.
    """
    photo = image.convert("RGB").resize((40, 30))  # 크기가 다른 컬러 사진
    prepare = v2.Compose(
        [
            v2.Grayscale(),
            v2.Resize((28, 28)),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            normalize,
        ]
    )
    show(f"{form(photo) = !s}", "변형하기 전")
    value = photo
    for step in prepare.transforms:
        value = step(value)
        print(f"{type(step).__name__:<9} → {form(value)}")
    check(
        "Compose의 결과는 변형을 하나씩 적용한 것과 같습니다",
        torch.equal(value, prepare(photo)),
    )

    batch = torch.stack([prepare(image), prepare(photo)])
    show(f"{form(batch) = !s}", "크기가 다르던 두 이미지의 배치")


def change_order(image, normalize):
    """10. 순서를 바꾸면 어떻게 될까요?

    Compose는 적힌 순서대로 실행할 뿐, 순서가 올바른지는 확인하지 않습니다. 그래서 순서가 틀려도
    오류 없이 지나가기도 합니다. v2.Pad(4)로 이미지의 네 변에 4픽셀씩 패딩(padding)을 붙여 봅시다.
    패딩은 0으로 채워지는데, 정규화하기 전의 0은 검은색이지만 정규화한 뒤의 0은 평균 밝기입니다.
    검은색은 7절의 black처럼 음수가 되었습니다.

    그림을 보면 같은 변형을 순서만 바꾸었는데도 한쪽에는 회색 테두리가 생겼습니다. 모델이 본 적 없는
    테두리입니다. 이동이나 회전처럼 빈 곳을 0으로 채우는 변형은 모두 Normalize보다 앞에 두세요.
    """
    to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    pad = v2.Pad(4)
    pad_first = v2.Compose([to_float, pad, normalize])(image)
    pad_last = v2.Compose([to_float, normalize, pad])(image)
    show(f"{pad_first[0, 0, 0] = }", "왼쪽 위 픽셀: 검은색을 정규화한 값")
    show(f"{pad_last[0, 0, 0] = }", "왼쪽 위 픽셀: 평균 밝기")
    check("정규화한 뒤에 붙인 패딩이 더 밝습니다", pad_last[0, 0, 0] > pad_first[0, 0, 0])
    save_figure(draw_orders(pad_first, pad_last), "transform_order.png")


class SaltAndPepper:
    """흑백 이미지의 픽셀 일부(amount)를 검은색(0)이나 흰색(1)으로 바꾸는 변형입니다."""

    def __init__(self, amount):
        self.amount = amount

    def __call__(self, image):  # 0~1의 실수 텐서(Compose에서는 Normalize보다 앞)
        noise = torch.rand_like(image)  # 픽셀마다 0~1의 난수 하나
        image = image.masked_fill(noise < self.amount / 2, 0)  # 난수가 작은 픽셀은 검은색
        return image.masked_fill(noise > 1 - self.amount / 2, 1)  # 난수가 큰 픽셀은 흰색


def use_custom_transform(image):
    """11. 사용자 정의 변형

    필요한 변형이 TorchVision에 없다면 직접 만들면 됩니다. 낡은 카메라로 찍은 것처럼 검은 점과 흰
    점을 뿌려 봅시다. 후추와 소금을 뿌린 것 같아서 salt-and-pepper 잡음(noise)이라고 하는데,
    amount가 0.2이면 픽셀의 10% 정도는 검은색, 10% 정도는 흰색이 됩니다.

    amount를 저장해 두어야 하니 함수보다 파이썬 클래스가 알맞습니다. __init__에서 설정을 저장하고
    __call__에서 이미지를 바꾸도록 정의하면 그 객체를 함수처럼 호출할 수 있습니다. 예제의
    add_noise(gray)는 __call__을 실행합니다.

    입력은 데이터셋의 원본일 수도 있으니 바꾸면 안 됩니다. masked_fill_이 아니라 새 텐서를 반환하는
    masked_fill을 사용한 이유입니다.
    """
    show_code(SaltAndPepper)
    add_noise = SaltAndPepper(amount=0.2)
    gray = torch.full((1, 200, 200), 0.5)
    noisy = add_noise(gray)

    black = (noisy == 0).float().mean()
    white = (noisy == 1).float().mean()
    show(f"{black, white = }", "검은색과 흰색이 된 픽셀의 비율")
    check("입력 이미지의 픽셀은 모두 0.5 그대로입니다", (gray == 0.5).all())

    tensor = ToTensor()(image)
    results = {}
    for amount in (0, 0.05, 0.2, 0.5):
        results[amount] = SaltAndPepper(amount)(tensor)
    save_figure(draw_noise(results), "transform_salt_and_pepper.png")


def count_kinds(images):
    """서로 다른 이미지가 몇 가지인지 셉니다."""
    kinds = []
    for image in images:
        if not any(torch.equal(image, kind) for kind in kinds):
            kinds.append(image)
    return len(kinds)


def augment_training_data(data_dir, normalize):
    """12. 증강(augmentation)은 학습용에만

    사진을 더 찍지 않고도 학습용 데이터를 늘릴 수 있을까요? 티셔츠는 좌우로 뒤집어도, 옆으로 조금
    옮겨도 여전히 티셔츠입니다. 샘플을 가져올 때마다 이렇게 이미지를 무작위로 조금씩 바꾸는 것을
    증강(augmentation)이라고 합니다. 모델은 에폭마다 조금 다른 이미지를 보게 되어 답을 외우기
    어려워지고, 그 덕분에 과적합(overfitting)이 줄어듭니다.

    테스트용 데이터는 다시 확인해도 결과가 같아야 하기 때문에, 변형을 두 개 만들어 무작위 변형은
    학습용에만 넣습니다. 첫 샘플을 다섯 번씩 가져왔을 때 서로 다른 이미지가 몇 가지인지 비교해
    보세요. count_kinds는 그것을 세는 이 파일의 도우미 함수입니다.
    """
    train_transform = v2.Compose(
        [
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.RandomHorizontalFlip(p=0.5),  # 절반은 좌우로 뒤집기
            v2.RandomCrop(28, padding=2),  # 상하좌우로 2픽셀까지 옮기기
            normalize,
        ]
    )
    test_transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), normalize])
    training_data = datasets.FashionMNIST(root=data_dir, train=True, transform=train_transform)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, transform=test_transform)

    train_images = [training_data[0][0] for _ in range(5)]
    test_images = [test_data[0][0] for _ in range(5)]
    show(f"{count_kinds(train_images) = }", "학습용 첫 샘플을 5번 가져온 결과")
    show(f"{count_kinds(test_images) = }", "테스트용 첫 샘플을 5번 가져온 결과")
    check("테스트용 샘플은 가져올 때마다 같습니다", count_kinds(test_images) == 1)


def compare_augmentations(image):
    """13. 어떤 증강을 고를까요?

    숫자 6을 180도 회전하면 9가 됩니다. 숫자를 알아보는 모델이라면 이런 회전은 틀린 정답을 가르치는
    셈입니다. 증강을 고르는 기준은 하나입니다. 바꾼 뒤에도 정답이 그대로여야 합니다. 그래서 좌우
    뒤집기는 옷에는 알맞지만 글자에는 알맞지 않습니다.

    그림의 맨 왼쪽은 원본이고, 그 오른쪽은 한 변형을 네 번씩 적용한 결과입니다. 난수를 사용하기
    때문에 적용할 때마다 다릅니다. 마지막 줄은 여섯 변형을 모두 이어 붙인 것인데, 무슨 옷인지
    알아보기 어려운 것도 나오니 증강은 한두 가지만 골라 조금씩만 바꾸세요.

    핵심은 여기까지입니다. 텐서로 바꾸고, 0~1로 맞추고, 정규화하고, 증강은 학습용에만 합니다.
    """
    original = ToTensor()(image)
    choices = [
        v2.RandomHorizontalFlip(p=0.5),
        v2.RandomCrop(28, padding=4),
        v2.RandomRotation(20),
        v2.ColorJitter(brightness=0.5),
        v2.RandomErasing(p=0.8, value=0.5),
        SaltAndPepper(0.1),
    ]
    together = v2.Compose(choices)

    gallery = {}
    for transform in [*choices, together]:
        name = type(transform).__name__
        gallery[name] = [transform(original) for _ in range(4)]
    save_figure(draw_augmentations(original, gallery), "transform_augmentation.png")


def find_undivided_inputs(image):
    """14. ToTensor가 255로 나누지 않는 입력

    ToTensor를 지정했는데도 값이 0~1을 벗어날 때가 있습니다. ToTensor는 픽셀의 자료형이 uint8일 때만
    255로 나누기 때문입니다. 흔히 보는 흑백(PIL의 L)과 컬러(RGB) 이미지가 여기에 해당합니다. 다른
    자료형은 최댓값이 얼마인지 알 수 없어서 그대로 두니, 직접 0~1로 맞춰야 합니다.

    특히 의료 사진 같은 16비트 이미지(I;16)를 조심하세요. int16 텐서가 되기 때문에 32768 이상인
    픽셀은 음수로 바뀝니다. 출력의 마지막 줄에서 40000이 어떤 값이 되었는지 확인해 보세요.
    """
    floats = np.array(image, dtype=np.float32)
    deep = Image.fromarray(np.full((28, 28), 40000, dtype=np.uint16))
    inputs = {
        "PIL L": image,
        "PIL RGB": image.convert("RGB"),
        "NumPy uint8": np.array(image),
        "NumPy float32": floats,
        "PIL I;16": deep,
    }
    for name, value in inputs.items():
        before = np.asarray(value).max()
        print(f"{name:<13} 최댓값 {before:>5g} → {form(ToTensor()(value))}")
    check(
        "float32 배열의 값은 그대로입니다",
        torch.equal(ToTensor()(floats)[0], torch.from_numpy(floats)),
    )


def mix_labels(training_data):
    """15. 정답을 섞어야 할 때: 믹스업(mixup)

    두 이미지를 7:3으로 겹치면 정답은 무엇이 되어야 할까요? 정답도 7:3으로 섞는 것이 자연스럽습니다.
    이런 증강을 믹스업(mixup)이라고 합니다.

    섞은 정답은 정수 하나로 나타낼 수 없습니다. 9번과 0번을 섞었다면 9번 자리는 0.7, 0번 자리는
    0.3인 벡터가 필요한데, 원-핫 정답 두 개를 섞으면 바로 이 벡터를 얻습니다. 교차 엔트로피에
    전달하면 두 정답의 손실도 같은 비율로 섞입니다.
    """
    images = training_data.data[:2] / 255
    labels = training_data.targets[:2]
    one_hot = F.one_hot(labels, num_classes=10)

    mixed_image = 0.7 * images[0] + 0.3 * images[1]
    mixed_label = 0.7 * one_hot[0] + 0.3 * one_hot[1]
    show(f"{labels = }", "두 이미지의 정답")
    show(f"{mixed_label = }", "7:3으로 섞은 정답")
    save_figure(draw_mixup(images, mixed_image, labels), "transform_mixup.png")

    loss_fn = nn.CrossEntropyLoss()
    logits = torch.randn(10)
    mixed_loss = loss_fn(logits, mixed_label)
    separate_loss = 0.7 * loss_fn(logits, labels[0]) + 0.3 * loss_fn(logits, labels[1])
    show(f"{mixed_loss, separate_loss = }")
    check(
        "섞은 정답의 손실은 두 정답의 손실을 같은 비율로 섞은 값입니다",
        torch.isclose(mixed_loss, separate_loss),
    )


def transform_batch(training_data):
    """16. 배치를 통째로 변형하면

    v2의 변형은 이미지 하나 [C, H, W]뿐 아니라 배치 [N, C, H, W]도 받습니다. 한 장씩 변형하는 것보다
    빠르지만, 무작위 변형에서는 뜻밖의 일이 생깁니다. 대부분 호출할 때마다 난수를 한 번만 만들어서,
    배치 안의 모든 이미지가 똑같이 바뀝니다. 그림의 윗줄을 보세요. 다섯 장이 모두 같은 각도로
    회전했습니다.

    이미지마다 다르게 바꾸려면 한 장씩 전달하거나, SaltAndPepper처럼 픽셀마다 난수를 만드는 변형을
    사용하세요.
    """
    rotate = v2.RandomRotation(60)  # -60~60도
    image = training_data.data[:1] / 255  # [1, 28, 28]
    copies = image.repeat(5, 1, 1, 1)  # 같은 이미지 5장의 배치 [5, 1, 28, 28]
    together = rotate(copies)
    separate = [rotate(image) for image in copies]
    show(f"{count_kinds(together) = }", "배치로 전달: 모두 같은 각도입니다")
    show(f"{count_kinds(separate) = }", "한 장씩 전달")
    show(f"{count_kinds(SaltAndPepper(0.1)(copies)) = }", "배치로 전달해도 픽셀마다 다른 난수")
    check("RandomRotation은 배치의 모든 이미지를 똑같이 회전합니다", count_kinds(together) == 1)
    save_figure(draw_rotations(together, separate), "transform_batch.png")


def one_hot_label(y):
    """정수 정답 하나를 원-핫으로 바꿉니다. 파일의 최상위에 있어서 이름으로 찾을 수 있습니다."""
    return torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1)


def send_to_worker(data_dir, to_one_hot):
    """17. 워커(worker) 프로세스에 변형 보내기

    num_workers를 지정했더니 갑자기 pickle 오류가 발생한다면, 변형에 lambda를 사용하지 않았는지
    확인해 보세요. Windows와 macOS의 워커(worker)는 아무것도 물려받지 않은 새 프로세스여서(spawn),
    변형도 바이트로 바꾸어 보내야 합니다.

    이 일을 하는 pickle은 함수의 코드가 아니라 이름을 보냅니다. 파일의 최상위에 def로 정의한 함수는
    이름으로 찾을 수 있지만, lambda는 찾을 수 없습니다.

    그러니 파일의 최상위에 정의한 함수나 클래스를 변형으로 사용하세요. 워커는 이 파일을 다시
    불러와서 그 이름을 찾는데, 불러올 때마다 학습이 다시 시작되면 곤란하니 실행하는 코드는 if
    __name__ == "__main__": 안에 넣어야 합니다.

    Linux에서도 Python 3.14부터는 새 프로세스로 시작하는 방법(forkserver)이 기본이어서 같은 규칙이
    적용됩니다. 3.13까지는 메모리를 복제하는 방법(fork)이어서 lambda를 써도 오류가 나지 않습니다.
    """
    with expect((AttributeError, pickle.PicklingError)):
        pickle.dumps(to_one_hot)

    show_code(one_hot_label)
    content = pickle.dumps(one_hot_label)  # 워커에 보내는 바이트
    show(f"{b'one_hot_label' in content = }", "함수의 이름은 들어 있습니다")
    show(f"{b'scatter_' in content = }", "함수의 코드는 없습니다")

    test_data = datasets.FashionMNIST(
        root=data_dir, train=False, transform=ToTensor(), target_transform=one_hot_label
    )
    samples = Subset(test_data, range(4))
    dataloader = DataLoader(samples, batch_size=4, num_workers=1, multiprocessing_context="spawn")
    X, y = next(iter(dataloader))
    show(f"{form(y) = !s}", "새 프로세스에서 변형한 정답")
    check(
        "워커가 만든 원-핫에서 1의 자리는 저장된 정답과 같습니다",
        torch.equal(y.argmax(dim=1), test_data.targets[:4]),
    )


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    torch.manual_seed(args.seed)

    begin("핵심", "장치(device): cpu")
    data_dir = prepare_fashion_mnist(args.data_dir)
    training_data, test_data = teach(load_raw_data, data_dir)
    image, label = training_data[0]
    teach(convert_image, image)
    to_one_hot = teach(encode_label, label)
    teach(set_transforms, data_dir, to_one_hot)
    teach(compare_label_forms, training_data)
    teach(use_v2, image)
    normalize = teach(normalize_images, training_data, test_data)
    teach(compare_training, training_data, normalize, args.seed)
    teach(compose_transforms, image, normalize)
    teach(change_order, image, normalize)
    teach(use_custom_transform, image)
    teach(augment_training_data, data_dir, normalize)
    teach(compare_augmentations, image)

    begin("더 알아보기")
    teach(find_undivided_inputs, image)
    teach(mix_labels, training_data)
    teach(transform_batch, training_data)
    teach(send_to_worker, data_dir, to_one_hot)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("5장 신경망 만들기(model.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="4장. 변형")
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

    transform.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저 예상해
    보면 더 재미있습니다.

    1) SaltAndPepper 클래스(11절)에서 첫 번째 masked_fill을 masked_fill_로 바꿔 보세요.
    2) train_with_sgd 함수(8절)의 lr=0.01을 lr=0.08로 바꿔 보세요.
    3) augment_training_data 함수(12절)의 test_transform에서 normalize 앞에 v2.RandomCrop(28,
    padding=2)를 넣어 보세요.

    다음은 직접 실행해 확인한 결과입니다. 1)은 입력 이미지까지 바뀌어 11절에 ✗가 표시되고, 13절의
    그림에서는 원본에도 검은 점이 생깁니다. 2)는 0~1인 입력의 마지막 손실이 1.2에서 0.6 정도로 줄어,
    lr=0.01일 때의 정규화한 입력만큼 빨라집니다. 다만 학습률이 같으면 여전히 정규화한 입력이 더
    빠릅니다. 3)은 테스트용 이미지도 가져올 때마다 달라져 12절에 ✗가 표시됩니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def scatter_one_hot(y, num_classes):
    """정수 정답 y [N]을 scatter_로 변환해 원-핫 정답 [N, C]를 반환하세요. C는 num_classes입니다.

    예: y가 [2, 0]이고 num_classes가 3이면 [[0, 0, 1], [1, 0, 0]]입니다.

    힌트: 차원 1에 할당합니다. 인덱스의 모양은 [N, 1]이어야 합니다.
    """
    raise NotImplementedError


def normalize_channels(x):
    """이미지 x [N, C, H, W]를 채널마다 평균 0, 표준편차 1로 정규화해 반환하세요.

    예: 이미지가 한 장이고 두 채널이 [1, 2, 3]과 [10, 20, 30]이면, 둘 다 [-1, 0, 1]이
    됩니다.

    힌트: x.mean과 x.std에 dim=(0, 2, 3)과 keepdim=True를 지정해 보세요.
    """
    raise NotImplementedError


def shift_images(x, shifts):
    """이미지 x [N, C, H, W]를 각각 shifts [N]의 픽셀 수만큼 오른쪽으로 옮겨 반환하세요.

    음수이면 왼쪽으로 옮깁니다. 빈 곳은 0입니다.
    예: 두 이미지가 모두 [1, 2, 3]이고 shifts가 [1, -1]이면 [0, 1, 2]와 [2, 3, 0]입니다.

    힌트: F.pad(image, (왼쪽, 오른쪽))은 양옆에 0을 붙이고, 음수이면 그만큼 잘라 냅니다.
    """
    raise NotImplementedError


def make_center_eraser(size):
    """이미지 가운데의 size x size 픽셀을 0으로 바꾸는 변형을 반환하세요.

    [C, H, W]와 [N, C, H, W]를 모두 받고, 입력 이미지는 바꾸지 않아야 합니다. 크기는 모두
    짝수입니다.
    예: 값이 1~24인 4x6 이미지와 size=2이면 가운데의 9, 10, 15, 16이 0이 됩니다.

    힌트: 클래스를 정의하고, __call__에서 image.clone()을 바꿔 보세요.
    """
    raise NotImplementedError


def erase_numbers(transform):
    """값이 1~24인 4x6 이미지에 변형을 적용합니다. 배치의 결과도 같은지 확인합니다."""
    if not callable(transform):
        raise TypeError("호출할 수 있는 변형이 아닙니다")
    image = torch.arange(1.0, 25.0).view(1, 4, 6)
    original = image.clone()
    erased = transform(image)
    if erased is None:
        raise TypeError("변형이 반환한 값이 없습니다")
    if not torch.equal(image, original):
        raise ValueError("입력 이미지가 바뀌었습니다")
    batch = transform(original.repeat(3, 2, 1, 1))
    if not torch.equal(batch, erased.repeat(3, 2, 1, 1)):
        raise ValueError("배치 [N, C, H, W]의 결과가 이미지 [C, H, W]의 결과와 다릅니다")
    return erased[0]


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 transform.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고,
    함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. python transform.py --practice를
    실행하면 맞는지 바로 알려 줍니다. 모범 답안은 저장소의 tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    practice(
        scatter_one_hot,
        ((tensor([2, 0]), 3), [[0, 0, 1], [1, 0, 0]]),
        ((tensor([1, 1, 0]), 2), [[0, 1], [0, 1], [1, 0]]),
        ((tensor([1]), 4), [[0, 1, 0, 0]]),
    )
    practice(
        normalize_channels,
        (
            (tensor([[[[1.0, 2.0, 3.0]], [[10.0, 20.0, 30.0]]]]),),
            [[[[-1, 0, 1]], [[-1, 0, 1]]]],
        ),
        (
            (tensor([[[[7.0, 7.0], [2.0, 4.0]]], [[[2.0, 3.0], [3.0, 4.0]]]]),),
            [[[[1.5, 1.5], [-1, 0]]], [[[-1, -0.5], [-0.5, 0]]]],
        ),
        ((tensor([[[[-5.0, -3.0, -4.0]]]]),), [[[[-1, 1, 0]]]]),
    )
    practice(
        shift_images,
        (
            (tensor([[[[1, 2, 3]]], [[[1, 2, 3]]]]), tensor([1, -1])),
            [[[[0, 1, 2]]], [[[2, 3, 0]]]],
        ),
        (
            (tensor([[[[1, 2, 3, 4]]], [[[1, 2, 3, 4]]]]), tensor([0, 3])),
            [[[[1, 2, 3, 4]]], [[[0, 0, 0, 1]]]],
        ),
        (
            (tensor([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]), tensor([-1])),
            [[[[2, 0], [4, 0]], [[6, 0], [8, 0]]]],
        ),
    )
    practice(
        make_center_eraser,
        (
            (2,),
            [
                [1, 2, 3, 4, 5, 6],
                [7, 8, 0, 0, 11, 12],
                [13, 14, 0, 0, 17, 18],
                [19, 20, 21, 22, 23, 24],
            ],
        ),
        (
            (4,),
            [[1, 0, 0, 0, 0, 6], [7, 0, 0, 0, 0, 12], [13, 0, 0, 0, 0, 18], [19, 0, 0, 0, 0, 24]],
        ),
        (
            (0,),
            [
                [1, 2, 3, 4, 5, 6],
                [7, 8, 9, 10, 11, 12],
                [13, 14, 15, 16, 17, 18],
                [19, 20, 21, 22, 23, 24],
            ],
        ),
        read=erase_numbers,
    )


# ---- 그림을 그리는 함수입니다. ----


def draw_pixels(array, tensor):
    """이미지와, 가운데의 픽셀 16개를 변형하기 전과 후의 값을 그립니다."""
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 3.2), layout="constrained")
    axes[0].imshow(array, cmap="gray", vmin=0, vmax=255)
    axes[0].add_patch(plt.Rectangle((11.5, 11.5), 4, 4, fill=False, color="#D55E00", linewidth=3))
    axes[0].set_title("image")
    draw_numbers(axes[1], array[12:16, 12:16], 255, "{:d}")
    axes[1].set_title("pixels: uint8")
    draw_numbers(axes[2], tensor[0, 12:16, 12:16].numpy(), 1, "{:.2f}")
    axes[2].set_title("after ToTensor: float32")
    for axis in axes:
        axis.set(xticks=[], yticks=[])
    figure.suptitle("The same pixels before and after ToTensor")
    return figure


def draw_numbers(axis, values, largest, style):
    """픽셀의 값을 그 픽셀 위에 적습니다."""
    axis.imshow(values, cmap="gray", vmin=0, vmax=largest)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            color = "black" if value > largest / 2 else "white"
            text = style.format(value)
            axis.text(column, row, text, ha="center", va="center", color=color, fontsize=13)


def draw_histograms(before, after):
    """0~1로 맞춘 픽셀과 정규화한 픽셀의 분포를 그립니다. 세로선은 평균입니다."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True, layout="constrained")
    for axis, title, values in zip(axes, ["scaled to 0..1", "normalized"], [before, after]):
        mean = values.mean().item()
        std = values.std().item()
        axis.hist(values.flatten().numpy(), bins=50, color="#0072B2")
        axis.axvspan(mean - std, mean + std, color="#D55E00", alpha=0.2, label="mean ± std")
        axis.axvline(mean, color="#D55E00", linewidth=2, label="mean")
        axis.set(title=title, xlabel="pixel value", yscale="log")
    axes[0].set_ylabel("number of pixels (log scale)")
    axes[0].legend()
    figure.suptitle("Normalizing shifts and stretches the pixel values")
    return figure


def draw_input_ranges(curves):
    """입력의 범위별로 에폭마다의 손실을 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
    styles = [("#CC79A7", "^:"), ("#D55E00", "s--"), ("#0072B2", "o-")]
    for (name, losses), (color, style) in zip(curves.items(), styles):
        axis.plot(range(1, len(losses) + 1), losses, style, color=color, label=name)
    axis.axhline(np.log(10), color="gray", linewidth=1, label="equal probabilities (2.3)")
    axis.set(xlabel="epoch", ylabel="training loss", ylim=(0, 4), xticks=range(1, 6))
    axis.set_title("SGD on 2,000 images: only the input differs")
    axis.legend()
    return figure


def draw_orders(pad_first, pad_last):
    """순서만 다른 두 결과를 같은 밝기 범위로 그립니다."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="constrained")
    titles = ["Pad, then Normalize", "Normalize, then Pad"]
    for axis, image, title in zip(axes, [pad_first, pad_last], titles):
        picture = axis.imshow(
            image[0].numpy(), cmap="gray", vmin=pad_first.min(), vmax=pad_first.max()
        )
        axis.set(title=f"{title}\nborder {image[0, 0, 0]:.2f}", xticks=[], yticks=[])
    figure.colorbar(picture, ax=axes, label="value after both transforms")
    figure.suptitle("The same two transforms in two orders")
    return figure


def draw_noise(results):
    """amount별로 SaltAndPepper의 결과를 그립니다."""
    figure, axes = plt.subplots(1, len(results), figsize=(8, 2.7), layout="constrained")
    for axis, (amount, image) in zip(axes, results.items()):
        axis.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"amount={amount}")
        axis.axis("off")
    figure.suptitle("SaltAndPepper with more and more noise")
    return figure


def join_images(images):
    """이미지를 흰 간격을 두고 옆으로 이어 붙입니다."""
    padded = [F.pad(image, (1, 1), value=1.0) for image in images]
    return torch.cat(padded, dim=2)[0].numpy()


def draw_augmentations(original, gallery):
    """행은 변형, 열은 원본과 변형한 결과 4개입니다."""
    figure, axes = plt.subplots(len(gallery), 1, figsize=(6, 9.5))
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.92, hspace=0.25)
    for axis, (name, images) in zip(axes, gallery.items()):
        axis.imshow(join_images([original, *images]), cmap="gray", vmin=0, vmax=1)
        axis.set_title(name, fontsize=11)
        axis.axis("off")
    figure.suptitle("Left: the original. Right: each transform applied four times")
    return figure


def draw_mixup(images, mixed_image, labels):
    """두 이미지와 둘을 겹친 이미지를 그립니다."""
    names = [datasets.FashionMNIST.classes[label] for label in labels]
    titles = [names[0], names[1], f"70% {names[0]}\n30% {names[1]}"]
    figure, axes = plt.subplots(1, 3, figsize=(8, 3.4), layout="constrained")
    for axis, image, title in zip(axes, [*images, mixed_image], titles):
        axis.imshow(image.numpy(), cmap="gray", vmin=0, vmax=1)
        axis.set_title(title)
        axis.axis("off")
    figure.suptitle("Mixup: two images and their labels in one")
    return figure


def draw_rotations(together, separate):
    """배치로 회전한 이미지와 한 장씩 회전한 이미지를 그립니다."""
    figure, axes = plt.subplots(2, 1, figsize=(8, 4.2), layout="constrained")
    titles = ["as a batch", "one by one"]
    for axis, images, title in zip(axes, [together, separate], titles):
        axis.imshow(join_images(images), cmap="gray", vmin=0, vmax=1)
        axis.set_title(title)
        axis.axis("off")
    figure.suptitle("RandomRotation of five copies of one image")
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
