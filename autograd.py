"""6장. 자동 미분: 손실을 줄이는 방향 찾기

학습은 손실이 줄어드는 쪽으로 매개변수를 조금씩 바꾸는 일이라고 했습니다(1장). 그런데 어느 쪽으로
움직여야 손실이 줄어드는지는 어떻게 알까요? 답은 미분입니다. 숫자 하나로 원리를 이해하고, PyTorch가
이 계산을 자동으로 해 주는 과정을 살펴본 다음, 이를 이용해 직선을 데이터에 맞춰 봅니다. 학습 코드를
직접 쓸 때 자주 하는 실수도 일부러 해 보겠습니다. 미분을 배운 지 오래되었어도 괜찮습니다.

실행 방법
    python -m pip install torch matplotlib
    python autograd.py
    python autograd.py --seed 7 --show          # 다른 난수로 실행하고 페이지를 브라우저로 열기
    python autograd.py --practice               # 연습 문제만 확인하기
    python autograd.py --help                   # 모든 옵션 보기
    %run autograd.py                            # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
     1. 숫자 하나로 보는 연쇄 법칙(chain rule)         follow_one_number, chain
     2. 가장 작은 신경망                               build_smallest_network
     3. 경사하강법(gradient descent)으로 직선 맞추기   fit_line, descend
     4. 학습률이 너무 작거나 너무 크면                 try_learning_rates
     5. 연산 그래프(computational graph)               follow_the_graph, print_graph
     6. grad는 어디에 저장될까요?                      see_where_grad_is_stored
     7. 역전파는 왜 한 번만 할 수 있을까요?            run_backward_twice
     8. 변화도는 누적됩니다                            accumulate_gradients
     9. 추적 멈추기                                    stop_tracking
    10. 일부 매개변수 고정하기                         freeze_parameters
    11. w = w - …로 조정하면 안 되는 이유              lose_the_leaf
    12. 실행할 때마다 새로 만들어지는 그래프           use_control_flow, double_until_ten
  더 알아보기
    13. 제자리 연산과 .data                            change_saved_values
    14. 자동 미분 엔진 직접 만들기                     compare_engines, Value
    15. 학습률은 얼마부터 너무 클까요?                 find_the_limit
    16. 야코비안 곱(Jacobian product)                  multiply_jacobian
    17. 이름이 grad인 것 세 가지                       tell_three_grads_apart
    18. 두 번 미분하기                                 differentiate_twice
    19. 손으로 미분한 식과 비교하기                    differentiate_by_hand
    20. 유한 차분(finite difference)으로 검증하기      check_by_differences
    21. 미분 규칙을 직접 정의하기                      use_own_function, Softplus
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
from torch.nn import functional as F


def chain(w, x):
    """w와 x로 연산 세 개를 차례로 계산합니다. 마지막 결과 c가 손실입니다."""
    a = w * x
    b = a + 1
    c = b**2
    return a, b, c


def follow_one_number():
    """1. 숫자 하나로 보는 연쇄 법칙(chain rule)

    매개변수 w를 조금 늘리면 손실은 얼마나 달라질까요? 손실이 커진다면 w를 줄여야 하고, 작아진다면
    늘려야 합니다. w가 변한 양의 몇 배만큼 손실이 변하는지 나타내는 값을 변화도(gradient)라고 하며,
    학습은 언제나 이 변화도를 보고 매개변수를 조정합니다.

    가장 간단한 예로 시작합시다. 숫자 w에 연산 세 개를 차례로 적용해 손실 c를 구합니다. w가 2, x가
    3일 때 w를 0.001만큼 늘리면 다음과 같이 변합니다.

    1) a = w * x는 3배인 0.003만큼 늘어납니다.
    2) b = a + 1도 0.003만큼, 곧 1배로 늘어납니다.
    3) c = b**2는 7 * 7 = 49에서 7.003 * 7.003 = 49.042로, b가 늘어난 양의 14배쯤 늘어납니다.

    연산을 지날 때마다 배수가 곱해지니, c는 w가 늘어난 양의 3 * 1 * 14 = 42배만큼 늘어납니다. 이것이
    연쇄 법칙입니다. 연산 하나의 배수는 그 연산의 도함수(derivative)에 지금의 값을 넣어 구합니다.
    b의 제곱이라면 도함수는 2 * b입니다. b를 h만큼 늘린 (b + h)의 제곱은 b의 제곱보다 2 * b * h쯤
    커지기 때문입니다.

    코드에서는 PyTorch처럼 마지막 연산의 도함수부터 거꾸로 곱한 다음, 정말 42배인지 w를 조금 늘려
    확인합니다. 0.001보다 더 조금 늘리면 42에 더 가까워집니다.
    """
    show_code(chain)
    w = 2.0
    x = 3.0
    a, b, c = chain(w, x)
    show(f"{a, b, c = }")

    da_dw = x  # a = w * x를 w로 미분하면 x
    db_da = 1.0  # b = a + 1을 a로 미분하면 1
    dc_db = 2 * b  # c는 b의 제곱이므로, b로 미분하면 2 * b
    dc_da = dc_db * db_da
    dc_dw = dc_da * da_dw
    show(f"{dc_db, dc_da, dc_dw = }", "마지막 연산부터 거꾸로 곱한 변화도")

    new_a, new_b, new_c = chain(w + 0.001, x)
    measured = (new_c - c) / 0.001
    show(f"{measured = :.3f}", "c가 변한 양은 w가 변한 양의 몇 배일까요?")
    check(
        "연쇄 법칙으로 구한 변화도는 직접 측정한 변화율과 거의 같습니다",
        math.isclose(dc_dw, measured, rel_tol=0.01, abs_tol=0.1),
    )
    save_figure(
        draw_chain([w, a, b, c], [dc_dw, dc_da, dc_db, 1.0], [da_dw, db_da, dc_db]),
        "autograd_chain.png",
    )


def build_smallest_network():
    """2. 가장 작은 신경망

    실제 신경망에는 매개변수가 수백만 개나 있어서 이런 계산을 손으로 할 수 없습니다. 그래서
    PyTorch에는 torch.autograd라는 자동 미분 엔진이 들어 있습니다. 먼저 1절의 계산을 맡겨 봅시다.
    w를 만들 때 requires_grad=True로 변화도가 필요하다고 표시하고 c.backward()를 호출하면, 연쇄
    법칙으로 구한 변화도가 w.grad에 저장됩니다.

    가장 작은 신경망도 방법은 똑같습니다. 입력 x에 가중치 w를 곱하고 편향 b를 더해 로짓 z를 구한 뒤,
    z가 정답 y와 얼마나 다른지를 손실 loss로 나타냅니다. 손실 함수의 긴 이름은 몰라도 됩니다(19절).
    조정할 w와 b에만 requires_grad를 설정합니다.

    변화도는 w의 숫자마다 하나씩 있습니다. 양수이면 그 숫자를 줄여야 하고, 음수이면 늘려야 손실이
    줄어드니, 변화도에 0.1을 곱해 뺍니다. 손실이 정말 줄어드는지 확인해 보세요.
    """
    w = torch.tensor(2.0, requires_grad=True)
    a, b, c = chain(w, 3.0)
    c.backward()
    show(f"{w.grad = }", "1절에서 손으로 구한 변화도")

    x = torch.tensor([1.0, 2.0, -1.0])  # 입력: 특징(feature) 3개
    y = torch.tensor([0.0, 1.0])  # 정답 2개
    w = torch.randn(2, 3, requires_grad=True)  # 가중치
    b = torch.randn(2, requires_grad=True)  # 편향
    z = w @ x + b
    # F: 계층을 만들지 않고 바로 호출하는 함수를 모은 torch.nn.functional
    loss = F.binary_cross_entropy_with_logits(z, y)
    show(f"{z = }", "로짓 2개 (grad_fn은 5절에서 설명합니다)")
    show(f"{loss.item() = :.4f}")

    loss.backward()
    show(f"{w.grad = }")
    show(f"{b.grad = }")

    with torch.no_grad():  # 조정하는 계산까지 추적하지는 않습니다(11절)
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    new_loss = F.binary_cross_entropy_with_logits(w @ x + b, y)
    show(f"{new_loss.item() = :.4f}")
    check("변화도의 반대 방향으로 조금 움직였더니 손실이 줄었습니다", new_loss < loss)
    return x, y, w, b


def descend(x, y, learning_rate, steps=40):
    """w = 0, b = 0에서 출발해 직선 w * x + b를 점들에 맞추고, 단계마다의 값을 반환합니다."""
    w = torch.tensor(0.0, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    history = []
    for _ in range(steps):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        history.append({"w": w.item(), "b": b.item(), "loss": loss.item()})
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
        w.grad = None  # 변화도는 누적되므로 단계마다 비웁니다(8절)
        b.grad = None
    return history


def least_squares(x, y):
    """손실이 가장 작은 w와 b를 공식(최소제곱법)으로 구합니다."""
    x_mean = x.mean()
    y_mean = y.mean()
    w = ((x - x_mean) * (y - y_mean)).sum() / ((x - x_mean) ** 2).sum()
    b = y_mean - w * x_mean
    return {"w": w.item(), "b": b.item()}


def fit_line():
    """3. 경사하강법(gradient descent)으로 직선 맞추기

    한 번 움직여서 손실이 조금 줄었다면, 여러 번 되풀이하면 어떻게 될까요? 이렇게 변화도의 반대
    방향으로 조금씩 움직이기를 반복하는 방법을 경사하강법이라고 합니다. 한 번에 얼마나 움직일지는
    변화도에 곱하는 학습률(learning rate)로 정합니다. 변화도가 -2이고 학습률이 0.3이면 0.6만큼
    늘립니다.

    흩어져 있는 점 60개에 직선 w * x + b를 맞춰 봅시다. 기울기 2, 절편 1인 직선에 잡음(noise)을 더해
    만든 점들입니다. 손실은 직선과 점의 세로 거리를 제곱해서 평균을 구한 값, 즉 평균 제곱
    오차(MSE)입니다.

    오른쪽 그림은 w와 b마다 손실이 얼마인지를 색으로 보여 줍니다. 연할수록 손실이 작은 곳입니다. w와
    b가 모두 0인 곳에서 출발한 경로가 별까지 내려가는지 보세요. 별은 공식으로 구한 답입니다.
    """
    show_code(descend)
    x = torch.linspace(-1, 1, 60)
    y = 2 * x + 1 + 0.3 * torch.randn(60)

    history = descend(x, y, learning_rate=0.3)
    for step in (0, 1, 2, 5, 10, 20, 39):
        row = history[step]
        print(f"조정 {step:>2}번  w {row['w']:.3f}, b {row['b']:.3f}, 손실 {row['loss']:.4f}")

    best = least_squares(x, y)
    show(f"{best = }", "공식(최소제곱법)으로 구한 답")
    last = history[-1]
    same = abs(last["w"] - best["w"]) < 0.01 and abs(last["b"] - best["b"]) < 0.01
    check("경사하강법으로 찾은 w와 b는 공식으로 구한 답과 0.01 이내로 같습니다", same)
    save_figure(draw_line_fit(x, y, best, history), "autograd_line_fit.png")
    return x, y, best


def try_learning_rates(x, y, best):
    """4. 학습률이 너무 작거나 너무 크면

    학습률을 키우면 더 빨리 도착하지 않을까요? 3절의 점들을 가지고 학습률만 바꿔 보겠습니다.

    학습률이 0.02이면 방향은 맞지만 움직이는 거리가 너무 짧아서, 마지막 단계까지도 최저점에 닿지
    못합니다. 1.05이면 한 번에 너무 멀리 움직여 최저점을 지나칩니다. 지나쳐서 더 멀어진 곳은 경사도
    더 가파르기 때문에 다음에는 더 멀리 지나치게 되고, 결국 손실이 줄기는커녕 점점 커집니다. 이것을
    발산(diverge)이라고 합니다.

    학습을 시작하자마자 손실이 커지거나 nan이 된다면 학습률부터 줄여 보세요. 학습률을 고르는 방법은
    7장에서 다룹니다.
    """
    histories = {}
    for learning_rate in (0.02, 0.3, 1.05):
        history = descend(x, y, learning_rate)
        histories[learning_rate] = history
        first = history[0]["loss"]
        last = history[-1]["loss"]
        print(f"학습률 {learning_rate:<4}  손실 {first:.3f} → {last:.3f}")

    small, good, large = histories.values()
    check(
        "학습률이 0.02일 때는 0.3일 때보다 손실이 덜 줄었습니다",
        small[-1]["loss"] > good[-1]["loss"],
    )
    check(
        "학습률이 1.05일 때는 마지막 단계에서도 손실이 커지고 있습니다",
        large[-1]["loss"] > large[-2]["loss"],
    )
    save_figure(draw_learning_rates(x, y, best, histories), "autograd_learning_rates.png")


def print_graph(node, indent=""):
    """노드의 이름을 출력하고, 화살표를 따라간 노드는 한 단계 들여쓰기로 출력합니다."""
    if node is not None:  # 추적하지 않는 입력에는 노드가 없습니다
        print(f"{indent}{type(node).__name__}")
        for next_node, _ in node.next_functions:
            print_graph(next_node, indent + "    ")


def follow_the_graph():
    """5. 연산 그래프(computational graph)

    backward()는 loss에서 w까지 돌아가는 길을 어떻게 알까요? 순전파(forward)에서 값을 계산할 때,
    autograd가 어떤 연산을 했는지도 차례로 적어 두기 때문입니다. 이 기록이 연산 그래프(방향성 비순환
    그래프, DAG)이며, 텐서의 grad_fn이 그 텐서를 계산한 연산을 가리킵니다.

    그림에서 화살표는 역전파의 방향입니다. 맨 위가 loss이고, 초록색이 w와 b입니다. 이렇게 직접 만든
    텐서를 잎(leaf)이라고 합니다. 위에서부터 변화도를 따라가 봅시다. loss는 z - y의 제곱이고 z - y가
    2이므로, z - y의 변화도는 2 * 2 = 4입니다. 뺄셈과 덧셈은 4를 그대로 넘기고, 곱셈 w * x는 x를
    곱해서 4 * 3 = 12를 w에 넘깁니다.

    print_graph는 같은 그래프를 텍스트로 출력하는 이 파일의 함수입니다. 들여쓰기가 깊을수록 loss에서
    먼 노드이며, AccumulateGrad가 잎입니다.
    """
    x = 3.0
    y = 5.0
    w = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    product = w * x
    z = product + b
    difference = z - y
    loss = difference**2
    for tensor in (product, z, difference, loss):
        tensor.retain_grad()  # 그림에 표시하려고 중간 결과의 변화도도 저장합니다(6절)
    loss.backward()
    save_figure(
        draw_graph({"w": w, "b": b, "w * x": product, "z": z, "z - y": difference, "loss": loss}),
        "autograd_graph.png",
    )
    check("w의 변화도는 b의 변화도에 x를 곱한 값입니다", w.grad == b.grad * x)
    print_graph(loss.grad_fn)


def see_where_grad_is_stored():
    """6. grad는 어디에 저장될까요?

    backward()를 호출했는데 grad가 None이어서 당황할 때가 있습니다. 변화도가 모든 텐서에 남지는 않기
    때문입니다. grad가 저장되려면 requires_grad가 True이면서 잎이어야 합니다.

    z 같은 중간 결과의 변화도는 계산에 사용한 뒤 바로 버립니다. 모두 남겨 두면 메모리가 많이
    필요하기 때문입니다. 그래서 z.grad를 읽으면 None이 나오고, 잎이 아니라는 긴 경고도 나옵니다.
    중간 결과의 변화도를 꼭 보고 싶다면 backward()보다 먼저 retain_grad()를 호출해 두세요.
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    z = w * x
    loss = (z**2).sum()
    loss.backward()
    show(f"{w.is_leaf, w.grad = }")
    show(f"{x.is_leaf, x.grad = }", "잎이지만 requires_grad가 False입니다")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 잎이 아니라는 경고는 표시하지 않습니다
        print(f"z.is_leaf, z.grad = {z.is_leaf, z.grad}")

    z = w * x
    z.retain_grad()
    loss = (z**2).sum()
    loss.backward()
    show(f"{z, z.grad = }", "z의 제곱을 미분하면 2 * z")
    check("retain_grad()를 호출했더니 중간 결과의 변화도도 남았습니다", z.grad.equal(2 * z))


