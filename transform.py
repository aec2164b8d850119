"""4장. 변형: 데이터를 학습할 수 있는 모습으로 바꿉니다.

데이터가 처음부터 학습에 맞는 모습인 일은 드뭅니다. 변형(transform)이 그 사이를 잇습니다.
이미지를 텐서로, 정답을 원-핫으로 바꾸고, 정규화하고, 증강합니다. 나만의 변형도 만듭니다.
단계마다 값의 종류, 모양, 범위가 어떻게 바뀌는지 눈으로 봅니다.

실행 방법
    python transform.py                  # 처음부터 끝까지
    python transform.py --seed 1         # 다른 난수로 증강합니다
    python transform.py --show           # 그림을 창으로도 봅니다
    python transform.py --help           # 모든 옵션

차례
     1. 변형이 필요한 까닭                     look_at_raw_samples
     2. ToTensor: 이미지를 텐서로              turn_image_into_tensor
     3. Lambda: 정답을 원-핫으로               turn_label_into_one_hot
     4. 데이터셋에 변형 달기                   load_with_transforms
     5. 번호 정답과 원-핫 정답                 compare_label_forms, use_labels_that_need_one_hot
     6. 요즘 방식: transforms.v2               use_transforms_v2, forget_to_scale
     7. 정규화: 평균 0, 표준편차 1             measure_pixels, normalize_pixels, draw_pixel_histograms
     8. Compose: 순서가 결과를 바꿉니다        compose_in_order, draw_padding_orders
     9. 나만의 변형                            SaltAndPepper, use_own_transform
    10. 증강: 학습용에만 합니다                augment_training_data, draw_augmentation_gallery
    11. 배치 전체를 한 번에                    transform_whole_batch, flip_batch_at_random
    12. lambda와 작업 프로세스                 pickle_transforms, send_transform_to_worker

다음 장은 model.py입니다.
"""

import argparse
import os
import pickle
import shutil
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.transforms import Lambda, ToTensor, v2


def print_form(name, value):
    """값의 종류, 모양(shape), 자료형(dtype), 범위를 한 줄로 보여 줍니다. 변형의 앞과 뒤를 견줄 때 씁니다."""
    kind = f"{type(value).__module__.split('.')[0]} {type(value).__name__}"
    array = np.asarray(value)
    if isinstance(value, (np.ndarray, torch.Tensor)):
        form = f"{list(value.shape)} {value.dtype}"
    else:
        form = f"size={value.size} mode={value.mode}"  # PIL 이미지에는 shape와 dtype이 없습니다
    print(f"    {name:<22} {kind:<17} {form:<32} {array.min():.4g} ~ {array.max():.4g}")


def look_at_raw_samples(FashionMNIST, data_dir):
    """변형(transform)이 왜 필요한지 봅니다.

    TorchVision의 데이터셋은 두 가지 변형을 받습니다. transform은 특징(feature, 여기서는 이미지)을 바꾸고,
    target_transform은 정답(label)을 바꿉니다. 둘 다 주지 않으면 저장된 그대로 나옵니다.
    """
    print("\n== 1. 변형(transform)이 필요한 까닭 ==")
    print("데이터는 학습에 바로 쓸 수 있는 모습으로 오지 않을 때가 많습니다. 변형이 그 모습을 바꿉니다.")
    print("먼저 데이터셋(dataset)에서 변형 없이 샘플 하나를 꺼내 봅니다.")
    training_data = FashionMNIST(root=data_dir, train=True, download=True)
    test_data = FashionMNIST(root=data_dir, train=False, download=True)
    image, label = training_data[0]
    print_form("image", image)
    print(f"    label                  {type(label).__name__} {label} ({training_data.classes[label]})")
    assert image.size == (28, 28) and image.mode == "L" and isinstance(label, int)

    print("신경망은 실수 텐서(tensor)의 배치(batch)를 받습니다. PIL 이미지는 배치로 묶이지도 않습니다.")
    try:
        next(iter(DataLoader(training_data, batch_size=4)))
        raise AssertionError("PIL 이미지가 배치로 묶였습니다")
    except TypeError as error:
        print(f"    TypeError: {error}")
    print("그래서 이미지는 0~1의 텐서로(2번), 이 장에서는 정답을 원-핫(one-hot)으로(3번) 바꿉니다.")
    return training_data, test_data


def turn_image_into_tensor(image):
    """ToTensor()는 PIL 이미지나 ndarray를 FloatTensor로 바꾸고, 픽셀 값을 [0., 1.]로 줄입니다.

    [높이, 너비, 채널]이던 축은 PyTorch의 순서인 [채널, 높이, 너비]가 됩니다.
    """
    print("\n== 2. ToTensor: 이미지를 텐서로 ==")
    print("ToTensor()는 PIL 이미지나 uint8 ndarray를 FloatTensor로 바꾸고, 값을 255로 나누어 [0., 1.]에 둡니다.")
    array = np.array(image)  # uint8 [28, 28]
    tensor = ToTensor()(image)
    print_form("before: PIL", image)
    print_form("before: ndarray", array)
    print_form("after: ToTensor()", tensor)
    row, column = divmod(int(array.argmax()), 28)  # 가장 밝은 픽셀
    print(f"    픽셀 하나를 따라가 봅니다 (행 {row}, 열 {column}): {array[row, column]} -> {tensor[0, row, column]:.4f}")
    assert tensor.dtype == torch.float32 and tensor.shape == (1, 28, 28)
    assert torch.equal(tensor, torch.from_numpy(array)[None] / 255)
    assert torch.equal(tensor, ToTensor()(array))  # ndarray에서 시작해도 같습니다

    color = ToTensor()(np.zeros((28, 20, 3), dtype=np.uint8))
    print(f"모양(shape)도 바뀝니다. [높이, 너비, 채널] [28, 20, 3] -> [채널, 높이, 너비] {list(color.shape)}")
    assert color.shape == (3, 28, 20)
    unscaled = ToTensor()(array.astype(np.float32))
    print("실수 ndarray는 이미 알맞은 범위라고 믿고 나누지 않습니다. 조심하십시오.")
    print_form("float32 ndarray", unscaled)
    assert unscaled.max() == float(array.max())


