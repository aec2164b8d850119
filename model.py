"""5장. 신경망 만들기: 계층을 쌓고, 내부를 살펴보고, 변경하고, 내보냅니다.

신경망(neural network)은 여러 계층(layer)으로 구성되며, 계층과 신경망은 모두 모듈(nn.Module)입니다.
이 장에서는 계층을 하나씩 통과하며 모양을 확인하고, 활성화 함수와 초기 가중치가 왜 중요한지 살펴봅니다.
이미지와 평면의 점을 난수로 생성하므로 데이터를 내려받지 않습니다.

실행 방법
    python -m pip install torch matplotlib
    python model.py
    python model.py --seed 1 --show    # 다른 난수로 실행하고, 끝날 때 그림을 창에 표시합니다
    python model.py --help             # 모든 옵션을 출력합니다

목차
    1. 모듈(nn.Module)                         NeuralNetwork, create_network
    2. 모델 호출과 로짓(logit)                 call_model
    3. 미니배치의 모양 따라가기                walk_through_layers
    4. 매개변수(parameter)                     list_parameters
    5. 사용자 정의 계층과 흔한 실수            CustomLinear, use_custom_layer
    6. 훅(hook)과 계층 표                      use_hooks, trace_layers
    7. 활성화 함수                             compare_activations
    8. 두 선형 계층 합치기                     merge_linear_layers
    9. 비선형성과 결정 경계                    learn_two_rings
    10. 합성곱(convolution)                    slide_kernel
    11. 블록으로 만든 합성곱 신경망            ConvBlock, stack_blocks
    12. 학습 모드와 평가 모드: 드롭아웃        switch_dropout
    13. 학습 모드와 평가 모드: 배치 정규화     switch_batch_norm
    14. 초기화(initialization)                 compare_initializations
    15. 초기화와 옵티마이저                    train_from_each_start
    16. 매개변수 고정과 공유                   freeze_and_share
    17. 상태 사전(state dictionary)            read_state_dict
    18. 내보내기(torch.export)                 export_and_load
    19. 첫 번째 계층의 가중치                  look_at_first_layer

다음 장은 autograd.py입니다.
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "matplotlib>=3.9.0"]
# ///

import argparse
import contextlib
import copy
import inspect
import math
import os
import sys
import tempfile
import textwrap
import time
import traceback
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F


class NeuralNetwork(nn.Module):
    """공식 튜토리얼과 구조가 같은 신경망입니다. 입력은 [N, 1, 28, 28], 출력은 로짓(logit) [N, 10]입니다."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )

    def forward(self, x):
        return self.linear_relu_stack(self.flatten(x))


def create_network(device, seed):
    """1. 모듈(nn.Module)

    신경망은 데이터에 연산을 수행하는 계층(layer)으로 구성됩니다. PyTorch의 모든 계층은 nn.Module을
    상속받는 모듈(module)이며, 신경망도 다른 모듈(계층)로 구성된 하나의 모듈입니다. 이렇게 중첩된 구조
    덕분에 크고 복잡한 신경망도 쉽게 만들고 관리할 수 있습니다. __init__에서 계층을 정의하고, forward에
    데이터에 대한 연산을 구현합니다. 모델의 to는 내부의 모든 모듈을 한 번에 장치(device)로 이동합니다.
    """
    torch.manual_seed(seed)
    model = NeuralNetwork()
    show(f"{model = }")
    for name, module in model.named_modules():
        print(f"    {name or '(model)':<22} {type(module).__name__}")
    show(f"{issubclass(nn.Linear, nn.Module) = }")
    check("to는 텐서의 to와 달리 모델 자신을 변경하고 반환합니다", model.to(device) is model)
    check("내부의 매개변수까지 모두 이동했습니다", all(p.device.type == device.type for p in model.parameters()))
    model.eval()  # 이 모델은 학습하지 않으므로 평가 모드로 전환합니다. 12절에서 설명합니다
    return model, torch.rand(3, 1, 28, 28).to(device)  # 모델과 무작위 이미지 3개


def call_model(model, X):
    """2. 모델 호출과 로짓(logit)

    모델은 함수처럼 model(X)로 호출합니다. 그러면 nn.Module이 forward를 호출합니다. 모델이 출력하는
    로짓은 클래스별 점수이므로 음수이거나 1보다 클 수 있습니다. nn.Softmax는 로짓을 합이 1인 확률로
    변환하고, argmax는 가장 큰 값의 인덱스, 즉 예측한 클래스를 반환합니다. dim=1은 클래스가 나열된
    차원입니다. 아직 학습하지 않았으므로 예측은 의미가 없습니다.
    """
    with torch.no_grad():
        logits = model(X)
    probabilities = nn.Softmax(dim=1)(logits)
    sums, predictions = probabilities.sum(dim=1), probabilities.argmax(dim=1)
    show(f"{logits.shape = }", "배치 크기, 클래스의 개수")
    show(f"{logits[0] = }")
    show(f"{probabilities[0] = }")
    show(f"{predictions = }")
    check("이미지마다 확률의 합은 1입니다", torch.allclose(sums, torch.ones_like(sums)))
    check("softmax를 적용해도 값이 가장 큰 인덱스는 그대로입니다", torch.equal(predictions, logits.argmax(dim=1)))