def run_backward_twice():
    """7. 역전파는 왜 한 번만 할 수 있을까요?

    같은 loss로 backward()를 두 번 호출하면 대개 오류가 납니다. 순전파가 그래프에 저장해 둔 값을
    역전파가 끝나자마자 지우기 때문입니다. 예를 들어 w의 제곱을 미분하려면 w의 값이 필요해서 저장해
    두었다가, 메모리를 아끼려고 바로 비웁니다.

    다시 역전파하려면 순전파부터 다시 하면 됩니다. 꼭 같은 그래프를 두 번 사용해야 한다면 첫 번째
    backward()에 retain_graph=True를 전달합니다. 예제의 expect는 일부러 오류를 내고 그 메시지를 보여
    주는 도우미 함수입니다.
    """
    w = torch.tensor(3.0, requires_grad=True)
    loss = w**2
    loss.backward()
    with expect(RuntimeError):
        loss.backward()


def accumulate_gradients():
    """8. 변화도는 누적됩니다

    backward()를 다시 호출하면 grad는 새 변화도로 바뀔까요? 그렇지 않습니다. 기존 값에 더해집니다.
    보통은 이전 단계의 변화도가 섞이면 안 되기 때문에, 단계마다 grad를 비웁니다. 3절의 descend가
    w.grad = None을 실행한 것도 이 때문입니다.

    모델이나 옵티마이저에는 zero_grad()가 있습니다. 모든 매개변수의 grad를 한 번에 None으로
    비웁니다. 빠뜨리면 학습이 어떻게 되는지는 7장에서 살펴봅니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    first = w.grad.clone()  # 복사해 두지 않으면 first도 함께 바뀝니다
    show(f"{first = }", "w의 제곱을 미분하면 2 * w")

    loss = w**2
    loss.backward()
    show(f"{w.grad = }", "비우지 않고 한 번 더 역전파")
    check("비우지 않았더니 변화도가 두 배가 되었습니다", w.grad == 2 * first)

    layer = nn.Linear(2, 1, bias=False)
    loss = layer(torch.tensor([1.0, 2.0])).sum()
    loss.backward()
    show(f"{layer.weight.grad = }")
    layer.zero_grad()
    show(f"{layer.weight.grad = }", "optimizer.zero_grad()의 결과도 같습니다")


def stop_tracking():
    """9. 추적 멈추기

    학습한 모델로 예측만 할 때는 변화도가 필요 없습니다. 그런데도 추적을 계속하면 그래프와 중간
    결과를 저장하느라 메모리와 시간을 쓰게 됩니다. 이럴 때 torch.no_grad() 블록 안에서 계산하면
    그래프를 만들지 않습니다(torch.inference_mode()도 비슷합니다). 드롭아웃(dropout)을 끄지는 않으니
    평가할 때는 model.eval()도 호출하세요(5장).

    이미 추적한 텐서에서 값만 꺼낼 때도 있습니다. 손실의 합계를 구하려면 total += loss.item()처럼
    숫자만 꺼내 더하세요. loss를 그대로 더하면 그래프까지 쌓여서 메모리가 계속 늘어납니다. 숫자가
    여러 개이면 detach()로 그래프에서 떼어 낸 텐서를 얻습니다.
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    tracked = w * x
    with torch.no_grad():
        untracked = w * x
    show(f"{tracked = }")
    show(f"{untracked = }")
    check("no_grad 블록의 결과에는 그래프가 없습니다", untracked.grad_fn is None)

    total = 0.0
    total_number = 0.0
    for _ in range(3):
        loss = (w * x).sum()
        total += loss  # 나쁜 예
        total_number += loss.item()
    show(f"{total, total_number = }")
    check("loss를 그대로 더한 total은 여전히 그래프에 연결되어 있습니다", total.requires_grad)

    with expect(RuntimeError):
        tracked.numpy()
    array = tracked.detach().numpy()
    show(f"{array = }")


