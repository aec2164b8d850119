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
    12. 제자리 연산과 .data                            change_saved_values
    13. 실행할 때마다 새로 만들어지는 그래프           use_control_flow, double_until_ten
  더 알아보기
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

    매개변수 w를 조금 늘리면 손실은 얼마나 달라질까요? w를 늘렸을 때 손실이 커진다면 w를 줄여야
    하고, 손실이 작아진다면 w를 늘려야 합니다. w가 변한 크기의 몇 배만큼 손실이 변하는지 나타내는
    값을 변화도(gradient)라고 하며, 학습할 때 매개변수는 언제나 이 변화도에 따라 조정됩니다.

    가장 간단한 예로 시작합시다. 숫자 w에 연산 세 개를 차례로 적용해 손실 c를 구합니다. 전체를 한
    번에 미분하기는 어려워 보여도, 연산 하나하나는 쉽습니다. 연산마다 입력이 조금 변할 때 출력이 몇
    배로 변하는지(도함수, derivative)를 구하고, 이 값들을 마지막 연산부터 거꾸로 곱하면 됩니다.
    이것이 연쇄 법칙입니다.

    곱한 값이 맞는지는 직접 확인할 수 있습니다. w를 0.001만큼 늘려 보고, c가 정말 그 42배만큼
    변하는지 보세요.
    """
    show_code(chain)
    w = 2.0
    x = 3.0
    a, b, c = chain(w, x)
    show(f"{a, b, c = }")

    da_dw = x  # a = w * x를 w로 미분하면 x
    db_da = 1.0  # b = a + 1을 a로 미분하면 1
    dc_db = 2 * b  # c = b ** 2을 b로 미분하면 2 * b
    dc_da = dc_db * db_da
    dc_dw = dc_da * da_dw
    show(f"{dc_db, dc_da, dc_dw = }", "마지막 연산부터 거꾸로 곱한 변화도")

    new_a, new_b, new_c = chain(w + 0.001, x)
    measured = (new_c - c) / 0.001
    show(f"{measured = :.3f}", "c가 변한 크기는 w가 변한 크기의 몇 배일까요?")
    close = math.isclose(dc_dw, measured, rel_tol=0.01, abs_tol=0.1)
    check("연쇄 법칙으로 구한 변화도는 직접 측정한 변화율과 거의 같습니다", close)
    save_figure(
        draw_chain([w, a, b, c], [dc_dw, dc_da, dc_db, 1.0], [da_dw, db_da, dc_db]),
        "autograd_chain.png",
    )


def build_smallest_network():
    """2. 가장 작은 신경망

    실제 신경망에는 매개변수가 수백만 개나 있어서 이런 계산을 손으로 할 수 없습니다. 그래서
    PyTorch에는 torch.autograd라는 자동 미분 엔진이 들어 있습니다. 가장 작은 신경망으로 사용법을
    알아봅시다. 입력 x에 가중치 w를 곱하고 편향 b를 더해 로짓 z를 구한 뒤, z가 정답 y와 얼마나
    다른지를 손실 loss로 나타냅니다. 손실 함수는 z를 sigmoid로 0~1의 확률로 바꿔 정답과 비교하는
    이진 교차 엔트로피입니다. 이름은 어렵지만, 확률이 정답에 가까울수록 작아지는 숫자라는 것만 알면
    됩니다.

    손실을 줄이려면 w와 b를 조정해야 하고, 그러려면 두 텐서에 대한 손실의 변화도를 알아야 합니다.
    그래서 두 텐서의 requires_grad를 True로 설정합니다. 그러면 autograd가 두 텐서를 사용하는 연산을
    모두 추적하면서, 역전파에 사용할 함수를 결과 텐서의 grad_fn에 저장합니다.

    loss.backward()는 이 함수들을 거꾸로 따라가며 연쇄 법칙을 적용하고, 변화도를 w.grad와 b.grad에
    저장합니다. 변화도는 손실이 커지는 방향이니, 반대 방향으로 조금 움직이면 손실이 줄어야 합니다.
    정말 그런지 확인해 보세요.
    """
    x = torch.tensor([1.0, 2.0, -1.0])  # 입력: 특징(feature) 3개
    y = torch.tensor([0.0, 1.0])  # 정답 2개
    w = torch.randn(2, 3, requires_grad=True)  # 가중치
    b = torch.randn(2, requires_grad=True)  # 편향
    z = w @ x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    show(f"{z = }")
    show(f"{loss = }")
    show(f"{x.requires_grad, w.requires_grad, loss.requires_grad = }")
    show(f"{w.grad = }", "아직 계산하지 않았습니다")

    loss.backward()
    show(f"{w.grad = }")
    show(f"{b.grad = }")

    with torch.no_grad():  # 조정하는 계산까지 추적하지는 않습니다(11절)
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    new_loss = F.binary_cross_entropy_with_logits(w @ x + b, y)
    show(f"{new_loss = }")
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


def fit_line():
    """3. 경사하강법(gradient descent)으로 직선 맞추기

    한 번 움직여서 손실이 조금 줄었다면, 여러 번 되풀이하면 어떻게 될까요? 이렇게 변화도의 반대
    방향으로 조금씩 움직이기를 반복하는 방법을 경사하강법이라고 합니다. 한 번에 얼마나 움직일지는
    변화도에 곱하는 학습률(learning rate)로 정합니다.

    흩어져 있는 점 60개에 직선 w * x + b를 맞춰 봅시다. 점들은 기울기 2, 절편 1인 직선에
    잡음(noise)을 더해 만들었습니다. 손실은 직선과 점의 세로 거리를 제곱해서 평균을 구한 값, 즉 평균
    제곱 오차(MSE)입니다.

    오른쪽 그림은 w와 b마다 손실이 얼마인지를 색으로 보여 줍니다. 연할수록 손실이 작은 곳입니다. w와
    b가 모두 0인 곳에서 출발한 경로가 가장 낮은 곳(별)까지 내려가는지 보세요. 매개변수가 둘뿐인 이
    문제는 공식으로도 풀 수 있기 때문에, 마지막에 그 답과 비교합니다. 점에 잡음이 있으니 손실이
    0까지 줄지는 않습니다.
    """
    show_code(descend)
    x = torch.linspace(-1, 1, 60)
    y = 2 * x + 1 + 0.3 * torch.randn(60)

    history = descend(x, y, learning_rate=0.3)
    for step in (0, 1, 2, 5, 10, 20, 39):
        row = history[step]
        print(f"스텝 {step:>2}  w {row['w']:.3f}, b {row['b']:.3f}, 손실 {row['loss']:.4f}")

    # 최소제곱법: 손실이 가장 작은 w와 b를 구하는 공식
    x_mean = x.mean()
    y_mean = y.mean()
    best_w = ((x - x_mean) * (y - y_mean)).sum() / ((x - x_mean) ** 2).sum()
    best_b = y_mean - best_w * x_mean
    best = {"w": best_w.item(), "b": best_b.item()}
    show(f"{best = }")
    last = history[-1]
    same = abs(last["w"] - best["w"]) < 0.01 and abs(last["b"] - best["b"]) < 0.01
    check("경사하강법으로 찾은 w와 b는 공식으로 구한 답과 0.01 이내로 같습니다", same)
    save_figure(draw_line_fit(x, y, best, history), "autograd_line_fit.png")
    return x, y, best


def try_learning_rates(x, y, best):
    """4. 학습률이 너무 작거나 너무 크면

    학습률을 키우면 더 빨리 도착하지 않을까요? 같은 점들을 가지고 학습률만 바꿔 가며 40단계씩 실행해
    보겠습니다.

    0.02로는 방향은 맞지만 움직이는 거리가 너무 짧아서, 40단계가 지나도 최저점에 닿지 못합니다.
    1.05로는 한 번에 너무 멀리 움직여 최저점을 지나칩니다. 지나친 곳은 경사가 더 가파르기 때문에
    다음에는 더 멀리 지나치게 되고, 결국 손실이 줄기는커녕 점점 커집니다. 이것을 발산(diverge)이라고
    합니다.

    학습을 시작하자마자 손실이 커지거나 nan이 된다면 학습률부터 줄여 보세요. 경계가 정확히
    어디인지는 15절에서, 실제로 학습률을 고르는 방법은 7장에서 다룹니다.
    """
    histories = {}
    for learning_rate in (0.02, 0.3, 1.05):
        history = descend(x, y, learning_rate)
        histories[learning_rate] = history
        first = history[0]["loss"]
        last = history[-1]["loss"]
        print(f"학습률 {learning_rate:<4}  손실 {first:.3f} → {last:.3f}")

    small, good, large = histories.values()
    check("학습률 0.02로는 0.3보다 손실이 덜 줄었습니다", small[-1]["loss"] > good[-1]["loss"])
    last = large[-1]["loss"]
    diverges = not math.isfinite(last) or last > large[-2]["loss"]
    check("학습률 1.05로는 마지막 단계에서도 손실이 커지고 있습니다", diverges)
    save_figure(draw_learning_rates(x, y, best, histories), "autograd_learning_rates.png")


def print_graph(node, indent=""):
    """노드의 이름을 출력하고, 화살표를 따라간 노드는 한 단계 들여쓰기로 출력합니다."""
    if node is not None:  # 추적하지 않는 입력에는 노드가 없습니다
        print(f"{indent}{type(node).__name__}")
        for next_node, _ in node.next_functions:
            print_graph(next_node, indent + "    ")


def follow_the_graph():
    """5. 연산 그래프(computational graph)

    backward()는 loss에서 w까지 돌아가는 길을 어떻게 알까요? 답은 순전파(forward)에 있습니다.
    순전파를 하는 동안 autograd가 두 가지 일을 함께 하기 때문입니다.

    1) 연산을 실행해 결과 텐서를 계산합니다.
    2) 그 연산을 미분하는 방법을 담은 노드를 만들고, 입력의 노드에 화살표로 연결합니다.

    이렇게 만들어진 것이 연산 그래프입니다. 결과 텐서의 grad_fn이 그래프의 뿌리(root)이고,
    next_functions가 화살표이며, 화살표의 끝에는 w와 b처럼 직접 만든 텐서인 잎(leaf)이 있습니다.
    화살표를 따라가면 출발한 노드로 돌아오는 일이 없어서 방향성 비순환 그래프(DAG)라고 합니다.

    역전파(backward)는 뿌리에서 출발해 노드마다 연쇄 법칙을 적용합니다. 잎에 있는 AccumulateGrad는
    도착한 변화도를 그 텐서의 grad에 더하는 노드입니다. 2절의 신경망을 숫자 하나짜리로 줄인 예에서,
    변화도가 노드를 지날 때마다 어떻게 바뀌는지 그림으로 따라가 보세요.
    """
    show_code(print_graph)
    x = 3.0
    y = 5.0
    w = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    product = w * x
    z = product + b
    difference = z - y
    loss = difference**2
    print_graph(loss.grad_fn)

    end = z.grad_fn.next_functions[1][0]  # 덧셈의 두 번째 입력으로 가는 화살표
    show(f"{type(end).__name__, end.variable = }")
    check("화살표를 끝까지 따라가면 직접 만든 텐서 b에 닿습니다", end.variable is b)

    for tensor in (product, z, difference, loss):
        tensor.retain_grad()  # 그림에 표시하려고 중간 결과의 변화도도 저장합니다(6절)
    loss.backward()
    show(f"{loss.grad, difference.grad, z.grad, product.grad = }")
    show(f"{b.grad, w.grad = }")
    tensors = {"w": w, "b": b, "w * x": product, "z": z, "z - y": difference, "loss": loss}
    save_figure(draw_graph(tensors), "autograd_graph.png")


def see_where_grad_is_stored():
    """6. grad는 어디에 저장될까요?

    backward()를 호출했는데 grad가 None이어서 당황할 때가 있습니다. 변화도가 모든 텐서에 남지는 않기
    때문입니다. grad가 저장되려면 requires_grad가 True이면서 잎이어야 합니다. 잎은 연산으로 얻은
    것이 아니라 직접 만든 텐서를 말합니다(추적하지 않은 연산의 결과도 잎입니다).

    z 같은 중간 결과의 변화도는 계산에 사용한 뒤 바로 버립니다. 모두 남겨 두면 메모리가 많이
    필요하기 때문입니다. 그래도 z.grad를 읽으려고 하면 경고가 나옵니다. 메시지는 길지만 요점은
    하나입니다. 잎이 아닌 텐서에는 retain_grad()를 사용하라는 것입니다. with expect(종류)는 그
    종류의 오류가 발생하는지 확인하고 메시지를 보여 주는, 이 파일의 함수입니다.

    중간 결과의 변화도를 꼭 보고 싶다면 backward()보다 먼저 retain_grad()를 호출해 두세요.
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    z = w * x
    loss = (z**2).sum()
    loss.backward()
    show(f"{x.is_leaf, w.is_leaf, z.is_leaf = }")
    show(f"{x.grad = }", "잎이지만 requires_grad가 False입니다")
    show(f"{w.grad = }")

    with warnings.catch_warnings(), expect(UserWarning):
        warnings.simplefilter("error")  # 경고의 내용을 보려고 오류로 바꿉니다
        print(z.grad)

    z = w * x
    z.retain_grad()
    loss = (z**2).sum()
    loss.backward()
    show(f"{z, z.grad = }", "z ** 2을 미분하면 2 * z")
    check("retain_grad()를 호출했더니 중간 결과의 변화도도 남았습니다", z.grad.equal(2 * z))