def turn_label_into_one_hot(label, classes):
    """Lambda는 아무 함수나 변형으로 만듭니다. 여기서는 정답 번호를 원-핫(one-hot) 텐서로 바꿉니다.

    원-핫은 정답 자리만 1이고 나머지는 0인 텐서입니다. 만드는 길은 두 걸음입니다.
    크기 10의 0 텐서를 만들고, scatter_로 정답 y의 자리에 value=1을 놓습니다.
    """
    print("\n== 3. Lambda: 정답을 원-핫(one-hot)으로 ==")
    print("Lambda는 아무 함수나 변형으로 만듭니다. 정답 번호를, 그 자리만 1이고 나머지는 0인 텐서로 바꾸어 봅니다.")
    y = label
    zeros = torch.zeros(10, dtype=torch.float)
    print(f"    정답                            y = {y} ({classes[y]})")
    print(f"    걸음 1. torch.zeros(10)         {zeros.tolist()}")
    index = torch.tensor(y)
    print(f"    걸음 2. torch.tensor(y)         {index}  (1을 놓을 자리)")
    result = zeros.scatter_(0, index, value=1)
    print(f"    걸음 3. scatter_(0, ., value=1) {result.tolist()}")
    print("scatter_의 0은 몇째 차원인지, 다음은 그 차원의 몇째 자리인지, value는 무엇을 놓을지입니다.")
    print("이름 끝의 _는 제자리(in-place) 연산이라는 뜻입니다. 0 텐서 자신이 바뀌었습니다.")
    assert result is zeros and result[y] == 1 and result.sum() == 1

    to_one_hot = Lambda(lambda y: torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1))
    print("세 걸음을 한 줄로: Lambda(lambda y: torch.zeros(10).scatter_(0, torch.tensor(y), value=1))")
    print(f"    before: {type(y).__name__} {y}")
    print_form("after: Lambda", to_one_hot(y))
    assert torch.equal(to_one_hot(y), result)
    return to_one_hot


def load_with_transforms(FashionMNIST, data_dir, to_one_hot):
    """두 변형을 데이터셋에 답니다. 이제 샘플을 꺼낼 때마다 변형을 거칩니다."""
    print("\n== 4. 데이터셋에 변형 달기 ==")
    training_data = FashionMNIST(
        root=data_dir, train=True, download=True, transform=ToTensor(), target_transform=to_one_hot
    )
    print("FashionMNIST(..., transform=ToTensor(), target_transform=Lambda(...))로 다시 만들었습니다.")
    X, y = next(iter(DataLoader(training_data, batch_size=64)))
    print("1번에서 실패한 DataLoader가 이제 배치를 만듭니다. DataLoader는 3장(data_tutorial.py)에서 보았습니다.")
    print_form("X [N, C, H, W]", X)
    print_form("y [N, 10]", y)
    print(f"    앞의 세 정답: {training_data.targets[:3].tolist()} -> y에서 1이 있는 자리: {y[:3].argmax(1).tolist()}")
    assert X.shape[1:] == (1, 28, 28) and X.dtype == torch.float32
    assert torch.equal(y.argmax(1), training_data.targets[: len(y)])
    print("저장된 데이터는 그대로이고, 꺼낸 샘플만 바뀝니다.")
    print_form("training_data.data", training_data.data)
    assert training_data.data.dtype == torch.uint8


def compare_label_forms(labels, to_one_hot):
    """F.one_hot은 Lambda와 같은 것을 만듭니다. 교차 엔트로피는 번호와 원-핫에서 같은 값을 냅니다.

    labels는 int64 [N]입니다. 돌려주는 것은 float32 [N, 10]입니다.
    """
    print("\n== 5. 번호 정답과 원-핫 정답 ==")
    one_hot = F.one_hot(labels, num_classes=10)
    by_lambda = torch.stack([to_one_hot(y) for y in labels.tolist()])
    print("F.one_hot은 배치 전체를 한 번에 원-핫으로 바꿉니다. Lambda의 결과와 같습니다.")
    print_form("F.one_hot(labels, 10)", one_hot)
    print_form("Lambda, stacked", by_lambda)
    print("다른 것은 자료형(dtype)뿐입니다. int64 그대로는 손실 함수(loss function)가 받지 않습니다.")
    assert torch.equal(one_hot.float(), by_lambda)

    logits = torch.randn(len(labels), 10)  # 신경망이 낸 로짓(logit)이라고 합시다
    try:
        F.cross_entropy(logits, one_hot)
        raise AssertionError("정수 원-핫을 받았습니다")
    except RuntimeError as error:
        print(f"    RuntimeError: {error}")
    from_index = F.cross_entropy(logits, labels)
    from_one_hot = F.cross_entropy(logits, one_hot.float())
    print(f"교차 엔트로피(cross entropy): 번호 정답 {from_index:.6f}, 원-핫 정답(float) {from_one_hot:.6f} -> 같습니다.")
    torch.testing.assert_close(from_index, from_one_hot)
    sizes = labels.itemsize, 10 * by_lambda.itemsize
    print(f"보통의 분류에는 번호로 충분합니다. 샘플 하나에 번호는 {sizes[0]}바이트, 원-핫은 {sizes[1]}바이트입니다.")
    return one_hot.float()


