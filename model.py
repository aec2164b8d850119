"""5장. 신경망 만들기: 계층을 쌓고, 들여다보고, 고치고, 내보냅니다.

신경망(neural network)은 계층(layer)을 모아 만듭니다. PyTorch에서는 계층도 신경망도 모두 모듈(nn.Module)입니다.
이 장에서는 신경망을 만들어 한 계층씩 따라가 봅니다. 활성화 함수가 왜 있어야 하는지, 처음 가중치를 왜 잘 골라야 하는지도 봅니다.
데이터를 내려받지 않습니다. 이미지는 난수로, 점은 식으로 만듭니다.

실행 방법
    python model.py                  # 처음부터 끝까지
    python model.py --seed 1         # 난수를 바꾸어 봅니다
    python model.py --device cpu     # GPU가 있어도 CPU로 합니다
    python model.py --show           # 그림을 창으로도 봅니다
    python model.py --help           # 모든 옵션

차례
     1. 모듈: 신경망은 모듈 속의 모듈입니다            NeuralNetwork, create_network
     2. 부르기: 로짓에서 확률과 답까지 갑니다          call_the_model
     3. 한 계층씩: 모양이 어떻게 바뀌는지 봅니다       walk_through_layers
     4. 매개변수: 이름, 크기, 값을 보고 셉니다         look_at_parameters
     5. 계층 표: 훅으로 출력 모양을 모읍니다           trace_layers, print_layer_table
     6. 활성화 함수: 직선을 꺾습니다                   compare_activation_functions
     7. 접기: ReLU가 없으면 두 계층이 하나입니다       collapse_two_linear_layers
     8. 두 고리: 직선으로 나눌 수 없는 점을 나눕니다   learn_two_rings, draw_two_rings
     9. 합성곱: 작은 필터를 밀고 다닙니다              slide_a_filter
    10. 블록: 내 모듈을 쌓아 신경망을 만듭니다         ConvBlock, ConvNetwork, compare_with_convolutions
    11. 드롭아웃: 학습할 때만 일부를 끕니다            switch_dropout
    12. 배치 정규화: 모드에 따라 기준이 다릅니다       switch_batch_norm
    13. 초기화: 처음 가중치가 운명을 정합니다          compare_initializations, draw_activations
    14. 얼리기: 일부 매개변수를 그대로 둡니다          freeze_a_layer
    15. 나누어 쓰기: 한 계층을 두 번 씁니다            share_a_layer
    16. 상태 사전: 키와 값을 봅니다                    read_state_dict
    17. 내보내기: 클래스 없이도 열리는 파일입니다      export_and_load
    18. 첫 계층: 학습하지 않은 가중치를 그립니다       look_at_first_layer, draw_first_layer

다음 장은 autograd.py입니다.
"""

import argparse
import copy
import math
import os
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from torch import nn
from torch.nn import functional as F


class NeuralNetwork(nn.Module):
    """신경망은 nn.Module을 상속합니다. 입력 [N, 1, 28, 28], 출력은 로짓(logit) [N, 10]입니다.

    nn.Module은 매개변수(parameter)를 모아 두고, GPU로 옮기기, 저장하기, 내보내기를 돕습니다.
    구조는 PyTorch 공식 빠른 시작과 같습니다. 그래서 model.pth를 서로 바꾸어 열 수 있습니다.
    """

    def __init__(self):  # 계층(layer)을 정합니다
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )

    def forward(self, x):  # 데이터가 지나가는 길, 순전파(forward)를 정합니다
        return self.linear_relu_stack(self.flatten(x))


def create_network(device):
    """신경망은 계층, 곧 모듈이 모인 것입니다. 계층 하나도 nn.Module이고, 전체도 nn.Module입니다.

    모듈 안에 모듈을 넣을 수 있으므로, 큰 구조도 작은 부품으로 나누어 다룰 수 있습니다.
    클래스는 설계도이고, NeuralNetwork()로 만든 것이 실제 신경망입니다. to(device)가 그것을 장치로 옮깁니다.
    """
    print("\n== 1. 모듈(nn.Module) ==")
    model = NeuralNetwork().to(device)
    print(model)
    print("신경망은 계층(layer)을 모아 만듭니다. 계층도 신경망도 모두 nn.Module입니다.")
    print("계층은 __init__에서 정하고, 데이터가 지나가는 길은 forward에서 정합니다.")
    print("모듈 안에 모듈이 들어 있습니다. 바깥부터 차례로 적으면 이렇습니다.")
    for name, module in model.named_modules():
        print(f"    {name or '(model)':<22} {type(module).__name__}")
        assert isinstance(module, nn.Module)
    assert len(list(model.modules())) == 8  # 전체, Flatten, Sequential, Linear 셋, ReLU 둘
    assert all(parameter.device.type == device.type for parameter in model.parameters())
    print(f"to(device)가 안에 든 것까지 한꺼번에 장치(device) {device}로 옮겼습니다.")
    return model


def call_the_model(model, X):
    """모델은 함수처럼 부릅니다: model(X). model.forward(X)를 직접 부르지 않습니다.

    model(X)는 forward를 부르고, 그 앞뒤에서 훅(hook)도 실행합니다. 훅은 모듈에 걸어 두는 함수입니다.
    출력은 로짓(logit)입니다. 음수도 있고 1보다 클 수도 있는 점수입니다. softmax가 이것을 확률로 바꿉니다.
    """
    print("\n== 2. 모델 부르기 ==")
    logits = model(X)
    probabilities = nn.Softmax(dim=1)(logits)
    answers = probabilities.argmax(dim=1)
    print(f"입력 X의 모양(shape) {list(X.shape)}: 난수로 만든 이미지 {len(X)}장입니다.")
    print(f"model(X)의 모양 {list(logits.shape)}: 이미지마다 클래스 열 개의 로짓(logit), 곧 점수가 나옵니다.")
    print(f"    첫 이미지의 로짓   {as_text(logits[0])}")
    print(f"    Softmax(dim=1)     {as_text(probabilities[0])}")
    print(f"확률을 더하면 이미지마다 1입니다: {as_text(probabilities.sum(dim=1))}")
    print(f"argmax가 가장 큰 자리를 답으로 고릅니다: {answers.tolist()}  (아직 배우지 않았으므로 뜻은 없습니다)")
    assert logits.shape == (len(X), 10) and torch.allclose(probabilities.sum(dim=1), torch.ones_like(X[:, 0, 0, 0]))
    assert torch.equal(answers, logits.argmax(dim=1))  # softmax는 순서를 바꾸지 않습니다

    calls = []
    hook = model.register_forward_hook(lambda module, inputs, output: calls.append(type(module).__name__))
    assert torch.allclose(model.forward(X), logits) and calls == []  # 값은 같지만 훅이 빠집니다
    print(f"model.forward(X)를 직접 부르면 걸어 둔 훅(hook)이 실행되지 않습니다: {len(calls)}번")
    model(X)
    hook.remove()
    print(f"model(X)로 부르면 실행됩니다: {len(calls)}번. 그래서 늘 model(X)로 부릅니다.")
    assert calls == ["NeuralNetwork"]


