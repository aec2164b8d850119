"""5장. 신경망 만들기: 계층을 쌓아 모델로

1장에서는 신경망을 만들자마자 학습하기 바빴습니다. 이번에는 그 안을 들여다봅시다. 데이터가 계층을
하나씩 지나는 동안 무슨 일이 일어나는지 따라가 보고, 계층을 직접 만들고, 이미지에 잘 맞는 합성곱
신경망까지 쌓아 보겠습니다. 이미지는 난수로 만들기 때문에 데이터를 내려받지 않아도 됩니다.

실행 방법
    python -m pip install torch matplotlib
    python model.py
    python model.py --seed 1 --show  # 다른 난수로 실행하고 페이지를 브라우저로 열기
    python model.py --practice       # 연습 문제만 확인하기
    python model.py --help           # 모든 옵션 보기
    %run model.py                    # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
     1. 모듈(nn.Module): 모듈로 이루어진 모듈   build_network, NeuralNetwork
     2. 모델 호출하기: 로짓에서 예측까지        call_model
     3. 미니배치 따라가기                       follow_batch
     4. 매개변수 세기                           count_parameters
     5. 사용자 정의 계층(nn.Parameter)          use_custom_layer, CustomLinear
     6. 등록되지 않은 텐서와 계층               find_mistakes, Broken, Repaired
     7. 활성화 함수는 왜 필요할까요?            compare_activations
     8. 두 고리 나누기                          learn_two_rings, train_on_points
     9. 합성곱(convolution): 작은 커널 하나로   slide_kernel
    10. 채널(channel)과 매개변수의 개수         count_channels
    11. 블록으로 쌓은 합성곱 신경망             stack_blocks, ConvBlock
    12. 드롭아웃: 학습 모드와 평가 모드         switch_modes
    13. 상태 사전(state dictionary)             read_state_dict
  더 알아보기
    14. 배치 정규화(batch normalization)        switch_batch_norm
    15. 훅(hook)으로 엿보기                     use_hooks, trace_layers
    16. 초기화(initialization)                  compare_initializations
    17. 매개변수 고정과 공유                    freeze_and_share
    18. 클래스 없이 실행하기(torch.export)      export_and_load
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "matplotlib>=3.9.0"]
# ///

# 아래의 표준 라이브러리는 대부분 파일 끝의 도우미 함수가 사용합니다.
import argparse
import ast
import contextlib
import copy
import html
import inspect
import io
import math
import os
import re
import sys
import tempfile
import textwrap
import traceback
import warnings
import webbrowser
from pathlib import Path

if "ipykernel" not in sys.modules:  # 노트북이 아니면 창을 열지 않고 그림을 파일로만 저장합니다
    os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import torch
from matplotlib import font_manager
from torch import nn


class NeuralNetwork(nn.Module):
    """이미지 [N, 1, 28, 28]을 받아 클래스별 점수(로짓) [N, 10]을 반환하는 신경망입니다."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()  # [N, 1, 28, 28] → [N, 784]
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )

    def forward(self, x):
        x = self.flatten(x)
        return self.linear_relu_stack(x)


def build_network(device):
    """1. 모듈(nn.Module): 모듈로 이루어진 모듈

    계층이 수백 개인 신경망도 코드는 몇 줄이면 될 때가 많습니다. 어떻게 그럴 수 있을까요?
    PyTorch에서는 데이터를 받아 연산하는 계층(layer)도, 계층을 모아 만든 신경망도 모두 nn.Module을
    상속받는 모듈(module)입니다. 모듈은 다른 모듈을 담을 수 있으니, 작은 모듈을 묶어 더 큰 모듈을
    만들고 그것을 다시 묶어 나가면 됩니다. 이렇게 중첩된 구조 덕분에 크고 복잡한 신경망도 쉽게
    만들고 관리할 수 있습니다.

    모듈을 정의할 때는 __init__에 그 안에 담을 모듈을 적고, forward에 데이터로 무엇을 계산할지
    적습니다. 아래 목록에서 NeuralNetwork 안에 Sequential이 있고, 그 안에 다시 계층 다섯 개가 있는
    것을 확인해 보세요.

    아무리 깊이 중첩되어 있어도 to(device)는 한 번이면 됩니다. 안쪽의 모듈까지 찾아가서 매개변수를
    모두 옮기기 때문입니다.
    """
    show_code(NeuralNetwork)
    model = NeuralNetwork().to(device)
    for name, module in model.named_modules():
        print(f"{name or '(model)':<22} {type(module).__name__}")
    show(f"{isinstance(model, nn.Module), isinstance(nn.Linear(2, 2), nn.Module) = }")
    return model


def call_model(model, device):
    """2. 모델 호출하기: 로짓에서 예측까지

    만든 신경망에 이미지를 넣어 봅시다. 모델을 함수처럼 model(X)로 호출하면 nn.Module이 forward를
    대신 호출해 줍니다. model.forward(X)라고 직접 호출하지는 마세요. 이유는 15절에서 확인합니다.

    모델은 클래스별 점수인 로짓(logit)을 내놓습니다. 1장 9절에서처럼 softmax를 적용하면 합이 1인
    확률이 되고, 확률이 가장 큰 클래스의 번호는 argmax로 구합니다. dim=1은 합이 1이 될 차원,
    여기서는 클래스가 늘어선 차원입니다. 아직 학습하지 않은 모델이니, 확률이 모두 0.1 근처여서 어느
    클래스도 확신하지 못하는 것을 확인해 보세요.
    """
    X = torch.rand(3, 1, 28, 28, device=device)  # 무작위 이미지 3장
    model.eval()  # 평가 모드(12절)
    with torch.no_grad():  # 예측만 할 때는 변화도가 필요 없습니다
        logits = model(X)
    probabilities = nn.Softmax(dim=1)(logits)
    predictions = probabilities.argmax(dim=1)
    show(f"{logits.shape = }", "이미지 3장, 클래스 10개")
    show(f"{logits[0] = }")
    show(f"{probabilities[0] = }")
    show(f"{predictions = }", "이미지마다 예측한 클래스 번호")

    sums = probabilities.sum(dim=1)
    check("이미지마다 확률의 합이 1입니다", torch.allclose(sums, torch.ones_like(sums)))
    return X