def use_labels_that_need_one_hot(labels, one_hot):
    """정답이 번호 하나로 적히지 않을 때에는 원-핫이 필요합니다. 섞은 정답과 MSE가 그렇습니다."""
    print("원-핫이 필요한 때는 정답이 번호 하나로 적히지 않을 때입니다.")
    logits = torch.randn(len(labels), 10)
    other = labels.roll(1)  # 옆 샘플의 정답
    mixed = 0.7 * one_hot + 0.3 * F.one_hot(other, 10)
    i = (labels != other).int().argmax()  # 두 정답이 다른 첫 샘플
    print(f"    섞기(mixup): 정답 {labels[i]}에 0.7, 정답 {other[i]}에 0.3을 줍니다.")
    print(f"        {[round(p, 2) for p in mixed[i].tolist()]}")
    loss = F.cross_entropy(logits, mixed)
    by_parts = 0.7 * F.cross_entropy(logits, labels) + 0.3 * F.cross_entropy(logits, other)
    print(f"        교차 엔트로피 {loss:.4f}, 0.7 x (첫째 정답의 손실) + 0.3 x (둘째 정답의 손실) {by_parts:.4f}")
    torch.testing.assert_close(loss, by_parts)

    smooth = 0.9 * one_hot + 0.1 / 10  # 정답에 0.91, 나머지에 0.01씩
    loss = F.cross_entropy(logits, smooth)
    built_in = F.cross_entropy(logits, labels, label_smoothing=0.1)
    print(f"    평활화(label smoothing): 손수 만든 정답 {loss:.4f}, 번호와 label_smoothing=0.1 {built_in:.4f}")
    print("        결과가 같습니다. 교차 엔트로피의 평활화는 옵션이 해 주므로 번호로도 됩니다.")
    torch.testing.assert_close(loss, built_in)

    loss = F.mse_loss(F.softmax(logits, dim=1), one_hot)
    print(f"    MSE: 확률 [N, 10]과 원-핫 [N, 10]의 모양이 같아야 합니다: 손실 {loss:.4f}")
    assert torch.isclose(loss, (F.softmax(logits, dim=1) - one_hot).square().sum() / one_hot.numel())


def use_transforms_v2(image):
    """요즘 방식은 torchvision.transforms.v2입니다. ToTensor를 두 걸음으로 나눕니다.

    ToImage는 텐서로 바꾸기만 하고(값은 그대로), ToDtype(torch.float32, scale=True)는 자료형과 범위를 바꿉니다.
    나뉘어 있으면 그 사이에, 작고 빠른 uint8일 때 다른 변형을 할 수 있습니다.
    """
    print("\n== 6. 요즘 방식: transforms.v2 ==")
    print("v2는 ToTensor를 두 걸음으로 나눕니다. ToImage는 텐서로만 바꾸고, ToDtype은 자료형과 범위를 바꿉니다.")
    print("v2의 변형은 이미지 한 장도, 배치도, 물체의 테두리 상자도 받습니다. 새로 쓰는 코드에는 v2가 권장됩니다.")
    to_image, to_float = v2.ToImage(), v2.ToDtype(torch.float32, scale=True)
    whole = to_image(image)
    scaled = to_float(whole)
    print_form("before", image)
    print_form("1. v2.ToImage()", whole)
    print_form("2. v2.ToDtype(scale)", scaled)
    print_form("ToTensor()", ToTensor()(image))
    assert whole.dtype == torch.uint8 and scaled.dtype == torch.float32

    # 픽셀 값은 256가지뿐이므로, 모두 견주어 볼 수 있습니다.
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    old, new = ToTensor()(every), to_float(to_image(every))
    difference = (old - new).abs().max().item()
    print(f"픽셀 값 256가지 모두에서 ToTensor와 같습니다. 가장 큰 차이는 {difference:.0e}입니다.")
    print("이 차이는 float32의 마지막 자리입니다. 하나는 255로 나누고, 하나는 1/255을 곱하기 때문입니다.")
    torch.testing.assert_close(torch.Tensor(new), old, rtol=0, atol=1e-7)
    torch.testing.assert_close(torch.Tensor(scaled), ToTensor()(image), rtol=0, atol=1e-7)