def walk_through_layers(X):
    """미니배치(mini-batch)는 한 번에 넣는 샘플 몇 개입니다. 이미지 세 장을 한 계층씩 통과시켜 봅니다.

    nn.Flatten     이미지를 한 줄로 폅니다. 배치 차원(dim=0)은 그대로입니다.
    nn.Linear      x @ W.T + b를 계산합니다. W는 가중치(weight), b는 편향(bias)입니다.
    nn.ReLU        음수를 0으로 바꿉니다. 대표적인 활성화 함수(activation function)입니다.
    nn.Sequential  여러 모듈을 적은 순서대로 통과시킵니다.
    nn.Softmax     로짓을 확률로 바꿉니다. dim=1은 클래스 열 개가 놓인 차원입니다.
    """
    print("\n== 3. 한 계층씩 ==")
    device = X.device
    flat = nn.Flatten()(X)
    print(f"미니배치(mini-batch): 이미지 {len(X)}장    {list(X.shape)}")
    print(f"Flatten이 한 줄로 폅니다           {list(X.shape)} -> {list(flat.shape)}")
    assert torch.equal(flat, X.reshape(3, 784))

    linear = nn.Linear(28 * 28, 20).to(device)
    hidden = linear(flat)
    print(f"Linear가 x @ W.T + b를 계산합니다  {list(flat.shape)} -> {list(hidden.shape)}")
    print(f"    가중치(weight) W {list(linear.weight.shape)}, 편향(bias) b {list(linear.bias.shape)}")
    assert torch.allclose(hidden, flat @ linear.weight.T + linear.bias, atol=1e-5)

    active = nn.ReLU()(hidden)
    print(f"ReLU가 음수를 0으로 바꿉니다       {list(hidden.shape)} -> {list(active.shape)}")
    print(f"    ReLU 앞  {as_text(hidden[0, :8])}")
    print(f"    ReLU 뒤  {as_text(active[0, :8])}")
    assert torch.equal(active, hidden.clamp(min=0))

    output = nn.Linear(20, 10).to(device)
    stack = nn.Sequential(nn.Flatten(), linear, nn.ReLU(), output)  # 위에서 쓴 바로 그 계층들입니다
    logits = stack(X)
    print(f"Sequential이 차례로 통과시킵니다   {list(X.shape)} -> {list(logits.shape)}")
    assert torch.allclose(logits, output(active), atol=1e-5)

    probabilities = nn.Softmax(dim=1)(logits)
    by_hand = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    print(f"Softmax가 확률로 바꿉니다          {list(logits.shape)} -> {list(probabilities.shape)}")
    print(f"    exp(로짓)을 그 합으로 나눈 것입니다. 첫 이미지의 합: {probabilities[0].sum():.2f}")
    assert torch.allclose(probabilities, by_hand, atol=1e-6)

    try:
        stack(X[:, :, :20, :20])  # 20x20 이미지는 펴면 400개입니다
    except RuntimeError as error:
        print(f"크기가 다른 이미지를 넣으면 Linear에서 멈춥니다: {short_message(error)}")
        print("    400은 20x20을 편 개수이고, 784는 Linear가 받기로 한 개수입니다.")
    else:
        raise AssertionError("오류가 나야 합니다")


def look_at_parameters(model):
    """매개변수(parameter)는 학습하면서 고칠 텐서(tensor)입니다. Linear에는 가중치와 편향이 있습니다.

    nn.Module은 속성으로 넣은 계층을 알아보고, 그 매개변수를 이름과 함께 모아 둡니다.
    손으로 셀 때에는 계층마다 (입력 수 + 1) x 출력 수입니다. 더한 1은 편향입니다.
    """
    print("\n== 4. 매개변수(parameter) ==")
    print("매개변수는 학습하면서 고칠 텐서(tensor)입니다. named_parameters()가 이름과 함께 꺼내 줍니다.")
    for name, parameter in model.named_parameters():
        print(f"    {name:<26} {str(list(parameter.shape)):<11} 처음 값 {as_text(parameter.flatten()[:3], 4)}")
        assert isinstance(parameter, nn.Parameter) and parameter.requires_grad
    by_code = sum(parameter.numel() for parameter in model.parameters())
    print("손으로 셉니다. Linear 하나는 (입력 수 + 1) x 출력 수입니다. 더한 1은 편향입니다.")
    print(f"    (784 + 1) x 512 + (512 + 1) x 512 + (512 + 1) x 10 = {785 * 512 + 513 * 512 + 513 * 10}")
    print(f"코드로 셉니다. sum(p.numel() for p in model.parameters()) = {by_code}")
    assert by_code == 785 * 512 + 513 * 512 + 513 * 10

    holder = nn.Module()
    holder.layers = [nn.Linear(2, 2)]  # 흔한 실수: 보통 list에 넣은 계층은 찾지 못합니다
    in_list = sum(parameter.numel() for parameter in holder.parameters())
    holder.layers = nn.ModuleList(holder.layers)
    in_module_list = sum(parameter.numel() for parameter in holder.parameters())
    print(f"Linear(2, 2)를 list에 담으면 {in_list}개, nn.ModuleList에 담으면 {in_module_list}개가 보입니다.")
    print("    list 속의 매개변수는 학습도 저장도 되지 않습니다. 여러 계층은 nn.ModuleList에 담으십시오.")
    assert (in_list, in_module_list) == (0, 6)


