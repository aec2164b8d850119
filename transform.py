"""4장. 변형: 데이터를 학습에 적합한 형태로 변환합니다.

이미지를 텐서로, 정답을 원-핫으로 변환하고, 정규화와 증강을 적용하고, 사용자 정의 변형을 작성합니다.
변형을 적용하기 전과 적용한 후의 자료형, 모양, 값의 범위를 단계마다 확인합니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python transform.py
    python transform.py --help                  # 모든 옵션을 출력합니다

목차
     1. 변형(transform)이 필요한 이유           load_raw_data
     2. ToTensor: 이미지를 텐서로 변환          convert_image
     3. ToTensor가 255로 나누는 입력            find_divided_inputs
     4. Lambda: 정답을 원-핫(one-hot)으로 변환  encode_label
     5. 데이터셋에 변형 지정하기                set_transforms
     6. 정수 정답과 원-핫 정답                  compare_label_forms
     7. 원-핫 정답이 필요한 경우                use_soft_labels
     8. transforms.v2와 scale=True              use_v2
     9. 정규화(normalize)                       normalize_images
    10. 정규화와 SGD                            compare_training, train_with_sgd
    11. Compose: 변형의 순서                    compose_in_order
    12. 사용자 정의 변형                        SaltAndPepper, use_custom_transform
    13. 증강(augmentation)은 학습용 데이터에만  augment_training_data, compare_augmentations, count_kinds
    14. 배치 변환과 난수                        transform_batch
    15. 변형의 직렬화와 워커(worker) 프로세스   send_to_worker, try_pickle, start_workers

다음 장은 model.py입니다.
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "torchvision>=0.25.0", "matplotlib>=3.9.0"]
# ///

import argparse
import atexit
import contextlib
import copy
import functools
import inspect
import os
import pickle
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
import time
import traceback
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.transforms import Lambda, ToTensor, v2


def form(value):
    """이미지, 배열, 텐서의 종류, 자료형(PIL 이미지는 모드), 모양, 값의 범위를 문자열로 반환합니다."""
    array = np.asarray(value.float() if isinstance(value, torch.Tensor) else value)
    kind = f"{type(value).__module__.partition('.')[0]} {type(value).__name__}"
    dtype = str(getattr(value, "dtype", getattr(value, "mode", ""))).removeprefix("torch.")
    shape = list(array.shape)
    return f"{kind}, {dtype}, {shape}, {float(array.min()):.4g} ~ {float(array.max()):.4g}"


def load_raw_data(data_dir):
    """1. 변형(transform)이 필요한 이유

    저장된 데이터가 항상 학습에 필요한 형태인 것은 아닙니다. 변형(transform)은 데이터를 학습에 적합한
    형태로 변환하는 함수입니다. TorchVision의 데이터셋은 대부분 특징(feature), 즉 이미지를 변환하는
    transform과 정답(label)을 변환하는 target_transform을 인자로 받습니다. 변형을 지정하지 않으면
    FashionMNIST는 PIL 이미지와 정수 정답을 반환합니다. 하지만 신경망은 실수(float) 텐서(tensor)를
    입력으로 받으며, DataLoader는 PIL 이미지를 배치(batch)로 묶지 못합니다.
    """
    training_data = datasets.FashionMNIST(root=data_dir, train=True, download=True)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True)
    image, label = training_data[0]
    show(f"{form(image) = !s}")
    show(f"{label = }", training_data.classes[label])
    check("정답은 정수입니다", isinstance(label, int))
    with expect(TypeError):
        next(iter(DataLoader(training_data, batch_size=4)))
    return training_data, test_data


def convert_image(image):
    """2. ToTensor: 이미지를 텐서로 변환

    ToTensor()는 PIL 이미지나 NumPy 배열(ndarray)을 실수 텐서(FloatTensor)로 변환합니다. 이때 픽셀 값을
    255로 나누어 0 이상 1 이하의 범위로 조정(scale)합니다. 또한 차원의 순서를 [높이, 너비, 채널]에서
    PyTorch가 사용하는 [채널, 높이, 너비]로 변경합니다.
    """
    array = np.array(image)
    tensor = ToTensor()(image)
    show(f"{form(image) = !s}", "변형 전")
    show(f"{form(tensor) = !s}", "변형 후")
    show(f"{array[14, 12:17] = }", "픽셀 5개의 값")
    show(f"{tensor[0, 14, 12:17] = }")
    check("변형 후의 값은 픽셀 값을 255로 나눈 값입니다", torch.equal(tensor, torch.from_numpy(array)[None] / 255))
    color = np.zeros((28, 20, 3), dtype=np.uint8)
    show(f"{color.shape, ToTensor()(color).shape = }")
    check("채널 차원이 맨 앞으로 이동합니다", ToTensor()(color).shape == (color.shape[2], *color.shape[:2]))


def find_divided_inputs(image):
    """3. ToTensor가 255로 나누는 입력

    ToTensor는 uint8 배열과 L, RGB 같은 8비트 PIL 이미지의 값만 255로 나눕니다. 다른 자료형의 배열과
    실수 이미지(F)는 자료형과 값을 유지합니다. 16비트 이미지(I;16)는 int16으로 변환하므로 32768 이상의
    값은 음수가 됩니다. 따라서 이러한 입력은 필요에 따라 직접 조정해야 합니다.
    """
    inputs = [np.array(image, dtype=dtype) for dtype in (np.uint8, np.int32, np.int64, np.float32, np.bool_)]
    inputs += [image.convert(mode) for mode in ("L", "RGB", "I;16", "F")]
    follows_rule = []
    for value in inputs:
        tensor = ToTensor()(value)
        print(f"    {form(value):<43} -> {form(tensor)}")
        divided = np.asarray(tensor).max() < np.asarray(value).max()
        follows_rule.append(divided == (np.asarray(value).dtype == np.uint8))
    check("픽셀의 자료형이 uint8인 입력만 255로 나눕니다", all(follows_rule))


def encode_label(label, classes):
    """4. Lambda: 정답을 원-핫(one-hot)으로 변환

    원-핫(one-hot) 텐서는 정답에 해당하는 인덱스의 값만 1이고 나머지는 0입니다. 다음 세 단계로
    생성합니다.
    1) 크기 10인 영 텐서(zero tensor)를 생성합니다. 10은 클래스의 개수입니다.
    2) 정답 y를 인덱스로 사용할 텐서로 변환합니다.
    3) scatter_를 호출하여 영 텐서의 차원 0에서 이 인덱스에 value=1을 할당합니다. 이름이 _로 끝나는
       메서드는 제자리(in-place) 연산이므로, 새 텐서를 생성하지 않고 영 텐서를 직접 변경합니다.
    Lambda는 사용자가 정의한 함수를 변형으로 감쌉니다. 여기서는 세 단계를 lambda 하나로 정의합니다.
    """
    y = label
    zeros = torch.zeros(len(classes), dtype=torch.float)
    show(f"{zeros = }", "1단계")
    index = torch.tensor(y)
    show(f"{index = }", "2단계")
    result = zeros.scatter_(0, index, value=1)
    show(f"{result = }", "3단계")
    check("scatter_는 영 텐서 자체를 변경하고 반환합니다", result is zeros)
    to_one_hot = Lambda(lambda y: torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1))
    check("Lambda로 정의한 변형의 결과도 같습니다", torch.equal(torch.as_tensor(to_one_hot(y)), result))
    return to_one_hot


def set_transforms(data_dir, to_one_hot):
    """5. 데이터셋에 변형 지정하기

    데이터셋을 생성할 때 변형을 지정하면 샘플을 가져올 때마다 변형이 적용됩니다. 저장된 데이터는
    변경되지 않습니다. 변형은 호출 가능한 객체(callable)이면 됩니다. 따라서 lambda를 Lambda로 감싸지
    않고 바로 지정할 수도 있습니다.
    """
    training_data = datasets.FashionMNIST(root=data_dir, train=True, transform=ToTensor(), target_transform=to_one_hot)
    X, y = next(iter(DataLoader(training_data, batch_size=64)))
    show(f"{form(X) = !s}", "N, C, H, W")
    show(f"{form(y) = !s}")
    show(f"{form(training_data.data) = !s}", "저장된 데이터")
    encoded = [torch.as_tensor(training_data[i][1]).argmax().item() for i in range(10)]
    check("값이 1인 인덱스는 저장된 정답과 같습니다", encoded == training_data.targets[:10].tolist())
    plain_data = datasets.FashionMNIST(root=data_dir, train=True, target_transform=lambda y: torch.eye(10)[y])
    check("Lambda로 감싸지 않은 lambda도 정답을 변환합니다", plain_data[0][1].argmax() == plain_data.targets[0])


def compare_label_forms(labels, seed):
    """6. 정수 정답과 원-핫 정답

    F.one_hot은 정수 정답의 배치를 한 번에 원-핫으로 변환합니다. 교차 엔트로피(cross entropy)는 정수
    정답과 실수 원-핫 정답을 모두 받으며, 두 손실(loss)은 같습니다. 하지만 F.one_hot이 반환하는 int64
    원-핫은 받지 않으므로 실수로 변환해야 합니다. 일반적인 분류에는 메모리를 적게 사용하는 정수 정답으로
    충분합니다.
    """
    logits = torch.randn(len(labels), 10, generator=torch.Generator().manual_seed(seed))
    one_hot = F.one_hot(labels, num_classes=10)
    show(f"{form(one_hot) = !s}")
    with expect(RuntimeError):
        F.cross_entropy(logits, one_hot)
    integer_loss, one_hot_loss = F.cross_entropy(logits, labels), F.cross_entropy(logits, one_hot.float())
    show(f"{integer_loss, one_hot_loss = }")
    check("정수 정답의 손실과 원-핫 정답의 손실은 같습니다", torch.isclose(integer_loss, one_hot_loss))
    show(f"{labels.nbytes, one_hot.float().nbytes = }", "정답의 크기(바이트)")


def use_soft_labels(labels, seed):
    """7. 원-핫 정답이 필요한 경우

    정답을 정수 하나로 나타낼 수 없을 때는 클래스마다 값이 있는 벡터를 사용합니다. 예를 들어
    믹스업(mixup)은 두 샘플을 섞고 정답도 같은 비율로 섞습니다. 또한 평균 제곱 오차(MSE)로 확률과 정답을
    비교할 때도 원-핫 정답을 사용합니다. 하지만 레이블 스무딩(label smoothing)은 교차 엔트로피가
    label_smoothing 인자로 제공하므로 정수 정답으로 충분합니다.
    """
    logits = torch.randn(len(labels), 10, generator=torch.Generator().manual_seed(seed))
    one_hot = F.one_hot(labels, num_classes=10).float()
    share = 0.7  # 두 샘플을 섞는 비율
    mixed = share * one_hot + (1 - share) * one_hot.roll(1, dims=0)  # 이웃한 샘플의 정답과 섞습니다
    show(f"{mixed[0] = }", "믹스업의 정답")
    loss = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, labels.roll(1))
    check("섞은 정답의 손실은 두 손실을 섞은 값입니다", torch.isclose(F.cross_entropy(logits, mixed), loss))
    show(f"{F.mse_loss(logits.softmax(dim=1), one_hot) = }", "확률과 원-핫 정답의 MSE")
    smooth = 0.9 * one_hot + 0.1 / 10
    loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
    check("정수 정답으로도 레이블 스무딩을 계산합니다", torch.isclose(F.cross_entropy(logits, smooth), loss))


def use_v2(image):
    """8. transforms.v2와 scale=True

    TorchVision은 새 코드에 transforms.v2를 권장합니다. v2는 ToTensor를 두 단계로 분리합니다. ToImage는
    값을 유지하면서 텐서로 변환하고, ToDtype(torch.float32, scale=True)는 자료형과 값의 범위를
    변환합니다. ToTensor는 255로 나누지만 ToDtype은 1/255을 곱하므로, 마지막 자리가 다를 수 있습니다.
    scale=True에서 실수의 범위는 0~1이고, 정수의 범위는 0부터 그 자료형의 최댓값까지입니다. 즉, uint8은
    0~255이고 int16은 0~32767입니다. 기본값인 scale=False는 자료형만 변환하고 값의 범위는 유지합니다.
    """
    tensor = v2.ToImage()(image)
    scaled = v2.ToDtype(torch.float32, scale=True)(tensor)
    show(f"{form(tensor) = !s}", "1단계")
    show(f"{form(scaled) = !s}", "2단계")
    levels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)  # uint8의 모든 값
    difference = v2.ToDtype(torch.float32, scale=True)(levels) - ToTensor()(levels[0].numpy())
    show(f"{difference.abs().max() = }")
    check("ToTensor와의 차이는 1e-7 이하입니다", difference.abs().max() <= 1e-7)
    for dtype in (torch.uint8, torch.int16):
        one = v2.ToDtype(torch.float32, scale=True)(torch.full((1, 1, 1), torch.iinfo(dtype).max, dtype=dtype)).item()
        check(f"{dtype}: 최댓값({torch.iinfo(dtype).max})을 변환한 값은 1.0입니다", one == 1)
    unscaled, restored = v2.ToDtype(torch.float32)(tensor), v2.ToDtype(torch.uint8, scale=True)(scaled)
    show(f"{form(unscaled) = !s}", "scale=False")
    check("uint8로 다시 변환할 때 scale=True이면 원래 값이 됩니다", torch.equal(restored, tensor))
    truncated = v2.ToDtype(torch.uint8)(scaled)
    check("이때 scale=False이면 1.0만 1이 되고 나머지는 0이 됩니다", torch.equal(truncated, (tensor == 255).byte()))


def normalize_images(training_data, test_data, output_dir):
    """9. 정규화(normalize)

    정규화(normalize)는 값에서 평균을 빼고 표준편차로 나눕니다. 평균과 표준편차는 학습용 데이터로만
    계산하고, 처음 보는 데이터의 역할을 하는 테스트용 데이터에도 같은 값을 사용합니다. RGB 이미지의 배치
    [N, C, H, W]는 dim=(0, 2, 3)을 지정하여 채널별로 계산합니다. 하지만 v2.Normalize는 ImageNet의 RGB
    평균 3개로 흑백 이미지를 정규화해도 오류 없이 채널을 3개로 늘리므로 주의하세요.
    """
    x = training_data.data / 255
    mean, std = [x.mean().item()], [x.std().item()]
    show(f"{mean, std = }")
    normalize = v2.Normalize(mean, std)
    train, test = (normalize(dataset.data.unsqueeze(1) / 255) for dataset in (training_data, test_data))
    show(f"{train.mean(), train.std() = }", "1e-7 정도는 반올림 오차")
    show(f"{test.mean(), test.std() = }")
    check("정규화한 학습용 데이터의 평균은 0, 표준편차는 1입니다", max(abs(train.mean()), abs(train.std() - 1)) < 1e-3)
    colors = torch.rand(8, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    show(f"{colors.mean(dim=(0, 2, 3)) = }", "채널별 평균")
    imagenet = v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    show(f"{imagenet(x[:1]).shape = }", f"입력의 모양은 {list(x[:1].shape)}")
    check("결과의 채널 수는 지정한 평균의 개수입니다", len(imagenet(x[:1])) == len(imagenet.mean))
    save_figure(draw_histograms(training_data.data, test_data.data, normalize), output_dir / "transform_histograms.png")
    return normalize


def compare_training(training_data, normalize, seed, output_dir):
    """10. 정규화와 SGD

    정규화하면 확률적 경사하강법(SGD)으로 학습할 때 손실이 더 빨리 줄어드는 경우가 많습니다. 여기서는
    학습용 데이터의 일부로 작은 신경망을 학습하여 비교합니다. 초기 가중치와 배치의 순서는 같고 입력만
    다릅니다. Adam에서는 차이가 이보다 작을 수 있고, 학습률이 너무 크면 결과가 반대일 수도 있습니다.
    """
    X, y = training_data.data[:2000].unsqueeze(1) / 255, training_data.targets[:2000]
    curves = []
    for learning_rate in (0.01, 0.1):
        before, after = (train_with_sgd(x, y, learning_rate, seed) for x in (X, normalize(X)))
        numbers = f"정규화 전 {before[-1]:.4f}, 정규화 후 {after[-1]:.4f}"
        check(f"학습률 {learning_rate}: 정규화한 입력의 학습 손실이 더 작습니다 ({numbers})", after[-1] < before[-1])
        curves.append((learning_rate, before, after))
    save_figure(draw_sgd_curves(curves), output_dir / "transform_normalize_sgd.png")


def train_with_sgd(X, y, learning_rate, seed):
    """작은 신경망을 SGD로 5에폭(epoch) 학습하고, 에폭별 학습 손실을 반환합니다."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(X[0].numel(), 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(5):
        total_loss = 0.0
        for indices in torch.randperm(len(X)).split(32):
            loss = F.cross_entropy(model(X[indices]), y[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(indices)
        losses.append(total_loss / len(X))
    return losses


def compose_in_order(image, normalize, output_dir):
    """11. Compose: 변형의 순서

    v2.Compose는 변형을 지정한 순서대로 적용합니다. 예를 들어 Normalize는 실수로 변환한 뒤에만 사용할 수
    있습니다. 또한 정규화한 뒤에 0으로 패딩(padding)하면 오류는 없지만, 가장자리가 검은색이 아니라 평균
    밝기가 됩니다. 따라서 빈 곳을 0으로 채우는 변형은 Normalize보다 먼저 적용합니다.
    """
    to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    result = v2.Compose([to_float, normalize])(image)
    check("Compose는 변형을 하나씩 적용한 결과와 같습니다", torch.equal(result, normalize(to_float(image))))
    with expect(TypeError):
        v2.Compose([v2.ToImage(), normalize])(image)
    other = v2.Pad(4)
    results = []
    for steps in ([other, normalize], [normalize, other]):
        torch.manual_seed(0)  # other가 무작위 변형이어도 순서만 다르게 합니다
        result, name = v2.Compose([to_float, *steps])(image), ", ".join(type(step).__name__ for step in steps)
        print(f"    {name}: {form(result)}, 왼쪽 위 픽셀 {result[0, 0, 0]:.4f}")
        results.append((name, result))
    save_figure(draw_orders(results), output_dir / "transform_order.png")


class SaltAndPepper:
    """사용자 정의 변형의 예입니다. 픽셀의 일부(amount)를 무작위로 선택하여 검은색(0)이나 흰색(1)으로 변경합니다."""

    def __init__(self, amount):
        self.amount = amount

    def __call__(self, image):  # 0~1인 실수 텐서입니다. [C, H, W]와 [N, C, H, W]를 모두 받습니다
        noise = torch.rand_like(image[..., :1, :, :])  # 한 픽셀의 모든 채널에 같은 난수를 사용합니다
        image = image.masked_fill(noise < self.amount / 2, 0)  # masked_fill_과 달리 새 텐서를 반환합니다
        return image.masked_fill(noise > 1 - self.amount / 2, 1)


def use_custom_transform(seed):
    """12. 사용자 정의 변형

    설정이 필요한 변형은 클래스로 정의하여 __init__에서 설정을 저장하고 __call__에서 이미지를
    변환합니다. 입력이 데이터셋의 원본일 수 있으므로 제자리(in-place)에서 변경하지 않아야 합니다.
    SaltAndPepper는 흰색을 1로 가정하므로 ToDtype과 Normalize 사이에 적용합니다.
    """
    torch.manual_seed(seed)
    noise, gray = SaltAndPepper(amount=0.2), torch.full((1, 200, 200), 0.5)
    original, noisy = gray.clone(), noise(gray)
    shares = torch.stack([(noisy == value).float().mean() for value in (0, 1)])
    show(f"{shares = }", "검은색과 흰색으로 변경된 픽셀의 비율")
    check("두 비율은 amount의 절반에 가깝습니다", (shares - noise.amount / 2).abs().max() < 0.02)
    check("입력 이미지는 변경되지 않았습니다", torch.equal(gray, original))


def augment_training_data(data_dir, image, normalize, seed, output_dir):
    """13. 증강(augmentation)은 학습용 데이터에만

    증강은 샘플을 가져올 때마다 이미지를 무작위로 조금씩 변형합니다. 모델이 같은 이미지를 외우기
    어려워지므로 과적합(overfitting)을 줄일 수 있습니다. 하지만 정답이 달라지는 변형은 사용하지
    않습니다. 예를 들어 숫자 6을 180도 회전하면 9가 됩니다. 또한 테스트용 데이터에는 적용하지 않습니다.
    원본 이미지로 성능을 측정해야 하고, 다시 측정해도 결과가 같아야 하기 때문입니다.
    """
    torch.manual_seed(seed)
    augment = [v2.RandomHorizontalFlip(p=0.5), v2.RandomCrop(28, padding=2)]
    to_float = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    train_transform = v2.Compose([*to_float, *augment, normalize])
    test_transform = v2.Compose([*to_float, normalize])
    training_data = datasets.FashionMNIST(root=data_dir, train=True, download=True, transform=train_transform)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True, transform=test_transform)
    train_images, test_images = ([dataset[0][0] for _ in range(5)] for dataset in (training_data, test_data))
    show(f"{count_kinds(train_images) = }", "첫 샘플을 5번 가져온 결과 중 서로 다른 이미지의 개수")
    show(f"{count_kinds(test_images) = }")
    check("테스트용 샘플은 가져올 때마다 같습니다", count_kinds(test_images) == 1)
    compare_augmentations(image, output_dir)


def compare_augmentations(image, output_dir):
    """여러 가지 증강을 이미지 하나에 6번씩 적용하고 그림을 저장합니다."""
    original = ToTensor()(image)
    transforms = [v2.RandomHorizontalFlip(p=0.5), v2.RandomCrop(28, padding=4), v2.RandomRotation(20)]
    transforms += [v2.RandomAffine(0, scale=(0.6, 1.2)), v2.ColorJitter(brightness=0.5)]
    transforms += [v2.RandomErasing(p=0.5, value=0.5), SaltAndPepper(0.1)]
    rows = []
    for transform in [*transforms, v2.Compose(transforms)]:
        rows.append((type(transform).__name__, [transform(original) for _ in range(6)]))
        print(f"    {rows[-1][0]:<20} {len(rows[-1][1])}번 적용해 얻은 서로 다른 이미지 {count_kinds(rows[-1][1])}가지")
    check("변형은 원본 이미지를 변경하지 않습니다", torch.equal(original, ToTensor()(image)))
    save_figure(draw_augmentations(original, rows), output_dir / "transform_augmentation.png")


def count_kinds(images):
    """서로 다른 이미지의 개수를 반환합니다."""
    return len({image.numpy().tobytes() for image in images})


def transform_batch(images, normalize, seed):
    """14. 배치 변환과 난수

    v2의 변형은 이미지 하나 [C, H, W]와 배치 [N, C, H, W]를 모두 받습니다. 배치를 전달하면 호출 횟수가
    줄어듭니다. 하지만 무작위 변형은 대부분 호출할 때마다 난수를 한 번만 생성하므로 배치의 모든 이미지를
    똑같이 변형합니다. 이미지마다 다르게 적용하려면 하나씩 전달합니다. 반면 SaltAndPepper는 픽셀마다
    난수를 생성합니다.
    """
    X = images[:1000].unsqueeze(1) / 255
    normalize(X)  # 첫 호출에는 준비 시간이 포함되므로 측정하지 않습니다
    started = time.perf_counter()
    one_by_one = torch.stack([normalize(x) for x in X])
    middle = time.perf_counter()
    at_once = normalize(X)
    finished = time.perf_counter()
    print(f"    Normalize {len(X)}번: {1000 * (middle - started):.1f} ms, 1번: {1000 * (finished - middle):.1f} ms")
    check("두 방법의 결과는 같습니다", torch.allclose(one_by_one, at_once))
    torch.manual_seed(seed)
    copies, transform = X[:1].repeat(8, 1, 1, 1), v2.RandomRotation(20)
    name, noise = type(transform).__name__, SaltAndPepper(0.1)
    show(f"{count_kinds(transform(copies)) = }", f"{name}: 같은 이미지 {len(copies)}개를 배치로 전달")
    show(f"{count_kinds([transform(x) for x in copies]) = }", f"{name}: 하나씩 전달")
    show(f"{count_kinds(noise(copies)) = }", f"{type(noise).__name__}: 배치로 전달")
    check(f"{name}: 배치의 모든 이미지에 같은 난수를 사용합니다", count_kinds(transform(copies)) == 1)


def one_hot_label(y):
    """정수 정답 하나를 원-핫으로 변환합니다. 모듈의 최상위(top level)에 정의했으므로 이름으로 찾을 수 있습니다."""
    return torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1)