def forget_to_scale(image):
    """scale=True는 자료형을 바꿀 때 값의 범위도 함께 바꾸라는 뜻입니다. 기본값은 False입니다."""
    print("scale=True는 범위도 함께 바꾸라는 뜻입니다. 정수는 0~255, 실수는 0~1이 제 범위입니다. 잊으면 이렇습니다.")
    whole = v2.ToImage()(image)
    unscaled = v2.ToDtype(torch.float32)(whole)  # scale의 기본값은 False입니다
    print_form("float32, scale=False", unscaled)
    assert unscaled.max() == whole.max()
    print("오류가 나지 않아서 더 위험합니다. 입력이 255배 커져서, 0~1에 맞춘 학습률(learning rate)이 맞지 않게 됩니다. 거꾸로도 봅니다.")
    scaled = v2.ToDtype(torch.float32, scale=True)(whole)
    back = v2.ToDtype(torch.uint8, scale=True)(scaled)
    black = v2.ToDtype(torch.uint8, scale=False)(scaled)
    print_form("uint8, scale=True", back)
    print_form("uint8, scale=False", black)
    print("scale=True로는 원래 이미지로 돌아오고, scale=False로는 소수점 아래를 버려서 거의 다 0이 됩니다.")
    assert torch.equal(back, whole) and black.max() <= 1


def measure_pixels(images):
    """uint8 이미지들의 평균과 표준편차를 0~1의 눈금으로 잽니다. 메모리를 거의 쓰지 않습니다.

    픽셀 값은 256가지뿐입니다. 값마다 몇 번 나왔는지 세면, 실수로 바꾸지 않고도 정확히 계산합니다.
    6만 장을 float64로 바꾸면 약 376 MB이지만, 센 결과는 수 256개입니다.
    """
    counts = torch.bincount(images.flatten(), minlength=256)
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts * values).sum() / counts.sum()
    variance = (counts * (values - mean) ** 2).sum() / counts.sum()
    return mean.item(), variance.sqrt().item()


def measure_after(transform, images):
    """변형을 정말로 거친 다음의 평균과 표준편차입니다. 5,000장씩 나누어 메모리를 아낍니다."""
    total = squares = 0.0
    for part in images.unsqueeze(1).split(5000):
        x = transform(part)
        total += x.sum(dtype=torch.float64).item()
        squares += x.square().sum(dtype=torch.float64).item()
    mean = total / images.numel()
    return mean, (squares / images.numel() - mean**2) ** 0.5


def normalize_pixels(training_data, test_data):
    """정규화(normalize)는 평균을 빼고 표준편차로 나눕니다. 평균 0, 표준편차 1이 됩니다.

    평균과 표준편차는 학습용 이미지에서만 잽니다. 시험용 이미지는 아직 만나지 못한 미래의 데이터 노릇을 합니다.
    그것을 미리 재어 쓰면 답안지를 엿보는 셈입니다. 그래서 시험용에도 학습용에서 잰 값을 그대로 씁니다.
    """
    print("\n== 7. 정규화(normalize) ==")
    print("정규화는 (값 - 평균) / 표준편차입니다. 입력의 크기가 고르면 학습이 순조롭습니다.")
    mean, std = measure_pixels(training_data.data)
    print(f"학습용 {len(training_data)}장에서만 잽니다: 평균 {mean:.4f}, 표준편차 {std:.4f}")
    print("시험용은 재지 않습니다. 처음 만나는 데이터 노릇을 해야 하므로, 학습용에서 잰 값을 그대로 씁니다.")

    normalize = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean=[mean], std=[std])])
    before = training_data.data[:1]
    after = normalize(before)
    print_form("before (one image)", before)
    print_form("after Normalize", after)
    train_mean, train_std = measure_after(normalize, training_data.data)
    test_mean, test_std = measure_after(normalize, test_data.data)
    print("변형을 거친 다음에 다시 재었습니다.")
    shown = round(train_mean, 4) + 0.0  # 0을 더하면 -0.0이 0.0으로 보입니다
    print(f"    학습용 {len(training_data):>5}장: 평균 {shown:>7.4f}, 표준편차 {train_std:.4f}  (0과 1이어야 합니다)")
    print(f"    시험용 {len(test_data):>5}장: 평균 {test_mean:>7.4f}, 표준편차 {test_std:.4f}  (0과 1에 가깝습니다)")
    assert abs(train_mean) < 1e-4 and abs(train_std - 1) < 1e-4
    assert abs(test_mean) < 0.2 and abs(test_std - 1) < 0.2

    restored = after * std + mean
    print("그림으로 볼 때에는 거꾸로 되돌립니다: 값 x 표준편차 + 평균")
    torch.testing.assert_close(restored, before / 255)
    return mean, std


def draw_pixel_histograms(train_images, test_images, mean, std):
    """정규화하기 전과 후의 픽셀 분포를 그립니다. 모양은 그대로이고 눈금만 바뀝니다."""
    pixels = np.arange(256)
    panels = [
        ("1. Stored: uint8", pixels, 255 * mean, 255 * std),
        ("2. After ToDtype(float32, scale=True)", pixels / 255, mean, std),
        ("3. After Normalize(mean, std)", (pixels / 255 - mean) / std, 0, 1),
    ]
    train_style = {"color": "#0072B2", "linewidth": 1.5}
    test_style = {"color": "#D55E00", "linewidth": 1.5, "linestyle": "--"}
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), sharey=True, layout="constrained")
    for axis, (title, values, center, spread) in zip(axes, panels):
        half = (values[1] - values[0]) / 2
        edges = np.linspace(values[0] - half, values[-1] + half, 65)  # 막대 64개에 픽셀 값이 4가지씩 들어갑니다
        for images, name, style in ((train_images, "train", train_style), (test_images, "test", test_style)):
            counts = torch.bincount(images.flatten(), minlength=256).numpy()
            axis.hist(values, edges, weights=100 * counts / counts.sum(), histtype="step", label=name, **style)
        axis.axvline(center, color="black", label="train mean")
        axis.axvspan(center - spread, center + spread, color="#E69F00", alpha=0.25, label="mean ± 1 std")
        axis.set(title=title, xlabel=f"pixel value (mean {center:.4g}, std {spread:.4g})", yscale="log")
    axes[0].set_ylabel("share of pixels (%, log scale)")
    axes[0].legend(loc="upper right")
    figure.suptitle("Pixel values before and after normalizing: same shape, another scale")
    return figure