def run_backward_twice():
    """7. 역전파는 왜 한 번만 할 수 있을까요?

    같은 loss로 backward()를 두 번 호출하면 오류가 발생합니다. 순전파가 그래프에 저장해 둔 값을
    역전파가 끝나자마자 지우기 때문입니다. 이런 값은 메모리를 많이 차지해서 필요 없어지는 대로
    비웁니다. 다시 역전파하려면 순전파부터 다시 하면 되고, 꼭 같은 그래프를 두 번 사용해야 한다면 첫
    번째 backward()에 retain_graph=True를 전달합니다.

    거꾸로, 그래프가 지워지지 않아서 문제가 될 때도 있습니다. 손실의 합계를 구하려고 total +=
    loss라고 쓰면, total이 모든 배치의 그래프를 붙들고 있어서 메모리가 계속 늘어납니다. 세 번만
    더해도 total의 그래프가 얼마나 길어지는지 보세요. 합계만 필요하다면 loss.item()으로 숫자를
    꺼내서 더해야 합니다.
    """
    w = torch.tensor(3.0, requires_grad=True)
    loss = w**2
    loss.backward()
    with expect(RuntimeError):
        loss.backward()

    total = 0.0
    total_number = 0.0
    for number in (1.0, 2.0, 3.0):
        loss = (w - number) ** 2
        total += loss  # 나쁜 예
        total_number += loss.item()
    print_graph(total.grad_fn)
    show(f"{total, total_number = }")
    check("loss를 그대로 더한 total은 여전히 그래프에 연결되어 있습니다", total.requires_grad)