def send_to_worker(data_dir, to_one_hot):
    """15. 변형의 직렬화와 워커(worker) 프로세스

    DataLoader의 num_workers를 지정하면 워커(worker) 프로세스가 샘플을 가져옵니다. 시작 방법이
    spawn(Windows, macOS)이나 forkserver(Linux, Python 3.14 이상)이면 데이터셋을 변형과 함께
    직렬화(serialize)하여 전달하고, fork(Linux, 3.13 이하)이면 메모리를 복제합니다. 직렬화에 사용하는
    pickle은 함수의 코드가 아니라 모듈과 함수의 이름을 저장합니다. 따라서 이름으로 찾을 수 없는
    lambda와, lambda를 속성으로 가진 Lambda는 직렬화할 수 없습니다. 또한 spawn과 forkserver의 워커는 이
    파일을 다시 import합니다. 이때 __name__은 "__main__"이 아니므로 main()은 다시 실행되지 않습니다.
    """
    show(f"{try_pickle(to_one_hot) = !s}")
    show(f"{try_pickle(one_hot_label) = !s}")
    check("직렬화한 결과에는 함수의 이름이 있습니다", one_hot_label.__name__.encode() in pickle.dumps(one_hot_label))
    check("클래스로 정의한 변형은 설정도 복원됩니다", pickle.loads(pickle.dumps(SaltAndPepper(0.2))).amount == 0.2)
    test_data = datasets.FashionMNIST(root=data_dir, train=False, transform=ToTensor(), target_transform=one_hot_label)
    samples = Subset(test_data, range(4))
    loader = DataLoader(samples, batch_size=2, num_workers=1, multiprocessing_context="spawn")
    started = time.perf_counter()
    y = torch.cat([y for _, y in start_workers(loader)])
    print(f"    워커 시작부터 {time.perf_counter() - started:.1f}초, {form(y)}")
    check("워커가 변환한 정답도 같습니다", y.equal(torch.stack([torch.as_tensor(y) for _, y in samples])))