def walk_through_layers(X, seed):
    """3. 미니배치의 모양 따라가기

    미니배치(mini-batch)는 한 번에 처리하는 샘플의 묶음입니다. 배치 차원(dim=0)은 항상 유지됩니다.
        nn.Flatten     이미지를 1차원으로 펼칩니다.
        nn.Linear      가중치(weight) W와 편향(bias) b로 x @ W.T + b를 계산합니다.
        nn.ReLU        음수를 0으로 변환하는 활성화 함수(activation function)입니다.
        nn.Sequential  여러 모듈을 정의한 순서대로 호출합니다.
    행렬 곱의 크기가 맞지 않으면 오류가 발생합니다. 메시지의 mat1은 입력, mat2는 W.T의 모양입니다.
    """
    torch.manual_seed(seed)
    flat = nn.Flatten()(X)
    linear, last = nn.Linear(flat.shape[1], 20).to(X.device), nn.Linear(20, 10).to(X.device)
    stack = nn.Sequential(nn.Flatten(), linear, nn.ReLU(), last)
    with torch.no_grad():
        hidden, by_hand = linear(flat), flat @ linear.weight.T + linear.bias
        active = nn.ReLU()(hidden)
        logits, expected = stack(X), last(active)
    for name, tensor in {"X": X, "Flatten": flat, "Linear": hidden, "ReLU": active, "Sequential": logits}.items():
        print(f"    {name:<10} {list(tensor.shape)}")
    show(f"{hidden[0, :6] = }")
    show(f"{active[0, :6] = }")
    check("Linear의 출력은 x @ W.T + b입니다", torch.allclose(hidden, by_hand, atol=1e-4))
    check("Sequential은 계층을 하나씩 호출한 것과 같습니다", torch.allclose(logits, expected, atol=1e-4))
    with expect(RuntimeError):
        stack(X[..., :-1])


def list_parameters(model):
    """4. 매개변수(parameter)

    매개변수는 학습하는 동안 옵티마이저(optimizer)가 조정하는 텐서(tensor)입니다. nn.Module은 속성으로
    지정한 계층을 등록하므로 named_parameters()로 모든 매개변수를 이름과 함께 가져올 수 있습니다.
    Linear의 매개변수 개수는 (입력 크기 + 1) x 출력 크기입니다. 값은 앞에서부터 3개만 출력합니다.
    """
    for name, parameter in model.named_parameters():
        print(f"    {name:<26} {str(list(parameter.shape)):<11} {parameter.detach().flatten()[:3]}")
    show(f"{sum(p.numel() for p in model.parameters()) = }", "매개변수의 개수")
    for linear in (module for module in model.modules() if isinstance(module, nn.Linear)):
        by_hand = (linear.in_features + 1) * linear.out_features  # 더한 1은 편향입니다
        check(f"{linear}의 매개변수는 {by_hand}개입니다", sum(p.numel() for p in linear.parameters()) == by_hand)