def freeze_parameters():
    """10. 일부 매개변수 고정하기

    많은 이미지로 이미 학습한 모델을 가져와서 마지막 계층만 새로 학습하고 싶다면 어떻게 할까요? 앞쪽
    계층의 매개변수는 바뀌면 안 되니 변화도를 계산할 필요도 없습니다. 5장 17절의 고정(freeze)이 이럴
    때 필요합니다.

    고정하려면 requires_grad_(False)를 호출합니다. 아래의 w가 앞쪽 계층, b가 마지막 계층의
    매개변수라고 생각하고, b의 grad만 계산되는지 확인해 보세요.
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    w.requires_grad_(False)
    loss = (w @ x + b) ** 2
    loss.backward()
    show(f"{w.grad, b.grad = }", "b의 변화도는 2 * (w @ x + b) = 2 * 12")
    check("고정한 w의 변화도는 계산하지 않았습니다", w.grad is None and b.grad is not None)


def lose_the_leaf():
    """11. w = w - …로 조정하면 안 되는 이유

    2절에서는 왜 w = w - 0.1 * w.grad라고 쓰지 않고, no_grad 블록 안에서 w -= 0.1 * w.grad라고
    썼을까요? w = w - …는 w를 고치는 것이 아니라, 연산으로 얻은 새 텐서에 w라는 이름을 붙이기
    때문입니다. 새 텐서는 잎이 아니어서 다음번에는 grad가 None입니다.

    그래서 no_grad 블록 안에서 w -= …로 같은 텐서의 값만 바꿉니다. 이를 제자리(in-place) 연산이라고
    하며, 옵티마이저의 step()도 이렇게 조정합니다. 예제에서는 흔한 실수 세 가지를 먼저 해 봅니다.
    no_grad 없이 새 텐서를 만들면 잎이 아니게 되고, no_grad 없이 제자리 연산을 하면 오류가 나고,
    no_grad 안에서 새 텐서를 만들면 추적이 끊깁니다. 오래된 코드의 w.data -= …는 실수해도 오류가
    나지 않으니 사용하지 마세요(13절).
    """
    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    w = w - 0.1 * w.grad  # 실수 1
    show(f"{w, w.is_leaf = }")

    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    with expect(RuntimeError):
        w -= 0.1 * w.grad  # 실수 2

    with torch.no_grad():
        new_w = w - 0.1 * w.grad  # 실수 3
    show(f"{new_w.requires_grad = }")

    with torch.no_grad():
        w -= 0.1 * w.grad  # 올바른 방법
    show(f"{w, w.is_leaf = }")
    check(
        "no_grad 블록에서 -=로 조정한 w는 여전히 추적하는 잎입니다", w.is_leaf and w.requires_grad
    )


def double_until_ten(x):
    """음수이면 부호를 바꾸고, 10 이상이 될 때까지 2 * y + 1을 되풀이합니다."""
    if x < 0:
        y = -x
    else:
        y = x
    while y < 10:
        y = 2 * y + 1
    return y


def use_control_flow():
    """12. 실행할 때마다 새로 만들어지는 그래프

    입력에 따라 if의 분기나 while의 반복 횟수가 달라지는 함수도 미분할 수 있을까요? PyTorch에서는
    그냥 됩니다. 순전파를 실행할 때마다, 실제로 실행된 연산만 추적해서 그래프를 처음부터 새로 만들기
    때문입니다. 그래서 모델의 forward에도 파이썬의 if와 for를 마음껏 사용할 수 있습니다.

    double_until_ten에서 8은 한 번 만에 17이 되지만, 3은 3 → 7 → 15로 두 번 되풀이합니다.
    곱셈(Mul)이 나올 때마다 변화도가 두 배가 되는지 보세요.

    핵심은 여기까지입니다. 변화도의 반대쪽으로 조정하고, 다음 backward() 전에 grad를 비우고, 예측할
    때는 no_grad()를 사용한다는 것만은 꼭 기억하세요.
    """
    show_code(double_until_ten)
    for number in (8.0, 3.0, -3.0):
        x = torch.tensor(number, requires_grad=True)
        y = double_until_ten(x)
        y.backward()
        print(f"x = {number}, y = {y.item()}, 변화도 {x.grad.item()}")
        print_graph(y.grad_fn)
    check("x = -3의 변화도는 부호를 한 번 바꾸고 2를 두 번 곱한 -1 * 2 * 2입니다", x.grad == -4)


def change_saved_values():
    """13. 제자리 연산과 .data

    계산 중간의 값을 w -= …처럼 덮어쓰면 어떻게 될까요? 역전파는 순전파에서 저장한 값을 다시
    사용합니다. 예를 들어 s의 제곱을 미분하면 2 * s인데, 그 전에 s를 덮어쓰면 변화도가 틀리게
    됩니다. 그래서 autograd는 저장한 값이 바뀌었으면 오류를 발생시킵니다.

    그런데 오래된 코드에서 가끔 볼 수 있는 .data로 바꾸면 autograd가 알아채지 못합니다. 오류가 나지
    않는 대신 잘못된 변화도가 나오며, 이런 실수는 찾아내기가 무척 어렵습니다. .data 대신 detach()를
    사용하면 같은 실수를 오류로 알 수 있습니다.
    """
    w = torch.tensor(3.0, requires_grad=True)
    s = w + 1
    loss = s**2
    loss.backward()
    correct = w.grad
    show(f"{correct = }", "2 * s = 2 * 4")

    s = w + 1
    loss = s**2
    s *= 2  # 덮어쓰기
    with expect(RuntimeError):
        loss.backward()

    w.grad = None
    s = w + 1
    loss = s**2
    s.data *= 2  # 나쁜 예
    loss.backward()
    show(f"{w.grad = }", "덮어쓴 s로 계산한 2 * 8")
    check(".data로 바꿨더니 오류도 없이 변화도가 틀렸습니다", w.grad != correct)


class Value:
    """숫자 하나와, 그 숫자를 어떻게 계산했는지를 기억합니다. 더하고 곱할 수 있습니다."""

    tape = []  # 지금까지 만든 Value

    def __init__(self, data, inputs=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs  # (입력, 결과를 그 입력으로 미분한 값)의 목록
        Value.tape.append(self)

    def __add__(self, other):  # self + other
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):  # self * other
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def backward(self):
        for node in Value.tape:
            node.grad = 0.0
        self.grad = 1.0
        # 위상 정렬: 나중에 만든 값부터 방문해야, 모든 경로의 변화도를 더한 뒤에 넘겨줍니다
        for node in reversed(Value.tape):
            for value, derivative in node.inputs:
                value.grad += derivative * node.grad


def reuse(w, x):
    """w와 a를 여러 번 사용합니다."""
    a = w * x
    return a * a + a + w


def compare_engines():
    """14. 자동 미분 엔진 직접 만들기

    PyTorch가 변화도를 어떻게 계산하는지는 직접 만들어 보면 가장 잘 이해할 수 있습니다. Value는 숫자
    하나와 함께, 그 숫자를 계산한 입력과 도함수를 기억합니다. +와 *를 사용하면 파이썬이 __add__와
    __mul__을 호출하므로, 계산하는 동안 5절의 그래프가 만들어집니다.

    backward()는 결과에서 입력까지 거슬러 올라가며 도함수를 곱합니다. 여러 번 사용된 값에는 경로마다
    변화도가 도착하므로 모두 더합니다. 예를 들어 a가 4일 때 a * a의 변화도는 4 + 4 = 8입니다.
    torch.autograd도 원리는 같습니다. 숫자 대신 텐서를 계산할 뿐입니다.
    """
    show_code(Value)
    show_code(reuse)
    my_w = Value(2.0)
    my_result = reuse(my_w, Value(3.0))
    my_result.backward()
    show(f"{my_result.data, my_w.grad = }")

    w = torch.tensor(2.0, requires_grad=True)
    result = reuse(w, 3.0)
    result.backward()
    show(f"{result.item(), w.grad.item() = }")
    check("Value로 구한 변화도가 PyTorch와 같습니다", math.isclose(my_w.grad, w.grad))


def find_the_limit(x, y, best):
    """15. 학습률은 얼마부터 너무 클까요?

    4절에서 학습률 0.3으로는 손실이 줄고 1.05로는 커졌으니, 그 사이 어딘가에 경계가 있습니다. 3절의
    점들에서 b가 최저점에서 1만큼 떨어져 있으면 변화도가 2입니다. 학습률이 0.3이면 0.3 * 2 = 0.6만큼
    다가가서 0.4가 남습니다. 1이면 2만큼 움직여 반대쪽 -1에 서고, 1.05이면 2.1만큼 움직여 -1.1에
    섭니다. 더 멀어졌으니 경계는 1입니다.

    이 손실처럼 이차식이면 1만큼 떨어진 곳의 변화도가 곡률(curvature) k이고, 경계는 2 / k입니다.
    곡률은 방향마다 다른데, 가장 큰 곡률이 경계를 정합니다. 이 손실에서는 b 방향입니다.
    """
    w = torch.tensor(best["w"] + 1, requires_grad=True)  # 최저점에서 w만 1만큼 옮긴 곳
    loss = ((w * x + best["b"] - y) ** 2).mean()
    loss.backward()
    b = torch.tensor(best["b"] + 1, requires_grad=True)  # 최저점에서 b만 1만큼 옮긴 곳
    loss = ((best["w"] * x + b - y) ** 2).mean()
    loss.backward()
    show(f"{w.grad, b.grad = }", "w 방향과 b 방향의 곡률")
    limit = 2 / b.grad.item()
    show(f"{limit = :.3f}")

    ratios = []
    for learning_rate in (0.95 * limit, 1.05 * limit):
        history = descend(x, y, learning_rate)
        before = history[0]["b"] - best["b"]
        after = history[1]["b"] - best["b"]
        ratios.append(abs(after / before))
        print(f"학습률 {learning_rate:.3f}  b의 거리 {before:.3f} → {after:.3f}")
    check("학습률이 경계보다 작으면 가까워지고, 크면 멀어집니다", ratios[0] < 1 < ratios[1])


def multiply_jacobian():
    """16. 야코비안 곱(Jacobian product)

    손실과 달리 출력이 여러 개이면 무엇이 달라질까요? 출력이 2개, 입력이 3개이면 도함수가 쌍마다
    하나씩 6개이며, 이를 모은 2x3 행렬을 야코비안 행렬 J라고 합니다.

    출력과 입력이 만 개씩만 되어도 J의 원소는 1억 개입니다. 그래서 autograd는 J를 만드는 대신,
    출력마다 곱할 숫자 v를 받아 v @ J만 계산합니다. 이것이 야코비안 곱이며, v[0] * out[0] + v[1] *
    out[1]을 미분한 것과 같습니다. v를 생략할 수 있는 것은 출력이 하나일 때뿐입니다.
    """
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = torch.stack([x[0] * x[1], x[2] ** 2])
    with expect(RuntimeError):
        out.backward()

    v = torch.tensor([1.0, 0.1])
    out.backward(v)
    show(f"{x.grad = }")

    # 손으로 미분한 J: 첫 행은 [x[1], x[0], 0], 둘째 행은 [0, 0, 2 * x[2]]
    J = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]])
    show(f"{v @ J = }")
    check("backward(v)로 구한 변화도는 v @ J와 같습니다", torch.allclose(x.grad, v @ J))


def tell_three_grads_apart():
    """17. 이름이 grad인 것 세 가지

    PyTorch 코드를 읽다 보면 grad라는 이름이 서로 다른 뜻으로 나와서 헷갈리기 쉽습니다. 세 가지를
    나란히 놓고 구별해 봅시다.

    1) 텐서의 grad 속성은 backward()로 계산한 변화도가 누적되는 곳입니다.
    2) torch.autograd.grad(출력, 입력)은 누적하지 않고 변화도를 튜플로 반환합니다.
    3) torch.func.grad(함수)는 그 함수의 변화도를 계산하는 새 함수를 반환합니다.
    """
    t = torch.tensor(3.0, requires_grad=True)
    loss = t**2
    loss.backward()
    show(f"{t.grad = }")

    loss = t**2
    returned = torch.autograd.grad(loss, t)
    show(f"{returned = }")

    derivative = torch.func.grad(torch.square)  # 제곱을 미분하는 함수
    show(f"{derivative(torch.tensor(3.0)) = }")
    check("2)와 3)은 t.grad에 더하지 않아서 t.grad는 6 그대로입니다", t.grad == 6)


def f(x):
    """f(x) = x ** 3 / 3 - x"""
    return x**3 / 3 - x


def differentiate_twice():
    """18. 두 번 미분하기

    기울기가 얼마나 빨리 변하는지 알고 싶을 때는 도함수 f'을 한 번 더 미분해서 이계도함수 f''을
    구합니다. 그런데 변화도를 계산하는 과정은 보통 추적하지 않아서, 그 결과를 다시 미분하려고 하면
    오류가 발생합니다. create_graph=True를 전달하면 그 과정도 추적합니다.

    f(x) = x ** 3 / 3 - x를 손으로 미분하면 f'(x) = x ** 2 - 1, f''(x) = 2 * x입니다. 그림에서 f'이
    0인 곳마다 f가 평평한지 확인해 보세요.
    """
    show_code(f)
    x = torch.linspace(-2.5, 2.5, 101, requires_grad=True)
    (first,) = torch.autograd.grad(f(x).sum(), x)  # sum(): 모든 점을 한 번에 미분합니다
    with expect(RuntimeError):
        torch.autograd.grad(first.sum(), x)

    (first,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    for i in (0, 30, 60, 100):
        print(f"x = {x[i]:>4.1f}  f'(x) = {first[i]:>6.3f}, f''(x) = {second[i]:>6.3f}")
    right = torch.allclose(first, x**2 - 1, atol=1e-4) and torch.allclose(second, 2 * x, atol=1e-4)
    check("f'과 f''이 모든 점에서 손으로 미분한 식과 같습니다", right)
    save_figure(draw_derivatives(x, f(x), first, second), "autograd_derivatives.png")


def differentiate_by_hand(x, y, w, b):
    """19. 손으로 미분한 식과 비교하기

    autograd가 계산한 변화도를 그대로 믿어도 될까요? 2절의 신경망은 작아서 손으로도 미분할 수
    있습니다. 손실 함수인 이진 교차 엔트로피는 로짓 z를 sigmoid로 0~1의 확률로 바꿔 정답과 비교하며,
    이 손실을 z로 미분하면 (확률 - 정답) / 정답의 개수라는 간단한 식이 됩니다. 정답이 1인데 확률이
    0.8이면 (0.8 - 1) / 2 = -0.1이므로, z를 늘려야 합니다.

    z[0]에는 w[0][1] * x[1]이 들어 있으니, w[0][1]의 변화도는 z[0]의 변화도에 x[1]을 곱한 값입니다.
    모든 곱은 torch.outer로 한 번에 구합니다. 2절에서 조정한 w와 b로 비교해 봅시다.
    """
    z = w @ x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    (by_autograd,) = torch.autograd.grad(loss, w)
    show(f"{by_autograd = }")

    with torch.no_grad():
        dloss_dz = (torch.sigmoid(z) - y) / len(y)
        by_hand = torch.outer(dloss_dz, x)
    show(f"{by_hand = }")
    check(
        "손으로 미분한 식이 autograd와 같은 변화도를 줍니다",
        torch.allclose(by_hand, by_autograd, atol=1e-6),
    )


def check_by_differences():
    """20. 유한 차분(finite difference)으로 검증하기

    손으로 미분하기 어려운 함수라면, 변화도가 맞는지 어떻게 확인할까요? 1절에서 했듯이 입력을 조금
    바꾸고 출력이 얼마나 달라지는지 보면 됩니다. 이 방법을 유한 차분이라고 하며, x + h와 x - h의
    양쪽에서 계산하면 더 정확합니다. 18절의 f는 x = 2에서 도함수의 값이 3인데, h = 0.1이면 (f(2.1) -
    f(1.9)) / 0.2 = 3.003입니다.

    h는 작을수록 좋을까요? 처음에는 오차가 줄어들지만, 너무 작으면 거의 같은 두 수를 빼느라 반올림
    오차가 커집니다. 그림을 오른쪽에서 왼쪽으로 따라가며, 오차가 내려갔다가 다시 올라가는지 보세요.

    torch.autograd.gradcheck는 이 검증을 대신해 줍니다. 반올림 오차가 작은 float64 텐서를 전달해야
    합니다.
    """
    steps = [0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]
    errors = []
    x = torch.tensor(2.0, dtype=torch.float64)
    for h in steps:
        slope = (f(x + h) - f(x - h)) / (2 * h)
        errors.append(abs(slope.item() - 3))  # f'(x) = x ** 2 - 1이므로 f'(2) = 3
    save_figure(draw_errors(steps, errors), "autograd_differences.png")
    check(
        "오차는 h를 줄이면 작아지다가 다시 커집니다",
        errors[0] > min(errors) and errors[-1] > min(errors),
    )

    x.requires_grad_(True)
    show(f"{torch.autograd.gradcheck(f, x) = }", "변화도가 맞으면 True, 틀리면 오류")


class Softplus(torch.autograd.Function):
    """log(1 + e ** x)를 오버플로 없이 계산합니다. 도함수는 sigmoid(x)입니다."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)  # 역전파에서 사용할 텐서
        return torch.logaddexp(torch.zeros_like(x), x)  # log(e ** 0 + e ** x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)  # 연쇄 법칙: 전달받은 변화도에 도함수를 곱합니다