def accumulate_gradients():
    """8. 변화도는 누적됩니다

    backward()를 다시 호출하면 grad는 새 변화도로 바뀔까요? 그렇지 않습니다. 기존 값에 더해집니다.
    여러 미니배치의 변화도를 모아서 한 번에 조정하고 싶을 때는 편리하지만, 보통은 이전 단계의
    변화도가 섞이면 안 됩니다. 그래서 단계마다 grad를 비웁니다. 3절의 descend가 w.grad = None을
    실행한 것도 이 때문입니다.

    모델이나 옵티마이저를 사용할 때는 zero_grad()를 호출하면 모든 매개변수의 grad를 한 번에 비울 수
    있습니다. 이름과 달리 0을 채우지 않고, 메모리를 아끼려고 grad를 None으로 바꿉니다. 빠뜨리면
    학습이 어떻게 되는지는 7장에서 살펴봅니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    first = w.grad.clone()
    show(f"{first = }", "w ** 2을 미분하면 2 * w")

    loss = w**2
    loss.backward()
    show(f"{w.grad = }", "비우지 않고 한 번 더 역전파")
    check("비우지 않았더니 변화도가 두 배가 되었습니다", w.grad == 2 * first)

    w.grad = None  # 비우기
    loss = w * w
    loss.backward()
    show(f"{w.grad = }", "w를 두 번 사용했으니 두 경로의 변화도 4 + 4")

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
    그래프를 만들지 않습니다.

    이미 추적한 텐서에서 값만 필요할 때도 있습니다. 예를 들어 NumPy는 변화도를 모르기 때문에,
    추적하는 텐서를 바로 변환하려고 하면 오류가 발생합니다. 이때 detach()를 호출하면 같은 값을
    공유하면서 그래프에서는 떼어 낸 텐서를 얻습니다.

    추론(inference)만 할 때는 torch.inference_mode()도 있습니다. no_grad()보다 조금 더 빠를 수
    있지만, 여기서 만든 텐서는 역전파에 필요한 값으로 저장할 수 없어서, 추적하는 텐서와 곱하면
    오류가 발생합니다. 두 가지 모두 드롭아웃(dropout)을 끄지는 않으니 주의하세요. 평가할 때는
    model.eval()도 따로 호출해야 합니다(5장).
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    tracked = w * x
    with torch.no_grad():
        untracked = w * x
    show(f"{tracked = }")
    show(f"{untracked = }")
    check("no_grad 블록의 결과에는 그래프가 없습니다", untracked.grad_fn is None)

    with expect(RuntimeError):
        tracked.numpy()
    array = tracked.detach().numpy()
    show(f"{array = }")

    dropout = nn.Dropout(0.5)  # 값을 절반의 확률로 0으로 만듭니다
    with torch.inference_mode():
        dropped = dropout(torch.ones(100))
    zeros = (dropped == 0).sum().item()
    show(f"{zeros = }", "100개 중에서 0이 된 개수")
    check("inference_mode 안에서도 드롭아웃은 계속 동작합니다", zeros > 0)


def freeze_parameters():
    """10. 일부 매개변수 고정하기

    많은 이미지로 이미 학습한 모델을 가져와서 마지막 계층만 새로 학습하고 싶다면 어떻게 할까요? 앞쪽
    계층의 매개변수는 바뀌면 안 되니 변화도를 계산할 필요도 없습니다. 이렇게 학습하지 않도록 두는
    것을 고정 또는 동결(freeze)이라고 합니다.

    이미 만든 텐서의 requires_grad를 바꾸려면 requires_grad_(False)를 호출합니다. True로 다시 바꾸면
    그때부터 다시 추적합니다. 고정한 w의 grad는 비어 있고 b의 grad만 계산되는지 확인해 보세요.
    """
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    w.requires_grad_(False)
    loss = (w @ x + b) ** 2
    loss.backward()
    show(f"{w.grad, b.grad = }")
    check("고정한 w의 변화도는 계산하지 않았습니다", w.grad is None and b.grad is not None)


def lose_the_leaf():
    """11. w = w - …로 조정하면 안 되는 이유

    2절에서는 왜 w = w - 0.1 * w.grad라고 쓰지 않고, no_grad 블록 안에서 w -= 0.1 * w.grad라고
    썼을까요? 세 가지 실수를 직접 해 보면 알 수 있습니다.

    w = w - …는 w를 바꾸는 것이 아니라, 연산으로 얻은 새 텐서에 w라는 이름을 붙입니다. 새 텐서는
    잎이 아니어서 역전파를 해도 w.grad가 None이고, 다음 조정에서 오류가 발생합니다. no_grad 블록
    안에서 새 텐서를 만들어도 소용없습니다. 이번에는 requires_grad가 False이기 때문입니다.

    w -= …는 같은 텐서의 값을 바꾸는 제자리(in-place) 연산이어서 w가 계속 잎으로 남습니다. 다만
    추적하는 중에 잎의 값을 바꾸면 오류가 발생하므로, no_grad 블록 안에서 실행해야 합니다.
    옵티마이저의 step()도 이렇게 조정합니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    w = w - 0.1 * w.grad  # 실수 1: 새 텐서에 w라는 이름을 붙입니다
    show(f"{w, w.is_leaf = }")
    loss = w**2
    loss.backward()
    with warnings.catch_warnings(), expect(TypeError):
        warnings.simplefilter("ignore")  # 6절에서 본 경고는 표시하지 않습니다
        w = w - 0.1 * w.grad

    w = torch.tensor(4.0, requires_grad=True)
    loss = w**2
    loss.backward()
    with expect(RuntimeError):
        w -= 0.1 * w.grad  # 실수 2: no_grad 블록 밖에서 바꿉니다

    with torch.no_grad():
        new_w = w - 0.1 * w.grad  # 실수 3: no_grad 블록 안에서 새 텐서를 만듭니다
    show(f"{new_w.requires_grad = }")

    with torch.no_grad():
        w -= 0.1 * w.grad  # 올바른 방법
    show(f"{w, w.is_leaf = }")
    check(
        "no_grad 블록에서 -=로 조정한 w는 여전히 추적하는 잎입니다", w.is_leaf and w.requires_grad
    )