class CustomLinear(nn.Module):
    """nn.Linear와 같은 계산을 하는 사용자 정의 계층입니다."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / math.sqrt(in_features))
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return x @ self.weight.T + self.bias


class WithoutSuper(nn.Module):
    """잘못된 예: super().__init__()를 호출하지 않았습니다."""

    def __init__(self):
        self.linear = nn.Linear(4, 2)


class Unregistered(nn.Module):
    """잘못된 예: 텐서를 nn.Parameter로 감싸지 않았고, 계층을 nn.ModuleList가 아니라 일반 list에 넣었습니다."""

    def __init__(self):
        super().__init__()
        self.weight = torch.randn(2, 4)
        self.layers = [nn.Linear(2, 2)]


def use_custom_layer(seed):
    """5. 사용자 정의 계층과 흔한 실수

    텐서를 nn.Parameter로 감싸 속성으로 지정하면 매개변수로 등록됩니다. 등록된 매개변수는 옵티마이저로
    조정되고, to로 이동되며, 상태 사전(17절)에 저장됩니다. 다음 세 가지 실수에 주의하세요.
    1) super().__init__()를 호출하지 않으면 계층과 매개변수를 등록할 수 없습니다.
    2) 일반 텐서를 가중치로 지정하면 오류 없이 실행되지만, 학습하거나 저장할 때 제외됩니다.
    3) 일반 list에 넣은 계층도 마찬가지입니다. 여러 계층은 nn.ModuleList에 넣어야 합니다.
    """
    torch.manual_seed(seed)
    layer, linear, x = CustomLinear(4, 2), nn.Linear(4, 2), torch.randn(3, 4)
    linear.load_state_dict(layer.state_dict())  # 매개변수의 이름과 모양이 같으므로 불러올 수 있습니다
    check("가중치가 같으면 nn.Linear와 출력이 같습니다", torch.allclose(layer(x), linear(x), atol=1e-5))
    show(f"{[name for name, p in layer.named_parameters()] = }")
    with expect(AttributeError):
        WithoutSuper()
    model = Unregistered()
    check("일반 텐서와 list에 넣은 계층은 등록되지 않습니다", len(list(model.parameters())) == 0)
    model.weight, model.layers = nn.Parameter(model.weight), nn.ModuleList(model.layers)
    show(f"{[name for name, p in model.named_parameters()] = }")
    check("nn.Parameter와 nn.ModuleList는 등록됩니다", len(list(model.parameters())) > 1)


def use_hooks(model, X):
    """6. 훅(hook)과 계층 표

    훅은 모듈을 호출할 때 nn.Module이 함께 호출하는 함수입니다. register_forward_hook으로 등록한 함수는
    forward가 끝날 때마다 모듈, 입력, 출력을 인자로 받습니다. 따라서 모델의 코드를 변경하지 않고 중간
    출력을 확인할 수 있습니다. 훅은 remove()로 제거할 때까지 유지됩니다. 하지만 forward를 직접 호출하면
    그 모듈의 훅을 건너뜁니다. 항상 model(X)로 호출하세요. 표는 계층, 출력의 모양, 매개변수 개수입니다.
    """
    calls = []
    handle = model.register_forward_hook(lambda module, inputs, output: calls.append(type(module).__name__))
    model.forward(X)
    check("forward를 직접 호출하면 그 모듈의 훅은 호출되지 않습니다", type(model).__name__ not in calls)
    model(X)
    show(f"{calls = }", "model(X)를 호출한 뒤")
    handle.remove()
    count, _ = len(calls), model(X)
    check("model(X)는 훅도 호출하지만, 제거한 훅은 호출하지 않습니다", len(calls) == count > 0)
    trace_layers(model, X)


def trace_layers(model, X):
    """다른 모듈을 포함하지 않는 계층마다 훅을 등록하고, 모델을 호출해 표를 출력합니다."""

    def print_row(module, inputs, output):
        count, shape = sum(p.numel() for p in module.parameters()), list(getattr(output, "shape", ()))
        print(f"    {names[module]:<20} {type(module).__name__:<12} {str(shape):<18} {count:>7}")

    names = {module: name for name, module in model.named_modules() if not list(module.children())}
    handles = [module.register_forward_hook(print_row) for module in names]
    with torch.no_grad():
        model(X)
    for handle in handles:
        handle.remove()


def compare_activations(seed):
    """7. 활성화 함수

    활성화 함수는 선형 변환(linear transformation) 뒤에 적용하여 비선형성(nonlinearity)을 도입합니다.
    원소마다 따로 적용하므로 모양은 바뀌지 않습니다. 비선형성이 있어야 신경망이 다양한 관계를 학습할 수
    있습니다. 함수 f가 선형이면 항상 f(a) + f(b)와 f(a + b)가 같습니다. 편향이 있는 nn.Linear는 앞의
    값에 편향이 한 번 더 더해지므로, 선형이 아니라 아핀(affine) 변환입니다.
    """
    torch.manual_seed(seed)
    x, a, b, differences = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]), torch.tensor([-2.0]), torch.tensor([1.0]), []
    show(f"{x, a, b = }")
    show(f"{torch.relu(x) = }")
    show(f"{torch.sigmoid(x) = }", "0과 1 사이")
    show(f"{torch.tanh(x) = }", "-1과 1 사이")
    for f in (nn.Linear(1, 1, bias=False), nn.Linear(1, 1), nn.ReLU()):
        differences.append((f(x[:, None]) + f(-x.roll(1)[:, None]) - f((x - x.roll(1))[:, None])).abs().max().item())
        print(f"    f = {f}: f(a) + f(b) = {(f(a) + f(b)).item():.4f}, f(a + b) = {f(a + b).item():.4f}")
    check("편향이 없는 Linear는 선형입니다", differences[0] < 1e-5)
    check("편향이 있는 Linear와 활성화 함수는 선형이 아닙니다", min(differences[1:]) > 1e-5)


def merge_linear_layers(seed):
    """8. 두 선형 계층 합치기

    활성화 함수 없이 Linear를 두 번 적용한 식을 전개하면 다음과 같이 Linear 하나의 식이 됩니다.
        (x @ W1.T + b1) @ W2.T + b2 = x @ (W2 @ W1).T + (W2 @ b1 + b2)
    즉, Linear만 여러 개 쌓으면 매개변수만 늘어나고 표현할 수 있는 관계는 늘어나지 않습니다.
    """
    torch.manual_seed(seed)
    first, second, single, x = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(4, 3), torch.randn(16, 4)
    with torch.no_grad():
        single.weight.copy_(second.weight @ first.weight)
        single.bias.copy_(second.weight @ first.bias + second.bias)
        two_layers, one_layer, with_relu = second(first(x)), single(x), second(torch.relu(first(x)))
    show(f"{two_layers[0] = }")
    show(f"{one_layer[0] = }")
    show(f"{with_relu[0] = }")
    check("두 Linear의 출력은 합친 Linear 하나의 출력과 같습니다", torch.allclose(two_layers, one_layer, atol=1e-5))
    check("사이에 ReLU를 적용하면 출력이 달라집니다", not torch.allclose(two_layers, with_relu, atol=1e-3))


def make_two_rings(count):
    """점 [N, 2]와 정답(label) [N]을 반환합니다. 정답은 안쪽 고리가 0, 바깥쪽 고리가 1입니다."""
    labels = torch.arange(count) % 2
    angle, radius = 2 * math.pi * torch.rand(count), 1 + labels + 0.15 * torch.randn(count)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), labels


def train_on_points(network, points, labels, optimizer, steps):
    """모든 점을 한 배치로 steps번 학습하고, 단계마다 계산한 손실을 반환합니다."""
    losses = []
    network.train()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(points), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    network.eval()
    return losses


def learn_two_rings(device, seed):
    """9. 비선형성과 결정 경계

    이 절과 15절에서는 신경망을 실제로 학습합니다. 학습 과정은 6장과 7장에서 자세히 설명합니다. 직선
    하나로 분류할 수 없는 두 고리의 점을, 활성화 함수만 다르고 초깃값이 같은 두 신경망으로 분류합니다.
    nn.Identity는 입력을 그대로 출력합니다. 로짓이 점의 좌표에 대한 일차식이면, 두 점의 중점에서 계산한
    로짓은 두 로짓의 평균과 같고, 예측이 바뀌는 결정 경계(decision boundary)는 직선입니다. 하지만 ReLU의
    출력은 Linear의 출력이 0이 되는 선에서 기울기가 바뀌므로, 결정 경계도 그 선에서 꺾입니다.
    """
    networks, accuracies, bends = {}, [], []
    for activation in (nn.Identity, nn.ReLU):
        torch.manual_seed(seed)  # 점과 초깃값이 같습니다
        points, labels = (tensor.to(device) for tensor in make_two_rings(400))
        network = nn.Sequential(nn.Linear(2, 16), activation(), nn.Linear(16, 16), activation(), nn.Linear(16, 2))
        optimizer = torch.optim.Adam(network.to(device).parameters(), lr=0.02)
        losses = train_on_points(network, points, labels, optimizer, steps=150)
        with torch.no_grad():
            logits, middle = network(points), network((points[:-1] + points[1:]) / 2)
        accuracies.append(100 * (logits.argmax(dim=1) == labels).float().mean().item())
        bends.append((middle - (logits[:-1] + logits[1:]) / 2).abs().max() / logits.abs().max())
        networks[f"{activation.__name__}: accuracy {accuracies[-1]:.1f}%"] = network
        print(f"    {activation.__name__:<8} 손실 {losses[0]:.3f} → {losses[-1]:.3f}, 정확도 {accuracies[-1]:.1f}%")
    check("활성화 함수가 없으면 로짓은 좌표에 대한 일차식입니다", bends[0] < 1e-4 < min(bends[1:]))
    check("활성화 함수가 있으면 정확도가 더 높습니다", min(accuracies[1:]) > accuracies[0])
    return networks, points, labels


def slide_kernel():
    """10. 합성곱(convolution)

    합성곱은 작은 커널(kernel)을 이미지 위에서 이동하며 겹치는 값끼리 곱해 더합니다. 모든 위치에서 같은
    가중치를 사용하므로 Linear보다 매개변수가 적고, 무늬의 위치가 바뀌면 출력의 위치도 그만큼 바뀝니다.
    패딩은 가장자리에 추가하는 0, 스트라이드는 이동 간격입니다.
        출력 크기 = (입력 크기 + 2 x 패딩(padding) - 커널 크기) // 스트라이드(stride) + 1
    """
    padding, stride = 0, 1
    kernel = torch.tensor([[-1.0, 0.0, 1.0]] * 3)  # 세로 경계를 찾는 커널입니다
    show(f"{kernel = }", "모든 위치에서 사용하는 가중치")
    image = torch.zeros(5, 9)
    image[:, 2:4] = 1  # 어두운 배경에 밝은 세로 막대가 있습니다
    moved = F.pad(image, (stride, 0))[:, :-stride]  # 막대를 오른쪽으로 이동합니다
    conv = nn.Conv2d(1, 1, tuple(kernel.shape), stride=stride, padding=padding, bias=False)
    with torch.no_grad():
        conv.weight[0, 0] = kernel
        output, moved_output = conv(image[None, None])[0, 0], conv(moved[None, None])[0, 0]
    show(f"{image = }")
    show(f"{output = }")
    show(f"{moved_output = }", "막대를 이동한 결과")
    first = (F.pad(image, [padding] * 4)[: kernel.shape[0], : kernel.shape[1]] * kernel).sum()
    sizes = [(n + 2 * padding - k) // stride + 1 for n, k in zip(image.shape, kernel.shape)]
    check("첫 번째 출력은 겹치는 값끼리 곱해 더한 값입니다", torch.isclose(output[0, 0], first, atol=1e-5))
    check("출력의 높이와 너비는 공식과 같습니다", list(output.shape) == sizes)
    check("막대를 이동하면 출력도 한 칸 이동합니다", torch.allclose(moved_output[:, 1:], output[:, :-1], atol=1e-5))


class ConvBlock(nn.Module):
    """합성곱, ReLU, 풀링(pooling)을 묶은 블록입니다. 높이와 너비가 절반이 됩니다."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)  # 가장자리에 0을 추가합니다
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)  # 2x2 영역마다 최댓값만 남깁니다

    def forward(self, x):
        return self.pool(self.relu(self.conv(x)))