def trace_layers(model, X):
    """모델에 X를 한 번 통과시키고, 말단 계층마다 (이름, 종류, 출력 모양, 매개변수 수)를 모읍니다.

    순전파(forward) 훅은 모듈이 계산을 마칠 때마다 불리는 함수입니다. 모듈의 코드를 고치지 않고 출력을 볼 수 있습니다.
    훅은 떼지 않으면 계속 남습니다. 그래서 오류가 나더라도 finally에서 모두 뗍니다.
    """
    rows, hooks = [], []
    for name, module in model.named_modules():
        if list(module.children()):  # 다른 모듈을 담기만 하는 것은 건너뜁니다
            continue

        def remember(module, inputs, output, name=name):
            count = sum(parameter.numel() for parameter in module.parameters())
            rows.append((name, type(module).__name__, list(output.shape), count))

        hooks.append(module.register_forward_hook(remember))
    try:
        with torch.no_grad():
            model(X)
    finally:
        for hook in hooks:
            hook.remove()

    collected = len(rows)
    with torch.no_grad():
        model(X)
    assert len(rows) == collected  # 남은 훅이 있었다면 줄이 늘었을 것입니다
    return rows


def print_layer_table(model, X):
    """신경망을 표로 봅니다. 출력 모양을 알면 다음 계층의 입력 크기를 정할 수 있습니다."""
    print("\n== 5. 계층 표 ==")
    print("순전파(forward) 훅을 계층마다 걸고 한 번 통과시켰습니다. 그 뒤에는 훅을 모두 뗐습니다.")
    rows = trace_layers(model, X)
    print_rows(rows)
    assert [shape for name, kind, shape, count in rows] == [[3, n] for n in (784, 512, 512, 512, 512, 10)]
    assert sum(count for *_, count in rows) == sum(parameter.numel() for parameter in model.parameters())
    print("Flatten과 ReLU에는 배울 것이 없습니다. 매개변수는 모두 Linear에 있습니다.")


def compare_activation_functions():
    """활성화 함수(activation function)는 선형 변환 뒤에 붙여 비선형성을 넣습니다.

    비선형성이 있어야 신경망이 여러 가지 관계를 배울 수 있습니다. ReLU는 계산이 쉬워 가장 먼저 써 볼 만합니다.
    """
    print("\n== 6. 활성화 함수(activation function) ==")
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    print("선형 변환(Linear) 뒤에 활성화 함수를 붙입니다. 값마다 따로 적용하므로 모양은 그대로입니다.")
    print(f"    x        {as_text(x)}")
    print(f"    ReLU     {as_text(F.relu(x))}  음수는 0, 나머지는 그대로")
    print(f"    Sigmoid  {as_text(F.sigmoid(x))}  0과 1 사이")
    print(f"    Tanh     {as_text(F.tanh(x))}  -1과 1 사이")
    print(f"    GELU     {as_text(F.gelu(x))}  부드러운 ReLU")
    assert torch.equal(F.relu(x), torch.tensor([0.0, 0.0, 0.0, 1.0, 2.0]))
    assert torch.allclose(F.sigmoid(x), 1 / (1 + (-x).exp())) and torch.allclose(F.tanh(x), 2 * F.sigmoid(2 * x) - 1)

    a, b = torch.tensor(-2.0), torch.tensor(1.0)
    print("선형이라면 f(a) + f(b) = f(a + b)입니다. ReLU는 그렇지 않습니다.")
    print(f"    relu(-2) + relu(1) = {F.relu(a) + F.relu(b):.0f},  relu(-2 + 1) = {F.relu(a + b):.0f}")
    assert F.relu(a) + F.relu(b) != F.relu(a + b)
    print("이렇게 꺾인 곳이 있어서, 신경망이 직선이 아닌 여러 가지 관계를 배울 수 있습니다.")


def collapse_two_linear_layers():
    """ReLU 없이 쌓은 두 Linear는 Linear 하나와 같습니다. 그 하나를 계산해 봅니다.

    W2 @ (W1 @ x + b1) + b2 = (W2 @ W1) @ x + (W2 @ b1 + b2)
    """
    print("\n== 7. 두 선형 계층을 하나로 접기 ==")
    first, second, single = nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(4, 3)
    with torch.no_grad():
        single.weight.copy_(second.weight @ first.weight)
        single.bias.copy_(second.weight @ first.bias + second.bias)
        x = torch.randn(6, 4)
        stacked, collapsed, bent = second(first(x)), single(x), second(F.relu(first(x)))
    print("두 계층의 식을 풀면 가중치가 W2 @ W1이고 편향이 W2 @ b1 + b2인 한 계층이 됩니다.")
    print(f"    W2 {list(second.weight.shape)} @ W1 {list(first.weight.shape)} -> W {list(single.weight.shape)}")
    print(f"    두 계층          {as_text(stacked[0], 4)}")
    print(f"    접은 한 계층     {as_text(collapsed[0], 4)}  같습니다")
    print(f"    사이에 ReLU      {as_text(bent[0], 4)}  다릅니다")
    assert torch.allclose(stacked, collapsed, atol=1e-6) and not torch.allclose(stacked, bent, atol=1e-3)
    print("ReLU가 없으면 몇 계층을 쌓아도 한 계층만큼만 배웁니다. 매개변수만 늘어납니다.")


def make_two_rings(n):
    """점 [n, 2]와 정답(label) [n]을 만듭니다. 안쪽 고리가 0, 바깥 고리가 1입니다. 직선으로는 나눌 수 없습니다."""
    labels = torch.arange(n) % 2
    angle = 2 * math.pi * torch.rand(n)
    radius = 1 + labels + 0.15 * torch.randn(n)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), labels


def build_point_network(activation):
    """점 [N, 2]를 받아 로짓 [N, 2]를 내는 작은 신경망입니다. 활성화 함수만 바꿀 수 있습니다."""
    return nn.Sequential(nn.Linear(2, 16), activation, nn.Linear(16, 16), activation, nn.Linear(16, 2))


def train_on_points(name, model, points, labels, optimizer, steps):
    """모든 점을 한꺼번에 넣고 steps걸음 학습하여 마지막 손실을 돌려줍니다. 학습은 7장에서 자세히 봅니다."""
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(points), labels)
        loss.backward()
        optimizer.step()
        if step == 1 or step % 50 == 0:
            print(f"    {name}  [{step:>3}/{steps}]  손실 {loss.item():.4f}", flush=True)
    return loss.item()