def try_pickle(value):
    """value를 직렬화한 크기를 반환합니다. 직렬화할 수 없으면 오류 메시지를 반환합니다."""
    try:
        return f"{len(pickle.dumps(value))}바이트"
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        return textwrap.fill(f"{type(error).__name__}: {error}".partition(" at 0x")[0], 70)  # 메모리 주소는 생략합니다


def start_workers(loader):
    """Ctrl+C를 무시하는 워커를 시작합니다. 따라서 실행을 중단해도 워커는 트레이스백을 출력하지 않습니다."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # 새 프로세스에도 적용되는 설정입니다
    try:
        return iter(loader)
    finally:
        signal.signal(signal.SIGINT, handler)


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    output_dir = prepare_outputs(args.output_dir, args.show)
    print(f"4장. 변형  |  PyTorch {torch.__version__}  |  장치(device): cpu")
    data_dir = prepare_fashion_mnist(args.data_dir)
    training_data, test_data = teach(load_raw_data, data_dir)
    image, label = v2.functional.to_pil_image(training_data.data[0]), training_data.targets[0].item()
    teach(convert_image, image)
    teach(find_divided_inputs, image)
    to_one_hot = teach(encode_label, label, training_data.classes)
    teach(set_transforms, data_dir, to_one_hot)
    teach(compare_label_forms, training_data.targets[:64], args.seed)
    teach(use_soft_labels, training_data.targets[:64], args.seed)
    teach(use_v2, image)
    normalize = teach(normalize_images, training_data, test_data, output_dir)
    teach(compare_training, training_data, normalize, args.seed, output_dir)
    teach(compose_in_order, image, normalize, output_dir)
    teach(use_custom_transform, args.seed)
    teach(augment_training_data, data_dir, image, normalize, args.seed, output_dir)
    teach(transform_batch, training_data.data, normalize, args.seed)
    teach(send_to_worker, data_dir, to_one_hot)
    teach(check_practice)
    finish(started, "model.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="4장. 변형", usage="python %(prog)s [옵션]", add_help=False)
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
#   1. use_custom_transform의 amount=0.2를 amount=0.6으로 변경해 보세요.
#      검은색과 흰색의 비율이 각각 약 0.3이 되고, 원래 값을 유지하는 픽셀은 약 40%만 남습니다.
#   2. augment_training_data의 test_transform에도 normalize 앞에 *augment를 추가해 보세요.
#      테스트용 샘플도 가져올 때마다 달라지므로, 이 절의 설명에 ✗가 표시됩니다.
#   3. normalize_images의 v2.Normalize(mean, std)를 v2.Normalize([0.5], [0.5])로 변경해 보세요.
#      값의 범위는 -1~1이 되지만, 학습용 데이터의 평균이 0이 아니므로 ✗가 표시됩니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def scatter_one_hot(y, num_classes):
    """정수 정답 y [N]을 scatter_로 변환하여 원-핫 정답 [N, C]를 반환하세요. C는 num_classes입니다.
    예: y가 [2, 0]이고 num_classes가 3이면 [[0, 0, 1], [1, 0, 0]]입니다.
    힌트: 차원 1에 할당합니다. 이때 인덱스의 모양은 [N, 1]이어야 합니다.
    """
    return None


def normalize_channels(x):
    """이미지 x [N, C, H, W]를 채널마다 평균 0, 표준편차 1로 정규화하여 반환하세요. 모양은 x와 같습니다.
    예: C가 3이면 평균과 표준편차를 3개씩 계산합니다. 표준편차는 std의 기본값(correction=1)으로 계산하세요.
    힌트: mean과 std에 dim=(0, 2, 3)과 keepdim=True를 지정해 보세요.
    """
    return None


def shift_images(x, shifts):
    """이미지 x [N, C, H, W]를 각각 shifts [N]의 픽셀 수만큼 오른쪽으로 이동하여 반환하세요. 빈 곳은 0입니다.
    예: 한 행이 [1, 2, 3]인 이미지를 1만큼 이동하면 [0, 1, 2], -1만큼 이동하면 [2, 3, 0]입니다.
    힌트: F.pad(image, (1, -1))의 결과를 출력해 보세요.
    """
    return None


def make_center_eraser(size):
    """이미지 가운데의 size x size 픽셀을 0으로 변경하는 변형을 반환하세요. 입력 이미지는 변경하지 않습니다.
    예: 6x6 이미지와 size=2이면 행과 열이 2와 3인 픽셀 4개를 변경합니다. [C, H, W]와 [N, C, H, W]를 모두 받습니다.
    힌트: 클래스를 정의하고, __call__에서 image.clone()을 변경해 보세요.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    x = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    y, shifts = torch.tensor([3, 0, 3, 1]), torch.tensor([2, 0, -1, 5])

    def shifted(x, shifts):
        columns = torch.arange(x.shape[3]) - shifts[:, None, None, None]
        inside = (0 <= columns) & (columns < x.shape[3])
        return x.gather(3, (columns * inside).expand_as(x)) * inside

    @functools.wraps(make_center_eraser)
    def erase(image, size):
        transform, original = make_center_eraser(size), image.clone()
        result = transform and transform(image)
        if not torch.equal(image, original):
            raise ValueError("입력 이미지가 변경되었습니다")
        return result

    def erased(image, size):
        return image * F.pad(torch.zeros(size, size), [(6 - size) // 2] * 4, value=1)

    practice(scatter_one_hot, F.one_hot, (y, 4), (y[1:], 7), (y[:0], 2))
    inputs = (x,), (x[:1] * 5,), (x[:, :1] - 3,)
    practice(normalize_channels, lambda x: torch.stack([(c - c.mean()) / c.std() for c in x.unbind(1)], 1), *inputs)
    practice(shift_images, shifted, (x, shifts), (x, -shifts), (x[:2, :1], shifts[:2]))
    practice(erase, erased, (x[0], 2), (x, 4), (x[0], 0))


# ---- 그림을 그리는 함수입니다. ----
def draw_histograms(train_images, test_images, normalize):
    """저장된 픽셀, 0~1로 조정한 픽셀, 정규화한 픽셀의 분포를 그린 그림을 반환합니다."""
    levels = torch.arange(256).view(256, 1, 1, 1)
    panels = {"stored (uint8)": levels, "scaled to 0..1": levels / 255, "normalized": normalize(levels / 255)[:, :1]}
    figure, axes = plt.subplots(1, len(panels), figsize=(13, 4), sharey=True, layout="constrained")
    train, test = (x.flatten().bincount(minlength=256).numpy() / x.numel() for x in (train_images, test_images))
    for axis, (title, values) in zip(axes, panels.items()):
        values = values.flatten().double().numpy()
        axis.hist(values, 64, weights=100 * test, histtype="step", label="test", color="#D55E00", linewidth=3)
        axis.hist(values, 64, weights=100 * train, histtype="step", label="train", color="#0072B2")
        mean = (values * train).sum()
        std = ((values - mean) ** 2 * train).sum() ** 0.5
        axis.axvspan(mean - std, mean + std, color="#E69F00", alpha=0.25, label="train mean ± std")
        axis.set(title=title, xlabel=f"pixel value (train: mean {round(mean, 3) + 0:g}, std {std:.3g})", yscale="log")
    axes[0].set_ylabel("share of pixels (%, log scale)")
    axes[0].legend()
    return figure


def draw_sgd_curves(curves):
    """학습률마다 정규화하지 않은 입력과 정규화한 입력의 학습 손실을 그린 그림을 반환합니다."""
    figure, axes = plt.subplots(1, len(curves), figsize=(9, 4), sharey=True, squeeze=False, layout="constrained")
    for axis, (learning_rate, before, after) in zip(axes.flat, curves):
        axis.plot(range(1, len(before) + 1), before, "s--", color="#D55E00", label="scaled to 0..1")
        axis.plot(range(1, len(after) + 1), after, "o-", color="#0072B2", label="normalized")
        axis.set(title=f"Learning rate {learning_rate}", xlabel="epoch", ylabel="training loss")
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
        axis.legend()
    return figure


def draw_orders(results):
    """순서만 다른 결과를 같은 밝기 범위로 그린 그림을 반환합니다."""
    images = [image.mean(dim=0).numpy() for _, image in results]  # 채널이 여러 개이면 평균을 그립니다
    low, high = min(image.min() for image in images), max(image.max() for image in images)
    figure, axes = plt.subplots(1, len(results), figsize=(9, 4.6), layout="constrained")
    for axis, (name, _), image in zip(axes, results, images):
        picture = axis.imshow(image, cmap="gray", vmin=low, vmax=high)
        axis.set(title=f"{name}\ntop left pixel {image[0, 0]:.2f}", xticks=[], yticks=[])
    figure.colorbar(picture, ax=axes, label="value after both transforms")
    return figure


def draw_augmentations(original, rows):
    """행은 변형, 열은 원본과 변형을 적용한 결과인 그림을 반환합니다."""

    def tile(image):  # 크기나 채널 수가 변경된 결과도 28x28 흑백으로 그립니다
        return F.pad(v2.functional.resize(image, [28, 28]).mean(dim=0), (1, 1, 1, 1), value=1)

    lines = [torch.cat([tile(image) for image in (original, *images)], dim=1) for _, images in rows]
    figure, axis = plt.subplots(figsize=(10.8, 9.4), layout="constrained")
    axis.imshow(torch.cat(lines).numpy(), cmap="gray", vmin=0, vmax=1)
    axis.set_xticks(range(15, lines[0].shape[1], 30), ["original", *(f"draw {n + 1}" for n in range(len(rows[0][1])))])
    axis.set_yticks(range(15, 30 * len(rows), 30), [name for name, _ in rows])
    axis.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.spines[:].set_visible(False)
    axis.set_title("One training image: each transform drawn several times", pad=12)
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