def stack_blocks(model, X):
    """11. 블록으로 만든 합성곱 신경망

    자주 함께 사용하는 계층은 하나의 모듈로 묶어 블록(block)으로 정의하고, torch.nn의 계층처럼 쌓습니다.
    합성곱의 매개변수는 이미지의 크기와 관계없으므로, 같은 블록에 더 큰 이미지도 전달할 수 있습니다.
    하지만 Linear의 입력 크기는 블록의 출력 모양에 맞추어 지정해야 합니다.
    """
    blocks = nn.Sequential(ConvBlock(X.shape[1], 8), ConvBlock(8, 16)).to(X.device)
    with torch.no_grad():
        features, large = blocks(X), blocks(F.interpolate(X, scale_factor=2))
    network = nn.Sequential(blocks, nn.Flatten(), nn.Linear(features[0].numel(), 10)).to(X.device)
    trace_layers(network, X)
    show(f"{sum(p.numel() for p in network.parameters()) = }")
    show(f"{sum(p.numel() for p in model.parameters()) = }", "NeuralNetwork")
    show(f"{large.shape = }", "높이와 너비가 두 배인 이미지를 전달한 결과")


def switch_dropout(seed):
    """12. 학습 모드와 평가 모드: 드롭아웃

    드롭아웃(dropout)은 학습할 때 각 값을 p의 확률로 0으로 만듭니다. 모델이 특정 값에만 의존하지 않게
    하기 위해서입니다. 남은 값은 1 / (1 - p)배로 키워 평균을 유지합니다. 평가 모드에서는 입력을 그대로
    출력합니다. 예측하기 전에는 model.eval(), 학습하기 전에는 model.train()을 호출합니다.
    """
    torch.manual_seed(seed)
    dropout, x = nn.Dropout(p=0.5), torch.ones(10_000)
    model = nn.Sequential(nn.Sequential(dropout))
    first, second = model(x), model(x)
    show(f"{first[:16] = }")
    show(f"{first.mean() = }")
    check("남은 값은 1 / (1 - p)배입니다", torch.allclose(first[first != 0] * (1 - dropout.p), x[first != 0]))
    check("학습 모드에서는 호출할 때마다 다른 값이 0이 됩니다", not torch.equal(first, second))
    model.eval()
    show(f"{model(x)[:16] = }")
    check("평가 모드에서는 중첩된 드롭아웃도 입력을 그대로 출력합니다", torch.equal(model(x), x))