def learn_two_rings(device):
    """같은 신경망을 ReLU가 있을 때와 없을 때로 나누어 학습합니다. 시작하는 가중치까지 같습니다.

    nn.Identity()는 아무것도 하지 않는 계층입니다. ReLU 자리에 넣으면 직선만 남습니다.
    """
    print("\n== 8. 직선으로 나눌 수 없는 두 고리 ==")
    print("안쪽 고리와 바깥 고리의 점 400개를 가릅니다. 직선 하나로는 나눌 수 없습니다.")
    points, labels = (tensor.to(device) for tensor in make_two_rings(400))
    networks = {
        "without ReLU": build_point_network(nn.Identity()).to(device),
        "with ReLU": build_point_network(nn.ReLU()).to(device),
    }
    networks["without ReLU"].load_state_dict(networks["with ReLU"].state_dict())
    accuracies = {}
    for (name, network), label in zip(networks.items(), ("ReLU 없음", "ReLU 있음")):
        optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
        train_on_points(label, network, points, labels, optimizer, steps=100)
        with torch.no_grad():
            hits = network(points).argmax(dim=1) == labels
        accuracies[name] = 100 * hits.float().mean().item()
    without, with_relu = accuracies.values()
    print(f"정확도: ReLU 없음 {without:.1f}%, ReLU 있음 {with_relu:.1f}%")
    assert with_relu > 95 and without < 75
    print("ReLU가 없으면 경계가 직선입니다. ReLU가 있으면 꺾인 직선을 이어 고리를 두릅니다.")
    return draw_two_rings(networks, accuracies, points, labels)


def draw_two_rings(networks, accuracies, points, labels):
    """평면의 자리마다 어느 고리로 예측하는지 색으로 칠하고, 그 위에 점을 그립니다."""
    axis_values = torch.linspace(-2.9, 2.9, 300)
    grid = torch.cartesian_prod(axis_values, axis_values).flip(1).to(points.device)  # 행은 y, 열은 x입니다
    figure, axes = plt.subplots(1, 2, figsize=(10, 5.4), layout="constrained", sharey=True)
    x, y = points.cpu().numpy().T
    labels = labels.cpu().numpy()
    for axis, (name, network) in zip(axes, networks.items()):
        with torch.no_grad():
            region = network(grid).argmax(dim=1).view(300, 300).cpu().numpy()
        colors = ListedColormap(["#B3D4EA", "#F5CDB0"])
        axis.imshow(region, extent=(-2.9, 2.9, -2.9, 2.9), origin="lower", cmap=colors, vmin=0, vmax=1)
        for label, ring, color, marker in ((0, "inner ring", "#0072B2", "o"), (1, "outer ring", "#D55E00", "^")):
            axis.scatter(x[labels == label], y[labels == label], s=16, c=color, marker=marker, label=ring)
        axis.set(title=f"{name}: accuracy {accuracies[name]:.1f}%", xlabel="x1")
    axes[0].set_ylabel("x2")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle("Same network, same start. Background color: predicted ring")
    return figure


def slide_a_filter():
    """합성곱(convolution)은 작은 필터를 이미지 위에서 밀며, 겹친 값끼리 곱해 더합니다.

    Linear는 모든 픽셀을 모든 출력에 따로따로 잇습니다. 합성곱은 자리마다 같은 필터를 다시 씁니다.
    그래서 매개변수가 적고, 무늬가 어디에 있든 똑같이 찾습니다. 필터의 값도 학습할 매개변수입니다.
    """
    print("\n== 9. 합성곱(convolution) ==")
    image = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]] * 4)  # 왼쪽은 어둡고 오른쪽은 밝습니다
    conv = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=3, bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([[-1.0, 0.0, 1.0]] * 3))  # 세로 경계를 찾는 필터를 손으로 넣습니다
        output = conv(image.view(1, 1, 4, 6))[0, 0]
    print("작은 필터를 이미지 위에서 밀며, 겹친 값끼리 곱해 더합니다.")
    print(f"    이미지 [4, 6]의 한 행     {as_text(image[0], 0)}")
    print(f"    필터 [3, 3]의 한 행       {as_text(conv.weight[0, 0, 0], 0)}")
    print(f"    출력 {list(output.shape)}의 한 행       {as_text(output[0], 0)}  밝기가 바뀌는 자리에서만 큽니다")
    assert torch.equal(output, torch.tensor([[0.0, 3.0, 3.0, 0.0]] * 2))
    by_hand = (image[0:3, 1:4] * conv.weight[0, 0]).sum()
    assert by_hand == output[0, 1] == 3

    linear = nn.Linear(24, 8)  # 같은 크기의 입력과 출력을 Linear로 이으면
    print("자리마다 같은 필터를 다시 쓰므로 매개변수가 적고, 무늬가 어디에 있든 똑같이 찾습니다.")
    print(f"매개변수: 이 합성곱 {conv.weight.numel()}개, 같은 크기의 Linear {linear.weight.numel()}개 (편향은 뺐습니다)")
    assert (conv.weight.numel(), linear.weight.numel()) == (9, 192)


class ConvBlock(nn.Module):
    """합성곱, ReLU, 줄이기를 묶은 블록입니다. 높이와 너비가 절반이 됩니다."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)  # 둘레에 0을 붙여 크기를 지킵니다
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)  # 2x2마다 가장 큰 값만 남깁니다

    def forward(self, x):
        return self.pool(self.relu(self.conv(x)))


class ConvNetwork(nn.Module):
    """ConvBlock 두 개와 Linear 하나로 만든 작은 합성곱 신경망입니다. [N, 1, 28, 28]을 받아 로짓 [N, 10]을 냅니다."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(ConvBlock(1, 8), ConvBlock(8, 16))
        self.flatten = nn.Flatten()
        self.output = nn.Linear(16 * 7 * 7, 10)

    def forward(self, x):
        return self.output(self.flatten(self.blocks(x)))


