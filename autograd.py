"""6장. 자동 미분: torch.autograd로 변화도(gradient)를 자동으로 계산합니다.

숫자 하나의 연쇄 법칙에서 시작해 자동 미분 엔진을 직접 구현하고, 그 결과를 PyTorch와 비교합니다.
이어서 경사하강법으로 직선을 학습하고, 연산 그래프와 변화도를 다룰 때 주의할 점을 확인합니다.

실행 방법
    python -m pip install torch matplotlib
    python autograd.py
    python autograd.py --seed 7 --show          # 다른 난수로 실행하고, 끝날 때 그림을 창에 표시합니다
    python autograd.py --help                   # 모든 옵션을 출력합니다

목차
    1. 숫자 하나로 보는 연쇄 법칙(chain rule)        chain, follow_one_number
    2. 자동 미분 엔진 구현하기                       Value, compare_engines
    3. 가장 작은 신경망                              network, build_smallest_network
    4. 경사하강법(gradient descent)으로 직선 학습    descend, fit_line
    5. 학습률(learning rate)이 너무 클 때            compare_learning_rates
    6. 연산 그래프(computational graph)              collect_nodes, follow_the_graph
    7. grad가 저장되는 텐서와 역전파의 횟수          see_which_tensors_get_grad
    8. 변화도의 누적과 초기화                        accumulate_and_zero
    9. 변화도 추적 멈추기                            stop_tracking
    10. 잎(leaf)을 잃어버리는 업데이트               lose_the_leaf
    11. 제자리(in-place) 연산과 .data의 주의점       avoid_in_place
    12. 실행할 때마다 새로 생성되는 그래프           use_python_control_flow
    13. 야코비안 곱(Jacobian product)                multiply_jacobian
    14. 세 가지 grad의 차이와 torch.func             tell_three_grads_apart
    15. 두 번 미분하기                               differentiate_twice
    16. 변화도 검증하기                              finite_differences, check_gradients
    17. 미분 규칙을 직접 정의하기                    Softplus, use_own_function
    18. 추론(inference)만 할 때의 inference_mode     compare_inference_mode

다음 장은 optimization.py입니다.
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
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch.nn import functional as F


def chain(w, x):
    """연산 세 개를 순서대로 계산합니다. w와 x에는 숫자, 아래의 Value, 텐서(tensor)를 전달할 수 있습니다."""
    a = w * x
    b = a + 1
    c = b**2
    return a, b, c


def follow_one_number():
    """1. 숫자 하나로 보는 연쇄 법칙(chain rule)

    신경망을 학습할 때 매개변수(parameter)는 손실 함수의 변화도(gradient)에 따라 조정됩니다. 변화도는
    매개변수가 조금 변할 때 손실이 그 몇 배만큼 변하는지를 나타냅니다. 여기서는 매개변수 w에 연산 세
    개를 적용해 손실 c = (w * x + 1) ** 2를 계산합니다. 먼저 연산마다 출력을 입력으로 미분하고, 이
    도함수(derivative)들을 마지막 연산부터 거꾸로 곱하면 변화도 dc/dw가 됩니다. 이것이 연쇄 법칙입니다.
    """
    w, x = 2.0, 3.0
    a, b, c = chain(w, x)
    show(f"{a, b, c = }", "w * x, 여기에 1을 더한 값, 그 제곱")
    dc_db, db_da, da_dw = 2 * b, 1.0, x
    show(f"{dc_db = }", "b ** 2를 b로 미분하면 2 * b입니다")
    show(f"{db_da = }", "a + 1을 a로 미분하면 1입니다")
    show(f"{da_dw = }", "w * x를 w로 미분하면 x입니다")
    dc_da = dc_db * db_da
    dc_dw = dc_da * da_dw
    show(f"{dc_da, dc_dw = }", "마지막 연산부터 거꾸로 곱한 값")
    measured = (chain(w + 1e-6, x)[-1] - c) / 1e-6
    show(f"{measured = :.4f}", "w를 0.000001만큼 늘렸을 때 c의 평균 변화율")
    check("연쇄 법칙의 결과는 측정한 변화율과 거의 같습니다", math.isclose(dc_dw, measured, rel_tol=0.01, abs_tol=0.01))
    return w, x


class Value:
    """숫자 하나의 값(data), 변화도(grad), 계산에 사용된 입력을 저장합니다. 연산은 +, *, **만 지원합니다."""

    def __init__(self, data, inputs=()):
        self.data, self.grad = data, 0.0
        self.inputs = inputs  # (입력 Value, 출력을 그 입력으로 미분한 값)의 튜플
        self.depth = 1 + max((value.depth for value, _ in inputs), default=0)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    __radd__, __rmul__ = __add__, __mul__  # 숫자가 왼쪽에 있는 2 * w와 1 + a도 계산합니다

    def __pow__(self, exponent):
        return Value(self.data**exponent, ((self, exponent * self.data ** (exponent - 1)),))

    def backward(self):
        """이 값을 계산하는 데 사용된 모든 Value의 변화도를 연쇄 법칙으로 계산합니다."""
        nodes, waiting = set(), [self]
        while waiting:
            node = waiting.pop()
            if node not in nodes:  # 여러 번 사용된 값도 한 번만 방문합니다
                nodes.add(node)
                waiting += [value for value, _ in node.inputs]
        for node in nodes:
            node.grad = 0.0 if node.inputs else node.grad  # 입력이 없는 값, 즉 잎(leaf)의 변화도는 누적됩니다
        self.grad = 1.0
        for node in sorted(nodes, key=lambda node: node.depth, reverse=True):  # 출력에서 입력의 순서로 방문합니다
            for value, derivative in node.inputs:
                value.grad += derivative * node.grad


def compare_engines(w, x):
    """2. 자동 미분 엔진 구현하기

    Value는 연산을 실행할 때마다 입력과 도함수를 함께 저장합니다. backward()는 출력에서 입력까지 거슬러
    올라가며 도함수를 곱하는데, 이 과정을 역전파(backpropagation)라고 합니다. 여러 번 사용된 값은 각
    경로의 변화도를 모두 더한 뒤에 방문해야 하므로, 위상 정렬(topological sort)한 순서를 사용합니다.
    PyTorch에 내장된 엔진 torch.autograd도 원리가 같습니다. 다만 숫자 대신 텐서를 계산합니다.
    """

    def reuse(w, x):
        a = w * x
        return a, a * a + a + w  # a는 세 번, w는 두 번 사용합니다

    for function in (chain, reuse):
        my_w, my_x = Value(w), Value(x)
        values = function(my_w, my_x)
        values[-1].backward()
        show(f"{[value.grad for value in values] = }", f"{function.__name__}의 중간 결과와 출력의 변화도")
        tensor_w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        function(tensor_w, x)[-1].backward()
        show(f"{my_w.grad, tensor_w.grad = }")
        check("Value와 PyTorch의 변화도가 같습니다", math.isclose(my_w.grad, tensor_w.grad, abs_tol=1e-9))


def network(x, y, w, b):
    """입력 x로 로짓(logit) z를 계산하고, 정답(label) y와 비교한 손실(loss)을 함께 반환합니다."""
    z = w @ x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    return z, loss


def build_smallest_network(seed):
    """3. 가장 작은 신경망

    학습은 손실이 줄어드는 방향으로 매개변수 w와 b를 조정하는 과정입니다. 따라서 두 텐서에
    requires_grad=True를 지정해 autograd가 연산을 추적하게 합니다. grad_fn은 텐서를 생성한 연산의 역전파
    함수이며, 변화도를 계산하는 방법을 알고 있습니다. loss.backward()를 호출하면 w.grad와 b.grad에
    변화도가 저장됩니다. 변화도의 반대 방향으로 매개변수를 조금 조정하면 손실이 줄어듭니다.
    """
    torch.manual_seed(seed)
    x = torch.tensor([1.0, 2.0, -1.0])  # 특징(feature) 3개
    y = torch.tensor([0.0, 1.0])  # 정답 2개
    w = torch.randn(len(y), len(x), requires_grad=True)  # 가중치(weight)
    b = torch.randn(len(y), requires_grad=True)  # 편향(bias)
    z, loss = network(x, y, w, b)
    show(f"{z = }")
    show(f"{loss = }")
    show(f"{w.grad_fn, w.grad = }", "w는 직접 생성한 텐서이고, 변화도는 아직 없습니다")
    check("w와 b로 계산한 결과의 requires_grad는 True입니다", z.requires_grad and loss.requires_grad)
    loss.backward()
    show(f"{w.grad = }")
    show(f"{b.grad = }")
    with torch.no_grad():  # 이 블록의 연산은 추적하지 않습니다
        _, new_loss = network(x, y, w - 0.01 * w.grad, b)
    show(f"{new_loss = }", "w를 변화도의 반대 방향으로 조정한 결과")
    check("조정한 뒤의 손실이 더 작습니다 (변화도가 거의 0이면 제외)", new_loss < loss or w.grad.norm() < 1e-6)
    return x, y, w, b


def descend(x, y, learning_rate, steps):
    """w = 0, b = 0에서 시작해 직선 w * x + b를 학습하고, 단계마다의 [w, b, 손실]을 반환합니다."""
    w, b = torch.zeros((), requires_grad=True), torch.zeros((), requires_grad=True)
    history = []
    for _ in range(steps):
        loss = ((w * x + b - y) ** 2).mean()  # 손실을 계산합니다
        loss.backward()  # 변화도를 계산합니다
        history.append((w.item(), b.item(), loss.item()))
        with torch.no_grad():  # 매개변수를 변화도의 반대 방향으로 조정합니다
            w -= learning_rate * w.grad  # w = w - ...를 사용하면 안 되는 이유는 10절에서 설명합니다
            b -= learning_rate * b.grad
        w.grad = b.grad = None  # 변화도를 초기화합니다
    return torch.tensor(history, dtype=torch.float64)


def fit_line(seed):
    """4. 경사하강법(gradient descent)으로 직선 학습

    변화도의 반대 방향으로 매개변수를 조정하는 단계를 반복해 학습하는 방법을 경사하강법이라고 합니다.
    이때 변화도에 곱하는 수가 학습률(learning rate)입니다. 여기서는 데이터에 맞는 직선을 학습합니다.
    손실은 예측과 정답의 차이를 제곱한 값의 평균이며, 데이터에 잡음이 있으므로 0이 되지는 않습니다.
    """
    torch.manual_seed(seed)
    x = torch.linspace(-1, 1, 60)
    y = 2 * x + 1 + 0.3 * torch.randn(len(x))  # 기울기 2, 절편 1인 직선에 잡음을 더합니다
    history = descend(x, y, learning_rate=0.3, steps=40)
    for step, (w, b, loss) in enumerate(history.tolist()):
        if step in (0, 1, 2, 5, 10, 20, len(history) - 1):
            print(f"    스텝 {step:>3}  w {w:>7.3f}  b {b:>7.3f}  손실 {loss:.4f}")
    A = torch.stack([x, torch.ones_like(x)], dim=1).double()
    best = torch.linalg.lstsq(A, y[:, None].double()).solution.flatten()
    show(f"{best = }", "최소제곱법으로 계산한 w와 b")
    check("손실이 처음보다 줄었습니다", history[-1, 2] < history[0, 2])
    check("학습한 w, b와 최소제곱법의 해는 0.01 이내로 같습니다", (history[-1, :2] - best).abs().max() < 0.01)
    return x, y, best, history


def compare_learning_rates(x, y):
    """5. 학습률(learning rate)이 너무 클 때

    이 손실은 이차식이므로 곡률(이계도함수) k는 위치가 아니라 방향에 따라 다릅니다. 최저점까지의 거리가
    e이면 변화도는 k * e이고, 한 단계 뒤의 거리는 (1 - 학습률 * k) * e입니다. 따라서 학습률이 2 / k보다
    크면 최저점을 지나쳐 점점 멀어지고 손실이 발산합니다. 반대로 학습률이 너무 작으면 학습이 느립니다.
    """
    A = torch.stack([x, torch.ones_like(x)], dim=1).double()
    curvature = torch.linalg.eigvalsh(2 * A.T @ A / len(x)).max().item()  # 방향마다 다른 곡률 중에서 가장 큰 값
    show(f"{2 / curvature = :.3f}", "가장 큰 k를 사용합니다")
    histories = {}
    for ratio in (0.03, 0.3, 1.1):
        learning_rate = ratio * 2 / curvature
        history = histories[learning_rate] = descend(x, y, learning_rate, steps=40)
        print(f"    학습률 {learning_rate:.3f}  손실 {history[0, 2]:.4f} -> {history[-1, 2]:.4f}")
        smaller = (history[-1, 2] < history[0, 2]).item()  # 발산해서 nan이 된 경우에도 False입니다
        check("학습률이 2 / k보다 작으면 손실이 줄고 크면 커집니다", ratio == 1 or smaller == (ratio < 1))
    return histories


def collect_nodes(result):
    """result의 그래프에 있는 모든 노드와, result에서 그 노드까지 가장 먼 거리를 반환합니다."""
    root = torch.autograd.graph.get_gradient_edge(result).node  # 잎이 아니면 result.grad_fn과 같습니다
    depths, waiting = {root: 0}, [root]
    for node in waiting:
        for following, _ in node.next_functions:
            if following and depths.get(following, 0) <= depths[node]:  # 처음 방문하거나 더 먼 경로입니다
                depths[following] = depths[node] + 1
                waiting.append(following)
    return depths


def follow_the_graph(weight, feature, x, y, parameters):
    """6. 연산 그래프(computational graph)

    순전파(forward)에서 autograd는 두 가지 작업을 동시에 수행합니다. 1) 연산의 결과를 계산하고, 2)
    변화도를 계산할 노드를 그래프에 추가합니다. 결과에서 next_functions를 따라가면 입력인 잎(leaf)까지
    이동하며, 출발점으로 돌아오지 않습니다. 이런 그래프를 방향성 비순환 그래프(DAG)라고 합니다. 역전파는
    이 순서로 노드마다 연쇄 법칙을 적용합니다. AccumulateGrad는 변화도를 잎의 grad에 누적합니다.
    """
    weight, t = torch.tensor(float(weight), requires_grad=True), torch.tensor([1.0, 2.0], requires_grad=True)
    a, b, c = chain(weight, feature)
    square = t * t
    total = square + t
    result = total.sum()
    z, loss = network(x, y, *parameters)
    for node in collect_nodes(loss):
        names = [type(following).__name__ for following, _ in node.next_functions if following]
        print(f"    {type(node).__name__} -> {', '.join(names) or '없음'}")
    ends = [node.variable for node in collect_nodes(loss) if not node.next_functions]
    check("그래프의 끝은 requires_grad가 True인 잎입니다", all(end.is_leaf and end.requires_grad for end in ends))
    arrows = [f for node in collect_nodes(result) for f, _ in node.next_functions if getattr(f, "variable", None) is t]
    check("그림의 t를 여러 번 사용해도 화살표는 노드 하나에 연결됩니다", len(arrows) > 1 and len(set(arrows)) == 1)
    number = {"w": weight, "a": a, "b": b, "c": c}
    repeated = {"t": t, "square": square, "total": total, "result": result}
    return number, repeated, {"w": parameters[0], "b": parameters[1], "z": z, "loss": loss}


def see_which_tensors_get_grad():
    """7. grad가 저장되는 텐서와 역전파의 횟수

    잎은 추적된 연산의 결과가 아닌 텐서입니다. grad는 requires_grad가 True인 잎에만 저장되며, 중간
    결과의 변화도를 확인하려면 backward() 전에 retain_grad()를 호출해야 합니다. 역전파가 끝나면
    autograd는 그래프에 저장한 값을 삭제합니다. 따라서 역전파는 그래프마다 한 번만 실행할 수 있고, 여러
    번 실행하려면 retain_graph=True를 전달해야 합니다.
    """
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0], requires_grad=True)
    z = w * x
    loss = (z**2).sum()
    loss.backward(retain_graph=True)
    show(f"{x.is_leaf, w.is_leaf, z.is_leaf = }")
    show(f"{x.grad, w.grad = }")
    with warnings.catch_warnings(), expect(UserWarning):
        warnings.simplefilter("error")  # 경고를 오류로 변경해 메시지를 출력합니다
        print(z.grad)
    first, w.grad = w.grad, None
    z.retain_grad()
    loss.backward()
    show(f"{z.grad = }", "retain_grad()를 호출한 결과")
    check("retain_graph=True를 전달했으므로 같은 변화도를 다시 계산할 수 있습니다", torch.equal(w.grad, first))
    with expect(RuntimeError):
        loss.backward()


def accumulate_and_zero():
    """8. 변화도의 누적과 초기화

    backward()는 새로 계산한 변화도를 grad에 더합니다. 즉, 이전 값을 덮어쓰지 않습니다. 따라서 여러
    손실이나 미니배치의 변화도를 합할 수 있습니다. 하지만 학습할 때는 이전 단계의 변화도가 남지 않도록
    단계마다 초기화해야 합니다. 옵티마이저(optimizer)에서는 zero_grad()를 호출합니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    (w**2).backward()
    first = w.grad.clone()
    (w**2).backward()
    show(f"{first, w.grad = }", "w ** 2의 변화도 2 * w를 두 번 누적한 결과")
    check("초기화하지 않으면 변화도가 두 배가 됩니다", w.grad == 2 * first)
    w.grad = None  # w.grad.zero_()로 0을 저장해도 됩니다
    (w * w).backward()
    show(f"{w.grad = }", "초기화한 뒤 w * w의 두 경로를 더한 결과")
    check("w * w와 w ** 2의 변화도는 같습니다", w.grad == first)