def follow_batch(X):
    """3. 미니배치 따라가기

    784개의 픽셀이 어떻게 10개의 점수로 바뀔까요? 이미지 3장을 묶은 미니배치(mini-batch)가 계층을
    하나씩 지날 때마다 모양을 확인하며 따라가 봅시다.

    1) nn.Flatten은 이미지를 1차원으로 펼칩니다. 배치 크기를 나타내는 첫 번째 차원은 그대로 둡니다.
    2) nn.Linear는 가중치(weight) W와 편향(bias) b로 x @ W.T + b를 계산합니다. W의 모양이 [출력
    크기, 입력 크기]여서, x와 곱하려면 .T로 행과 열을 바꾸어야 합니다.
    3) nn.ReLU는 음수를 0으로 바꾸는 활성화 함수(activation function)입니다.
    4) nn.Sequential은 이런 계층들을 적어 둔 순서대로 호출하는 모듈입니다.

    계층을 쌓다 보면 모양이 맞지 않는다는 오류를 가장 자주 만납니다. 마지막에는 너비가 27인 이미지를
    일부러 넣어 보겠습니다. 펼치면 28 * 27 = 756개여서, 784개를 받는 Linear에 맞지 않습니다. 예제의
    expect는 일부러 오류를 내고 그 메시지를 보여 주는 도우미 함수입니다.
    """
    flatten = nn.Flatten()
    linear = nn.Linear(28 * 28, 20, device=X.device)
    relu = nn.ReLU()
    last = nn.Linear(20, 10, device=X.device)
    stack = nn.Sequential(flatten, linear, relu, last)

    with torch.no_grad():
        flat = flatten(X)
        hidden = linear(flat)
        active = relu(hidden)
        logits = last(active)
    steps = {"X": X, "Flatten": flat, "Linear": hidden, "ReLU": active, "Linear (last)": logits}
    for name, tensor in steps.items():
        print(f"{name:<14} {list(tensor.shape)}")
    show(f"{hidden[0, :6] = }")
    show(f"{active[0, :6] = }", "음수는 0이 되고, 양수는 그대로입니다")

    by_hand = flat @ linear.weight.T + linear.bias
    check("Linear의 출력은 x @ W.T + b입니다", torch.allclose(hidden, by_hand, atol=1e-4))
    same = torch.allclose(stack(X), logits, atol=1e-4)
    check("Sequential의 출력은 계층을 하나씩 호출한 결과와 같습니다", same)
    narrow = X[..., :27]
    with expect(RuntimeError):
        stack(narrow)


def count_parameters(model):
    """4. 매개변수 세기

    1절에서 만든 신경망은 얼마나 클까요? 보통은 매개변수(parameter)의 개수로 말합니다. 매개변수는
    학습하는 동안 옵티마이저가 조정하는 텐서로, 여기서는 Linear마다 하나씩 있는 가중치와 편향입니다.
    nn.Module은 속성으로 지정한 계층을 빠짐없이 기억하고 있어서 named_parameters()로 이름과 함께
    모두 꺼낼 수 있습니다.

    입력이 2개, 출력이 3개인 Linear라면 출력마다 가중치 2개와 편향 1개가 필요하니 (2 + 1) * 3 =
    9개입니다. 가장 큰 텐서가 어느 것인지 찾아보세요. Flatten과 ReLU는 배울 것이 없는 계산이어서
    목록에 없습니다.
    """
    for name, parameter in model.named_parameters():
        print(f"{name:<28} {str(list(parameter.shape)):<11} {parameter.numel():>7,}")

    total = sum(parameter.numel() for parameter in model.parameters())
    by_hand = (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10
    show(f"{total = }")
    check("식으로 센 개수와 같습니다", total == by_hand)


class CustomLinear(nn.Module):
    """nn.Linear와 같은 계산을 하는 사용자 정의 계층입니다."""

    def __init__(self, in_features, out_features):
        super().__init__()
        # 출력이 너무 커지지 않게 나눕니다(16절)
        weight = torch.randn(out_features, in_features) / math.sqrt(in_features)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return x @ self.weight.T + self.bias


def use_custom_layer():
    """5. 사용자 정의 계층(nn.Parameter)

    논문에서 본 새로운 계층이 torch.nn에 없다면 어떻게 할까요? 직접 만들면 됩니다. 만드는 방법은
    신경망과 똑같아서, nn.Module을 상속받아 __init__과 forward를 적습니다. 연습 삼아 nn.Linear를
    직접 만들어 보겠습니다.

    이번에는 계층이 아니라 가중치를 직접 담아야 합니다. 텐서를 nn.Parameter로 감싸 속성으로 지정하면
    nn.Module이 매개변수로 등록합니다. 등록된 매개변수는 model.parameters()로 옵티마이저에 전달되고,
    to(device)로 함께 옮겨지며, 파일에 저장됩니다.
    """
    show_code(CustomLinear)
    layer = CustomLinear(4, 3)
    show(f"{[name for name, parameter in layer.named_parameters()] = }")

    linear = nn.Linear(4, 3)
    linear.load_state_dict(layer.state_dict())  # layer의 값을 복사합니다(13절)
    x = torch.randn(2, 4)
    with torch.no_grad():
        custom_output = layer(x)
        linear_output = linear(x)
    show(f"{custom_output[0] = }")
    show(f"{linear_output[0] = }")
    same = torch.allclose(custom_output, linear_output, atol=1e-5)
    check("가중치가 같으면 nn.Linear와 출력도 같습니다", same)


class Broken(nn.Module):
    """잘못된 예: 오류 없이 계산하지만, 아무것도 등록되지 않습니다."""

    def __init__(self):
        super().__init__()
        self.center = torch.zeros(4)  # 입력에서 뺄 값: 학습하지 않습니다
        self.scale = torch.ones(4)  # 학습할 값
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]

    def forward(self, x):
        x = (x - self.center) * self.scale
        for layer in self.layers:
            x = layer(x)
        return x


class Repaired(nn.Module):
    """올바른 예: 학습할 값, 학습하지 않을 값, 여러 계층을 알맞은 방법으로 등록합니다."""

    def __init__(self):
        super().__init__()
        self.register_buffer("center", torch.zeros(4))
        self.scale = nn.Parameter(torch.ones(4))
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 2)])

    def forward(self, x):
        x = (x - self.center) * self.scale
        for layer in self.layers:
            x = layer(x)
        return x