def compare_with_convolutions(model, X):
    """내가 만든 블록도 nn.Module이므로, 준비된 계층과 똑같이 쌓습니다. 모듈 속의 모듈 속의 모듈입니다."""
    print("\n== 10. 블록을 쌓은 합성곱 신경망 ==")
    network = ConvNetwork().to(X.device)
    print("ConvBlock 하나에 합성곱, ReLU, MaxPool이 들어 있습니다. 블록을 둘 쌓았습니다.")
    print_rows(trace_layers(network, X))
    with torch.no_grad():
        shapes = [list(net(X).shape) for net in (model, network)]
    mlp, cnn = (sum(parameter.numel() for parameter in net.parameters()) for net in (model, network))
    print("손으로 셉니다. 합성곱 하나는 (입력 채널 x 3 x 3 + 1) x 출력 채널입니다.")
    print(f"    (1 x 9 + 1) x 8 + (8 x 9 + 1) x 16 + (16 x 7 x 7 + 1) x 10 = {10 * 8 + 73 * 16 + 785 * 10}")
    assert cnn == 10 * 8 + 73 * 16 + 785 * 10
    print("두 신경망을 나란히 놓습니다.")
    print(f"    NeuralNetwork (Linear 셋)      매개변수 {mlp:>6}개  출력 {shapes[0]}")
    print(f"    ConvNetwork (블록 둘, Linear)  매개변수 {cnn:>6}개  출력 {shapes[1]}")
    print(f"출력 모양이 같으므로 서로 바꾸어 쓸 수 있습니다. 매개변수는 약 {mlp / cnn:.0f}분의 1입니다.")
    assert shapes[0] == shapes[1] == [len(X), 10] and mlp > 70 * cnn


def switch_dropout():
    """드롭아웃은 학습할 때 값의 일부를 아무렇게나 골라 0으로 만듭니다. 한 값에만 기대지 않게 하려는 것입니다.

    남은 값은 1 / (1 - p)배로 키워 평균을 지킵니다. 평가할 때에는 아무것도 하지 않습니다.
    model.train()과 model.eval()은 안에 든 모든 모듈의 모드를 바꿉니다.
    """
    print("\n== 11. 학습/평가 모드(train/eval mode): 드롭아웃(dropout) ==")
    dropout = nn.Dropout(p=0.5)
    x = torch.ones(8)
    dropout.train()
    print("드롭아웃은 학습할 때 값의 일부를 0으로 만들고, 남은 값을 키워 평균을 지킵니다 (p=0.5이면 2배).")
    print(f"    입력            {as_text(x, 0)}")
    print(f"    train() 첫 번째 {as_text(dropout(x), 0)}")
    print(f"    train() 두 번째 {as_text(dropout(x), 0)}  부를 때마다 다릅니다")
    many = dropout(torch.ones(10000))
    dropout.eval()
    print(f"    eval()          {as_text(dropout(x), 0)}  그대로입니다")
    print(f"1을 10000개 넣으면 학습 모드에서도 평균이 1에 가깝습니다: {many.mean():.3f}")
    assert set(many.tolist()) == {0.0, 2.0} and abs(many.mean() - 1) < 0.1
    assert torch.equal(dropout(x), x)

    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), nn.Dropout(0.5)))
    model.eval()
    assert not any(module.training for module in model.modules())
    model.train()
    assert all(module.training for module in model.modules())
    print("model.eval()과 model.train()은 안에 든 모듈의 모드까지 모두 바꿉니다. 매개변수는 건드리지 않습니다.")


def switch_batch_norm():
    """배치 정규화는 특징(feature)마다 평균을 0, 분산을 1로 맞춥니다. 학습이 안정됩니다.

    학습 모드에서는 지금 배치의 평균과 분산으로 맞추고, 그 값을 조금씩(10%) 기억해 둡니다.
    평가 모드에서는 기억해 둔 값으로 맞춥니다. 그래서 결과가 옆에 있는 샘플에 따라 달라지지 않습니다.
    """
    print("\n== 12. 학습/평가 모드(train/eval mode): 배치 정규화(batch normalization) ==")
    norm = nn.BatchNorm1d(1)
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])  # 평균 2.5, 분산 1.25 (n으로 나눔)
    with torch.no_grad():
        norm.train()
        trained = norm(x)
        print("배치 정규화는 특징(feature)마다 평균을 0, 분산을 1로 맞춥니다.")
        print("학습 모드에서는 지금 배치의 평균과 분산으로 맞추고, 그 값을 10%씩 기억해 둡니다.")
        print(f"    입력    {as_text(x[:, 0])}")
        print(f"    train() {as_text(trained[:, 0])}  평균 {trained.mean():.2f}, 분산 {trained.var(correction=0):.2f}")
        print(f"    기억한 평균 {norm.running_mean.item():.3f} = 0.9 x 0 + 0.1 x 2.5")
        print(f"    기억한 분산 {norm.running_var.item():.3f} = 0.9 x 1 + 0.1 x 1.667 (기억할 때에는 n-1로 나눔)")
        assert torch.allclose(trained, (x - 2.5) / math.sqrt(1.25 + norm.eps), atol=1e-5)
        assert math.isclose(norm.running_mean.item(), 0.25, rel_tol=1e-5)
        assert math.isclose(norm.running_var.item(), 0.9 + 0.1 * 5 / 3, rel_tol=1e-5)

        norm.eval()
        evaluated = norm(x)
        print("평가 모드에서는 기억한 값으로 맞춥니다. 아직 한 번만 보았으므로 배치의 값과 다릅니다.")
        print(f"    eval()  {as_text(evaluated[:, 0])}")
        assert torch.allclose(evaluated, (x - 0.25) / math.sqrt(0.9 + 0.5 / 3 + norm.eps), atol=1e-5)
        assert torch.allclose(norm(x[:1]), evaluated[:1])  # 혼자 넣어도 같은 값입니다
        norm.train()
        for _ in range(99):
            norm(x)
        norm.eval()
        print(f"100번 보고 나면 기억한 평균이 {norm.running_mean.item():.3f}, 출력이 {as_text(norm(x)[:, 0])}입니다.")
        assert abs(norm.running_mean.item() - 2.5) < 0.001

        try:
            norm.train()(x[:1])
        except ValueError as error:
            print(f"학습 모드에서 샘플 하나만 넣으면 오류입니다: {short_message(error)}")
            print("    하나로는 분산을 잴 수 없습니다. 예측하기 전에 model.eval()을 부르십시오.")
        else:
            raise AssertionError("오류가 나야 합니다")