def change_saved_values():
    """12. 제자리 연산과 .data

    이 절은 계산 중간의 값을 직접 덮어쓰는 코드를 만났을 때 필요하니, 처음에는 13절로 건너뛰어도
    됩니다. 제자리 연산이 왜 변화도를 망칠 수 있을까요? 역전파는 순전파에서 저장한 값을 다시
    사용합니다. 예를 들어 sigmoid의 도함수는 결과 s를 이용해 s * (1 - s)로 계산하는데, 그 전에 s를
    덮어쓰면 변화도가 틀려집니다. 그래서 autograd는 텐서가 바뀐 횟수(_version)를 세어 두었다가,
    저장한 뒤에 바뀐 텐서를 만나면 오류를 발생시킵니다.

    그런데 오래된 코드에서 가끔 볼 수 있는 .data로 바꾸면 횟수가 늘지 않습니다. 오류가 나지 않는
    대신 잘못된 변화도가 나오며, 이런 실수는 찾아내기가 무척 어렵습니다. 아래에서 s를 두 배로 만드는
    방법 네 가지를 비교해 보세요. .data 대신 detach()를 사용하면 횟수가 늘어나서, 같은 실수를 오류로
    알 수 있습니다.
    """
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    s = 2 * torch.sigmoid(w)  # 올바른 방법: 새 텐서를 만듭니다
    s.sum().backward()
    correct = w.grad
    show(f"{correct = }")

    s = torch.sigmoid(w)
    s *= 2
    show(f"{s._version = }")
    with expect(RuntimeError):
        s.sum().backward()

    w.grad = None
    s = torch.sigmoid(w)
    s.data *= 2  # 나쁜 예
    show(f"{s._version = }", "바꿨는데도 그대로입니다")
    s.sum().backward()
    show(f"{w.grad = }")
    wrong = not torch.allclose(w.grad, correct)
    check(".data로 바꿨더니 오류도 없이 변화도가 틀렸습니다", wrong)

    s = torch.sigmoid(w)
    s.detach().mul_(2)
    with expect(RuntimeError):
        s.sum().backward()


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
    """13. 실행할 때마다 새로 만들어지는 그래프

    입력에 따라 if의 분기나 while의 반복 횟수가 달라지는 함수도 미분할 수 있을까요? PyTorch에서는
    그냥 됩니다. 순전파를 실행할 때마다, 실제로 실행된 연산만 추적해서 그래프를 처음부터 새로 만들기
    때문입니다. 그래서 모델의 forward에도 파이썬의 if와 for를 마음껏 사용할 수 있습니다.

    double_until_ten은 입력에 따라 반복하는 횟수가 다릅니다. 입력마다 그래프의 길이와 변화도가
    어떻게 달라지는지 보세요. 곱셈(Mul)이 나올 때마다 변화도가 두 배가 됩니다.
    """
    show_code(double_until_ten)
    for number in (8.0, 3.0, -3.0):
        x = torch.tensor(number, requires_grad=True)
        y = double_until_ten(x)
        y.backward()
        print(f"x = {number}, y = {y.item()}, 변화도 {x.grad.item()}")
        print_graph(y.grad_fn)
    check("x = -3에서는 부호를 바꾸고 두 번 두 배로 만들어 변화도가 -4입니다", x.grad == -4)