def find_mistakes():
    """6. 등록되지 않은 텐서와 계층

    학습해도 나아지지 않는데 오류는 없다면, 계층을 직접 만들다가 등록을 빠뜨렸는지 살펴보세요.
    아래의 Broken처럼 적으면 계산은 되지만 nn.Module은 그 안의 텐서와 계층을 모르기 때문에,
    학습되지도 저장되지도 않습니다. Broken은 등록된 것이 하나도 없어서 옵티마이저를 만들 때 오류라도
    나지만, 일부만 빠뜨리면 오류조차 나지 않습니다.

    Repaired는 세 가지를 고친 것입니다.

    1) 학습할 텐서는 nn.Parameter로 감쌉니다.
    2) 여러 계층은 파이썬 리스트가 아니라 nn.ModuleList에 넣습니다.
    3) 학습하지는 않지만 함께 옮기고 저장할 텐서는 register_buffer로 등록합니다. 이를
    버퍼(buffer)라고 합니다.
    """
    show_code(Broken)
    broken = Broken()
    show(f"{list(broken.parameters()) = }", "옵티마이저가 조정할 것이 없습니다")
    show(f"{list(broken.state_dict()) = }", "저장할 것도 없습니다")

    show_code(Repaired)
    repaired = Repaired()
    learned = [name for name, parameter in repaired.named_parameters()]
    saved = list(repaired.state_dict())
    show(f"{learned = }")
    show(f"{saved = }", "버퍼인 center도 들어 있습니다")
    only_saved = set(saved) - set(learned)
    check("학습하지 않으면서 저장되는 것은 center뿐입니다", only_saved == {"center"})


def compare_activations():
    """7. 활성화 함수는 왜 필요할까요?

    계층을 많이 쌓을수록 더 똑똑해질 것 같지만, Linear만 쌓으면 그렇지 않습니다. x에 3을 곱하고 1을
    더한 뒤, 다시 2를 곱하고 4를 더해 봅시다. 2 * (3x + 1) + 4 = 6x + 6이니, 처음부터 6을 곱하고 6을
    더한 것과 같습니다. Linear도 마찬가지여서, 두 개를 이어도 하나로 할 수 있는 일밖에 하지
    못합니다.

    쌓은 보람이 있으려면 그 사이에 선형이 아닌 함수를 넣어야 합니다. 이런 함수가 활성화 함수이고,
    선형이 아닌 성질을 비선형성(nonlinearity)이라고 합니다.

    가장 많이 사용하는 것은 음수를 0으로 바꾸는 ReLU입니다. sigmoid는 0과 1 사이, tanh는 -1과 1
    사이의 값을 내보냅니다. 둘은 그림처럼 양 끝이 평평해서 입력이 바뀌어도 출력이 거의 그대로일 때가
    있습니다. 그러면 학습이 느려지기 때문에, 깊은 신경망의 중간에는 잘 사용하지 않습니다.
    """
    first = nn.Linear(4, 8)
    second = nn.Linear(8, 3)
    merged = nn.Linear(4, 3)
    x = torch.randn(5, 4)
    with torch.no_grad():
        merged.weight.copy_(second.weight @ first.weight)  # 2 * 3
        merged.bias.copy_(second.weight @ first.bias + second.bias)  # 2 * 1 + 4
        two_layers = second(first(x))
        one_layer = merged(x)
        with_relu = second(torch.relu(first(x)))
    show(f"{two_layers[0] = }")
    show(f"{one_layer[0] = }")
    show(f"{with_relu[0] = }")
    same = two_layers.allclose(one_layer, atol=1e-5)
    check("Linear 두 개의 출력이 Linear 하나의 출력과 같습니다", same)
    check("사이에 ReLU를 넣으면 출력이 달라집니다", not two_layers.allclose(with_relu, atol=1e-3))

    z = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    show(f"{torch.relu(z) = }")
    show(f"{torch.sigmoid(z) = }")
    show(f"{torch.tanh(z) = }")
    save_figure(draw_activations(), "model_activations.png")


def make_two_rings(count):
    """점의 좌표 [N, 2]와 정답 [N]을 반환합니다. 안쪽 고리는 0, 바깥쪽 고리는 1입니다."""
    labels = torch.arange(count) % 2
    angle = 2 * math.pi * torch.rand(count)
    radius = 1 + labels + 0.15 * torch.randn(count)
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return points, labels