def compose_in_order(image, mean, std):
    """Compose는 변형을 순서대로 이어 붙입니다. 순서가 바뀌면 결과도 바뀝니다."""
    print("\n== 8. Compose: 순서가 결과를 바꿉니다 ==")
    print("Compose는 변형을 목록의 순서대로 이어 붙입니다. 한 걸음씩 따라가 봅니다.")
    pipeline = v2.Compose([
        v2.ToImage(),
        v2.Pad(4),  # 둘레에 4픽셀씩, 값 0을 붙입니다
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([mean], [std]),
    ])  # fmt: skip
    value = image
    print_form("before", value)
    for step in pipeline.transforms:
        value = step(value)
        print_form(f"{type(step).__name__}", value)
    assert torch.equal(value, pipeline(image))

    print("잘못된 순서 하나: 실수로 바꾸기 전에 정규화하면 오류가 납니다. 금방 알 수 있으니 다행입니다.")
    try:
        v2.Compose([v2.ToImage(), v2.Normalize([mean], [std]), v2.ToDtype(torch.float32, scale=True)])(image)
        raise AssertionError("uint8 이미지를 정규화했습니다")
    except TypeError as error:
        print(f"    TypeError: {error}")

    print("잘못된 순서 둘: 정규화한 다음에 둘레를 붙이면, 오류 없이 결과만 달라집니다.")
    to_normalized = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])])
    padded_last = v2.Pad(4)(to_normalized(image))
    print(f"    붙이고 정규화: 둘레의 값 {value[0, 0, 0]:>7.4f}  (검은색 0을 정규화한 값)")
    print(f"    정규화하고 붙이기: 둘레의 값 {padded_last[0, 0, 0]:.4f}  (정규화한 뒤의 0은 평균 밝기, 곧 회색)")
    print("    가운데 28x28은 두 결과가 같습니다. 빈 곳을 0으로 채우는 변형(Pad, 회전)은 정규화보다 앞에 둡니다.")
    assert torch.equal(value[:, 4:-4, 4:-4], padded_last[:, 4:-4, 4:-4])
    assert abs(value[0, 0, 0] + mean / std) < 1e-5 and padded_last[0, 0, 0] == 0
    return value, padded_last


def draw_padding_orders(padded_first, padded_last):
    """두 순서의 결과를 같은 눈금으로 나란히 그립니다."""
    low, high = padded_first.min().item(), padded_first.max().item()
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
    titles = ("Pad, then Normalize", "Normalize, then Pad")
    for axis, image, title in zip(axes, (padded_first, padded_last), titles):
        picture = axis.imshow(image[0].numpy(), cmap="gray", vmin=low, vmax=high)
        axis.set_title(f"{title}\nborder value {image[0, 0, 0]:.2f}")
        axis.set(xticks=[], yticks=[])
    figure.colorbar(picture, ax=axes, label="value after both steps")
    figure.suptitle("The same two transforms in two orders")
    return figure


class SaltAndPepper:
    """나만의 변형입니다. 픽셀의 일부(amount)를 아무 데나 골라 검은색(0)이나 흰색(1)으로 바꿉니다.

    변형은 부를 수 있으면 됩니다. __call__이 값을 받아 새 값을 돌려줍니다. 설정은 __init__에서 받습니다.
    받은 이미지를 제자리에서 고치지 않습니다. 그 이미지는 데이터셋의 것일 수 있습니다.
    """

    def __init__(self, amount):
        self.amount = amount

    def __call__(self, image):  # 값이 0~1인 실수 텐서. [C, H, W]도 [N, C, H, W]도 됩니다
        noise = torch.rand(image.shape, device=image.device)
        image = image.masked_fill(noise < self.amount / 2, 0)  # masked_fill_이 아니므로 새 텐서입니다
        return image.masked_fill(noise > 1 - self.amount / 2, 1)

    def __repr__(self):  # print(compose)에 이렇게 보입니다
        return f"SaltAndPepper(amount={self.amount})"