class Value:
    """숫자 하나와, 그 숫자를 어떻게 계산했는지를 기억합니다. +, *, **를 사용할 수 있습니다."""

    def __init__(self, data, inputs=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs  # (입력, 결과를 그 입력으로 미분한 값)의 목록
        self.depth = 1 + max((value.depth for value, _ in inputs), default=0)

    def __add__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def __pow__(self, number):
        return Value(self.data**number, [(self, number * self.data ** (number - 1))])

    __radd__ = __add__  # 1 + a처럼 숫자가 왼쪽에 있을 때
    __rmul__ = __mul__

    def backward(self):
        nodes = set()
        waiting = [self]
        while waiting:  # 이 값을 계산하는 데 사용한 Value를 모두 찾습니다
            node = waiting.pop()
            if node not in nodes:
                nodes.add(node)
                waiting += [value for value, _ in node.inputs]
        for node in nodes:
            if node.inputs:  # 중간 결과는 0부터 더합니다. 잎의 grad는 그대로 두어 누적됩니다
                node.grad = 0.0
        self.grad = 1.0
        # 위상 정렬: 결과에 가까운 값부터 방문해야, 모든 경로의 변화도를 더한 뒤에 넘겨줍니다
        for node in sorted(nodes, key=lambda node: node.depth, reverse=True):
            for value, derivative in node.inputs:
                value.grad += derivative * node.grad


def reuse(w, x):
    """w와 a를 두 번씩 사용합니다."""
    a = w * x
    return a**2 + a + w


def compare_engines():
    """14. 자동 미분 엔진 직접 만들기

    PyTorch가 변화도를 어떻게 계산하는지는 직접 만들어 보면 가장 잘 이해할 수 있습니다. 50줄이면
    충분합니다. Value는 숫자 하나와 함께, 그 숫자를 계산한 입력과 도함수를 기억합니다. 더하거나 곱한
    결과도 Value여서, 계산하는 동안 5절의 그래프가 만들어집니다.

    backward()는 결과에서 입력까지 거슬러 올라가며 도함수를 곱합니다. 여러 번 사용된 값에는 경로마다
    변화도가 도착하기 때문에 모두 더해야 합니다. reuse에서는 a도 w도 두 번씩 사용되는데, 그래도
    PyTorch와 같은 변화도가 나오는지 확인해 보세요. torch.autograd도 원리는 같습니다. 숫자 대신
    텐서를 계산할 뿐입니다.
    """
    show_code(Value)
    show_code(reuse)
    my_w = Value(2.0)
    my_result = reuse(my_w, 3.0)
    my_result.backward()
    show(f"{my_result.data, my_w.grad = }")

    w = torch.tensor(2.0, requires_grad=True)
    result = reuse(w, 3.0)
    result.backward()
    show(f"{result.item(), w.grad.item() = }")
    same = math.isclose(my_w.grad, w.grad.item(), rel_tol=1e-5)
    check("Value로 구한 변화도가 PyTorch와 같습니다", same)


def find_the_limit(x, y, best):
    """15. 학습률은 얼마부터 너무 클까요?

    4절에서 학습률 0.3으로는 손실이 줄고 1.05로는 커졌으니, 그 사이 어딘가에 경계가 있습니다. 경계를
    정하는 것은 손실 곡면이 휜 정도, 즉 곡률 k입니다.

    최저점까지의 거리를 e라고 합시다. 이 손실은 이차식이어서 변화도가 거리에 비례하고, 그 비율이
    곡률입니다. 변화도가 k * e이니 한 단계 움직인 뒤의 거리는 e - 학습률 * k * e, 곧 (1 - 학습률 *
    k) * e입니다. 학습률이 2 / k보다 크면 괄호 안의 값이 -1보다 작아져서, 최저점의 반대쪽으로 더
    멀리 가게 됩니다.

    곡률은 방향마다 다르고, 가장 많이 휜 방향이 경계를 정합니다. 거리 e가 1이면 변화도가 곧 k이기
    때문에, 최저점에서 한쪽으로 1만큼 옮긴 곳의 변화도를 구하면 그 방향의 곡률을 알 수 있습니다.
    """
    w = torch.tensor(best["w"] + 1, requires_grad=True)  # 최저점에서 w만 1만큼 옮긴 곳
    loss = ((w * x + best["b"] - y) ** 2).mean()
    loss.backward()
    b = torch.tensor(best["b"] + 1, requires_grad=True)  # 최저점에서 b만 1만큼 옮긴 곳
    loss = ((best["w"] * x + b - y) ** 2).mean()
    loss.backward()
    show(f"{w.grad, b.grad = }", "w 방향과 b 방향의 곡률")
    k = b.grad.item()
    limit = 2 / k
    show(f"{limit = :.3f}")

    for learning_rate in (0.95 * limit, 1.05 * limit):
        history = descend(x, y, learning_rate)
        before = history[0]["b"] - best["b"]
        after = history[1]["b"] - best["b"]
        print(f"학습률 {learning_rate:.3f}  1 - 학습률 * k = {1 - learning_rate * k:.3f}")
        print(f"    첫 단계의 거리 {before:.3f} → {after:.3f} ({after / before:.3f}배)")
    same = math.isclose(after / before, 1 - learning_rate * k, abs_tol=0.01)
    check("경계의 1.05배인 학습률로는 b의 거리가 (1 - 학습률 * k)배씩 멀어집니다", same)


def multiply_jacobian():
    """16. 야코비안 곱(Jacobian product)

    지금까지는 손실처럼 값이 하나인 출력을 미분했습니다. 출력이 여러 개이면 무엇이 달라질까요?
    출력과 입력의 쌍마다 도함수가 하나씩 있으며, 이를 모은 행렬을 야코비안 행렬 J라고 합니다.
    J[i][j]는 출력 i를 입력 j로 미분한 값입니다.

    출력과 입력이 만 개씩만 되어도 J의 원소는 1억 개입니다. 이렇게 큰 행렬을 만들지 않으려고,
    autograd는 출력마다의 가중치 v를 받아 곱셈의 결과인 v @ J만 계산합니다. 이것이 야코비안
    곱입니다. 출력이 여러 개일 때 backward()를 그냥 호출하면 v가 없어서 오류가 발생합니다. 손실은
    값이 하나여서 v를 생략해도 1로 계산합니다.
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


def loss_of_sample(w, x, y):
    """샘플 하나의 손실입니다."""
    return (w @ x - y) ** 2


def tell_three_grads_apart():
    """17. 이름이 grad인 것 세 가지

    PyTorch 코드를 읽다 보면 grad라는 이름이 서로 다른 뜻으로 나와서 헷갈리기 쉽습니다. 세 가지를
    나란히 놓고 구별해 봅시다.

    1) 텐서의 grad 속성은 backward()로 계산한 변화도가 누적되는 곳입니다.
    2) torch.autograd.grad(출력, 입력)은 누적하지 않고 변화도를 튜플로 반환합니다.
    3) torch.func.grad(함수)는 그 함수의 변화도를 계산하는 새 함수를 반환합니다. requires_grad를
    설정하지 않아도 됩니다.

    3)은 vmap과 함께 사용할 때 특히 편리합니다. vmap은 샘플 하나를 처리하는 함수를 배치 전체를
    처리하는 함수로 바꿔 주기 때문에, 반복문 없이도 샘플마다의 변화도를 따로 구할 수 있습니다. 어떤
    샘플이 매개변수를 크게 움직이는지 알아보려는 경우에 사용합니다.
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

    show_code(loss_of_sample)
    w = torch.tensor([1.0, 1.0])
    X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    y = torch.tensor([0.0, 0.0, 0.0])
    gradient = torch.func.grad(loss_of_sample)
    of_batch = torch.func.vmap(gradient, in_dims=(None, 0, 0))  # w에는 배치 차원이 없습니다(None)
    per_sample = of_batch(w, X, y)
    show(f"{per_sample = }")


def f(x):
    """f(x) = x ** 3 / 3 - x"""
    return x**3 / 3 - x