def train_on_points(network, points, labels, optimizer, steps):
    """모든 점을 한 배치로 steps번 학습하고, 단계마다 계산한 손실을 반환합니다."""
    loss_fn = nn.CrossEntropyLoss()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_fn(network(points), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def learn_two_rings(device, seed):
    """8. 두 고리 나누기

    활성화 함수가 없으면 정말 못 배울까요? 어떤 점이 안쪽 고리에 있는지 바깥쪽 고리에 있는지
    알아맞히는 문제로 확인해 봅시다. 직선을 어떻게 그어도 두 고리를 나눌 수는 없습니다.

    초기 가중치는 같고 활성화 함수만 다른 두 신경망을 학습하겠습니다. nn.Identity는 입력을 그대로
    내보내니 활성화 함수가 없는 것과 같습니다. 학습 방법은 1장 4절과 같으며 6장과 7장에서 자세히
    다룹니다.

    그림의 배경색은 그 자리에 있는 점을 모델이 어느 고리로 예측하는지 보여 줍니다. 활성화 함수가
    없으면 두 색이 만나는 경계가 직선일 수밖에 없는데, 여기서는 절반쯤만 맞혔습니다. ReLU가 있으면
    경계가 여러 번 꺾여 안쪽 고리를 둘러쌉니다.
    """
    show_code(train_on_points)
    points, labels = make_two_rings(400)  # 좌표 [400, 2], 정답 [400] (안쪽 고리 0, 바깥쪽 고리 1)
    points, labels = points.to(device), labels.to(device)
    width = 16  # 가운데 계층이 내보내는 숫자의 개수
    networks = {}
    accuracies = []
    for activation in (nn.Identity, nn.ReLU):
        torch.manual_seed(seed)  # 두 신경망의 초기 가중치를 같게 합니다
        network = nn.Sequential(
            nn.Linear(2, width),
            activation(),
            nn.Linear(width, width),
            activation(),
            nn.Linear(width, 2),
        ).to(device)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
        losses = train_on_points(network, points, labels, optimizer, steps=150)
        with torch.no_grad():
            predictions = network(points).argmax(dim=1)
        accuracy = 100 * (predictions == labels).float().mean().item()
        networks[activation.__name__] = network
        accuracies.append(accuracy)
        print(f"{activation.__name__:<8}  손실 {losses[-1]:.3f}, 정확도 {accuracy:.1f}%")

    check("활성화 함수가 없으면 70%도 맞히지 못합니다", accuracies[0] < 70)
    check("활성화 함수가 있으면 95% 넘게 맞힙니다", accuracies[1] > 95)
    save_figure(draw_two_rings(networks, points, labels), "model_two_rings.png")


def slide_kernel():
    """9. 합성곱(convolution): 작은 커널 하나로

    Linear는 이미지를 한 줄로 펼쳐 버려서 어느 픽셀이 어느 픽셀의 옆에 있었는지 모릅니다. 왼쪽에서
    배운 패턴이 오른쪽에 나타나면 처음부터 다시 배워야 합니다. 합성곱은 커널(kernel)이라는 작은
    가중치 행렬을 이미지 위에서 한 칸씩 옮기면서, 겹치는 값끼리 곱해 모두 더합니다. 어디에서나 같은
    가중치를 사용하기 때문에, 패턴이 옮겨 가면 출력도 그만큼 옮겨 갈 뿐입니다.

    그림의 파란 테두리를 계산해 봅시다. 한 줄은 0 * -1 + 1 * 0 + 1 * 1 = 1이고, 세 줄을 더하면
    3입니다. 이 커널은 오른쪽이 왼쪽보다 밝으면 양수, 어두우면 음수를 내놓아 세로 막대의 양쪽
    가장자리를 찾습니다. 보통은 이런 커널을 사람이 정하지 않고 학습으로 얻습니다.

    너비가 8인 이미지에 너비가 3인 커널을 놓을 자리는 여섯 곳뿐이어서, 출력의 너비는 6이 됩니다.
    가장자리에 0을 한 줄 붙이면(패딩, padding=1) 8이 유지되고, 커널을 두 칸씩 옮기면(스트라이드,
    stride=2) 4가 됩니다.
    """
    image = torch.zeros(5, 8)
    image[:, 3:5] = 1  # 어두운 배경에 밝은 세로 막대
    kernel = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
    conv = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    X = image[None, None]  # 배치와 채널 차원을 추가합니다: [1, 1, 5, 8]
    moved_X = X.roll(1, dims=3)  # 막대를 오른쪽으로 한 칸 옮긴 이미지
    with torch.no_grad():
        conv.weight[0, 0] = kernel
        output = conv(X)[0, 0]
        moved_output = conv(moved_X)[0, 0]
    show(f"{output = }")
    save_figure(draw_convolution(image, kernel, output), "model_convolution.png")
    same = moved_output[:, 1:].equal(output[:, :-1])
    check("막대를 한 칸 옮기면 출력도 한 칸 옮겨집니다", same)

    padded = nn.Conv2d(1, 1, kernel_size=3, padding=1)
    strided = nn.Conv2d(1, 1, kernel_size=3, padding=1, stride=2)
    show(f"{conv(X).shape = }", "커널을 놓을 자리는 여섯 곳")
    show(f"{padded(X).shape = }", "패딩이 있으면 너비는 그대로 8")
    show(f"{strided(X).shape = }", "두 칸씩 옮기면 너비는 절반인 4")


def count_channels():
    """10. 채널(channel)과 매개변수의 개수

    커널 하나로는 패턴을 한 가지만 찾습니다. 그래서 합성곱 계층은 커널을 여러 개 두고, 커널마다
    출력을 한 장씩 만듭니다. 커널이 8개이면 출력도 8장이며, 이 한 장 한 장을 채널이라고 합니다.

    입력도 여러 장일 수 있습니다. 컬러 이미지라면 빨강, 초록, 파랑의 3채널입니다. 그러면 커널 하나에
    3x3 가중치가 3개 있고, 채널마다 계산한 값을 모두 더해 출력 한 장을 만듭니다. 커널의 매개변수는
    편향까지 3 * 3 * 3 + 1 = 28개입니다.

    이미지의 높이와 너비는 이 식에 나오지 않습니다. 흑백 이미지 한 장을 같은 크기의 출력 8장으로
    바꾸는 일을 Linear로 하면 매개변수가 얼마나 많이 필요한지 비교해 보세요.
    """
    color_conv = nn.Conv2d(3, 8, kernel_size=3, padding=1)
    show(f"{color_conv.weight.shape = }", "출력 채널, 입력 채널, 높이, 너비")
    color_count = sum(parameter.numel() for parameter in color_conv.parameters())
    show(f"{color_count = }", "(3 * 3 * 3 + 1) * 8")

    conv = nn.Conv2d(1, 8, kernel_size=3, padding=1)
    linear = nn.Linear(28 * 28, 8 * 28 * 28)
    conv_count = sum(parameter.numel() for parameter in conv.parameters())
    linear_count = sum(parameter.numel() for parameter in linear.parameters())
    show(f"{conv_count = }", "(1 * 3 * 3 + 1) * 8")
    show(f"{linear_count = }", "(784 + 1) * 6272")
    check("Linear의 매개변수가 6만 배 넘게 많습니다", linear_count > 60000 * conv_count)


class ConvBlock(nn.Module):
    """합성곱, ReLU, 풀링을 묶은 블록입니다. 출력의 높이와 너비는 입력의 절반입니다."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(self.relu(self.conv(x)))


def stack_blocks(device):
    """11. 블록으로 쌓은 합성곱 신경망

    합성곱 신경망은 합성곱, 활성화 함수, 풀링을 몇 번씩 되풀이합니다. 같은 코드를 되풀이해 적는 대신
    하나의 모듈로 묶어 블록(block)이라고 부르고, torch.nn의 계층처럼 쌓아 봅시다. 1절에서 말한
    중첩이 바로 이것입니다.

    풀링(pooling)은 출력을 줄이는 계층입니다. nn.MaxPool2d(2)는 2x2 영역마다 가장 큰 값만 남겨
    높이와 너비를 절반으로 만듭니다. 패턴의 정확한 위치는 버리고, 패턴이 있다는 사실만 남기는
    셈입니다.

    블록을 지날 때마다 높이와 너비가 28에서 14로, 다시 7로 줄어드는지 표에서 확인해 보세요. 7x7
    크기의 16채널을 펼치게 되니, 마지막 Linear의 입력 크기는 16 * 7 * 7로 정합니다.
    """
    show_code(ConvBlock)
    values = torch.tensor([[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 5.0]]])
    show(f"{nn.MaxPool2d(2)(values) = }", "2x2 영역마다 최댓값")

    network = nn.Sequential(
        ConvBlock(1, 8), ConvBlock(8, 16), nn.Flatten(), nn.Linear(16 * 7 * 7, 10)
    ).to(device)
    x = torch.rand(3, 1, 28, 28, device=device)
    for layer in network:
        x = layer(x)
        print(f"{type(layer).__name__:<10} {list(x.shape)}")


def switch_modes():
    """12. 드롭아웃: 학습 모드와 평가 모드

    모델이 학습용 데이터를 통째로 외워 버리면 처음 보는 데이터는 잘 맞히지 못합니다.
    드롭아웃(dropout)은 학습할 때 값의 일부를 무작위로 0으로 만들어, 몇 개의 값에만 맞추어 외우기
    어렵게 합니다. p=0.5이면 절반쯤을 0으로 만들고, 남은 값은 2배로 키워 전체의 평균을 유지합니다.

    예측할 때는 값을 버릴 이유가 없기 때문에, 모듈에는 학습 모드와 평가 모드가 따로 있습니다.
    학습하기 전에는 model.train(), 예측하기 전에는 model.eval()을 호출하세요. 안에 든 모듈까지
    한꺼번에 바뀌며, 새로 만든 모델은 학습 모드입니다.

    eval()과 torch.no_grad()는 서로 다른 일을 하니, 평가할 때는 둘 다 사용하세요.

    1) model.eval()은 드롭아웃을 끕니다. 변화도는 그대로 추적합니다.
    2) torch.no_grad()는 변화도 추적을 멈춥니다. 드롭아웃은 그대로입니다.
    """
    model = nn.Sequential(nn.Dropout(p=0.5))  # 드롭아웃만 있는 모델
    x = torch.ones(1000, requires_grad=True)  # 변화도를 추적하는 입력
    model.train()
    first = model(x)
    second = model(x)
    show(f"{first[:10].tolist() = }")
    show(f"{second[:10].tolist() = }", "호출할 때마다 달라집니다")
    show(f"{round(first.mean().item(), 3) = }", "평균은 1에 가깝습니다")
    check("학습 모드에서는 값이 0이나 2가 됩니다", set(first.tolist()) == {0.0, 2.0})

    model.eval()
    evaluated = model(x)
    show(f"{evaluated[:10].tolist() = }")
    show(f"{evaluated.requires_grad = }", "eval()만으로는 추적을 멈추지 않습니다")

    model.train()
    with torch.no_grad():
        untracked = model(x)
    show(f"{untracked.requires_grad = }")
    check("no_grad()를 사용해도 학습 모드이면 드롭아웃은 켜져 있습니다", (untracked == 0).any())


def read_state_dict():
    """13. 상태 사전(state dictionary)

    모델을 저장할 때 파일에 무엇이 들어갈까요? 1장에서 저장한 상태 사전은 모델의 매개변수와 버퍼를
    이름과 함께 담은 파이썬 사전(dict)입니다. 이름은 모듈의 이름과 매개변수의 이름을 점(.)으로 이은
    것입니다.

    상태 사전의 텐서는 모델과 메모리를 공유하니, 지금의 값을 남겨 두려면 deepcopy로 복사하세요.

    불러올 때 이름이 하나라도 다르면 오류가 납니다. 그런데 이름이 맞는 값은 이미 복사되어 모델의
    일부만 바뀌었을 수 있으니, 모델을 새로 만든 뒤 다시 불러오세요.

    핵심은 여기까지입니다. __init__에 계층을, forward에 순서를 적고, model(X)로 호출하고, 평가할
    때는 eval()과 no_grad()를 함께 사용합니다.
    """
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    state = model.state_dict()
    kept = copy.deepcopy(state)
    for name, tensor in state.items():
        print(f"{name:<22} {list(tensor.shape)}")

    with torch.no_grad():
        model[0].weight.fill_(7)
    show(f"{state['0.weight'] = }", "모델과 함께 바뀌었습니다")
    show(f"{kept['0.weight'] = }", "복사본은 그대로입니다")
    check("상태 사전은 모델과 메모리를 공유합니다", state["0.weight"].equal(model[0].weight))


def switch_batch_norm():
    """14. 배치 정규화(batch normalization)

    4장에서는 입력을 평균 0, 표준편차 1로 맞추니 학습이 빨라졌습니다. 계층을 여러 개 지나면 값이
    다시 커지거나 치우치기 때문에, 배치 정규화로 계층 사이에서 한 번 더 맞추어 줍니다. 배치의 값이
    1, 1, 3, 3이라면 평균 2를 빼고 표준편차 1로 나누어 -1, -1, 1, 1로 만듭니다(여기서 표준편차는
    4장과 달리 개수로 나눈 값입니다).

    그런데 예측할 때는 샘플이 하나뿐일 수 있어서, 배치의 평균을 사용할 수 없습니다. 그래서 학습하는
    동안 배치의 평균을 running_mean에 조금씩 기억해 두었다가, eval()을 호출하면 그 값을 사용합니다.
    배치마다 새 값을 0.1만큼만 섞으니, 0에서 시작해 평균 2를 보면 0.2가 됩니다. running_mean은
    버퍼여서 상태 사전에도 저장됩니다.
    """
    norm = nn.BatchNorm1d(1)
    x = torch.tensor([[1.0], [1.0], [3.0], [3.0]])  # 샘플 4개
    normalized = norm(x).detach()
    show(f"{normalized.flatten() = }")
    show(f"{norm.running_mean = }", "0.9 * 0 + 0.1 * 2")

    sample = x[:1]
    norm.eval()
    alone = norm(sample)
    together = norm(x)[:1]
    same = torch.allclose(alone, together)
    check("평가 모드에서는 혼자 넣어도, 다른 샘플과 함께 넣어도 결과가 같습니다", same)

    norm.train()
    with expect(ValueError):  # 학습 모드에서는 샘플 하나로 배치의 분산을 구할 수 없습니다
        norm(sample)


def trace_layers(model, X):
    """계층마다 훅을 등록하고 모델을 호출해, 출력의 모양과 매개변수 개수를 출력합니다."""

    def print_row(module, inputs, output):
        count = sum(parameter.numel() for parameter in module.parameters())
        print(f"{type(module).__name__:<10} {str(list(output.shape)):<18} {count:>5,}")

    handles = []
    for module in model.modules():
        if not list(module.children()):  # 다른 모듈을 담고 있지 않은 계층에만 등록합니다
            handles.append(module.register_forward_hook(print_row))
    model(X)
    for handle in handles:
        handle.remove()


def use_hooks():
    """15. 훅(hook)으로 엿보기

    깊숙한 계층의 출력이 궁금할 때마다 forward에 print를 넣었다 지웠다 해야 할까요? 남이 만든
    모델이라면 그럴 수도 없습니다. 훅을 등록하면 모델의 코드를 고치지 않고도 중간 출력을 볼 수
    있습니다. nn.Module은 forward가 끝날 때마다, register_forward_hook으로 등록한 함수에 모듈, 입력,
    출력을 전달해 호출합니다.

    trace_layers는 모든 계층에 훅을 등록해 표를 만듭니다. 블록 안에 있는 Conv2d와 MaxPool2d까지
    보이는지 확인해 보세요. 다 사용한 훅은 remove()로 제거해야 합니다. 제거하지 않으면 모델을 호출할
    때마다 계속 실행됩니다.

    2절에서 forward를 직접 호출하지 말라고 한 이유도 여기에 있습니다. forward를 직접 호출하면 그
    모듈의 훅이 실행되지 않습니다.
    """
    show_code(trace_layers)
    model = nn.Sequential(ConvBlock(1, 8), nn.Flatten(), nn.Linear(8 * 14 * 14, 10))
    X = torch.rand(3, 1, 28, 28)
    trace_layers(model, X)

    shapes = []
    handle = model.register_forward_hook(lambda module, inputs, output: shapes.append(output.shape))
    model.forward(X)
    show(f"{shapes = }", "forward를 직접 호출한 뒤")
    check("forward를 직접 호출하면 모델의 훅이 실행되지 않습니다", len(shapes) == 0)
    model(X)
    show(f"{shapes = }", "model(X)로 호출한 뒤")
    handle.remove()


def build_deep_network(depth, scale):
    """은닉 계층이 depth개인 신경망입니다. scale이 None이면 PyTorch의 기본값입니다."""
    layers = [nn.Linear(2, 64), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Linear(64, 64), nn.ReLU()]
    layers.append(nn.Linear(64, 2))
    if scale is not None:
        for layer in layers:
            if isinstance(layer, nn.Linear):
                std = scale * math.sqrt(2 / layer.in_features)  # scale이 1이면 Kaiming 초기화
                nn.init.normal_(layer.weight, std=std)
                nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


@torch.no_grad()
def measure_spreads(network, x):
    """은닉 계층마다, 출력이 샘플에 따라 얼마나 다른지 나타내는 표준편차를 반환합니다."""
    spreads = []
    for layer in network:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            spreads.append(x.std(dim=0).mean().item())  # 뉴런마다 샘플 사이의 표준편차
    return spreads


def compare_initializations(device):
    """16. 초기화(initialization)

    똑같은 신경망인데 초기 가중치의 크기만 달라도 전혀 배우지 못할 수 있습니다. 계층을 지날 때마다
    값의 크기가 s배가 된다면 은닉 계층(hidden layer) 12개를 지난 뒤에는 s를 12번 곱한 만큼이 되기
    때문입니다. s가 0.4이면 0.00002배, 2이면 4,096배입니다. 너무 작아지면 어떤 샘플을 넣어도 출력이
    같아져 구별할 수 없고, 너무 커지면 손실이 발산해 숫자가 아닌 nan이 됩니다.

    Kaiming 초기화(nn.init.kaiming_normal_)는 표준편차를 sqrt(2 / 입력 크기)로 정해서, ReLU를 지나도
    값의 크기가 유지되게 합니다. 여기서는 그 0.3배, 1배, 3배를 PyTorch의 기본값과 비교하겠습니다.
    이렇게 깊은 신경망에는 기본값이 너무 작습니다.

    왼쪽 그림은 샘플 200개의 출력이 서로 얼마나 다른지를 계층마다 그린 것입니다. 아래로 내려갈수록
    모든 샘플이 똑같아 보인다는 뜻입니다.

    오른쪽은 8절의 두 고리를 학습한 손실입니다. 0.693(ln 2)은 반반으로 예측할 때의 손실이니, 여기에
    머물면 하나도 배우지 못한 것입니다.
    """
    show_code(build_deep_network)
    points, labels = make_two_rings(200)
    points, labels = points.to(device), labels.to(device)
    depth = 12  # 은닉 계층의 개수
    scales = {"0.3 x Kaiming": 0.3, "PyTorch default": None, "Kaiming": 1.0, "3 x Kaiming": 3.0}
    rows = {}
    for name, scale in scales.items():
        network = build_deep_network(depth, scale).to(device)
        spreads = measure_spreads(network, points)  # 왼쪽 그림의 값
        # momentum=0.9: 모멘텀을 더한 SGD(7장)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
        losses = train_on_points(network, points, labels, optimizer, steps=100)
        rows[name] = {"spreads": spreads, "losses": losses}
        print(f"{name:<16} 손실 {losses[0]:,.3f} → {losses[-1]:,.3f}")

    learned = [name for name, row in rows.items() if row["losses"][-1] < 0.6]
    show(f"{learned = }", "손실이 0.6보다 작아진 신경망")
    check("Kaiming 초기화로 시작한 신경망만 학습되었습니다", learned == ["Kaiming"])
    save_figure(draw_initializations(rows), "model_initialization.png")


def freeze_and_share():
    """17. 매개변수 고정과 공유

    이미 잘 학습된 모델을 가져와 내 문제에 맞게 고치고 싶을 때가 많습니다. 앞쪽 계층을 그대로 두고
    마지막 계층만 학습하면 적은 데이터로도 됩니다. requires_grad_(False)를 호출하면 그 모듈의
    매개변수가 고정됩니다. 고정은 동결(freeze)이라고도 합니다.

    변화도를 계산하지 않으니 옵티마이저도 값을 바꾸지 않습니다. 다만 고정하기 전에 구한 변화도가
    남아 있으면 값이 바뀔 수 있으니, 옵티마이저를 만들기 전에 고정하세요.

    배치 정규화의 running_mean은 매개변수가 아니라 버퍼여서, 고정해도 학습 모드이면 바뀝니다.
    막으려면 model.train()을 호출한 뒤에 그 모듈의 eval()을 호출하세요.

    같은 가중치를 두 곳에서 사용하면 매개변수를 줄일 수 있습니다. 같은 모듈을 두 위치에 넣으면
    가중치를 공유하고, 매개변수는 한 번만 셉니다.
    """
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    model[:2].requires_grad_(False)  # Linear와 BatchNorm1d를 고정합니다
    before = copy.deepcopy(model.state_dict())
    X = torch.randn(32, 4)
    y = torch.arange(32) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train_on_points(model, X, y, optimizer, steps=1)  # 8절의 함수
    changed = []
    for name, tensor in model.state_dict().items():
        if not tensor.equal(before[name]):
            changed.append(name)
    show(f"{changed = }", "한 단계 학습한 뒤 바뀐 것")
    frozen_kept = "0.weight" not in changed and "3.weight" in changed
    check("3.weight는 학습되었지만, 고정한 0.weight는 그대로입니다", frozen_kept)
    check("고정한 배치 정규화의 running_mean은 바뀌었습니다", "1.running_mean" in changed)

    shared = nn.Linear(4, 4)
    twice = nn.Sequential(shared, nn.ReLU(), shared)
    show(f"{sum(parameter.numel() for parameter in twice.parameters()) = }", "(4 + 1) * 4")


def export_and_load(path):
    """18. 클래스 없이 실행하기(torch.export)

    상태 사전에는 값만 있어서, 불러오려면 NeuralNetwork 클래스의 코드가 있어야 합니다. 코드를 함께
    보낼 수 없는 곳에서 실행하려면 어떻게 할까요? torch.export는 예시 입력으로 모델의 연산을 기록해
    값과 함께 내보냅니다. 아래의 aten.linear.default 같은 이름이 기록된 연산이며, 내보낸 파일은
    클래스가 없어도 실행할 수 있습니다.

    예시 입력의 모양은 그대로 굳어집니다. 배치 크기처럼 달라질 수 있는 차원은 dynamic_shapes로 알려
    주어야 합니다.

    내보낸 파일은 PyTorch의 다른 버전에서 열리지 않을 수 있으니, 오래 보관할 것은 상태 사전으로
    저장하세요. 또 파일을 불러올 때 그 안의 코드가 실행될 수 있으니, 믿을 수 있는 파일만 여세요.
    """
    model = NeuralNetwork().eval()
    # 이미지 두 장. 한 장이면 배치 크기가 1로 굳어져 오류가 납니다
    example = torch.rand(2, 1, 28, 28)
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (example,), dynamic_shapes=({0: batch},))
    for node in program.graph.nodes:
        if node.op == "call_function":
            print(node.target)

    with saving(path) as file:
        torch.export.save(program, file)
    with open(path, "rb") as file:
        loaded = torch.export.load(file).module()
    for size in (1, 5):
        X = torch.rand(size, 1, 28, 28)
        same = torch.allclose(loaded(X), model(X), atol=1e-5)
        check(f"배치 크기가 {size}일 때 원래 모델과 출력이 같습니다", same)


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    device = torch.device(args.device)
    torch.manual_seed(args.seed)
    warnings.filterwarnings(
        "ignore", module="torch"
    )  # 버전에 따라 torch.export가 경고를 출력합니다

    begin("핵심", f"장치(device): {device}")
    model = teach(build_network, device)
    X = teach(call_model, model, device)
    teach(follow_batch, X)
    teach(count_parameters, model)
    teach(use_custom_layer)
    teach(find_mistakes)
    teach(compare_activations)
    teach(learn_two_rings, device, args.seed)
    teach(slide_kernel)
    teach(count_channels)
    teach(stack_blocks, device)
    teach(switch_modes)
    teach(read_state_dict)

    begin("더 알아보기")
    teach(switch_batch_norm)
    teach(use_hooks)
    teach(compare_initializations, device)
    teach(freeze_and_share)
    teach(export_and_load, OUTPUT_DIR / "model_exported.pt2")

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("6장 자동 미분(autograd.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser = argparse.ArgumentParser(description="5장. 신경망 만들기")
    parser.error = lambda message: parser.exit(
        2, f"오류: 잘못된 옵션입니다({message}). 도움말: --help\n"
    )
    add = parser.add_argument
    add("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    add("--device", choices=devices, default=devices[0], help="장치 (기본값: %(default)s)")
    add("--output-dir", default=OUTPUT_DIR, help="결과 폴더 (기본값: %(default)s)")
    add("--show", action="store_true", help="끝나면 페이지를 브라우저로 엽니다")
    add("--practice", action="store_true", help="연습 문제만 확인합니다")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 2**32 미만이어야 합니다")
    return args


def try_it_yourself():
    """직접 해 보기

    model.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저 예상해 보면
    더 재미있습니다.

    1) learn_two_rings 함수(8절)의 nn.ReLU를 nn.Tanh로 바꿔 보세요.
    2) 같은 함수의 width = 16을 width = 2로 바꿔 보세요.
    3) compare_initializations 함수(16절)의 depth = 12를 depth = 2로 바꿔 보세요.

    다음은 직접 실행해 확인한 결과입니다. 1)은 그림의 경계가 꺾인 선이 아니라 매끄러운 곡선이 되며,
    정확도는 여전히 높습니다. 2)는 가운데 계층이 내보내는 숫자가 둘뿐이어서 경계가 몇 번밖에 꺾이지
    못합니다. 고리를 다 둘러싸지 못해 정확도가 95%를 넘지 못하고 8절에 ✗가 표시됩니다. 3)은 어떻게
    초기화해도 손실이 줄어들어 16절에 ✗가 표시됩니다. 초기화는 신경망이 깊을수록 중요합니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def count_trainable(model):
    """학습할 매개변수, 즉 requires_grad가 True인 매개변수의 원소가 모두 몇 개인지 반환하세요.

    layer.requires_grad_(False)를 호출하면 layer의 매개변수는 모두 requires_grad가 False가
    되어 학습하지 않습니다. 이를 고정한다고 합니다(17절).
    예: nn.Linear(3, 4)이면 16이고, 고정했다면 0입니다.

    힌트: 4절에서 사용한 parameter.numel()에 조건을 붙여 보세요.
    """
    raise NotImplementedError