def use_own_transform(image):
    """나만의 변형도 Compose에 그대로 들어갑니다."""
    print("\n== 9. 나만의 변형 ==")
    print("변형은 부를 수 있는 것이면 됩니다. 설정이 있으면 클래스로 만들고 __call__에 할 일을 적습니다.")
    print("여기서는 픽셀의 일부를 검은색이나 흰색으로 바꾸는 SaltAndPepper를 만들었습니다. Compose에 그대로 들어갑니다.")
    noise = SaltAndPepper(amount=0.2)
    pipeline = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), noise])
    print(pipeline)
    print_form("before", image)
    print_form("after", pipeline(image))

    gray = torch.full((1, 200, 200), 0.5)  # 회색 이미지에 해 보면 바뀐 픽셀을 쉽게 셉니다
    noisy = noise(gray)
    black, white = (noisy == 0).float().mean(), (noisy == 1).float().mean()
    print(f"회색 이미지로 확인합니다: 검은색 {black:.1%}, 흰색 {white:.1%}, 그대로 {1 - black - white:.1%}")
    assert abs(black - noise.amount / 2) < 0.02 and abs(white - noise.amount / 2) < 0.02
    assert (gray == 0.5).all()
    print("받은 이미지는 그대로입니다. 제자리에서 고치면 데이터셋의 원본이 망가질 수 있습니다.")
    print("흰색이 1이므로, 이 변형의 자리는 ToDtype 뒤이고 Normalize 앞입니다.")


def augment_training_data(FashionMNIST, data_dir, mean, std, index):
    """증강(augmentation)은 이미지를 무작위로 조금씩 바꾸어, 꺼낼 때마다 새 이미지를 보게 합니다.

    같은 이미지를 외우기 어려워져서 과적합(overfitting)을 덜 합니다. 정답이 달라질 만큼 바꾸면 안 됩니다.
    시험에는 쓰지 않습니다. 시험은 진짜 이미지에서, 잴 때마다 같은 답이 나와야 합니다.
    """
    print("\n== 10. 증강(augmentation) ==")
    print("증강은 꺼낼 때마다 이미지를 무작위로 조금 바꿉니다. 외우기 어려워져서 과적합(overfitting)을 덜 합니다.")
    print("정답이 달라지는 증강은 안 됩니다. 옷은 좌우로 뒤집어도 되지만, 숫자 6을 180도 돌리면 9가 됩니다.")
    to_normalized = [v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])]
    augment = [v2.RandomHorizontalFlip(p=0.5), v2.RandomCrop(28, padding=2)]
    train_transform = v2.Compose([v2.ToImage(), *augment, *to_normalized])
    test_transform = v2.Compose([v2.ToImage(), *to_normalized])  # 무작위인 것이 없습니다
    training_data = FashionMNIST(root=data_dir, train=True, download=True, transform=train_transform)
    test_data = FashionMNIST(root=data_dir, train=False, download=True, transform=test_transform)

    for name, dataset, i in (("학습용", training_data, index), ("시험용", test_data, 0)):
        draws = [dataset[i][0] for _ in range(5)]
        kinds = len({draw.numpy().tobytes() for draw in draws})
        print(f"    {name} 데이터셋에서 {i}번 샘플을 다섯 번 꺼냈습니다: 서로 다른 이미지 {kinds}가지")
        assert kinds > 1 if dataset is training_data else kinds == 1
        assert draws[0].shape == (1, 28, 28)
    print("시험용에는 증강이 없습니다. 진짜 이미지에서 재어야 하고, 다시 재어도 같은 답이어야 합니다.")
    print("증강은 파일을 늘리지 않습니다. 에폭(epoch)마다 그 자리에서 새로 만들 뿐입니다.")


def draw_augmentation_gallery(image):
    """이미지 한 장에 무작위 변형을 여러 번 합니다. 행은 변형, 열은 뽑은 차례입니다."""
    rows = {
        "RandomHorizontalFlip\n(p=0.5)": v2.RandomHorizontalFlip(p=0.5),
        "RandomCrop\n(28, padding=4)": v2.RandomCrop(28, padding=4),
        "RandomRotation(20)": v2.RandomRotation(20),
        "RandomAffine\n(0, scale=(0.6, 1.2))": v2.RandomAffine(0, scale=(0.6, 1.2)),
        "ColorJitter\n(brightness=0.5)": v2.ColorJitter(brightness=0.5),
        "RandomErasing\n(p=0.5, value=0.5)": v2.RandomErasing(p=0.5, value=0.5),
        "SaltAndPepper(0.1)\nour own": SaltAndPepper(0.1),
    }
    rows["All of the above"] = v2.Compose(list(rows.values()))
    original = v2.ToDtype(torch.float32, scale=True)(v2.ToImage()(image))
    lines = []
    for transform in rows.values():
        pictures = [original] + [transform(original) for _ in range(6)]
        lines.append(torch.cat([F.pad(picture[0], (1, 1, 1, 1), value=1) for picture in pictures], dim=1))
    figure, axis = plt.subplots(figsize=(9.8, 9.4), layout="constrained")
    axis.imshow(torch.cat(lines).numpy(), cmap="gray", vmin=0, vmax=1)  # 흰 테를 두른 30x30 이미지를 이어 붙인 것
    axis.set_xticks(range(15, 7 * 30, 30), ["original", *(f"draw {n}" for n in range(1, 7))])
    axis.set_yticks(range(15, len(rows) * 30, 30), list(rows), fontsize=9)
    axis.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.spines[:].set_visible(False)
    axis.set_title("Augmentation: one training image, drawn six times by each transform", pad=12)
    return figure