def differentiate_twice():
    """18. 두 번 미분하기

    15절의 곡률처럼 기울기가 얼마나 빨리 변하는지 알고 싶을 때는 도함수 f'을 한 번 더 미분해서
    이계도함수 f''을 구합니다. 그런데 변화도를 계산하는 과정은 보통 추적하지 않아서, 그 결과를 다시
    미분하려고 하면 오류가 발생합니다. create_graph=True를 전달하면 그 과정도 추적하므로 한 번 더
    미분할 수 있습니다.

    f(x) = x ** 3 / 3 - x를 손으로 미분하면 f'(x) = x ** 2 - 1, f''(x) = 2 * x입니다. 코드에서
    f(x).sum()을 미분하는 이유는 모든 점의 도함수를 한 번에 얻기 위해서입니다. f(x)의 각 값은 자기
    x에만 영향을 받기 때문에, 모두 더해도 도함수가 섞이지 않습니다. 그림에서 f'이 0인 곳마다 f가
    평평한지 확인해 보세요.
    """
    show_code(f)
    x = torch.linspace(-2.5, 2.5, 101, requires_grad=True)
    (untracked,) = torch.autograd.grad(f(x).sum(), x)
    with expect(RuntimeError):
        torch.autograd.grad(untracked.sum(), x)

    (first,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    for i in (0, 30, 60, 70, 100):
        print(f"x = {x[i]:>4.1f}  f'(x) = {first[i]:>6.3f}, f''(x) = {second[i]:>6.3f}")
    right = torch.allclose(first, x**2 - 1, atol=1e-4) and torch.allclose(second, 2 * x, atol=1e-4)
    check("f'과 f''이 모든 점에서 손으로 미분한 식과 같습니다", right)
    save_figure(draw_derivatives(x, f(x), first, second), "autograd_derivatives.png")


def differentiate_by_hand(x, y, w, b):
    """19. 손으로 미분한 식과 비교하기

    autograd가 계산한 변화도를 그대로 믿어도 될까요? 2절의 신경망은 작아서 손으로도 미분할 수
    있습니다. sigmoid와 이진 교차 엔트로피를 이어서 미분하면 복잡한 항은 모두 지워지고 dloss/dz =
    (sigmoid(z) - y) / n만 남습니다. 확률이 정답보다 큰 만큼 z를 줄이고, 작은 만큼 늘리라는
    뜻입니다. n은 정답의 개수이며, 평균을 구하느라 나눈 수입니다.

    z[i]에는 w[i][j]에 x[j]를 곱한 값이 들어 있으니, dloss/dw[i][j]는 dloss/dz[i]에 x[j]를 곱한 값이
    됩니다. 모든 i와 j에 대한 곱은 torch.outer로 한 번에 구할 수 있습니다. 2절에서 조정한 w와 b로 두
    변화도를 비교해 봅시다.
    """
    z = w @ x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    (by_autograd,) = torch.autograd.grad(loss, w)
    show(f"{by_autograd = }")

    with torch.no_grad():
        dloss_dz = (torch.sigmoid(z) - y) / len(y)
        by_hand = torch.outer(dloss_dz, x)
    show(f"{by_hand = }")
    same = torch.allclose(by_hand, by_autograd, atol=1e-6)
    check("손으로 미분한 식이 autograd와 같은 변화도를 줍니다", same)


def check_by_differences():
    """20. 유한 차분(finite difference)으로 검증하기

    손으로 미분하기 어려운 함수라면, 변화도가 맞는지 어떻게 확인할까요? 1절에서 했듯이 입력을 h만큼
    바꾸고 출력이 얼마나 달라지는지 보면 됩니다. 이 방법을 유한 차분이라고 하는데, x + h와 x - h의
    양쪽에서 계산하면 더 정확합니다.

    h는 작을수록 좋을까요? 꼭 그렇지는 않습니다. h가 크면 곡선을 직선으로 근사하느라 오차가 커지고,
    너무 작으면 거의 같은 두 수를 빼느라 반올림 오차가 커집니다. 그래서 h에 따른 오차를 그리면 U자
    모양이 됩니다. 정밀도가 낮은 float32로는 얼마나 더 빨리 나빠지는지 그림에서 비교해 보세요.

    torch.autograd.gradcheck는 이 비교를 대신해 줍니다. 반올림 오차가 작은 float64 텐서를 전달해야
    합니다.
    """
    show_code(f)
    steps = [0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]
    errors = {torch.float32: [], torch.float64: []}
    for dtype in errors:
        x = torch.tensor(2.0, dtype=dtype)
        for h in steps:
            slope = (f(x + h) - f(x - h)) / (2 * h)
            error = abs(slope.item() - 3)  # f'(x) = x ** 2 - 1이므로 f'(2) = 3
            errors[dtype].append(error)
            print(f"{dtype}  h {h:.0e}, 오차 {error:.0e}")
    for dtype in errors:
        middle = min(errors[dtype])
        u_shaped = errors[dtype][0] > middle and errors[dtype][-1] > middle
        check(f"{dtype}의 오차는 h를 줄이면 작아지다가 다시 커집니다", u_shaped)

    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    show(f"{torch.autograd.gradcheck(f, x) = }", "변화도가 맞으면 True, 틀리면 오류")
    save_figure(draw_errors(steps, errors), "autograd_differences.png")


class Softplus(torch.autograd.Function):
    """log(1 + e ** x)를 오버플로 없이 계산합니다. 도함수는 sigmoid(x)입니다."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)  # 역전파에서 사용할 텐서
        return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)  # 연쇄 법칙: 전달받은 변화도에 도함수를 곱합니다


def use_own_function():
    """21. 미분 규칙을 직접 정의하기

    자동으로 계산한 변화도가 nan이 될 때가 있습니다. log(1 + e ** x)는 x가 100이면 e ** 100에서
    오버플로(overflow)가 발생해서, 변화도까지 nan이 됩니다. 손으로 미분하면 sigmoid(x)라는 안전한
    식이 나오는데도 그렇습니다. 이럴 때는 torch.autograd.Function을 상속받아 미분 규칙을 직접 정의할
    수 있습니다. PyTorch가 아닌 코드로 값을 계산할 때도 이 방법이 필요합니다.

    forward에는 값을 계산하는 방법을, backward에는 변화도를 계산하는 방법을 적습니다. backward가
    받는 grad_output은 결과 쪽에서 도착한 변화도이므로, 여기에 도함수를 곱해서 반환해야 합니다.
    정의한 함수는 apply로 호출합니다. 규칙을 잘못 적기 쉬우니 gradcheck로 꼭 검증하세요. 이 함수는
    연습용이며, 실제로는 같은 계산을 하는 F.softplus를 사용합니다.
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
    check("직접 정의한 규칙으로는 x가 100이어도 변화도를 구합니다", x.grad.isfinite())

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
    teach(change_saved_values)
    teach(use_control_flow)

    begin("더 알아보기")
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

    결과는 직접 실행해서 확인했습니다. 1)은 손으로 구한 dc_db가 더 이상 맞지 않아서 1절에 ✗가
    표시되고, dc_db = 3 * b**2로 고치면 다시 ✓가 됩니다. 2)는 이전 변화도가 계속 더해져서 w가
    최저점을 지나 왔다 갔다 하며, 3절에 ✗가 표시됩니다. 3)은 y.sum()의 grad_output이 모두 1이어서
    변화도가 그대로이지만, gradcheck가 잘못된 규칙을 찾아내서 21절에 ✗가 표시됩니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def numerical_derivative(f, x):
    """함수 f의 x에서의 도함수를 유한 차분으로 근사해 반환하세요.

    x는 float64 텐서이고 f(x)는 x와 모양이 같습니다. 여기서 사용하는 f는 추적을 멈춘
    함수여서 autograd로는 미분할 수 없습니다.
    예: f(x) = x ** 3이고 x가 [1, 2]이면 [3, 12]에 가까운 값입니다.

    힌트: h = 1e-5로 정하고, f(x + h)와 f(x - h)의 차이를 2 * h로 나눠 보세요.
    """
    raise NotImplementedError


def fresh_gradient(f, w):
    """손실 f(w)의 w에 대한 변화도만 반환하세요. w.grad에는 이전 변화도가 남아 있을 수 있습니다.

    예: f(w) = (w ** 2).sum()이고 w가 [3], w.grad가 [100]이면 [6]입니다.

    힌트: torch.autograd.grad는 변화도를 누적하지 않지만, 튜플을 반환합니다(17절).
    """
    raise NotImplementedError


def cross_entropy_gradient(logits, y):
    """평균 교차 엔트로피 손실의 로짓 [N, C]에 대한 변화도 [N, C]를 계산하세요.

    y [N]은 정수 정답입니다. autograd를 사용하지 않고 식으로 계산해 보세요.
    예: 로짓이 [[0, 0]]이고 y가 [1]이면 [[0.5, -0.5]]입니다.

    힌트: 확률(softmax)에서 정답의 원-핫(F.one_hot)을 빼고 N으로 나눠 보세요(19절 참고).
    """
    raise NotImplementedError