def build_deep_network():
    """은닉 계층이 12개인 신경망을 Kaiming 초기화로 시작합니다.

    가중치의 표준편차가 sqrt(2 / 입력 수)입니다. ReLU가 절반을 0으로 만드는 것까지 셈에 넣은 값입니다.
    """
    layers, width = [], 2
    for _ in range(12):
        layers += [nn.Linear(width, 64), nn.ReLU()]
        width = 64
    network = nn.Sequential(*layers, nn.Linear(width, 2))
    for layer in network[::2]:  # Linear만
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return network


def scale_weights(network, scale):
    """가중치를 모두 scale배로 바꾼 사본을 돌려줍니다."""
    network = copy.deepcopy(network)
    with torch.no_grad():
        for layer in network[::2]:
            layer.weight.mul_(scale)
    return network


def hidden_activations(network, points):
    """ReLU를 지난 값(활성값)을 계층마다 모읍니다."""
    activations = []
    with torch.no_grad():
        for layer in network:
            points = layer(points)
            if isinstance(layer, nn.ReLU):
                activations.append(points.cpu())
    return activations


def compare_initializations(device):
    """계층을 하나 지날 때마다 값이 몇 배가 되는지를 처음 가중치가 정합니다. 12계층이면 그 배수를 12번 곱합니다.

    너무 작으면 출력이 0에 가까워 입력을 구별하지 못하고, 변화도(gradient)도 0에 가까워 배우지 못합니다.
    너무 크면 값이 터집니다. Kaiming 초기화는 배수가 1쯤 되게 합니다.
    """
    print("\n== 13. 초기화(initialization) ==")
    print("은닉 계층 12개를 쌓고 처음 가중치의 크기만 바꿉니다. 계층을 지날 때마다 값이 몇 배가 되는지 봅니다.")
    points, labels = (tensor.to(device) for tensor in make_two_rings(400))
    kaiming = build_deep_network().to(device)
    print("Kaiming 초기화는 표준편차를 sqrt(2 / 입력 수)로 합니다. 입력이 64개이면 0.177입니다.")
    print(f"    실제로 뽑힌 가중치의 표준편차: {kaiming[2].weight.std():.3f}")
    assert abs(kaiming[2].weight.std() - math.sqrt(2 / 64)) < 0.02

    activations, growth, final_loss = {}, {}, {}
    for scale, name in ((0.3, "너무 작게"), (1.0, "Kaiming"), (3.0, "너무 크게")):
        network = scale_weights(kaiming, scale)
        activations[scale] = hidden_activations(network, points)
        first, last = (activations[scale][i].std().item() for i in (0, -1))
        print(f"{name} ({scale}배): 활성값의 표준편차가 첫 계층 {first:.1e}, 열두째 계층 {last:.1e}")
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
        final_loss[scale] = train_on_points(f"{scale}배", network, points, labels, optimizer, steps=50)
        with torch.no_grad():
            probabilities = F.softmax(network(points), dim=1)
        print(f"    학습한 뒤의 확률: {probabilities.min():.3f} ~ {probabilities.max():.3f}")
        growth[scale] = last / first
    assert growth[0.3] < 1e-4 and 0.05 < growth[1.0] < 20 and growth[3.0] > 1e3
    assert abs(final_loss[0.3] - math.log(2)) < 0.01  # 두 클래스를 찍을 때의 손실은 log 2 = 0.693입니다
    assert final_loss[1.0] < 0.5 and not final_loss[3.0] < 0.5  # nan은 어떤 비교에서도 거짓입니다
    print("너무 작으면 출력이 모두 0에 가까워, 확률 0.5씩으로 찍는 것(손실 0.693)에서 움직이지 못합니다.")
    print("너무 크면 값이 터집니다. nan은 수가 아니라는 뜻이고, 한 번 생기면 그 뒤의 계산이 모두 nan이 됩니다.")
    print("Kaiming 초기화는 값의 크기를 지켜서, 깊은 신경망도 배우게 합니다.")
    return draw_activations(activations)


def draw_activations(activations):
    """왼쪽은 계층마다 활성값의 표준편차, 오른쪽은 0보다 큰 활성값의 크기가 어떻게 퍼져 있는지입니다."""
    panels = [["line", scale] for scale in activations]
    figure, axes = plt.subplot_mosaic(panels, figsize=(11, 7.5), layout="constrained")
    styles = (("too small", "#0072B2", "o-"), ("Kaiming", "#009E73", "s--"), ("too large", "#D55E00", "^:"))
    for (scale, layers), (name, color, style) in zip(activations.items(), styles):
        name = f"{name} ({scale} x Kaiming)" if scale != 1 else name
        axes["line"].plot(range(1, 13), [layer.std().item() for layer in layers], style, color=color, label=name)
        for index, line, shade in ((0, "-", 1.0), (5, "--", 0.75), (11, ":", 0.75)):
            sizes = layers[index][layers[index] > 0].log10().numpy()
            look = {"histtype": "step", "linewidth": 2, "linestyle": line, "color": color, "alpha": shade}
            axes[scale].hist(sizes, bins=100, range=(-11, 9), label=f"layer {index + 1}", **look)
        axes[scale].set(title=f"Weights: {name}", xlim=(-11, 9), ylabel="count")
        axes[scale].legend(loc="upper right" if scale < 1 else "upper left")
    axes[scale].set_xlabel("log10 of the positive activations")
    axes["line"].set(yscale="log", xticks=range(1, 13), xlabel="hidden layer", ylabel="standard deviation")
    axes["line"].set_title("Size of the activations, layer by layer")
    axes["line"].legend()
    return figure