def transform_whole_batch(images, mean, std):
    """v2의 변형은 [N, C, H, W] 배치도 한 번에 바꿉니다. 한 장씩 바꾼 것과 같고, 훨씬 빠릅니다.

    images는 uint8 [N, 28, 28]입니다. 배치를 GPU로 옮긴 다음이라면 GPU에서 바꿀 수도 있습니다.
    """
    print("\n== 11. 배치 전체를 한 번에 ==")
    print("v2의 변형은 [C, H, W] 한 장도 [N, C, H, W] 배치도 받습니다. 배치로 하면 파이썬이 일하는 횟수가 줄어듭니다.")
    transform = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])])
    X = images[:1000].unsqueeze(1)  # 채널 차원을 끼워 [N, 1, 28, 28]
    transform(X)  # 첫 호출은 준비하느라 느리므로 재지 않습니다
    started = time.perf_counter()
    one_by_one = torch.stack([transform(x) for x in X])
    between = time.perf_counter()
    at_once = transform(X)
    finished = time.perf_counter()
    print_form("before", X)
    print_form("after", at_once)
    slow, fast = 1000 * (between - started), 1000 * (finished - between)
    print(f"    {len(X)}장을 한 장씩 {slow:.1f} ms, 한 번에 {fast:.1f} ms가 걸렸습니다. 결과는 같습니다.")
    torch.testing.assert_close(one_by_one, at_once)


def flip_batch_at_random(images):
    """배치에 무작위 변형을 하면 난수를 한 번만 뽑아 모든 이미지에 똑같이 씁니다. 이미지마다 뽑으려면 따로 해야 합니다."""
    print("조심할 것이 있습니다. 무작위 변형에 배치를 주면 난수를 한 번만 뽑아 배치 전체에 똑같이 씁니다.")
    X = images[:8].unsqueeze(1) / 255
    flip = v2.RandomHorizontalFlip(p=0.5)

    def count_changed(result):
        return (result != X).flatten(1).any(dim=1).sum().item()

    def flip_some(X):
        chosen = torch.rand(len(X), 1, 1, 1, device=X.device) < 0.5  # 이미지마다 난수 하나
        return torch.where(chosen, X.flip(-1), X)

    by_batch = [count_changed(flip(X)) for _ in range(12)]
    by_image = [count_changed(torch.stack([flip(x) for x in X])) for _ in range(12)]
    by_mask = [count_changed(flip_some(X)) for _ in range(12)]
    print(f"{len(X)}장에 RandomHorizontalFlip(p=0.5)를 열두 번 하고, 뒤집힌 장수를 세었습니다.")
    print(f"    flip(X)                        {by_batch}")
    print(f"    [flip(x) for x in X]           {by_image}")
    print(f"    torch.where(chosen, flip, X)   {by_mask}")
    print("첫 줄은 모두이거나 하나도 아닙니다. 둘째 줄은 이미지마다 뽑지만 느립니다. 셋째 줄은 이미지마다 뽑고도 빠릅니다.")
    assert set(by_batch) <= {0, count_changed(X.flip(-1))}
    assert len(set(by_image)) > 1 and len(set(by_mask)) > 1


def one_hot_label(y):
    """3번의 lambda와 같은 일을 하는, 이름이 있는 함수입니다. 파일의 맨 바깥에 있어서 작업 프로세스도 찾을 수 있습니다."""
    return torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1)


def pickle_transforms(to_one_hot):
    """작업 프로세스에 데이터셋을 보내려면 직렬화(serialize)해야 합니다. 파이썬에서는 pickle이 맡습니다.

    pickle은 함수의 내용이 아니라 이름을 적습니다. 받는 쪽은 파일을 import해서 그 이름을 찾습니다.
    lambda에는 찾을 이름이 없습니다. 그래서 보낼 수 없습니다.
    """
    print("\n== 12. lambda와 작업 프로세스 ==")
    print("DataLoader(num_workers=1)은 데이터셋을 작업 프로세스로 보냅니다. 보내려면 직렬화(serialize), 곧 pickle해야 합니다.")
    print("pickle은 함수의 내용이 아니라 이름을 적습니다. lambda에는 이름이 없으므로 오류가 납니다.")
    try:
        pickle.dumps(to_one_hot)
        raise RuntimeError("lambda가 pickle되었습니다")
    except (AttributeError, pickle.PicklingError) as error:  # 파이썬의 판에 따라 둘 가운데 하나입니다
        print(f"    Lambda(lambda y: ...)  {type(error).__name__}: {str(error).split(' at 0x')[0]}")
    sent = pickle.dumps(one_hot_label)
    print(f"    one_hot_label          {len(sent)}바이트. 이름이 들어 있습니까? {b'one_hot_label' in sent}")
    restored = pickle.loads(pickle.dumps(SaltAndPepper(0.2)))
    print(f"    클래스로 만든 변형도 됩니다: {restored}")
    assert pickle.loads(sent) is one_hot_label and restored.amount == 0.2
    assert torch.equal(one_hot_label(9), to_one_hot(9))


def read_in_worker(dataset):
    """작업 프로세스 하나를 spawn 방식으로 켜서 네 샘플을 두 배치로 읽습니다."""
    return list(DataLoader(Subset(dataset, range(4)), batch_size=2, num_workers=1, multiprocessing_context="spawn"))