def stop_tracking():
    """9. 변화도 추적 멈추기

    학습한 모델로 예측만 할 때처럼 순전파만 필요하면 연산을 추적할 필요가 없습니다. torch.no_grad()
    블록에서는 그래프와 중간 결과를 저장하지 않으므로 메모리가 절약되고 연산 속도도 향상됩니다.
    detach()는 값을 공유하지만 추적하지 않는 텐서를 반환합니다. 이미 학습한 계층(layer)처럼 일부
    매개변수를 고정(freeze)할 때는 requires_grad_(False)를 호출합니다.
    """
    x, w, b = torch.ones(3), torch.ones(2, 3, requires_grad=True), torch.ones(2, requires_grad=True)
    z = torch.tanh(w @ x + b)
    with torch.no_grad():
        untracked = torch.tanh(w @ x + b)
    show(f"{z.requires_grad, untracked.requires_grad = }")
    check("no_grad 블록에서는 그래프를 생성하지 않습니다", torch.equal(z, untracked) and untracked.grad_fn is None)
    with expect(RuntimeError):
        z.numpy()
    check("detach()의 결과는 z와 메모리를 공유합니다", z.detach().data_ptr() == z.data_ptr())
    w.requires_grad_(False)
    torch.tanh(w @ x + b).sum().backward()
    show(f"{w.grad, b.grad = }", "w를 고정한 결과")
    check("고정한 매개변수의 변화도는 계산하지 않습니다", w.grad is None and b.grad is not None)