def use_own_function():
    """21. 미분 규칙을 직접 정의하기

    자동으로 계산한 변화도가 nan이 될 때가 있습니다. log(1 + e ** x)는 x가 100이면 e ** 100에서
    오버플로(overflow)가 발생해서, 변화도까지 nan이 됩니다. 손으로 미분하면 sigmoid(x)라는 안전한
    식이 나오니, torch.autograd.Function을 상속받아 미분 규칙을 직접 정의해 봅시다.

    forward에는 값을, backward에는 변화도를 계산하는 방법을 적습니다. ctx는 forward의 값을
    backward까지 보관해 주는 객체입니다. grad_output은 결과 쪽에서 도착한 변화도이므로, 여기에
    도함수를 곱해서 반환해야 합니다. 규칙을 잘못 적기 쉬우니 20절의 gradcheck로 꼭 검증하세요.
    실제로는 같은 계산을 하는 F.softplus를 사용하면 되고, forward의 logaddexp를 그대로 미분해도
    안전합니다. 여기서는 규칙을 적는 법을 익히려고 직접 정의했습니다.
    """
    show_code(Softplus)
    x = torch.tensor([0.0, 1.0, 100.0], requires_grad=True)
    y = torch.log(1 + torch.exp(x))
    y.sum().backward()
    show(f"{x.grad = }", "e ** 100에서 오버플로")

    x.grad = None
    y = Softplus.apply(x)
    y.sum().backward()
    show(f"{x.grad = }")
    check(
        "직접 정의한 규칙의 변화도는 sigmoid(x)와 같습니다",
        torch.allclose(x.grad, torch.sigmoid(x)),
    )

    x = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    passed = torch.autograd.gradcheck(Softplus.apply, x, raise_exception=False)
    check("Softplus의 미분 규칙은 gradcheck를 통과합니다", passed)


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    torch.manual_seed(args.seed)

    begin("핵심", "장치(device): cpu")
    teach(follow_one_number)
    x, y, w, b = teach(build_smallest_network)
    line_x, line_y, best = teach(fit_line)
    teach(try_learning_rates, line_x, line_y, best)
    teach(follow_the_graph)
    teach(see_where_grad_is_stored)
    teach(run_backward_twice)
    teach(accumulate_gradients)
    teach(stop_tracking)
    teach(freeze_parameters)
    teach(lose_the_leaf)
    teach(use_control_flow)

    begin("더 알아보기")
    teach(change_saved_values)
    teach(compare_engines)
    teach(find_the_limit, line_x, line_y, best)
    teach(multiply_jacobian)
    teach(tell_three_grads_apart)
    teach(differentiate_twice)
    teach(differentiate_by_hand, x, y, w, b)
    teach(check_by_differences)
    teach(use_own_function)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("7장 최적화(optimization.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    parser = argparse.ArgumentParser(description="6장. 자동 미분")
    parser.error = lambda message: parser.exit(
        2, f"오류: 잘못된 옵션입니다({message}). 도움말: --help\n"
    )
    add = parser.add_argument
    add("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    add("--output-dir", default=OUTPUT_DIR, help="결과 폴더 (기본값: %(default)s)")
    add("--show", action="store_true", help="끝나면 페이지를 브라우저로 엽니다")
    add("--practice", action="store_true", help="연습 문제만 확인합니다")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 2**32 미만이어야 합니다")
    return args


def try_it_yourself():
    """직접 해 보기

    autograd.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저 예상해
    보면 더 재미있습니다.

    1) chain 함수(1절)의 c = b**2를 c = b**3으로 바꿔 보세요.
    2) descend 함수(3절)에서 w.grad = None 줄을 지워 보세요.
    3) Softplus 클래스(21절)의 backward에서 grad_output을 곱하지 말고 torch.sigmoid(x)만 반환해
    보세요.

    다음은 직접 실행해 확인한 결과입니다. 1)은 손으로 구한 dc_db가 더 이상 맞지 않아서 1절에 ✗가
    표시되고, dc_db = 3 * b**2로 고치면 다시 ✓가 됩니다. 2)는 이전 변화도가 계속 더해져서 w가
    최저점을 지나 왔다 갔다 하며, 3절과 4절에 ✗가 표시됩니다. 3)은 y.sum()의 grad_output이 모두
    1이어서 변화도가 그대로이지만, gradcheck가 잘못된 규칙을 찾아내서 21절에 ✗가 표시됩니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def numerical_derivative(f, x):
    """함수 f의 x에서의 도함수를 근사해 반환하세요.

    1절에서 w를 0.001만큼 늘려 본 것처럼 x를 조금 움직여 봅니다. x는 float64 텐서이고 f(x)는
    x와 모양이 같습니다. f는 추적하지 않는 함수여서 backward()는 사용할 수 없습니다.
    예: f(x) = x ** 3이고 x가 [1, 2]이면 [3, 12]에 가까운 값입니다.

    힌트: h = 1e-5로 정하고, f(x + h)와 f(x - h)의 차이를 2 * h로 나눠 보세요.
    """
    raise NotImplementedError


def fresh_gradient(f, w):
    """손실 f(w)의 w에 대한 변화도만 반환하세요. w.grad에는 이전 변화도가 남아 있을 수 있습니다.

    예: f(w) = (w ** 2).sum()이고 w가 [3], w.grad가 [100]이면 [6]입니다.

    힌트: 변화도는 누적되므로(8절), 먼저 w.grad를 비운 뒤 f(w)로 역전파해 보세요.
    """
    raise NotImplementedError


def cross_entropy_gradient(logits, y):
    """평균 교차 엔트로피 손실의 로짓 [N, C]에 대한 변화도 [N, C]를 계산하세요.

    y [N]은 정수 정답입니다. 손으로 미분하면 (확률 - 원-핫 정답) / N이라는 식이 나오니,
    autograd를 사용하지 않고 이 식으로 계산해 보세요.
    예: 로짓이 [[0, 0]]이고 y가 [1]이면 확률은 [[0.5, 0.5]], 원-핫 정답은 [[0, 1]]이므로
    [[0.5, -0.5]]입니다.

    힌트: 확률은 logits.softmax(dim=1), 원-핫 정답은 F.one_hot(y, C)입니다. C는
    logits.shape[1]입니다.
    """
    raise NotImplementedError


def make_leaky_relu(slope):
    """x > 0이면 x를, 아니면 slope * x를 계산하는 함수를 직접 정의하세요(21절을 먼저 읽으세요).

    torch.autograd.Function을 상속받은 파이썬 클래스를 만들어, 클래스 자체를 반환합니다.

    x가 [-2, 0, 3]일 때의 값과, grad_output이 [10, 20, 30]일 때의 변화도를 확인합니다.
    예: slope가 0.1이면 값은 [-0.2, 0, 3]이고 변화도는 [1, 2, 30]입니다.

    힌트: 21절의 Softplus와 같은 모양입니다. torch.where(x > 0, …, …)를 두 번 사용해 보세요.
    """
    raise NotImplementedError


def cube(x):
    """x ** 3입니다. 추적을 멈췄기 때문에 autograd로는 미분할 수 없습니다."""
    return x.detach() ** 3


def square(x):
    """x ** 2입니다. 추적을 멈췄기 때문에 autograd로는 미분할 수 없습니다."""
    return x.detach() ** 2


def sum_of_squares(w):
    """(w ** 2).sum()입니다. 변화도는 2 * w입니다."""
    return (w**2).sum()


def product_of_all(w):
    """모든 원소의 곱입니다. w가 [3, 4]이면 변화도는 [4, 3]입니다."""
    return w.prod()


def parameter(values, grad=None):
    """requires_grad가 True인 텐서입니다. grad에는 이전 변화도를 넣어 둡니다."""
    w = torch.tensor(values, requires_grad=True)
    if grad is not None:
        w.grad = torch.tensor(grad)
    return w


def read_gradient(answer):
    """텐서가 아니면 이유를 알려 줍니다."""
    if not isinstance(answer, torch.Tensor):
        raise TypeError("튜플이나 리스트가 아니라 변화도 텐서 하나를 반환하세요")
    return answer


def read_function(function):
    """x가 [-2, 0, 3]일 때의 값과, grad_output이 [10, 20, 30]일 때의 변화도를 구합니다."""
    if not (isinstance(function, type) and issubclass(function, torch.autograd.Function)):
        raise TypeError("torch.autograd.Function을 상속받은 클래스를 반환하세요")
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    result = function.apply(x)
    result.backward(torch.tensor([10.0, 20.0, 30.0]))
    return torch.stack([result, x.grad])


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 autograd.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고,
    함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. 앞의 세 문제는 핵심만 읽고도 풀 수
    있습니다. python autograd.py --practice를 실행하면 맞는지 바로 알려 줍니다. 모범 답안은 저장소의
    tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    float64 = torch.float64
    practice(
        numerical_derivative,
        ((cube, tensor([1.0, 2.0], dtype=float64)), [3, 12]),
        ((square, tensor([-1.5, 0.0], dtype=float64)), [-3, 0]),
        ((cube, tensor([[0.0, -1.0]], dtype=float64)), [[0, 3]]),
    )
    practice(
        fresh_gradient,
        ((sum_of_squares, parameter([3.0], grad=[100.0])), [6]),
        ((product_of_all, parameter([3.0, 4.0], grad=[100.0, 100.0])), [4, 3]),
        ((sum_of_squares, parameter([1.0, -2.0])), [2, -4]),
        read=read_gradient,
    )
    practice(
        cross_entropy_gradient,
        ((tensor([[0.0, 0.0]]), tensor([1])), [[0.5, -0.5]]),
        (
            (torch.zeros(2, 4), tensor([0, 3])),
            [[-0.375, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]],
        ),
        ((tensor([[0.0, math.log(3)]]), tensor([0])), [[-0.75, 0.75]]),
    )
    practice(
        make_leaky_relu,
        ((0.1,), [[-0.2, 0, 3], [1, 2, 30]]),
        ((0.0,), [[0, 0, 3], [0, 0, 30]]),
        ((1.5,), [[-3, 0, 3], [15, 30, 30]]),
        read=read_function,
    )


# ---- 그림을 그리는 함수입니다. ----


def draw_chain(values, gradients, derivatives):
    """왼쪽에서 오른쪽으로 값을, 오른쪽에서 왼쪽으로 변화도를 계산하는 순서를 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 2.4), layout="constrained")
    style = {"ha": "center", "va": "center", "fontsize": 13}
    for i, name in enumerate(["w", "a", "b", "c"]):
        box = {"boxstyle": "round", "facecolor": "white"}
        axis.text(i, 0, f"{name} = {values[i]:g}", bbox=box, **style)
        axis.text(i, -0.55, f"dc/d{name} = {gradients[i]:g}", color="#D55E00", **style)
    for i, derivative in enumerate(derivatives):
        forward = {"arrowstyle": "-|>", "color": "#0072B2"}
        backward = {"arrowstyle": "-|>", "color": "#D55E00", "linestyle": "--"}
        axis.annotate("", (i + 0.7, 0.15), (i + 0.3, 0.15), arrowprops=forward)
        axis.annotate("", (i + 0.3, -0.15), (i + 0.7, -0.15), arrowprops=backward)
        axis.text(i + 0.5, -0.32, f"* {derivative:g}", color="#D55E00", **style)
    axis.set(xlim=(-0.45, len(values) - 0.55), ylim=(-0.8, 0.4))
    axis.axis("off")
    figure.suptitle("Forward (blue): values, backward (orange): gradients")
    return figure