def switch_batch_norm():
    """13. 학습 모드와 평가 모드: 배치 정규화

    배치 정규화(batch normalization)는 특징(feature)마다 평균을 0, 분산을 1로 정규화한 뒤 weight를
    곱하고 bias를 더합니다. 초깃값이 1과 0인 두 매개변수는 학습하는 동안 조정됩니다. 학습 모드에서는
    배치의 평균과 분산을 사용하고, 이를 이동 평균에 momentum의 비율로 반영합니다. 평가 모드에서는 이동
    평균을 사용하므로 샘플 하나로도 예측하지만, 학습 모드에서 특징마다 값이 하나이면 오류가 발생합니다.
    """
    norm, x = nn.BatchNorm1d(1), torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    normalized = (x - x.mean(dim=0)) / (x.var(dim=0, correction=0) + norm.eps).sqrt()
    with torch.no_grad():
        show(f"{norm(x).T = }", "학습 모드")
        show(f"{norm.running_mean = }", f"배치의 평균 {x.mean(dim=0).tolist()}, {norm.num_batches_tracked}번 반영")
        reflected = (1 - (1 - norm.momentum) ** norm.num_batches_tracked) * x.mean(dim=0)
        check("배치의 평균이 이동 평균에 반영됩니다", torch.allclose(norm.running_mean, reflected))
        check("평균을 빼고 표준편차로 나눈 값입니다", torch.allclose(norm(x), normalized, atol=1e-4))
        norm.weight.fill_(2)
        norm.bias.fill_(5)
        show(f"{norm(x).T = }", "weight는 2, bias는 5")
        check("weight와 bias를 적용합니다", torch.allclose(norm(x), normalized * norm.weight + norm.bias, atol=1e-4))
        norm.eval()
        show(f"{norm(x).T = }", f"평가 모드(이동 평균 {norm.num_batches_tracked}번 반영)")
        check("평가 모드에서는 샘플 하나만 전달해도 결과가 같습니다", torch.allclose(norm(x[:1]), norm(x)[:1]))
    with expect(ValueError):
        norm.train()(x[:1])


def build_deep_network(scale):
    """은닉 계층이 12개인 신경망을 Kaiming 초기화의 scale배로 초기화합니다. None이면 PyTorch의 기본값을 사용합니다."""
    hidden = [layer for width in [2] + [64] * 11 for layer in (nn.Linear(width, 64), nn.ReLU())]
    network = nn.Sequential(*hidden, nn.Linear(64, 2))
    for layer in network:
        if scale is not None and isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=scale * math.sqrt(2 / layer.in_features))
            nn.init.zeros_(layer.bias)
    return network


def measure_signals(network, points, labels):
    """Linear마다 입력의 표준편차와 가중치의 변화도(gradient)의 표준편차를 반환합니다."""
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    x, values = points, []
    for layer in network:
        if layer in linears:
            values.append(x.std().item())  # 이전 계층의 활성화 값입니다
        x = layer(x)
    F.cross_entropy(x, labels).backward()
    return values, [layer.weight.grad.std().item() for layer in linears]


def compare_initializations(device, seed):
    """14. 초기화(initialization)

    활성화 값은 계층마다 가중치의 크기에 비례해 커지거나 작아집니다. 은닉 계층(hidden layer)이 12개이면
    같은 배율을 12번 곱하므로, 초기 가중치가 작으면 활성화 값과 변화도가 0에 가까워지고 크면 폭발합니다.
    Kaiming 초기화(nn.init.kaiming_normal_)는 표준편차를 sqrt(2 / 입력 크기)로 지정하여 ReLU를 통과한
    값의 크기를 유지합니다. nn.Linear의 기본값은 절댓값이 1 / sqrt(입력 크기) 이하인 균등 분포이며,
    표준편차가 Kaiming 초기화의 약 0.41배입니다. 표는 첫 번째와 마지막 은닉 계층의 활성화 값, 첫 번째
    계층의 변화도를 표준편차로 비교합니다. 기본값은 편향도 난수이므로 활성화 값이 덜 작아집니다.
    """
    torch.manual_seed(seed)
    weight = nn.Linear(64, 64).weight.detach()
    show(f"{weight.std() / math.sqrt(2 / weight.shape[1]) = }", "Kaiming 초기화와의 비율")
    check("기본값의 절댓값은 1 / sqrt(입력 크기) 이하입니다", weight.abs().max() <= 1 / math.sqrt(weight.shape[1]))
    networks, signals, scaled = {}, {}, []
    for scale in (0.3, None, 1.0, 3.0):  # Kaiming 초기화의 배수. None은 PyTorch의 기본값입니다
        torch.manual_seed(seed)
        points, labels = (tensor.to(device) for tensor in make_two_rings(200))
        name = "PyTorch default" if scale is None else f"{scale} x Kaiming"
        networks[name] = build_deep_network(scale).to(device)
        signals[name] = values, gradients = measure_signals(networks[name], points, labels)
        print(f"    {name:<16} {values[1]:.1e}   {values[-1]:.1e}   {gradients[0]:.1e}")
        if scale:
            scaled.append((scale, gradients[0], values[-1] / scale ** (len(values) - 1)))
    same = all(math.isclose(value, scaled[0][2], rel_tol=1e-3) for *_, value in scaled)
    check("편향이 0이면 가중치를 s배 할 때 k번째 계층의 활성화 값이 s의 k제곱배가 됩니다", same)
    gradients = [row[1] for row in sorted(scaled)]
    check("가중치가 작을수록 첫 번째 계층의 변화도도 작습니다", gradients == sorted(gradients))
    return networks, signals, points, labels