def lose_the_leaf():
    """10. 잎(leaf)을 잃어버리는 업데이트

    매개변수는 no_grad 블록에서 제자리(in-place) 연산으로 업데이트해야 합니다. 계산한 결과를 w에 다시
    대입하는 것은 흔히 하는 실수입니다. 블록 밖에서는 w가 잎이 아니라 연산의 결과를 가리키고, 블록
    안에서는 requires_grad가 False가 됩니다. 따라서 다음 역전파에서 w.grad에 변화도가 저장되지 않습니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    (w**2).backward()
    with torch.no_grad():
        w -= 0.1 * w.grad  # 올바른 업데이트
    show(f"{w, w.is_leaf = }")
    check("제자리 연산으로 업데이트한 w는 여전히 잎입니다", w.is_leaf and w.requires_grad)
    w = w - 0.1 * w.grad  # 잘못된 업데이트
    show(f"{w, w.is_leaf = }")
    (w**2).backward()
    with warnings.catch_warnings(), expect(TypeError):
        warnings.simplefilter("ignore")  # 7절의 경고를 생략합니다
        w = w - 0.1 * w.grad


def avoid_in_place():
    """11. 제자리(in-place) 연산과 .data의 주의점

    추적 중인 잎이나 역전파에 필요한 중간 결과를 제자리 연산으로 덮어쓰면 오류가 발생합니다. 텐서에는
    변경된 횟수를 나타내는 버전(_version)이 있고, autograd는 저장할 때와 사용할 때의 버전을 비교합니다.
    하지만 data 속성으로 변경하면 버전이 증가하지 않아 오류 없이 잘못된 변화도가 계산됩니다. 따라서 data
    대신 detach()를 사용하세요. 이때는 버전이 증가하므로 잘못된 변경을 오류로 알 수 있습니다.
    """
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    with expect(RuntimeError):
        w += 1
    (correct,) = torch.autograd.grad(2 * torch.sigmoid(w).sum(), w)
    s = torch.sigmoid(w)  # 역전파에 s의 값이 필요합니다
    s.data.mul_(2)  # 잘못된 사용
    (wrong,) = torch.autograd.grad(s.sum(), w)
    show(f"{correct = }", "sigmoid의 결과를 두 배로 한 함수의 변화도")
    show(f"{wrong, s._version = }", "data 속성으로 두 배로 한 결과")
    check("data 속성으로 변경하면 잘못된 변화도가 계산됩니다", not torch.allclose(wrong, correct))
    s = torch.sigmoid(w)
    s.detach().mul_(2)  # s의 버전이 1이 됩니다. s *= 2를 실행해도 같은 오류가 발생합니다
    with expect(RuntimeError):
        s.sum().backward()


def double_until_ten(x):
    """음수이면 부호를 변경하고, 10 이상이 될 때까지 2 * y + 1을 반복합니다."""
    y = -x if x < 0 else x
    while y < 10:
        y = 2 * y + 1
    return y


def use_python_control_flow():
    """12. 실행할 때마다 새로 생성되는 그래프

    autograd는 실제로 실행된 연산만 추적하며, 순전파를 실행할 때마다 그래프를 처음부터 다시 생성합니다.
    따라서 Python의 if와 while을 그대로 사용할 수 있고, 실행되지 않은 분기는 그래프에 포함되지 않습니다.
    예를 들어 double_until_ten은 입력에 따라 반복 횟수가 다릅니다.
    """
    for number in (8.0, 3.0, -1.0):
        x = torch.tensor(float(number), requires_grad=True)
        y = double_until_ten(x)
        y.backward()
        names = [type(node).__name__.removesuffix("Backward0") for node in collect_nodes(y)]
        print(f"    x = {number:>4}, dy/dx = {x.grad.item():>4}, 그래프: {' -> '.join(names)}")
        check("곱셈 한 번마다 변화도의 크기가 두 배가 됩니다", x.grad.abs() == 2 ** names.count("Mul"))


def multiply_jacobian():
    """13. 야코비안 곱(Jacobian product)

    출력이 여러 개인 함수의 도함수는 야코비안 행렬 J입니다. J[i, j]는 출력 i를 입력 j로 미분한 값입니다.
    예를 들어 아래에서 출력은 x[0] * x[1]과 x[2] ** 2입니다. autograd는 J 전체를 계산하지 않고,
    출력마다의 가중치 v를 받아 야코비안 곱 v @ J를 계산합니다. 따라서 v를 생략하면 오류가 발생합니다.
    하지만 손실과 같은 스칼라(scalar)의 v는 1이므로 생략할 수 있습니다.
    """
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = torch.stack([x[0] * x[1], x[2] ** 2])
    with expect(RuntimeError):
        out.backward()
    v = torch.tensor([1.0, 0.1])
    out.backward(v)
    J = torch.zeros(len(out), len(x))
    J[0, 0], J[0, 1], J[1, 2] = x[1].detach(), x[0].detach(), 2 * x[2].detach()
    show(f"{J = }", "직접 미분한 야코비안 행렬")
    show(f"{v @ J, x.grad = }")
    check("backward(v)는 야코비안 곱 v @ J를 계산합니다", torch.allclose(x.grad, v @ J))


def tell_three_grads_apart():
    """14. 세 가지 grad의 차이와 torch.func

    1) 텐서의 grad 속성에는 backward()가 계산한 변화도가 누적됩니다.
    2) torch.autograd.grad(출력, 입력)은 변화도를 누적하지 않고 튜플로 반환합니다.
    3) torch.func.grad(함수)는 변화도를 계산하는 함수를 반환합니다. requires_grad는 필요 없습니다.

    torch.func의 jacrev는 야코비안 행렬 전체를 계산하는 함수를 반환합니다. vmap은 샘플 하나를 처리하는
    함수를 배치(batch) 전체를 처리하는 함수로 변환합니다. 따라서 반복문 없이 샘플별 변화도를 계산할 수
    있습니다.
    """
    t = torch.tensor(3.0, requires_grad=True)
    torch.square(t).backward()
    (returned,) = torch.autograd.grad(torch.square(t), t)
    derivative = torch.func.grad(torch.square)
    show(f"{t.grad, returned, derivative(t.detach()) = }")
    check("2)와 3)은 t.grad를 변경하지 않고 같은 값을 계산합니다", t.grad == returned == derivative(t.detach()))
    show(f"{torch.func.jacrev(torch.square)(torch.tensor([1.0, 2.0, 3.0])) = }")
    X, y = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), torch.zeros(3)
    w = torch.ones(2, requires_grad=True)
    gradient = torch.func.grad(lambda w, x, y: (w @ x - y) ** 2)  # 샘플 하나의 변화도를 계산하는 함수
    per_sample = torch.func.vmap(gradient, in_dims=(None, 0, 0))(w.detach(), X, y)  # w에는 배치 차원이 없습니다(None)
    show(f"{per_sample = }")
    ((X @ w - y) ** 2).mean().backward()
    show(f"{w.grad = }", "평균 손실의 변화도")
    check("샘플별 변화도의 평균은 평균 손실의 변화도와 같습니다", torch.allclose(per_sample.mean(dim=0), w.grad))


def differentiate_twice():
    """15. 두 번 미분하기

    도함수 f'은 함수의 기울기이고, 이계도함수 f''은 그 기울기의 변화율입니다. create_graph=True를
    전달하면 변화도를 계산하는 연산도 추적하므로 한 번 더 미분할 수 있습니다. f(x) = x^3 / 3 - x를 직접
    미분하면 f'(x) = x^2 - 1, f''(x) = 2x입니다. f(x).sum()을 미분하면 모든 점의 도함수를 한 번에
    얻습니다.
    """

    def f(x):
        return x**3 / 3 - x

    x = torch.linspace(-2.5, 2.5, 101, dtype=torch.float64, requires_grad=True)
    (untracked,) = torch.autograd.grad(f(x).sum(), x)
    with expect(RuntimeError):
        torch.autograd.grad(untracked.sum(), x)
    (first,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum() + 0 * x.sum(), x)  # f'에 x가 없어도(직선) 0을 계산합니다
    x, first, h = x.detach(), first.detach(), 1e-4
    for i in range(20, len(x), 40):
        print(f"    x = {x[i]:>4.1f}, f(x) = {f(x[i]):>6.3f}, f'(x) = {first[i]:>6.3f}, f''(x) = {second[i]:>6.3f}")
    slope, bend = (f(x + h) - f(x - h)) / (2 * h), (f(x + h) - 2 * f(x) + f(x - h)) / h**2
    check("f'은 f의 차이로 계산한 기울기와 거의 같습니다", torch.allclose(first, slope, atol=1e-4))
    check("f''은 기울기의 차이로 계산한 변화율과 거의 같습니다", torch.allclose(second, bend, atol=1e-4))
    return x, f(x), first, second


def finite_differences(function, tensor, h):
    """원소를 하나씩 h만큼 늘리고 줄여서 function의 변화도를 근사합니다."""
    changes = h * torch.eye(tensor.numel(), dtype=tensor.dtype).view(-1, *tensor.shape)
    slopes = [(function(tensor + change) - function(tensor - change)) / (2 * h) for change in changes]
    return torch.stack(slopes).view_as(tensor)


def check_gradients(x, y, w, b):
    """16. 변화도 검증하기

    3절의 손실은 sigmoid(z)와 y의 이진 교차 엔트로피를 평균한 값입니다. 정답이 n개일 때 손으로 유도하면
    dloss/dz = (sigmoid(z) - y) / n이고, dloss/dw[i, j] = dloss/dz[i] * x[j]입니다. 유한 차분(finite
    difference)은 입력을 h만큼 변경했을 때 출력의 차이로 변화도를 근사합니다. h가 크면 곡선을 직선으로
    근사하는 오차가 크고, 너무 작으면 거의 같은 두 수를 빼므로 반올림 오차가 큽니다. 즉, 오차는 U자
    모양으로 변합니다. 유한 차분을 사용하는 gradcheck에는 정밀한 float64를 전달해야 합니다.
    """

    def loss_of(w):
        return network(x.to(w.dtype), y.to(w.dtype), w, b.to(w.dtype))[1]

    x, y, w, b = (tensor.detach().double() for tensor in (x, y, w, b))
    exact = torch.func.grad(loss_of)(w)
    by_hand = torch.outer((torch.sigmoid(network(x, y, w, b)[0]) - y) / len(y), x)
    show(f"{by_hand = }")
    check("손으로 유도한 식은 autograd의 변화도와 같습니다", torch.allclose(exact, by_hand))
    errors, steps = {}, (1e-1, 1e-2, 1e-4, 1e-6, 1e-8)
    for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        slopes = [finite_differences(loss_of, w.to(dtype), h) for h in steps]
        errors[name] = [(slope - exact).abs().max().item() for slope in slopes]
        print(f"    {name}의 오차: " + ", ".join(f"h {h:.0e}: {error:.0e}" for h, error in zip(steps, errors[name])))
    check("float64에서는 오차가 매우 작은 h가 있습니다", min(errors["float64"]) < 1e-6 * max(1, exact.abs().max()))
    check("float32에서는 h가 너무 작으면 오히려 부정확합니다", errors["float32"][-1] > min(errors["float32"]))
    check("gradcheck를 통과합니다", torch.autograd.gradcheck(loss_of, w.requires_grad_(), raise_exception=False))


class Softplus(torch.autograd.Function):
    """log(1 + e^x)를 오버플로(overflow) 없이 계산합니다. 도함수는 sigmoid(x)입니다."""

    generate_vmap_rule = True  # torch.func.vmap도 사용할 수 있게 합니다

    @staticmethod
    def forward(x):
        return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)  # 역전파에 사용할 텐서를 저장합니다

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)  # 연쇄 법칙에 따라 전달받은 변화도에 도함수를 곱합니다


def use_own_function():
    """17. 미분 규칙을 직접 정의하기

    torch.autograd.Function을 상속받으면 미분 규칙을 직접 정의할 수 있습니다. 자동으로 계산한 변화도가
    오버플로 때문에 nan이 되거나, PyTorch가 아닌 코드로 값을 계산할 때 사용합니다. 호출할 때는 apply를
    사용합니다. 직접 정의한 규칙은 잘못되기 쉬우므로 gradcheck로 반드시 검증하세요.
    """
    x = torch.tensor([0.0, 1.0, 100.0], requires_grad=True)
    (overflowed,) = torch.autograd.grad(torch.log(1 + torch.exp(x)).sum(), x)
    (stable,) = torch.autograd.grad(Softplus.apply(x).sum(), x)
    show(f"{overflowed = }", "e^100에서 오버플로가 발생합니다")
    show(f"{stable = }")
    check("Softplus의 변화도는 sigmoid(x)입니다", torch.allclose(stable, torch.sigmoid(x)))
    per_sample = torch.func.vmap(torch.func.grad(Softplus.apply))(x.detach())
    check("torch.func의 grad와 vmap도 같은 규칙을 사용합니다", torch.allclose(per_sample, stable))
    x = x[:2].detach().double().requires_grad_()
    check("gradcheck를 통과합니다", torch.autograd.gradcheck(Softplus.apply, x, raise_exception=False))


def compare_inference_mode():
    """18. 추론(inference)만 할 때의 inference_mode

    inference_mode는 연산뿐만 아니라 텐서의 버전도 추적하지 않으므로 no_grad보다 빠릅니다. 대신 그
    결과인 추론 텐서는 역전파를 위해 저장할 수 없습니다. 따라서 예측만 할 때는 inference_mode를, 결과를
    학습에도 사용할 때는 no_grad를 사용하세요. 블록 밖에서 clone()을 호출하면 일반 텐서가 됩니다.
    """
    x, w = torch.tensor([1.0, 2.0]), torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        special = 2 * x
    show(f"{special.is_inference() = }")
    with expect(RuntimeError):
        w @ special
    (w @ special.clone()).backward()
    check("추론 텐서의 복사본을 사용하면 변화도를 계산할 수 있습니다", torch.equal(w.grad, 2 * x))


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    output_dir = prepare_outputs(args.output_dir, args.show)
    print(f"6장. 자동 미분  |  PyTorch {torch.__version__}  |  장치(device): cpu")
    weight, feature = teach(follow_one_number)
    teach(compare_engines, weight, feature)
    x, y, w, b = teach(build_smallest_network, args.seed)
    line_x, line_y, best, history = teach(fit_line, args.seed)
    save_figure(draw_line_fit(line_x, line_y, history), output_dir / "autograd_line_fit.png")
    histories = teach(compare_learning_rates, line_x, line_y)
    save_figure(draw_loss_surface(line_x, line_y, best, histories), output_dir / "autograd_loss_surface.png")
    graphs = teach(follow_the_graph, weight, feature, x, y, (w, b))
    save_figure(draw_graphs(graphs), output_dir / "autograd_graph.png")
    for lesson in (see_which_tensors_get_grad, accumulate_and_zero, stop_tracking, lose_the_leaf):
        teach(lesson)
    for lesson in (avoid_in_place, use_python_control_flow, multiply_jacobian, tell_three_grads_apart):
        teach(lesson)
    x_axis, f, first, second = teach(differentiate_twice)
    save_figure(draw_derivatives(x_axis, f, first, second), output_dir / "autograd_derivatives.png")
    teach(check_gradients, x, y, w, b)
    teach(use_own_function)
    teach(compare_inference_mode)
    teach(check_practice)
    finish(started, "optimization.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="6장. 자동 미분", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 4294967295 이하여야 합니다")
    return args


# 직접 해 보기
#   1. chain의 c = b**2를 c = b**3으로 변경해 보세요. 1절의 dc_db는 더 이상 맞지 않아 ✗로 표시되지만, 2절의 두 엔진은
#      여전히 같은 값을 계산합니다. dc_db를 3 * b**2로 수정하면 1절도 다시 ✓로 표시됩니다.
#   2. fit_line의 학습률을 1.2로 변경해 보세요. 손실이 발산하고, 4절의 설명 두 개가 ✗로 표시됩니다.
#   3. Softplus의 backward에서 torch.sigmoid(x)만 반환해 보세요. sum()의 변화도는 1이므로 곱하지 않아도 17절의
#      변화도는 그대로입니다. 하지만 gradcheck가 잘못된 규칙을 찾으므로 ✗로 표시됩니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def numerical_derivative(f, x):
    """함수 f의 x에서의 도함수를 유한 차분으로 근사해 반환하세요. x는 float64 텐서이고 f(x)는 x와 모양이 같습니다.
    예: f(x) = x ** 3이고 x가 [1, 2]이면 [3, 12]에 가까운 값입니다.
    힌트: h = 1e-5일 때 f(x + h)와 f(x - h)의 차이를 2 * h로 나누세요.
    """
    return None


def fresh_gradient(f, w):
    """손실 f(w)의 w에 대한 변화도만 반환하세요. w.grad에는 이전 변화도가 남아 있을 수 있습니다.
    예: f(w) = (w ** 2).sum()이고 w가 [3], w.grad가 [100]이면 [6]입니다.
    힌트: torch.autograd.grad는 변화도를 누적하지 않고 튜플로 반환합니다.
    """
    return None


def cross_entropy_gradient(logits, y):
    """평균 교차 엔트로피 손실의 로짓 [N, C]에 대한 변화도 [N, C]를 autograd 없이 계산하세요. y [N]은 정답입니다.
    예: 로짓이 [[0, 0]]이고 y가 [1]이면 [[0.5, -0.5]]입니다.
    힌트: softmax의 결과에서 F.one_hot(y, C)를 빼고 샘플 수로 나누세요.
    """
    return None


def make_leaky_relu(slope):
    """x > 0이면 x를, 아니면 slope * x를 계산하는 torch.autograd.Function의 하위 클래스를 정의해 반환하세요.
    예: slope가 0.1, x가 -2, grad_output이 10이면 값은 -0.2이고 변화도는 1입니다.
    힌트: 17절의 Softplus를 참고하고, backward에서 grad_output을 곱하세요.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    x, y = torch.tensor([-1.5, 0.0, 2.0], dtype=torch.float64), torch.tensor([0, 2, 1])
    w, used_w = torch.tensor([1.0, -2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)
    used_w.grad = torch.tensor([100.0, 100.0])
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, -2.0]])

    def value_and_derivative(function):
        x = torch.tensor([-2.0, 3.0], dtype=torch.float64, requires_grad=True)
        result = function.apply(x)
        return torch.stack([result, *torch.autograd.grad(result, x, torch.full_like(x, 10))])

    def leaky_relu(slope):
        return type("Reference", (), {"apply": partial(F.leaky_relu, negative_slope=slope)})

    grad, vmap = torch.func.grad, torch.func.vmap
    practice(numerical_derivative, lambda f, x: vmap(grad(f))(x), (torch.sin, x), (torch.exp, x), (torch.square, x[:1]))
    practice(fresh_gradient, lambda f, w: grad(f)(w.detach()), (torch.norm, used_w), (torch.prod, w), (torch.sum, w))
    practice(cross_entropy_gradient, grad(F.cross_entropy), (logits, y), (logits[:1], y[:1]), (3 * logits, y))
    practice(make_leaky_relu, leaky_relu, (0.1,), (0.0,), (1.5,), to_tensor=value_and_derivative)