def make_leaky_relu(slope):
    """x > 0이면 x를, 아니면 slope * x를 계산하는 함수를 직접 정의하세요.

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

    이 파일에 있는 네 함수를 직접 완성해 보세요. 답은 python autograd.py --practice로 바로 확인할 수
    있습니다. 모범 답안은 저장소의 tests/test_practice.py에 있습니다.
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
    """자료형별로 h에 따른 유한 차분의 오차를 그립니다."""
    figure, axis = plt.subplots(figsize=(7, 4.4), layout="constrained")
    for (dtype, values), style, color in zip(errors.items(), ("o-", "s--"), ("#D55E00", "#0072B2")):
        axis.loglog(steps, values, style, color=color, label=str(dtype))
    axis.legend()
    axis.set(title="Error of finite differences", xlabel="h", ylabel="error")
    return figure


# ---- 여기부터는 여러 장에서 공통으로 사용하는 도우미 함수입니다. 건너뛰어도 괜찮습니다. ----
CLAIMS = []  # 확인한 설명: (절의 제목, 설명, 맞았으면 True)
EXERCISES = {}  # 연습 문제의 이름: 맞았으면 True
PAGE = []  # 페이지에 담을 [종류, 텍스트]
OUTPUT_DIR = Path(__file__).resolve().parent / "outputs"
PAGE_HEAD = """<!doctype html><html lang="ko"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><style>
:root{color-scheme:light dark}h2{margin-top:3em;border-bottom:2px solid #0072B2}h3{margin:3em 0 0}
body{max-width:52em;margin:2em auto;padding:0 1em;font:16px/1.75 system-ui,sans-serif;
word-break:keep-all;overflow-wrap:anywhere}p{white-space:pre-wrap}small,i{color:#808080}
pre{font:14px/1.6 ui-monospace,Consolas,monospace;overflow-x:auto;margin:0;padding:.5em 1em}
.code{background:#8881;border-left:4px solid #0072B2}.ok,.wrong,.open{margin:.2em 1em}
.ok{color:#2a9d4f}.wrong,.notice{color:#e5534b}i{font-style:normal}img{max-width:100%}
nav ul{columns:20em}nav .lesson{margin-left:1em}</style>"""


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


def record(kind, text):
    """페이지에 텍스트를 추가합니다. 코드와 결과처럼 여러 줄인 것은 앞의 줄에 이어 붙입니다."""
    if PAGE and PAGE[-1][0] == kind and kind in ("code", "result", "ok", "wrong", "open"):
        PAGE[-1][1] += text
    else:
        PAGE.append([kind, text])


def begin(part, device=""):
    """핵심, 더 알아보기 등의 제목을 출력합니다. 처음에는 장의 제목과 소개도 출력합니다."""
    if not PAGE:
        file = Path(__file__).name
        title, introduction, *_ = __doc__.split("\n\n")
        introduction += f"""

python {file}를 실행하면 나오는 내용입니다. 결과는 코드 바로 아래에 있습니다. '받은 값'은
앞의 절에서 만들었거나 실행할 때 정한 값입니다. ✓가 붙은 문장은 실행하면서 정말 맞는지 확인한
설명이며, 틀리면 ✗로 바뀝니다. import와 그림을 그리는 함수는 {file} 파일에 있습니다."""
        place = f"PyTorch {torch.__version__}  {device}".rstrip()
        print(f"{title}\n{place}\n\n{introduction}")
        record("title", title)
        record("place", place)
        record("text", introduction)
    print(f"\n\n──── {part} ────")
    record("part", part)


def teach(lesson, *args, **options):
    """절의 docstring을 제목과 설명으로 출력하고, 코드와 결과를 번갈아 출력하며 실행합니다."""
    if not callable(lesson):
        raise TypeError("teach(lesson())이 아니라 teach(lesson)처럼 함수를 전달하세요.")
    title, _, text = (inspect.getdoc(lesson) or lesson.__name__).partition("\n\n")
    transcript = Transcript(inspect.unwrap(lesson))
    place = f"{Path(__file__).name}:{transcript.first} {lesson.__name__}"
    print(f"\n== {title} ==   {place}\n{text}\n")
    record("lesson", title)
    record("place", place)
    record("text", text)
    try:
        with contextlib.redirect_stdout(transcript):
            transcript.name_values(inspect.signature(lesson).bind(*args, **options).arguments)
            result = lesson(*args, **options)
            transcript.show_code_until(len(transcript.lines))
        return result
    except BaseException as error:
        with contextlib.suppress(OSError, SystemExit):
            transcript.show_code_until_error(error)
            record("wrong", f"여기에서 멈췄습니다: {type(error).__name__}: {error}")
            write_page()
        raise


class Transcript(io.TextIOBase):
    """절을 실행하는 동안의 출력 스트림입니다. 결과보다 그 결과를 만든 코드를 먼저 출력합니다."""

    KINDS = {">>>": "code", "✓": "ok", "✗": "wrong", "□": "open", "저장:": "saved"}

    def __init__(self, lesson):
        self.screen = sys.stdout
        self.code = lesson.__code__
        self.kind = "result"  # 지금 출력하는 줄의 종류
        self.at_line_start = True
        self.lines, self.first = inspect.getsourcelines(lesson)
        self.statements = ast.parse("".join(self.lines)).body[0].body  # 아직 출력하지 않은 문장
        self.shown = self.statements[0].lineno - 1  # 이미 출력한 줄의 개수
        if lesson.__doc__:
            self.shown = self.statements.pop(0).end_lineno
        if lesson.__name__ == "check_practice":
            self.statements.clear()  # 연습 문제를 확인하는 코드는 출력하지 않습니다

    def name_values(self, arguments):
        """절이 main에서 받은 값을 코드의 첫 줄로 출력합니다."""
        simple = (int, float, str, torch.device, type(None))
        items = arguments.items()
        names = [f"{name}={value}" if isinstance(value, simple) else name for name, value in items]
        if names:
            self.put(f">>> # 받은 값: {', '.join(names)}\n")

    def show_code_until(self, number):
        """number번째 줄이 속한 문장까지의 코드를 출력합니다. 반복문은 전체가 한 문장입니다."""
        while self.statements and self.statements[0].lineno <= number:
            statement = self.statements.pop(0)
            last = statement.lineno - 1 if only_prints(statement) else statement.end_lineno
            for line in self.lines[self.shown : last]:
                self.put(f">>> {line.removeprefix('    ')}" if line.strip() else "\n")
            self.shown = statement.end_lineno

    def show_code_until_error(self, error):
        """오류가 발생한 줄까지의 코드를 출력합니다."""
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code is self.code:
                self.show_code_until(number - self.first + 1)

    def write(self, text):
        frame = inspect.currentframe()
        while frame and frame.f_code is not self.code:
            frame = frame.f_back
        if frame:
            self.show_code_until(frame.f_lineno - self.first + 1)
        self.put(text)
        return len(text)

    def put(self, text):
        """텍스트를 화면에 출력하고 페이지에 추가합니다. 종류는 줄의 첫 단어로 구분합니다."""
        if text.startswith(">>> ") and not self.at_line_start:
            text = f"\n{text}"
        for line in text.splitlines(keepends=True):
            if self.at_line_start and not line.isspace():
                if not line.startswith("  ") or self.kind == "code":  # 들여쓴 줄은 앞 줄과 같습니다
                    self.kind = self.KINDS.get(line.split()[0], "result")
                self.screen.write("" if self.kind == "code" else "    ")
            self.screen.write(line)
            if self.kind != "saved":
                record(self.kind, line.removeprefix(">>> "))
            self.at_line_start = line.endswith("\n")

    def flush(self):
        self.screen.flush()


def only_prints(statement):
    """출력만 하는 문장이면 True입니다. 결과가 바로 이어지므로 코드는 출력하지 않습니다."""
    names = ("print", "show", "check", "practice", "save_figure", "show_code")
    function = getattr(getattr(statement, "value", None), "func", None)
    return isinstance(statement, ast.Return) or getattr(function, "id", "") in names


def show_code(thing):
    """함수나 클래스의 코드를 출력합니다."""
    for line in inspect.getsource(thing).splitlines():
        print(f">>> {line}" if line else "")
    print()


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
    titles = [text for kind, text in PAGE if kind == "lesson"]
    CLAIMS.append(("".join(titles[-1:]), claim, holds))


@contextlib.contextmanager
def expect(kind):
    """이 블록에서는 kind 오류가 발생해야 합니다. 오류의 메시지를 출력하고 계속합니다."""
    try:
        yield
    except kind as error:
        message = " ".join(f"{type(error).__name__}: {error}".split())
        print(textwrap.fill(message, 92, subsequent_indent="    "))
    else:
        check(f"위의 코드에서 {getattr(kind, '__name__', kind)} 오류가 발생합니다", False)


def practice(exercise, *examples, read=torch.as_tensor):
    """연습 문제를 (입력, 올바른 값)마다 확인하고 □(미완성), ✓(정답), ✗(오답)로 출력합니다.

    반환한 값이 텐서가 아니면, 비교할 값을 구하는 함수를 read에 지정합니다.
    """
    EXERCISES[exercise.__name__] = False
    place = f"{Path(__file__).name}:{exercise.__code__.co_firstlineno}"
    title = f"{exercise.__name__}{inspect.signature(exercise)}   {place}"
    task = inspect.getdoc(exercise)
    for inputs, right in examples:
        try:
            problem = find_problem(exercise, inputs, right, read)
        except NotImplementedError:
            print(f"□ {title}\n{textwrap.indent(task, '    ')}")
            return
        if problem:
            names = inspect.signature(exercise).parameters
            lines = [f"{name} = {value}" for name, value in zip(names, inputs)]
            lines += [f"올바른 값: {right}", problem, task.rpartition("\n\n")[2]]
            print(f"✗ {title}")
            for line in lines:
                print(textwrap.indent(line, "    "))
            return
    EXERCISES[exercise.__name__] = True
    print(f"✓ {exercise.__name__}")


def find_problem(exercise, inputs, right, read):
    """답이 올바른 값과 어떻게 다른지 설명하는 문장을 반환합니다. 같으면 빈 문자열입니다."""
    try:
        answer = exercise(*copy.deepcopy(inputs))
    except NotImplementedError:
        raise
    except Exception as error:
        line = exercise.__code__.co_firstlineno
        for frame in traceback.extract_tb(error.__traceback__)[1:]:
            if frame.filename == exercise.__code__.co_filename:
                line = frame.lineno
        return f"{line}번째 줄의 오류: {type(error).__name__}: {error}"
    if answer is None:
        return "반환한 값이 없습니다. return을 확인하세요."
    try:
        value = torch.as_tensor(read(answer)).detach().double()
    except Exception as error:
        return f"반환한 값: {answer}\n비교할 수 없는 값입니다({type(error).__name__}: {error})."
    expected = torch.as_tensor(right).double()
    if value.shape != expected.shape:
        shapes = f"모양 {list(value.shape)}, 올바른 모양 {list(expected.shape)}"
        return f"반환한 값: {answer}\n{shapes}"
    if not torch.allclose(value, expected, rtol=1e-4, atol=1e-5):
        return f"반환한 값: {value.numpy().round(4).tolist()}"
    return ""


@contextlib.contextmanager
def saving(path):
    """임시 파일에 모두 저장한 뒤 이름을 바꿉니다. 도중에 멈춰도 기존 파일은 그대로입니다."""
    new = path.with_name(f"{os.getpid()}_{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(new, "wb") as file:
            yield file
        os.replace(new, path)
    except OSError as error:
        sys.exit(f"오류: {path} 파일을 저장할 수 없습니다({error}).")
    finally:
        with contextlib.suppress(OSError):
            new.unlink()


def save_figure(figure, name):
    """그림을 결과 폴더에 PNG 파일로 저장하고 페이지에 넣습니다. 노트북에서는 바로 표시합니다."""
    path = OUTPUT_DIR / Path(name).with_suffix(".png")
    with saving(path) as file:
        figure.savefig(file, dpi=120)
    print(f"저장: {path}")
    titles = [axis.get_title() for axis in figure.axes]
    record("image", f"{path.name}\n{figure.get_suptitle() or ', '.join(filter(None, titles))}")
    if "ipykernel" in sys.modules:
        from IPython.display import display

        display(figure)
    plt.close(figure)


def write_page():
    """지금까지의 설명, 코드, 결과, 그림을 HTML 페이지로 저장하고 그 경로를 반환합니다."""
    tags = {"title": "h1", "part": "h2", "lesson": "h3", "place": "small"}
    contents = body = ""
    for number, (kind, text) in enumerate(PAGE):
        text = html.escape(text.strip("\n"))
        if kind == "image":
            name, _, title = text.partition("\n")
            body += f'<img src="{name}" alt="{title}">\n'
        elif kind in ("code", "result"):
            text = re.sub(r"(?m)(^ *|  )(# .*)$", r"\1<i>\2</i>", text)  # 주석은 회색입니다
            body += f'<pre class="{kind}">{text}</pre>\n'
        else:
            if kind == "text":  # 문단은 화면의 너비에 맞추고, 목록과 표의 줄은 그대로 둡니다
                text = re.sub(r"(?<=\S)\n(?!\s|\d+\))", " ", text)
            tag = tags.get(kind, "p")
            body += f'<{tag} class="{kind}" id="p{number}">{text}</{tag}>\n'
            if kind in ("part", "lesson"):
                contents += f'<li class="{kind}"><a href="#p{number}">{text}</a></li>\n'
    body = body.replace("<h2", f"<nav><ul>\n{contents}</ul></nav>\n<h2", 1)
    path = OUTPUT_DIR / f"{Path(__file__).stem}.html"
    with saving(path) as file:
        head = f"{PAGE_HEAD}<title>{path.stem}</title></head><body>\n"
        file.write(f"{head}{body}</body></html>\n".encode())
    return path


def finish(next_chapter, open_page):
    """결과를 요약하고 페이지를 저장합니다. 틀린 설명이 있으면 모두 출력하고 1로 종료합니다."""
    wrong = [f"✗ {lesson}: {claim}" for lesson, claim, holds in CLAIMS if not holds]
    begin("마무리")
    summary = f"""✓로 확인한 설명은 {len(CLAIMS)}개 중 {len(CLAIMS) - len(wrong)}개가 맞습니다.
연습 문제는 {len(EXERCISES)}개 중 {sum(EXERCISES.values())}개를 풀었습니다.
다음에 읽을 것: {next_chapter}"""
    print(summary)
    record("text", summary)
    for line in wrong:
        record("wrong", line)
    for kind, text in PAGE:
        if kind == "notice":
            print(text.partition("\n")[0])
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