def send_transform_to_worker(FashionMNIST, data_dir, to_one_hot):
    """lambda를 단 데이터셋은 작업 프로세스로 가지 못합니다. 맨 바깥 함수로 바꾸면 됩니다.

    작업 프로세스를 켜는 방식은 셋입니다. spawn(Windows, macOS)과 forkserver(Python 3.14부터의 Linux)는 pickle이 필요합니다.
    fork(그전의 Linux)는 메모리를 통째로 물려받으므로 lambda도 됩니다. 그래서 남의 컴퓨터에서야 오류가 드러납니다.
    """
    print("작업 프로세스를 켜는 방식은 셋입니다. spawn(Windows, macOS)과 forkserver(Linux, Python 3.14부터)는 pickle이 필요합니다.")
    print("fork(그전의 Linux)는 메모리를 물려받아 lambda도 됩니다. 그래서 남의 컴퓨터에서야 오류를 봅니다. spawn으로 해 봅니다.")
    test_data = FashionMNIST(root=data_dir, train=False, transform=ToTensor(), target_transform=to_one_hot)
    if sys.platform == "win32":  # 작업 프로세스가 먼저 켜진 다음에 오류가 나서, 작업 프로세스의 긴 오류 메시지까지 화면에 나옵니다
        print("    lambda: Windows에서는 화면이 어지러워지므로 해 보지 않습니다. 위의 pickle 오류와 같습니다.")
    else:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Got pickle error")  # 최근의 PyTorch는 경고도 합니다
                read_in_worker(test_data)
            raise RuntimeError("lambda가 작업 프로세스로 갔습니다")
        except (AttributeError, pickle.PicklingError) as error:
            print(f"    lambda: {type(error).__name__}: {str(error).split(' at 0x')[0]}")

    # 고치는 것은 target_transform 하나입니다. lambda가 달린 데이터셋을 고쳐 쓰지 않고 새로 만듭니다.
    test_data = FashionMNIST(root=data_dir, train=False, transform=ToTensor(), target_transform=one_hot_label)
    started = time.perf_counter()
    batches = read_in_worker(test_data)
    seconds = time.perf_counter() - started
    print(f"    one_hot_label: 배치 {len(batches)}개를 읽었습니다. 작업 프로세스를 켜는 것까지 {seconds:.1f}초가 걸렸습니다.")
    print_form("y from the worker", batches[0][1])
    for (X, y), start in zip(batches, (0, 2)):
        assert torch.equal(X, torch.stack([test_data[start][0], test_data[start + 1][0]]))
        assert torch.equal(y.argmax(1), test_data.targets[start : start + 2])
    print('작업 프로세스는 이 파일을 다시 import합니다. 그래서 실행하는 코드는 모두 if __name__ == "__main__": 아래에 있어야 합니다.')


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="4장. 변형: 데이터를 학습할 수 있는 모습으로", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--data-dir", type=Path, default=here / "data", metavar="DIR", help="FashionMNIST 폴더 (기본값: %(default)s)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """4장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    make_folder(args.output_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"4장. 변형  |  PyTorch {torch.__version__}  |  장치(device): cpu")
    FashionMNIST = find_fashion_mnist(args.data_dir)  # 보통은 torchvision의 datasets.FashionMNIST입니다

    training_data, test_data = look_at_raw_samples(FashionMNIST, args.data_dir)
    image, label = training_data[0]
    turn_image_into_tensor(image)
    to_one_hot = turn_label_into_one_hot(label, training_data.classes)
    load_with_transforms(FashionMNIST, args.data_dir, to_one_hot)
    labels = training_data.targets[:64]
    one_hot = compare_label_forms(labels, to_one_hot)
    use_labels_that_need_one_hot(labels, one_hot)
    use_transforms_v2(image)
    forget_to_scale(image)
    mean, std = normalize_pixels(training_data, test_data)
    padded_first, padded_last = compose_in_order(image, mean, std)
    use_own_transform(image)

    boot = (training_data.targets == 9).int().argmax().item()  # 처음 나오는 앵클 부츠
    augment_training_data(FashionMNIST, args.data_dir, mean, std, boot)
    gallery = draw_augmentation_gallery(training_data[boot][0])
    transform_whole_batch(training_data.data, mean, std)
    flip_batch_at_random(training_data.data)
    pickle_transforms(to_one_hot)
    send_transform_to_worker(FashionMNIST, args.data_dir, to_one_hot)

    histograms = draw_pixel_histograms(training_data.data, test_data.data, mean, std)
    orders = draw_padding_orders(padded_first, padded_last)
    files = [
        save_figure(histograms, args.output_dir / "transform_histograms.png"),
        save_figure(orders, args.output_dir / "transform_order.png"),
        save_figure(gallery, args.output_dir / "transform_augmentation.png"),
    ]
    if FashionMNIST is PracticeData:
        print(PracticeData.notice)
    print_closing(files, started, "model.py")
    show_figures(args.show)


# 직접 해 보기
#   1. augment_training_data에서 v2.RandomCrop(28, padding=2)를 지워 보십시오.
#      좌우 뒤집기만 남으므로, 다섯 번 꺼내도 서로 다른 이미지는 많아야 2가지입니다.
#   2. use_own_transform의 SaltAndPepper(amount=0.2)를 0.6으로 바꾸어 보십시오.
#      회색 이미지에서 검은색과 흰색이 각각 약 30%가 되고, 그대로인 것은 약 40%만 남습니다.
#   3. normalize_pixels의 mean, std = measure_pixels(...)를 mean, std = 0.5, 0.5로 바꾸어 보십시오.
#      학습용의 평균이 0이 아니게 되고, 이어지는 assert가 그것을 알아채어 AssertionError로 멈춥니다.


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