def train_from_each_start(networks, points, labels):
    """15. 초기화와 옵티마이저

    14절의 신경망을 두 옵티마이저로 학습합니다. 확률적 경사하강법(SGD)은 변화도에 비례해 매개변수를
    조정합니다. 따라서 변화도가 매우 작으면 이 학습률의 SGD로는 손실이 두 클래스의 확률이 0.5일 때의
    값인 log(2), 약 0.693에서 거의 줄지 않습니다. Adam은 변화도를 그 크기로 나누므로 더 빨리 학습하지만,
    eps(1e-8)보다 훨씬 작은 변화도로는 느립니다. 초깃값이 너무 크면 손실이 nan(not a number)이 될 수
    있습니다.
    """
    histories = {name: {} for name in networks}
    for name, network in networks.items():
        for kind, options in ((torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}), (torch.optim.Adam, {"lr": 1e-3})):
            trained, label = copy.deepcopy(network), f"{kind.__name__} {options}"
            losses = train_on_points(trained, points, labels, kind(trained.parameters(), **options), steps=100)
            histories[name][label] = losses
            print(f"    {name:<16} {label:<33} 손실 {losses[0]:.3f} → {losses[-1]:.3f}, 최소 {min(losses):.3f}")
    slow, *_, fast = [*histories[name]] * 2
    stuck = [history for history in histories.values() if min(history[slow]) > 0.9 * history[slow][0]]
    further = all(min(history[fast]) < min(history[slow]) for history in stuck)
    check("첫 번째 옵티마이저로 손실이 거의 줄지 않은 신경망은 마지막 옵티마이저로 손실이 더 줄어듭니다", further)
    return histories


def freeze_and_share(seed):
    """16. 매개변수 고정과 공유

    requires_grad_(False)로 매개변수를 고정(freeze)하면 변화도가 계산되지 않고, 옵티마이저도 조정하지
    않습니다. 이미 학습한 앞쪽 계층은 고정하고 마지막 계층만 새로운 작업에 맞게 학습할 때 사용합니다.
    또한 같은 모듈을 두 위치에 넣으면 매개변수를 공유합니다. 이때 변화도는 위치마다 계산되어 더해집니다.
    """
    torch.manual_seed(seed)
    model, x = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 4)), torch.randn(64, 4)
    model[0].requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    F.cross_entropy(model(x), torch.arange(len(x)) % 4).backward()
    optimizer.step()
    changed = {name: not torch.equal(p, before[name]) for name, p in model.named_parameters()}
    show(f"{changed = }")
    same = [(p.grad is not None) == changed[name] == p.requires_grad for name, p in model.named_parameters()]
    check("고정하지 않은 매개변수만 변화도가 있고 값이 바뀝니다", all(same))
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, shared)
    separate = nn.Sequential(*(copy.deepcopy(layer) for layer in model))
    show(f"{len(list(model.parameters())) = }", "같은 텐서이므로 한 번만 셉니다")
    show(f"{list(model.state_dict()) = }", "위치마다 있습니다")
    (model(x).sum() + separate(x).sum()).backward()
    total = sum(layer.weight.grad for layer in separate if isinstance(layer, nn.Linear))
    check("변화도는 위치마다 계산한 값의 합입니다", torch.allclose(shared.weight.grad, total, atol=1e-3))


def read_state_dict(model):
    """17. 상태 사전(state dictionary)

    상태 사전의 키는 모듈과 매개변수의 이름을 점(.)으로 연결한 것입니다. 배치 정규화의 이동 평균처럼
    학습하지 않지만 저장해야 하는 버퍼(buffer)도 들어 있습니다. 값은 detach()한 텐서이며 모델과 메모리를
    공유합니다. 따라서 현재 값은 deepcopy로 복사해 보관합니다. 키가 하나라도 다르면 불러올 수 없습니다.
    """
    state = model.state_dict()
    show(f"{list(state)[:2] = }", "처음 두 개의 키")
    name, p = list(model.named_parameters())[-1]
    kept = copy.deepcopy(state)
    check("값은 다른 텐서이지만 메모리를 공유합니다", state[name] is not p and state[name].data_ptr() == p.data_ptr())
    check("복사하면 메모리를 공유하지 않습니다", kept[name].data_ptr() != p.data_ptr())
    del kept[name]
    with expect(RuntimeError):
        NeuralNetwork().load_state_dict(kept)