def conv_output_size(size, kernel_size, stride, padding):
    """높이가 size인 이미지를 nn.Conv2d에 전달했을 때 출력의 높이를 정수(int)로 반환하세요.

    예: size=28, kernel_size=3, stride=1, padding=1이면 28입니다.

    힌트: (입력 크기 + 2 * 패딩 - 커널 크기) // 스트라이드 + 1입니다. //는 나눈 몫을 구하며,
    1은 나눈 뒤에 더합니다.
    """
    raise NotImplementedError


def freeze_all_but_last(model):
    """nn.Sequential에서 마지막 모듈만 학습하도록 requires_grad를 설정하고 모델을 반환하세요.

    마지막 모듈이 고정되어 있었다면 고정을 풀어야 합니다.
    예: Linear가 2개인 모델이면 매개변수의 requires_grad가 [False, False, True, True]가
    됩니다.

    힌트: model.requires_grad_(False)로 모델 전체를 고정한 뒤에 마지막 모듈인 model[-1]에
    requires_grad_(True)를 호출해 보세요.
    """
    raise NotImplementedError


def residual_block(layer):
    """입력 x에 layer(x)를 더한 뒤 ReLU를 적용하는 nn.Module을 만들어 반환하세요.

    이렇게 입력을 더해 주는 블록을 잔차 블록(residual block)이라고 합니다.
    예: layer가 언제나 0을 반환하고 x가 [-1, 2]이면, 블록의 출력은 [0, 2]입니다.

    힌트: 11절의 ConvBlock 같은 클래스를 함수 안에 정의하고 그 객체를 반환하세요. layer는
    self의 속성으로 지정하고, 입력으로 받은 x의 값은 바꾸지 마세요.
    """
    raise NotImplementedError