def freeze_a_layer(model, X):
    """requires_grad_(False)로 매개변수를 얼리면 변화도가 쌓이지 않고, 옵티마이저(optimizer)도 고치지 않습니다.

    이미 배운 앞쪽 계층은 그대로 두고 마지막 계층만 새 일에 맞출 때 씁니다.
    """
    print("\n== 14. 매개변수 얼리기 ==")
    model = copy.deepcopy(model)  # 다른 수업에 쓸 모델은 건드리지 않습니다
    model.linear_relu_stack[0].requires_grad_(False)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total = sum(parameter.numel() for parameter in model.parameters())
    count = sum(parameter.numel() for parameter in trainable)
    print(f"첫 Linear를 얼리면 매개변수 {total}개 가운데 {count}개만 학습합니다.")
    assert total - count == 785 * 512

    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = torch.optim.SGD(trainable, lr=0.1)
    loss = F.cross_entropy(model(X), torch.tensor([0, 1, 2], device=X.device))
    loss.backward()
    optimizer.step()
    print("옵티마이저(optimizer)로 한 걸음 학습한 뒤에 처음 값과 비교합니다.")
    for name, parameter in model.named_parameters():
        changed = not torch.equal(parameter, before[name])
        gradient = "변화도(gradient) 없음" if parameter.grad is None else "변화도(gradient) 있음"
        print(f"    {name:<26} {gradient}  {'바뀜' if changed else '그대로'}")
        assert changed == parameter.requires_grad == (parameter.grad is not None)
    print("이미 배운 앞쪽은 얼려 두고 뒤쪽만 새 일에 맞출 때 이렇게 합니다.")


def share_a_layer():
    """같은 모듈을 두 자리에 넣으면 매개변수를 나누어 씁니다. 텐서는 하나뿐이므로 한 번만 셉니다."""
    print("\n== 15. 계층 나누어 쓰기 ==")
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    separate = nn.Sequential(copy.deepcopy(shared), nn.ReLU(), copy.deepcopy(shared))
    counts = [sum(parameter.numel() for parameter in net.parameters()) for net in (model, separate)]
    print(f"Linear(4, 4)를 두 자리에 넣었습니다. 나누어 쓰면 {counts[0]}개, 따로 쓰면 {counts[1]}개입니다.")
    assert counts == [20, 40] and model[0].weight is model[2].weight
    print(f"상태 사전(state dict)에는 자리마다 이름이 있습니다: {list(model.state_dict())}")
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]

    x = torch.rand(2, 4)
    model(x).sum().backward()
    separate(x).sum().backward()
    assert torch.allclose(shared.weight.grad, separate[0].weight.grad + separate[2].weight.grad)
    print("나누어 쓴 계층의 변화도는 두 자리에서 온 변화도를 더한 것과 같습니다.")
    with torch.no_grad():
        model[0].bias.fill_(7)
    print(f"첫 자리의 편향을 7로 바꾸면 셋째 자리의 편향도 {as_text(model[2].bias, 0)}입니다.")
    assert (model[2].bias == 7).all()


def read_state_dict(model):
    """상태 사전(state dict)은 이름과 텐서를 짝지은 사전입니다. 키는 모듈의 이름을 점으로 이은 것입니다.

    매개변수뿐 아니라 버퍼(buffer)도 들어 있습니다. 버퍼는 학습하지 않지만 함께 저장할 텐서입니다.
    """
    print("\n== 16. 상태 사전(state dict) ==")
    state = model.state_dict()
    print("키는 바깥 모듈부터 이름을 점으로 이은 것입니다.")
    for name, tensor in state.items():
        print(f"    {name:<26} {list(tensor.shape)}")
    assert list(state) == [name for name, parameter in model.named_parameters()]
    assert list(state) == [f"linear_relu_stack.{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")]

    norm = nn.BatchNorm1d(3)
    buffers = [name for name, buffer in norm.named_buffers()]
    print(f"학습하지 않는 버퍼(buffer)도 들어 있습니다. BatchNorm1d의 버퍼: {buffers}")
    assert list(norm.state_dict()) == ["weight", "bias", *buffers] and "running_mean" in buffers
    bias = "linear_relu_stack.4.bias"
    assert state[bias].data_ptr() == model.get_parameter(bias).data_ptr()
    print("값은 사본이 아니라 모델의 텐서 그대로입니다. 남겨 두려면 copy.deepcopy(model.state_dict())를 쓰십시오.")

    loaded = NeuralNetwork()  # 새로 만들어 값이 다릅니다
    incomplete = {name: tensor for name, tensor in state.items() if name != bias}
    try:
        loaded.load_state_dict(incomplete)
    except RuntimeError as error:
        print(f"키가 빠진 상태 사전은 받지 않습니다: {' '.join(str(error).split())}")
    else:
        raise AssertionError("오류가 나야 합니다")
    loaded.load_state_dict(state)
    assert all(torch.equal(a.cpu(), b.cpu()) for a, b in zip(loaded.parameters(), model.parameters()))
    print("온전한 상태 사전을 넣으면 모든 값이 같아집니다.")


def export_and_load(model, path):
    """torch.export는 모델의 계산을 그래프로 옮겨 적습니다. 파일을 열 때 NeuralNetwork 클래스가 없어도 됩니다.

    예로 드는 입력을 넣어 계산을 기록합니다. dynamic_shapes로 배치 차원은 바뀔 수 있다고 알립니다.
    GPU가 없는 곳에서도 열리도록 CPU로 옮긴 사본을 평가 모드로 내보냅니다.
    """
    print("\n== 17. 내보내기(torch.export) ==")
    model = copy.deepcopy(model).cpu().eval()
    batch = torch.export.Dim("batch")  # 배치 크기는 정해 두지 않습니다
    program = torch.export.export(model, (torch.rand(2, 1, 28, 28),), dynamic_shapes={"x": {0: batch}})
    operations = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    print(f"모델의 계산을 그래프로 옮겨 적었습니다. 계산은 {len(operations)}개이고, 순서는 이렇습니다.")
    for operation in operations:
        print(f"    {operation}")
    assert [name.split(".")[1] for name in operations] == ["flatten", "linear", "relu", "linear", "relu", "linear"]

    temporary = path.with_name(f"{path.stem}.tmp.pt2")
    torch.export.save(program, temporary)
    os.replace(temporary, path)  # 다 쓴 다음에 이름을 바꿉니다
    loaded = torch.export.load(path).module()  # 이 줄에는 NeuralNetwork가 필요 없습니다
    print(f"{path.name}에 저장하고 다시 불러왔습니다. 크기가 다른 배치를 넣어 비교합니다.")
    for n in (1, 3, 64):
        X = torch.rand(n, 1, 28, 28)
        with torch.no_grad():
            expected, output = model(X), loaded(X)
        difference = (expected - output).abs().max().item()
        print(f"    배치 크기 {n:>2}: 출력 {list(output.shape)}, 가장 큰 차이 {difference:.1e}")
        assert output.shape == (n, 10) and torch.allclose(expected, output, atol=1e-6)
    print("불러온 것의 출력이 원래 모델의 출력과 같습니다.")
    print("상태 사전과 달리 계산까지 들어 있으므로, NeuralNetwork 클래스가 없는 곳에서도 열립니다.")
    print("이런 파일을 열 때에는 코드가 실행될 수 있습니다. 믿는 곳에서 온 것만 여십시오.")
    return path