def export_and_load(model, X, path):
    """18. 내보내기(torch.export)

    torch.export는 예시 입력으로 모델의 연산을 기록하여 그래프로 변환합니다. dynamic_shapes로 배치
    크기는 달라질 수 있다고 지정합니다. GPU가 없는 컴퓨터에서도 불러올 수 있도록, CPU로 복사한 모델을
    평가 모드로 내보냅니다. 상태 사전과 달리 연산도 저장하므로, 불러올 때 NeuralNetwork 클래스가
    필요하지 않습니다. 파일을 불러올 때 코드가 실행될 수 있으므로 신뢰할 수 있는 파일만 불러오세요.
    """
    model, example = copy.deepcopy(model).cpu().eval(), torch.rand(2, *X.shape[1:])
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    operations = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    print(textwrap.fill(" → ".join(operations), 92, initial_indent="    ", subsequent_indent="    "))
    with save_whole(path) as file, open(file, "wb") as stream:  # 파일 객체를 전달하면 경로에 한글이 있어도 저장됩니다
        torch.export.save(program, stream)
    print(f"    내보낸 모델: {path}")
    with open(path, "rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch 2.10은 파일을 읽을 때 경고를 출력합니다
        loaded = torch.export.load(stream).module()
    for x in torch.rand(64, *X.shape[1:]).split([1, 63]):
        check(f"원래 모델과 출력이 같습니다(배치 크기 {len(x)})", torch.allclose(loaded(x), model(x), atol=1e-5))


def look_at_first_layer(model, X):
    """19. 첫 번째 계층의 가중치

    첫 번째 계층의 뉴런(neuron) 하나에는 픽셀마다 가중치가 하나씩 있습니다. 따라서 가중치를 이미지와
    같은 모양으로 변환하여 그릴 수 있습니다. 처음에는 난수이므로 무늬가 없고, 학습하면 무늬가 생깁니다.
    """
    weight = next(p for p in model.parameters() if p.dim() >= 2).detach().cpu()
    row = weight[:1].shape if weight[0].numel() % X[0, 0].numel() else ()  # 입력이 이미지가 아니면 한 줄로 그립니다
    images = weight.reshape(len(weight), -1, *(weight.shape[2:] or row or X.shape[2:]))[:, 0]
    show(f"{images.shape = }", "뉴런의 개수, 높이, 너비")
    return images


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    device = select_device(args.device)
    output_dir = prepare_outputs(args.output_dir, args.show)
    print(f"5장. 신경망 만들기  |  PyTorch {torch.__version__}  |  장치(device): {device}")
    model, X = teach(create_network, device, args.seed)
    teach(call_model, model, X)
    teach(walk_through_layers, X, args.seed)
    teach(list_parameters, model)
    teach(use_custom_layer, args.seed)
    teach(use_hooks, model, X)
    teach(compare_activations, args.seed)
    teach(merge_linear_layers, args.seed)
    save_figure(draw_two_rings(*teach(learn_two_rings, device, args.seed)), output_dir / "model_nonlinearity.png")
    teach(slide_kernel)
    teach(stack_blocks, model, X)
    teach(switch_dropout, args.seed)
    teach(switch_batch_norm)
    networks, signals, *data = teach(compare_initializations, device, args.seed)
    histories = teach(train_from_each_start, networks, *data)
    save_figure(draw_initializations(signals, histories), output_dir / "model_initialization.png")
    teach(freeze_and_share, args.seed)
    teach(read_state_dict, model)
    teach(export_and_load, model, X, output_dir / "model_exported.pt2")
    save_figure(draw_first_layer(teach(look_at_first_layer, model, X)), output_dir / "model_first_layer.png")
    teach(check_practice)
    finish(started, "autograd.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="5장. 신경망 만들기", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 4294967295 이하여야 합니다")
    return args


# 직접 해 보기: 변경한 뒤 다시 실행하고, 그림을 이전 그림과 비교해 보세요.
#   1. learn_two_rings의 nn.ReLU를 nn.Tanh로 변경해 보세요. (model_nonlinearity.png)
#      결정 경계가 꺾인 선이 아니라 매끄러운 곡선이 됩니다.
#   2. learn_two_rings의 16을 모두 4로 변경해 보세요. (model_nonlinearity.png)
#      뉴런이 적으므로 결정 경계가 꺾이는 곳도 줄어들고, 변이 적은 다각형에 가까워집니다.
#   3. 먼저 quick_start.py를 실행하고, main의 teach(freeze_and_share, ...) 바로 위에 다음 줄을 추가해 보세요.
#          model.load_state_dict(torch.load(output_dir / "model.pth", map_location=device, weights_only=True))
#      학습한 가중치이므로 여러 뉴런에서 옷의 윤곽과 비슷한 무늬를 볼 수 있습니다. (model_first_layer.png)
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def count_trainable(model):
    """모델에서 requires_grad가 True인 매개변수의 원소가 모두 몇 개인지 반환하세요.
    예: nn.Linear(3, 4)이면 16입니다.
    힌트: 4절에서 사용한 p.numel()에 조건을 추가해 보세요.
    """
    return None


def conv_output_size(size, kernel_size, stride, padding):
    """높이가 size인 이미지를 nn.Conv2d에 전달했을 때 출력의 높이를 정수로 반환하세요.
    예: size=28, kernel_size=3, stride=1, padding=1이면 28입니다.
    힌트: 10절의 공식을 사용하세요.
    """
    return None


def freeze_all_but_last(model):
    """nn.Sequential인 모델에서 마지막 모듈의 매개변수만 학습하도록 requires_grad를 지정하고 모델을 반환하세요.
    예: Linear가 2개인 모델이면 매개변수의 requires_grad가 [False, False, True, True]가 됩니다.
    힌트: 전체를 고정한 뒤 마지막 모듈인 model[-1]의 고정을 해제해 보세요.
    """
    return None


def residual_block(layer):
    """입력 x에 layer(x)를 더한 뒤 ReLU를 적용하는 nn.Module을 정의하고, 그 인스턴스를 반환하세요.
    예: layer의 출력이 항상 0이고 x가 [-1, 2]이면 블록의 출력은 [0, 2]입니다.
    힌트: 이 함수 안에 ConvBlock과 같은 방법으로 클래스를 정의해 보세요.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    torch.manual_seed(0)
    shared, x = nn.Linear(2, 2), torch.randn(5, 2)
    model, one = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), nn.Sequential(nn.Linear(2, 2))
    frozen, twice = copy.deepcopy(model).requires_grad_(False), nn.Sequential(shared, shared)

    def flags(model):
        return torch.tensor(model if isinstance(model, list) else [p.requires_grad for p in model.parameters()])

    models, sizes = [(shared,), (twice,), (frozen,), (model,)], [(28, 3, 1, 1), (5, 5, 1, 0), (32, 7, 3, 2)]
    practice(count_trainable, lambda m: sum(len(p.flatten()) for p in m.parameters() if p.requires_grad), *models)
    practice(conv_output_size, lambda n, *conv: nn.Conv2d(1, 1, *conv)(torch.zeros(1, n, n)).shape[1], *sizes)
    stacks, blocks = [(model,), (one,), (frozen,)], [(shared,), (model,), (nn.Tanh(),)]
    practice(freeze_all_but_last, lambda m: [n[0] == str(len(m) - 1) for n in m.state_dict()], *stacks, to_tensor=flags)
    practice(residual_block, lambda layer: lambda x: (x + layer(x)).clamp(min=0), *blocks, to_tensor=lambda f: f(x))


# ---- 그림을 그리는 함수입니다. ----
@torch.no_grad()
def draw_two_rings(networks, points, labels):
    """신경망마다 예측한 고리를 배경색으로 그리고, 마지막 그림에는 뉴런의 출력이 0인 선을 추가합니다."""
    figure, axes = plt.subplots(1, len(networks) + 1, figsize=(5 * len(networks) + 5, 5.8), layout="constrained")
    line, colors = torch.linspace(-2.8, 2.8, 241), ["#0072B2", "#D55E00", "#009E73"]
    grid = torch.cartesian_prod(line, line).flip(1).to(points.device)  # 행은 y, 열은 x입니다
    title = "Each line: one neuron is 0 before its activation\n(blue: first hidden layer, orange: second)"
    for axis, (name, network) in zip(axes, [*networks.items(), (title, list(networks.values())[-1])]):
        region = network(grid).argmax(dim=1).view(len(line), len(line)).cpu().numpy()
        axis.imshow(region, "RdBu_r", extent=(-2.8, 2.8, -2.8, 2.8), origin="lower", vmin=-1, vmax=2, alpha=0.7)
        axis.set(title=name, xlabel="x1", ylabel="x2")
        for label, marker in enumerate("o^" if name != title else ""):
            axis.scatter(*points[labels == label].cpu().numpy().T, s=16, c=colors[label], marker=marker)
    for layer in network[:-1]:
        grid = layer(grid)
        for neuron in grid.T.view(-1, len(line), len(line)).cpu().numpy() if isinstance(layer, nn.Linear) else ():
            if neuron.min() < 0 < neuron.max():  # 결정 경계는 이 선에서 꺾입니다
                axes[-1].contour(line.numpy(), line.numpy(), neuron, levels=[0], colors=colors[0], linewidths=1)
        colors = colors[1:] + colors[:1] if isinstance(layer, nn.Linear) else colors
    figure.suptitle("Same points, same initial weights. Blue: inner ring, orange: outer ring, background: prediction")
    return figure


def draw_initializations(signals, histories):
    """초기화마다 계층별 활성화 값과 변화도의 크기, 옵티마이저별 손실을 그립니다."""
    titles = [f"Training with {name}" for name in next(iter(histories.values()))]
    figure, axes = plt.subplots((len(titles) + 3) // 2, 2, figsize=(11, 8), layout="constrained")
    axes, looks = axes.flat, [("#0072B2", "o-"), ("#E69F00", "d-."), ("#009E73", "s--"), ("#D55E00", "^:")]
    for axis, title in zip(axes, ["Activations (0: input)", "Gradients of the weights", *titles]):
        axis.set(title=title, xlabel="layer", ylabel="standard deviation", yscale="log")
    for (name, (values, gradients)), (color, style) in zip(signals.items(), looks * len(signals)):
        axes[0].plot(values, style, color=color, label=name)
        axes[1].plot(range(1, len(gradients) + 1), gradients, style, color=color)
        for axis, losses in zip(axes[2:], histories[name].values()):
            axis.plot(losses, style[1:], color=color, linewidth=2)
            axis.set(xlabel="step", ylabel="loss", ylim=(1e-3, 1e6))
    axes[0].legend()
    return figure


def draw_first_layer(images):
    """첫 번째 계층의 가중치를 24개까지 이미지로 그립니다."""
    figure, limit = plt.figure(figsize=(9, 6.6), layout="constrained"), images[:24].abs().max().item()
    for i, image in enumerate(images[:24]):
        axis = figure.add_subplot(4, 6, i + 1, title=f"neuron {i}", xticks=[], yticks=[])
        picture = axis.imshow(image.numpy(), cmap="PuOr", vmin=-limit, vmax=limit)
    figure.colorbar(picture, ax=figure.axes, label="weight", shrink=0.8)
    figure.suptitle(f"Weights of the first layer ({min(24, len(images))} of {len(images)} neurons)")
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


def select_device(name):
    """auto, cpu, cuda 중 하나를 torch.device로 변환합니다. auto는 실제로 계산할 수 있을 때만 CUDA를 선택합니다."""
    if name == "cuda" or name == "auto" and torch.cuda.is_available():
        try:
            return torch.ones(1, device="cuda").add(1).device  # PyTorch가 지원하지 않는 GPU에서는 오류가 발생합니다
        except (RuntimeError, AssertionError) as error:
            reason = f"CUDA를 사용할 수 없습니다 ({error}".partition("\n")[0]
            if name == "cuda":
                sys.exit(f"오류: {reason}). --device cpu로 실행하세요.")
            print(f"{reason}). CPU를 사용합니다.")
    return torch.device("cpu")


if __name__ == "__main__":
    main()