class Times(nn.Module):
    """입력을 factor배로 만드는 계층입니다. 손으로 답을 확인하기 쉽습니다."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        return self.factor * x

    def extra_repr(self):
        return f"{self.factor.item():.0f}"


def read_integer(answer):
    """정수인지 확인합니다."""
    if not isinstance(answer, int):
        raise TypeError("정수(int)를 반환하세요")
    return answer


def read_frozen(answer):
    """매개변수마다 requires_grad를 읽습니다."""
    if not isinstance(answer, nn.Module):
        raise TypeError("모델을 반환하세요")
    return [parameter.requires_grad for parameter in answer.parameters()]


def read_block(answer):
    """블록에 [-1, 2]를 넣은 출력을 읽습니다."""
    if not isinstance(answer, nn.Module):
        raise TypeError("nn.Module을 상속받은 클래스의 객체를 반환하세요")
    if len(list(answer.parameters())) != 1:
        raise TypeError("layer가 등록되지 않았습니다. self의 속성으로 지정하세요")
    x = torch.tensor([-1.0, 2.0])
    output = answer(x)
    if x.tolist() != [-1.0, 2.0]:
        raise TypeError("입력 x를 바꾸지 마세요")
    return output


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 model.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고, 함수에서
    raise로 시작하는 줄을 지운 뒤 답을 작성합니다. python model.py --practice를 실행하면 맞는지 바로
    알려 줍니다. 모범 답안은 저장소의 tests/test_practice.py에 있습니다.
    """
    linear = nn.Linear(3, 4)
    frozen = nn.Linear(3, 4).requires_grad_(False)
    conv = nn.Conv2d(1, 2, kernel_size=3)
    practice(
        count_trainable,
        ((linear,), 16),
        ((frozen,), 0),
        ((nn.Sequential(frozen, conv),), 20),
        ((nn.Sequential(conv, frozen),), 20),
        read=read_integer,
    )
    practice(
        conv_output_size,
        ((28, 3, 1, 1), 28),
        ((28, 3, 1, 0), 26),
        ((10, 3, 3, 0), 3),
        ((32, 7, 3, 2), 10),
        read=read_integer,
    )
    last = nn.Linear(4, 2, bias=False)
    practice(
        freeze_all_but_last,
        ((nn.Sequential(linear, nn.ReLU(), nn.Linear(4, 2)),), [False, False, True, True]),
        ((nn.Sequential(linear, nn.BatchNorm1d(4), last),), [False] * 4 + [True]),
        ((nn.Sequential(nn.Linear(2, 3), frozen),), [False, False, True, True]),
        read=read_frozen,
    )
    practice(
        residual_block,
        ((Times(0.0),), [0, 2]),
        ((Times(1.0),), [0, 4]),
        ((Times(-2.0),), [1, 0]),
        read=read_block,
    )