def look_at_first_layer(model):
    """첫 Linear의 가중치는 [512, 784]입니다. 한 행이 픽셀 784개에 곱할 값이므로, 28x28 이미지로 볼 수 있습니다."""
    print("\n== 18. 학습하지 않은 첫 계층 ==")
    weight = model.linear_relu_stack[0].weight.detach().cpu()
    bound = 1 / math.sqrt(784)
    print(f"첫 Linear의 가중치 {list(weight.shape)}: 한 행을 28x28로 접으면 이미지 한 장이 됩니다.")
    print(f"nn.Linear는 -1/sqrt(784)부터 1/sqrt(784)까지에서 고르게 뽑아 시작합니다: -{bound:.4f} ~ {bound:.4f}")
    print(f"실제로 가장 작은 값 {weight.min():.4f}, 가장 큰 값 {weight.max():.4f}, 평균 {weight.mean():.4f}")
    assert weight.abs().max() <= bound and weight.abs().max() > 0.99 * bound and abs(weight.mean()) < 0.001
    print("아직 배운 것이 없어서 잡음만 보입니다. 학습하고 나면 여기에 무늬가 생깁니다.")
    return draw_first_layer(weight.view(512, 28, 28))


def draw_first_layer(images):
    """첫 계층의 가중치 24개를 작은 이미지로 그립니다."""
    figure, axes = plt.subplots(4, 6, figsize=(9, 6.6), layout="constrained")
    limit = images[:24].abs().max().item()
    for i, axis in enumerate(axes.flat):
        picture = axis.imshow(images[i].numpy(), cmap="PuOr", vmin=-limit, vmax=limit)
        axis.set_title(f"neuron {i}", fontsize=9)
        axis.axis("off")
    figure.colorbar(picture, ax=axes, label="weight", shrink=0.8)
    figure.suptitle("Weights of the first layer (24 of 512 neurons)")
    return figure


def as_text(tensor, digits=2):
    """1차원 텐서를 짧은 글로 바꿉니다."""
    return "[" + ", ".join(f"{value:.{digits}f}" for value in tensor.tolist()) + "]"


def short_message(error):
    """오류의 첫 줄만 돌려줍니다."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def print_rows(rows):
    """trace_layers가 모은 줄을 표로 출력합니다."""
    for name, kind, shape, count in rows:
        print(f"    {name:<20} {kind:<10} 출력 {str(shape):<16} 매개변수 {count:>6}개")
    print(f"    합계: 매개변수 {sum(count for *_, count in rows)}개")


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="5장. 신경망 만들기", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s, CUDA가 있으면 CUDA)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """5장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    device = select_device(args.device)
    make_folder(args.output_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"5장. 신경망 만들기  |  PyTorch {torch.__version__}  |  장치(device): {device}")

    X = torch.rand(3, 1, 28, 28).to(device)  # 이미지 세 장의 미니배치
    model = create_network(device)
    call_the_model(model, X)
    walk_through_layers(X)
    look_at_parameters(model)
    print_layer_table(model, X)
    compare_activation_functions()
    collapse_two_linear_layers()
    rings = learn_two_rings(device)
    slide_a_filter()
    compare_with_convolutions(model, X)
    switch_dropout()
    switch_batch_norm()
    activations = compare_initializations(device)
    freeze_a_layer(model, X)
    share_a_layer()
    read_state_dict(model)
    exported = export_and_load(model, args.output_dir / "model_exported.pt2")
    first_layer = look_at_first_layer(model)

    files = [
        save_figure(rings, args.output_dir / "model_nonlinearity.png"),
        save_figure(activations, args.output_dir / "model_activations.png"),
        save_figure(first_layer, args.output_dir / "model_first_layer.png"),
        exported,
    ]
    print_closing(files, started, "autograd.py")
    show_figures(args.show)


# 직접 해 보기
#   1. learn_two_rings의 nn.ReLU()를 nn.Tanh()로 바꾸어 보십시오. (model_nonlinearity.png)
#      경계가 꺾인 직선 대신 매끄러운 곡선이 되고, 정확도는 여전히 100%입니다.
#   2. build_point_network의 16 네 개를 모두 4로 바꾸어 보십시오. (model_nonlinearity.png)
#      꺾이는 곳이 줄어 경계가 팔각형이 됩니다. 그래도 정확도는 100%입니다. 뉴런 몇 개로도 고리를 두를 수 있습니다.
#   3. 먼저 quick_start.py를 실행하고, main의 files = [ 바로 위에 아래 세 줄을 넣어 보십시오. (model_first_layer.png)
#          state = torch.load(args.output_dir / "model.pth", map_location="cpu", weights_only=True)
#          model.cpu().load_state_dict(state)
#          first_layer = draw_first_layer(model.linear_relu_stack[0].weight.detach().view(512, 28, 28))
#      학습한 가중치입니다. 잡음 대신, 여러 뉴런에 옷의 윤곽 같은 무늬가 보입니다. 값도 0.2를 넘을 만큼 커졌습니다.


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


def select_device(name):
    """auto, cpu, cuda 가운데 하나를 torch.device로 바꿉니다. CUDA가 없는데 cuda이면 끝냅니다."""
    if name == "cuda" and not torch.cuda.is_available():
        sys.exit("오류: 이 컴퓨터에서는 CUDA를 쓸 수 없습니다. --device cpu로 실행하십시오.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def make_folder(path):
    """폴더(Path)를 만들고 쓸 수 있는지 확인합니다. 쓸 수 없으면 끝냅니다."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        sys.exit(f"오류: 이 폴더에 쓸 수 없습니다: {path} ({error.strerror})")


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