def draw_descent(axis, x, y, best, histories):
    """(w, b)마다의 손실을 색으로, 학습률별로 경사하강법이 지나간 경로를 선으로 그립니다."""
    half = 1.6 * max(abs(best["w"]), abs(best["b"]))  # 출발점 (0, 0)도 보이도록 정합니다
    w = torch.linspace(best["w"] - half, best["w"] + half, 101)
    b = torch.linspace(best["b"] - half, best["b"] + half, 101)
    predictions = w[None, :, None] * x + b[:, None, None]  # 행은 b, 열은 w, 마지막 차원은 점
    losses = ((predictions - y) ** 2).mean(dim=2)
    levels = torch.linspace(losses.min() ** 0.5, losses.max() ** 0.5, 16) ** 2
    axis.contourf(w.numpy(), b.numpy(), losses.numpy(), levels.numpy(), cmap="Blues")
    styles = [("o-", "#D55E00"), ("s--", "#009E73"), ("^:", "#CC79A7")]
    for (label, history), (style, color) in zip(histories.items(), styles):
        path_w = [row["w"] for row in history]
        path_b = [row["b"] for row in history]
        axis.plot(path_w, path_b, style, color=color, markersize=5, label=label)
    axis.plot(best["w"], best["b"], "*", color="black", markersize=14, label="least squares")
    axis.set(xlim=w[[0, -1]].tolist(), ylim=b[[0, -1]].tolist(), xlabel="w", ylabel="b")
    axis.legend(loc="lower left")