# ---- 그림을 그리는 함수입니다. ----


def draw_activations():
    """활성화 함수 세 가지의 그래프를 한 그림에 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
    z = torch.linspace(-4, 4, 201)
    axis.plot(z.numpy(), torch.relu(z).numpy(), "-", color="#0072B2", label="ReLU")
    axis.plot(z.numpy(), torch.sigmoid(z).numpy(), "--", color="#D55E00", label="sigmoid")
    axis.plot(z.numpy(), torch.tanh(z).numpy(), "-.", color="#009E73", label="tanh")
    axis.set(title="Activation functions", xlabel="input", ylabel="output", ylim=(-1.5, 3))
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


@torch.no_grad()
def draw_two_rings(networks, points, labels):
    """신경망마다 예측한 고리를 배경색으로, 점을 그 위에 그립니다."""
    figure, axes = plt.subplots(1, len(networks), figsize=(9, 4.8), squeeze=False)
    line = torch.linspace(-2.8, 2.8, 201)
    y, x = torch.meshgrid(line, line, indexing="ij")  # 행은 y, 열은 x입니다
    grid = torch.stack([x.flatten(), y.flatten()], dim=1).to(points.device)
    edges = (-2.8, 2.8, -2.8, 2.8)
    for axis, (name, network) in zip(axes.flat, networks.items()):
        region = network(grid).argmax(dim=1).view(201, 201).cpu().numpy()
        axis.imshow(region, "RdBu_r", extent=edges, origin="lower", vmin=-1, vmax=2, alpha=0.7)
        for label, color, marker in ((0, "#0072B2", "o"), (1, "#D55E00", "^")):
            ring = points[labels == label].cpu()
            axis.scatter(ring[:, 0].numpy(), ring[:, 1].numpy(), s=14, c=color, marker=marker)
        axis.set(title=f"Activation: {name}", xlabel="x1", ylabel="x2")
    figure.suptitle("Two rings: points, and the predicted ring as the background")
    figure.tight_layout()
    return figure


def draw_convolution(image, kernel, output):
    """이미지, 커널, 출력을 숫자와 함께 그립니다. 테두리는 출력 하나와 그 입력입니다."""
    panels = {"image": image, "kernel": kernel, "output": output}
    ratios = [tensor.shape[1] for tensor in panels.values()]
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), width_ratios=ratios, layout="constrained")
    for axis, (name, tensor) in zip(axes, panels.items()):
        axis.imshow(tensor.numpy(), cmap="PuOr_r", vmin=-6, vmax=6)
        for row, values in enumerate(tensor.tolist()):
            for column, value in enumerate(values):
                axis.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=11)
        axis.set(title=f"{name} {list(tensor.shape)}", xticks=[], yticks=[])
    for axis, left, size in ((axes[0], 2, 3), (axes[2], 2, 1)):
        corner = (left - 0.5, -0.5)
        axis.add_patch(plt.Rectangle(corner, size, size, fill=False, color="#0072B2", linewidth=4))
    figure.suptitle("Convolution: framed values of the image * kernel, added up = framed output")
    return figure


def draw_initializations(rows):
    """초기화마다 계층별 차이와 학습 손실을 그립니다. 발산한 곳에는 x를 표시합니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    looks = [("#CC79A7", "-", 5), ("#D55E00", "--", 2), ("#0072B2", "-", 2), ("#009E73", "-.", 2)]
    for (name, row), (color, style, width) in zip(rows.items(), looks):
        layers = range(1, len(row["spreads"]) + 1)
        left.plot(layers, row["spreads"], style, color=color, linewidth=width, label=name)
        finite = [loss for loss in row["losses"] if math.isfinite(loss)]
        right.plot(finite, style, color=color, linewidth=width)
        if len(finite) < len(row["losses"]):
            last = len(finite) - 1
            right.plot(last, finite[-1], "x", color=color, markersize=10, markeredgewidth=3)
            right.annotate("diverged (nan)", (last, finite[-1]), xytext=(last + 4, finite[-1]))
    left.set(title="Spread between samples", xlabel="hidden layer", yscale="log")
    right.set(title="Training loss (SGD)", xlabel="step", yscale="log")
    left.legend(fontsize=9)
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


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("실행을 중단했습니다. 이미 저장한 파일은 그대로 있습니다.")
    except BrokenPipeError:  # 출력을 head나 less로 보내고 먼저 닫은 경우
        os._exit(1)