# ---- 그림을 그리는 함수입니다. ----
def draw_line_fit(x, y, history):
    """왼쪽에는 데이터와 학습 중인 직선을, 오른쪽에는 단계별 손실을 그립니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    left.plot(x, y, "o", color="#999999", markersize=5, label="data")
    styles = [(0, ":", "#E69F00"), (2, "-.", "#CC79A7"), (5, "--", "#009E73"), (len(history) - 1, "-", "#0072B2")]
    for step, style, color in styles:
        w, b, _ = history[step := min(step, len(history) - 1)]
        left.plot(x, w * x + b, style, color=color, lw=2.5, label=f"step {step}: {w:.2f} x + {b:.2f}")
    left.set(title="Data and the line", xlabel="x", ylabel="y", ylim=(y.min().item() - 0.5, y.max().item() + 0.5))
    left.legend()
    right.plot(history[:, 2], "o-", color="#D55E00", markersize=4)
    right.set(title=f"Loss per step (last: {history[-1, 2]:.3g})", xlabel="step", ylabel="mean squared error")
    return figure


def draw_loss_surface(x, y, best, histories):
    """(w, b)마다의 손실을 등고선으로 그리고, 그 위에 학습률별 경로를 그립니다."""
    half = 1.6 * max(1, best.abs().max().item())
    w, b = best[:, None] + torch.linspace(-half, half, 101, dtype=torch.float64)
    losses = ((w[:, None] * x + b[:, None, None] - y) ** 2).mean(dim=2)
    levels = torch.linspace(losses.min() ** 0.5, losses.max() ** 0.5, 17) ** 2
    figure, axes = plt.subplots(1, len(histories), figsize=(14, 5), squeeze=False, layout="constrained")
    figure.suptitle("Loss over (w, b), darker is smaller, and the path of gradient descent")
    for axis, (learning_rate, history) in zip(axes.flat, histories.items()):
        inside = (history[:, :2] - best).abs().amax(dim=1) < half
        path = history[: inside.sum() + 1]  # 범위를 벗어난 첫 번째 점까지 그립니다
        axis.contourf(w, b, losses, levels, cmap="Blues_r")
        axis.plot(path[:, 0], path[:, 1], "o-", color="#D55E00", label="path")
        axis.plot(*history[0, :2], "s", color="#E69F00", markersize=10, label="start")
        axis.plot(*best, "*", color="black", markersize=14, label="least squares")
        title = f"learning rate {learning_rate:.3g}: last loss {history[-1, 2]:.3g}"
        axis.set(title=title, xlim=w[[0, -1]].tolist(), ylim=b[[0, -1]].tolist(), xlabel="w", ylabel="b")
        axis.legend(loc="lower left")
    return figure


def draw_graphs(graphs):
    """그래프를 나란히 그립니다. graphs는 {이름: 텐서}의 목록이며, 마지막 텐서가 그래프의 결과입니다."""
    figure, axes = plt.subplots(1, len(graphs), squeeze=False, layout="constrained")
    figure.suptitle("Graphs of autograd (green: leaves, arrows: direction of the backward pass)")
    width, height = 2, 2  # 가장 큰 그래프의 열과 행의 개수
    for axis, named in zip(axes.flat, graphs):
        *_, result = named.values()
        depths, values, gradients, boxes, places, arrows = collect_nodes(result), {}, {}, {}, {}, []
        for node in depths:
            node.register_prehook(partial(gradients.__setitem__, node))  # 노드에 전달되는 변화도를 저장합니다
        leaves = {node: node.variable for node in depths if hasattr(node, "variable")}
        gradients |= zip(leaves, zip(torch.autograd.grad(result, [*leaves.values()], torch.ones_like(result), True)))
        for name, tensor in ((name, tensor) for name, tensor in named.items() if tensor.requires_grad):
            values[torch.autograd.graph.get_gradient_edge(tensor).node] = f"{name} = {str(tensor.detach())[7:-1]}\n"
        for node, depth in depths.items():
            row = [other for other in depths if depths[other] == depth]
            places[node], width = (row.index(node) - (len(row) - 1) / 2, -depth), max(width, len(row))
            text = f"{values.get(node, '')}{type(node).__name__}\ngradient {str(gradients[node][0])[7:-1]}"
            style = {"boxstyle": "round", "facecolor": "#B3E0D2" if node in leaves else "#CCE3F0"}
            boxes[node] = axis.text(*places[node], text, ha="center", va="center", size=9, bbox=style).get_bbox_patch()
        for start, end in ((node, following) for node in depths for following, _ in node.next_functions if following):
            style = {"arrowstyle": "-|>", "patchA": boxes[start], "patchB": boxes[end], "shrinkA": 0, "shrinkB": 2}
            bend = 0.3 * arrows.count((start, end)) - 0.8 * (depths[end] > depths[start] + 1)
            axis.annotate("", places[end], places[start], arrowprops=style | {"connectionstyle": f"arc3,rad={bend}"})
            arrows.append((start, end))
        height = max(height, 1 + max(depths.values()))
        axis.set(xlim=(-width / 2, width / 2), ylim=(-0.5 - max(depths.values()), 0.5))
        axis.axis("off")
    figure.set_size_inches(min(2.5 * width * len(graphs), 60), min(1.4 * height + 0.5, 60))
    return figure


def draw_derivatives(x, f, first, second):
    """함수와 두 도함수를 그립니다. 도함수의 부호가 변하는 점에서 함수는 평평합니다."""
    figure, axis = plt.subplots(figsize=(9, 5.5), layout="constrained")
    axis.plot(x, f, "-", color="#0072B2", lw=2.5, label="f(x)")
    axis.plot(x, first, "--", color="#D55E00", lw=2, label="f'(x), first derivative")
    axis.plot(x, second, "-.", color="#009E73", lw=2, label="f''(x), second derivative")
    left = (first[:-1] * first[1:] <= 0).nonzero().flatten()
    flat = (left + (first[left + 1].abs() < first[left].abs())).unique()
    axis.plot(x[flat], f[flat], "o", color="black", markersize=9, label="f'(x) = 0: f is flat here")
    axis.set(title="A function and its derivatives by autograd (create_graph=True)", xlabel="x", ylabel="value")
    axis.legend()
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


if __name__ == "__main__":
    main()