def draw_line_fit(x, y, best, history):
    """왼쪽에는 점과 단계별 직선을, 오른쪽에는 손실 곡면 위의 경로를 그립니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.3), layout="constrained")
    left.plot(x, y, "o", color="#999999", markersize=5)
    styles = {0: (":", "#CC79A7"), 2: ("-.", "#009E73"), 39: ("-", "#0072B2")}
    for step, (style, color) in styles.items():
        row = history[step]
        left.plot(x, row["w"] * x + row["b"], style, color=color, lw=2.5, label=f"step {step}")
    left.legend()
    left.set(title="Data and the line", xlabel="x", ylabel="y")
    draw_descent(right, x, y, best, {"path": history})
    right.set_title("Loss over (w, b), lighter is smaller")
    return figure


def draw_learning_rates(x, y, best, histories):
    """학습률별 경로를 손실 곡면 위에 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 5), layout="constrained")
    draw_descent(axis, x, y, best, {f"rate {rate}": path for rate, path in histories.items()})
    axis.set_title("Three learning rates on the loss over (w, b)")
    return figure


def measure_depths(node, depth, depths):
    """노드마다 결과에서 가장 먼 거리를 depths에 적습니다."""
    if depths.get(node, -1) < depth:
        depths[node] = depth
        for next_node, _ in node.next_functions:
            if next_node is not None:
                measure_depths(next_node, depth + 1, depths)


def draw_graph(tensors):
    """연산 그래프를 그립니다. tensors는 {이름: 텐서}이며, 마지막 텐서가 그래프의 결과입니다."""
    labels = {}
    for name, tensor in tensors.items():
        node = torch.autograd.graph.get_gradient_edge(tensor).node
        numbers = f"{name} = {tensor.item():g}\ngradient {tensor.grad.item():g}"
        labels[node] = f"{type(node).__name__}\n{numbers}"
    depths = {}
    measure_depths(node, 0, depths)

    places = {}
    for node, depth in depths.items():
        beside = sum(depths[other] == depth for other in places)  # 같은 높이에 먼저 놓은 노드
        places[node] = (beside, -depth)

    figure, axis = plt.subplots(figsize=(6, 6.5), layout="constrained")
    boxes = {}
    for node, (column, height) in places.items():
        color = "#B3E0D2" if hasattr(node, "variable") else "#CCE3F0"
        box = {"boxstyle": "round", "facecolor": color}
        text = axis.text(column, height, labels[node], ha="center", va="center", bbox=box)
        boxes[node] = text.get_bbox_patch()
    for node in places:
        for next_node, _ in node.next_functions:
            if next_node is not None:
                arrow = {"arrowstyle": "-|>", "patchA": boxes[node], "patchB": boxes[next_node]}
                axis.annotate("", places[next_node], places[node], arrowprops=arrow)
    columns = [column for column, height in places.values()]
    axis.set(xlim=(-0.6, max(columns) + 0.6), ylim=(-max(depths.values()) - 0.4, 0.4))
    axis.axis("off")
    figure.suptitle("Graph of autograd (arrows: backward pass, green: leaves)")
    return figure


def draw_derivatives(x, f, first, second):
    """함수와 두 도함수를 그립니다."""
    x = x.detach()
    figure, axis = plt.subplots(figsize=(7, 4.6), layout="constrained")
    axis.axhline(0, color="#999999", lw=1)
    axis.plot(x, f.detach(), "-", color="#0072B2", lw=2.5, label="f(x)")
    axis.plot(x, first.detach(), "--", color="#D55E00", lw=2, label="f'(x)")
    axis.plot(x, second, "-.", color="#009E73", lw=2, label="f''(x)")
    axis.legend()
    axis.set(title="A function and its first and second derivatives", xlabel="x", ylabel="value")
    return figure


def draw_errors(steps, errors):
    """h에 따른 유한 차분의 오차를 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 4.4), layout="constrained")
    axis.loglog(steps, errors, "o-", color="#0072B2")
    axis.set(title="Error of finite differences (float64)", xlabel="h", ylabel="error")
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
