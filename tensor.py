"""2장. 텐서: 숫자를 담고, 고르고, 계산하기

1장에서 이미지는 텐서(tensor)가 되어 모델에 들어갔고, 모델이 배운 것도 텐서에 담겼습니다. PyTorch의
모든 계산은 텐서로 이루어지니, 텐서를 자유롭게 다룰 수 있으면 뒤의 장들이 훨씬 쉬워집니다. 이
장에서는 텐서를 만들고, 고르고, 모양을 바꾸고, 계산하는 방법을 작은 예제로 하나씩 익힌 뒤, 텐서
연산만으로 윙크하는 얼굴을 그립니다. 처음에 자주 만나는 오류도 일부러 일으켜 봅니다. 핵심만 먼저
읽고, 더 알아보기는 나중에 읽어도 괜찮습니다.

실행 방법
    python -m pip install torch matplotlib
    python tensor.py
    python tensor.py --seed 1 --show    # 다른 난수로 실행하고 페이지를 브라우저로 열기
    python tensor.py --practice         # 연습 문제만 확인하기
    python tensor.py --help             # 모든 옵션 보기
    %run tensor.py                      # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
     1. 텐서란 무엇일까요?                     meet_tensors
     2. 텐서 만들기                            create_tensors
     3. 텐서의 속성: 모양, 자료형, 장치        read_attributes
     4. 인덱싱(indexing)과 슬라이싱(slicing)   index_and_slice
     5. 모양 바꾸기                            change_shapes
     6. 이어 붙이기(cat)와 쌓기(stack)         join_tensors
     7. 원소별 곱과 행렬 곱                    multiply_tensors
     8. 집계(reduction)와 사라지는 차원        reduce_dimensions
     9. 브로드캐스팅(broadcasting)             broadcast_shapes
    10. 브로드캐스팅의 흔한 실수               subtract_wrong_shapes
    11. 이미지는 텐서입니다                    treat_image_as_tensor
    12. 자료형의 변환과 정수 연산              promote_dtypes
    13. GPU로 옮기기                           move_to_device
    14. NumPy 변환(bridge): 공유와 복사        convert_numpy
    15. 자주 만나는 오류                       read_common_errors
  더 알아보기
    16. 제자리(in-place) 연산                  change_in_place
    17. 뷰(view)와 스트라이드(stride)          follow_strides
    18. 실수를 ==로 비교하면 안 되는 이유      compare_floats
    19. 반복문 대신 텐서 연산                  compare_with_loops, add_one_by_one
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
import os
import re
import statistics
import sys
import tempfile
import textwrap
import time
import traceback
import webbrowser
from pathlib import Path

if "ipykernel" not in sys.modules:  # 노트북이 아니면 창을 열지 않고 그림을 파일로만 저장합니다
    os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import numpy as np  # matplotlib을 설치하면 함께 설치됩니다
import torch
from matplotlib import font_manager
from matplotlib.colors import ListedColormap
from torch import nn


def meet_tensors():
    """1. 텐서란 무엇일까요?

    1장에서 이미지를 넣고 예측을 얻는 동안 오간 것은 모두 텐서(tensor)였습니다. 텐서는 숫자를
    가지런히 모아 놓은 자료구조입니다. 숫자 하나는 0차원, 벡터(vector)는 1차원, 행렬(matrix)은
    2차원이고, 차원은 필요한 만큼 늘릴 수 있습니다.

    PyTorch는 모델의 입력과 출력, 그리고 매개변수(parameter)를 모두 텐서로 나타냅니다. 손님이 산
    과일의 개수가 입력이고 과일의 가격이 매개변수라면, 행렬 곱(7절) 한 번으로 손님마다 낼 돈이
    나옵니다. 신경망의 Linear 계층도 이렇게 곱한 뒤 편향(bias)을 더합니다.

    사용법은 숫자 계산에 널리 쓰는 NumPy의 배열(ndarray)과 비슷합니다. 그런데도 텐서가 따로 있는
    것은 GPU 같은 가속기(accelerator)에서 빠르게 계산할 수 있고(13절), 학습에 필요한
    변화도(gradient)를 자동으로 구할 수 있기 때문입니다(6장).
    """
    number = torch.tensor(7)
    vector = torch.tensor([7, 8])
    matrix = torch.tensor([[7, 8], [9, 0]])
    show(f"{number.dim(), vector.dim(), matrix.dim() = }", "차원의 수")

    inputs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 0.0, 1.0]])  # 입력: 손님 2명, 과일 3가지의 개수
    weight = torch.tensor([[1000.0], [1500.0], [500.0]])  # 매개변수: 과일의 가격
    outputs = inputs @ weight  # 출력: 입력과 매개변수의 행렬 곱
    show(f"{outputs = }", "손님마다 낼 돈")
    check("첫 번째 손님이 낼 돈은 1*1000 + 2*1500 + 3*500 = 5500입니다", outputs[0] == 5500)


def create_tensors(seed):
    """2. 텐서 만들기

    계산하려면 먼저 텐서를 만들어야 하는데, 방법은 무엇을 가지고 시작하는지에 따라 다릅니다.

    1) 파이썬 리스트가 있으면 torch.tensor를 사용합니다. 자료형(dtype)은 값을 보고 자동으로
    정해집니다.
    2) NumPy 배열은 torch.from_numpy로 자료형까지 그대로 가져옵니다.
    3) 다른 텐서와 모양(shape)이 같은 텐서는 이름이 _like로 끝나는 함수로 만듭니다. 자료형도
    따라오지만, dtype을 지정해 바꿀 수 있습니다.
    4) 모양만 정해져 있으면 torch.zeros, torch.ones, torch.rand에 모양을 전달합니다. 차례로 0, 1,
    난수(random)로 채웁니다.

    난수는 뽑을 때마다 달라지니, 같은 결과를 다시 얻으려면 torch.manual_seed로 시드(seed)를 정해야
    합니다. 시드가 같으면 난수도 같은 순서로 나옵니다. 아래에서 세 번 뽑은 난수를 비교해 보세요.
    """
    x_data = torch.tensor([[1, 2], [3, 4]])  # 1) 파이썬 리스트
    show(f"{x_data.dtype = }", "정수만 있으니 정수")
    show(f"{torch.tensor([0.5, 1.5]).dtype = }", "소수점이 있으니 실수(부동소수점, float)")

    x_np = torch.from_numpy(np.array([0.5, 1.5]))  # 2) NumPy 배열
    show(f"{x_np = }", "NumPy의 실수는 float64")

    show(f"{torch.ones_like(x_data) = }", "3) 다른 텐서: 모양과 자료형이 x_data와 같습니다")
    show(f"{torch.ones_like(x_data, dtype=torch.float32) = }", "자료형만 실수로 바꿉니다")

    show(f"{torch.zeros(2, 3) = }", "4) 모양")
    torch.manual_seed(seed)
    first = torch.rand(3)
    second = torch.rand(3)
    torch.manual_seed(seed)  # 시드를 다시 정하면 처음부터 시작합니다
    again = torch.rand(3)
    show(f"{first = }")
    show(f"{second = }", "이어서 뽑은 난수")
    show(f"{again = }", "시드를 다시 정하고 뽑은 난수")
    check(
        "again은 first와 같고 second와는 다릅니다", again.equal(first) and not again.equal(second)
    )


def read_attributes(device):
    """3. 텐서의 속성: 모양, 자료형, 장치

    텐서로 계산하다 막히면 무엇부터 보아야 할까요? 원인은 대부분 모양(shape), 자료형(dtype),
    장치(device) 중 하나입니다. 모두 텐서의 속성이어서 바로 출력해 볼 수 있는데, 모양은 차원마다의
    길이, 자료형은 원소를 저장하는 형식, 장치는 값이 있는 곳을 나타냅니다.

    필요한 메모리는 자료형에 따라 다릅니다. float32는 원소 하나에 4바이트를, float64는 8바이트를
    사용하는데, 학습에는 float32로 충분하기 때문에 PyTorch는 실수를 float32로 만듭니다.
    """
    images = torch.zeros(64, 1, 28, 28, device=device)  # 1장의 배치에서 이미지 수만 64로
    show(f"{images.shape = }", "이미지 64장, 채널 1개, 높이 28, 너비 28")
    show(f"{images.dtype, images.device = }")
    show(f"{images.numel(), images.nbytes = }", "원소의 개수, 메모리(바이트)")

    doubles = images.to(torch.float64)
    check("float64로 바꾸면 메모리가 두 배 필요합니다", doubles.nbytes == 2 * images.nbytes)


def index_and_slice():
    """4. 인덱싱(indexing)과 슬라이싱(slicing)

    배치에서 이미지 한 장을 꺼내거나 표에서 한 열만 보고 싶을 때가 있습니다. 대괄호 안에 차원마다
    고를 것을 쉼표로 구분해 적으세요. 행렬이라면 [행, 열]입니다. 인덱스는 0부터 시작하며, 콜론(:)만
    적으면 그 차원 전체를 고릅니다.

    조심할 것이 하나 있습니다. 정수 인덱스나 범위로 고른 결과는 원본과 메모리를 공유하는
    뷰(view)여서, 한쪽의 값을 바꾸면 다른 쪽도 바뀝니다. 리스트나 조건으로 고른 결과는 복사본입니다.
    다만 고르면서 바로 대입하면 원본이 바뀝니다. 마지막에 원본의 값 하나를 99로 바꾸면 row와 picked
    중 어느 쪽이 바뀌는지 예상해 보세요.
    """
    tensor = torch.arange(12).reshape(3, 4)  # 0부터 11까지를 3행 4열로
    show(f"{tensor = }")
    show(f"{tensor[0] = }", "첫 번째 행")
    show(f"{tensor[:, -1] = }", "마지막 열")
    show(f"{tensor[1:, :2] = }", "범위: 두 번째 행부터, 열은 두 개까지")
    show(f"{tensor[[0, -1]] = }", "리스트: 첫 행과 마지막 행")
    show(f"{tensor[tensor > 8] = }", "조건: 8보다 큰 값")

    tensor[:, 1] = 0  # 두 번째 열에만 대입
    show(f"{tensor = }")

    row = tensor[0]  # 정수 인덱스
    picked = tensor[[0]]  # 리스트
    tensor[0, 0] = 99
    show(f"{row = }", "뷰")
    show(f"{picked = }", "복사본")
    check("원본을 바꾸면 뷰인 row만 함께 바뀝니다", row[0] == 99 and picked[0, 0] != 99)


def change_shapes():
    """5. 모양 바꾸기

    값은 맞는데 모양이 맞지 않아 계산이 안 될 때가 많습니다. 1장의 모델은 28x28 이미지를 숫자
    784개로 펼쳐야 했고, 사진 한 장을 예측할 때는 한 장짜리 배치로 만들어야 했습니다.

    reshape는 값을 순서대로 새 모양에 나누어 담습니다. -1로 적은 길이는 알아서 계산하니 직접 나누어
    보지 않아도 됩니다. 다만 원소의 개수가 맞지 않으면 오류가 납니다. 예제의 expect는 일부러 오류를
    내고 그 메시지를 보여 주는 도우미 함수입니다.

    unsqueeze(0)는 맨 앞에 길이가 1인 차원을 넣고, squeeze(0)는 그런 차원을 없앱니다.

    차원의 순서를 바꾸려면 permute에 새 순서를 적습니다. permute(1, 0)은 1번 차원을 앞에, 0번 차원을
    뒤에 두니 행과 열이 바뀝니다. reshape로도 같은 모양을 만들 수 있지만 값의 위치가 달라집니다.
    그림에서 reshape는 1부터 6까지 읽는 순서를 지키고, permute는 행과 열을 맞바꾸는 것을 확인해
    보세요.
    """
    images = torch.zeros(64, 1, 28, 28)
    show(f"{images.reshape(64, -1).shape = }", "이미지마다 한 줄로: 784를 자동으로 계산합니다")
    with expect(RuntimeError):
        images.reshape(64, 783)

    image = images[0]  # [1, 28, 28]
    show(f"{image.unsqueeze(0).shape = }", "한 장짜리 배치")
    show(f"{image.squeeze(0).shape = }", "채널을 없앤 [높이, 너비]")

    x = torch.tensor([[1, 2, 3], [4, 5, 6]])
    reshaped = x.reshape(3, 2)
    permuted = x.permute(1, 0)
    show(f"{reshaped = }")
    show(f"{permuted = }")
    check(
        "첫 행이 reshape하면 [1, 2]이고, permute하면 [1, 4]입니다",
        reshaped[0].tolist() == [1, 2] and permuted[0].tolist() == [1, 4],
    )
    save_figure(draw_shapes(x), "tensor_shapes.png")


def join_tensors():
    """6. 이어 붙이기(cat)와 쌓기(stack)

    이미지 두 장을 하나로 합치면 무엇이 될까요? 두 장짜리 배치일 수도 있고, 채널이 두 개인 이미지 한
    장일 수도 있습니다. 어느 쪽을 원하는지에 따라 사용할 함수가 다릅니다.

    torch.stack은 차원을 새로 만들어 모양이 같은 텐서를 쌓습니다. 그래서 이미지를 쌓으면 배치가
    됩니다. torch.cat은 원래 있던 차원 가운데 dim으로 지정한 차원을 따라 이어 붙이고, 지정하지
    않으면 맨 앞의 차원을 따릅니다. [2, 2]와 [2, 3]을 dim=1로 이어 붙이면 [2, 5]가 됩니다. 나머지
    차원의 길이는 서로 같아야 합니다.
    """
    a = torch.tensor([1, 2, 3])
    b = torch.tensor([4, 5, 6])
    show(f"{torch.cat([a, b]) = }")
    show(f"{torch.stack([a, b]) = }")

    ones = torch.ones(2, 2)
    zeros = torch.zeros(2, 3)
    show(f"{torch.cat([ones, zeros], dim=1) = }", "열의 수는 달라도 됩니다")
    with expect(RuntimeError):
        torch.stack([ones, zeros])

    image = torch.zeros(1, 28, 28)  # [채널, 높이, 너비]
    stacked = torch.stack([image, image])
    joined = torch.cat([image, image])
    show(f"{stacked.shape = }", "이미지 두 장의 배치")
    show(f"{joined.shape = }", "채널이 2개인 이미지 한 장")
    check(
        "stack하면 차원이 하나 늘고, cat하면 그대로입니다", (stacked.dim(), joined.dim()) == (4, 3)
    )


def multiply_tensors():
    """7. 원소별 곱과 행렬 곱

    신경망이 하는 일은 대부분 곱셈과 덧셈인데, 텐서의 곱은 두 가지여서 헷갈리기 쉽습니다. *는 같은
    위치의 원소끼리 곱하는 원소별 곱(element-wise product)이어서 모양이 그대로입니다.

    @는 행렬 곱(matrix multiplication)이어서, 왼쪽의 한 행과 오른쪽의 한 열에서 차례로 짝지은 원소를
    곱해 모두 더합니다. 그래서 [2, 3]과 [3, 2]를 곱하면 [2, 2]가 되고, 안쪽의 두 길이는 같아야
    합니다. 예제의 tensor.T는 행과 열을 맞바꾼 전치(transpose)여서 모양이 [3, 2]입니다.

    두 연산자 대신 메서드나 함수를 사용해도 결과는 같습니다. 3차원 텐서끼리 @로 곱하면 첫 번째
    차원을 배치로 보고 행렬을 하나씩 짝지어 곱합니다.
    """
    tensor = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    z1 = tensor * tensor
    z2 = tensor.mul(tensor)
    z3 = torch.mul(tensor, tensor)
    show(f"{z1 = }", "원소별 곱")
    check("연산자, 메서드, 함수로 구한 z1, z2, z3이 같습니다", z1.equal(z2) and z1.equal(z3))

    y1 = tensor @ tensor.T
    y2 = tensor.matmul(tensor.T)
    y3 = torch.matmul(tensor, tensor.T)
    show(f"{y1 = }", "행렬 곱")
    check(
        "y1, y2, y3 모두 첫 번째 행, 두 번째 열이 1*4 + 2*5 + 3*6 = 32입니다",
        y1[0, 1] == y2[0, 1] == y3[0, 1] == 32,
    )

    left = torch.ones(10, 2, 3)
    right = torch.ones(10, 3, 4)
    show(f"{(left @ right).shape = }", "[2, 3]과 [3, 4]의 곱을 10번")


def reduce_dimensions():
    """8. 집계(reduction)와 사라지는 차원

    손실도 정확도도 많은 값을 숫자 하나로 줄인 것입니다. sum이나 mean처럼 여러 원소를 값 하나로
    줄이는 연산을 집계라고 합니다. 원소를 모두 집계한 결과는 0차원 텐서이며, item()을 호출하면
    파이썬 숫자를 얻습니다.

    행이나 열마다 따로 집계하려면 dim을 지정합니다. 어느 방향인지 헷갈릴 때는 지정한 차원이
    사라진다고 기억하세요. [2, 3]에 dim=0을 지정하면 2가 사라져서 [3]이 됩니다. 그림의 화살표가
    더하는 방향입니다.

    1장에서 예측을 고를 때 사용한 argmax는 가장 큰 값이 아니라 그 인덱스를 반환합니다.
    """
    x = torch.tensor([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]])
    total = x.sum()
    show(f"{total = }", "0차원 텐서")
    show(f"{total.item() = }", "파이썬 숫자")

    columns = x.sum(dim=0)
    rows = x.sum(dim=1)
    show(f"{columns = }", "열마다 더한 값")
    show(f"{rows = }", "행마다 더한 값")
    check(
        "dim=0이면 1 + 4 = 5로, dim=1이면 1 + 5 + 3 = 9로 시작합니다",
        columns[0] == 5 and rows[0] == 9,
    )
    show(f"{x.argmax(dim=1) = }", "행마다 가장 큰 값의 인덱스")
    save_figure(draw_reductions(x), "tensor_reductions.png")


def broadcast_shapes():
    """9. 브로드캐스팅(broadcasting)

    [3, 1]과 [4]처럼 모양이 다른 텐서를 더하면 어떻게 될까요? 오류가 날 것 같지만 둘 다 [3, 4]로
    확장되어 계산됩니다. 이를 브로드캐스팅이라고 합니다. 그림의 회색 칸이 확장된 부분입니다.

    브로드캐스팅할 수 있는지는 두 모양을 오른쪽 끝에 맞추어 위아래로 적어 보면 알 수 있습니다.
    차원마다 길이가 같거나, 한쪽이 1이거나, 한쪽에 그 차원이 없으면 됩니다.

    행마다 평균을 뺄 때도 브로드캐스팅을 사용합니다. [2, 3]의 행마다 구한 평균은 모양이 [2]여서 바로
    빼면 3과 2가 맞지 않습니다. 평균을 구할 때 keepdim=True를 지정하면 사라질 차원이 길이 1로
    남아서, [2, 3]에서 [2, 1]을 뺄 수 있습니다.
    """
    column = torch.tensor([[10], [20], [30]])
    row = torch.tensor([1, 2, 3, 4])
    total = column + row
    # [3, 1]  column
    # [   4]  row
    # [3, 4]  total
    show(f"{total = }")
    check(
        "total의 마지막 행은 30에 1, 2, 3, 4를 더한 값입니다", total[2].tolist() == [31, 32, 33, 34]
    )
    save_figure(draw_broadcasting(torch.add, column, row), "tensor_broadcasting.png")

    x = torch.tensor([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]])
    with expect(RuntimeError):
        x - x.mean(dim=1)  # 모양이 [2, 3]과 [2]
    means = x.mean(dim=1, keepdim=True)
    centered = x - means
    show(f"{means = }", "모양이 [2, 1]")
    show(f"{centered = }", "행마다 평균을 뺀 값")
    check("행마다 평균을 빼면 각 행의 합이 0이 됩니다", centered.sum(dim=1) == 0)


def subtract_wrong_shapes():
    """10. 브로드캐스팅의 흔한 실수

    예측이 정답(label)과 똑같은데도 손실이 0이 아니라면 모양을 의심해 보세요. 집값처럼 숫자 하나를
    예측할 때는 정답의 모양이 [N]이고 모델의 출력은 [N, 1]인 경우가 많은데, 샘플 4개의 차이를 그대로
    구하면 오류도 없이 4개가 아니라 16개가 나옵니다. 예측을 다른 샘플의 정답과도 비교해 버린
    것입니다. 그림의 주황색 칸이 그렇게 생긴 값이며, 필요한 것은 파란색 대각선뿐입니다.

    빼기 전에 squeeze(1)로 길이가 1인 차원을 없애면 됩니다. 아래의 손실은 차이를 제곱해 평균을 낸
    평균 제곱 오차(MSE)입니다.
    """
    target = torch.tensor([1.0, 2.0, 3.0, 4.0])
    pred = torch.tensor([[1.0], [2.0], [3.0], [4.0]])  # 정답을 모두 맞힌 예측
    show(f"{target.shape, pred.shape = }")
    difference = target - pred
    show(f"{difference = }")
    wrong_loss = (difference**2).mean()
    right_loss = ((target - pred.squeeze(1)) ** 2).mean()
    show(f"{wrong_loss = }", "잘못 계산한 손실")
    show(f"{right_loss = }", "제대로 계산한 손실")
    check(
        "모양을 맞추면 손실이 0이고, 맞추지 않으면 0보다 큽니다", right_loss == 0 and wrong_loss > 0
    )
    save_figure(draw_broadcasting(torch.sub, target, pred), "tensor_broadcasting_mistake.png")


def treat_image_as_tensor():
    """11. 이미지는 텐서입니다

    지금까지 배운 연산만으로 그림을 그려 볼까요? 흑백 이미지는 밝기(0~255의 정수)를 담은 [높이,
    너비] 텐서이고, 1장에서 본 0~1의 값은 이 밝기를 255로 나눈 것입니다.

    12x12칸에 얼굴을 그려 봅시다. 행 번호와 열 번호를 브로드캐스팅으로 계산해서 칸마다 원의 안쪽인지
    알아내고, torch.where로 안쪽에는 밝기를, 바깥쪽에는 0을 넣습니다. 눈과 입은 인덱스로 고른 자리에
    0을 대입해 그립니다. 윙크하는 얼굴입니다.

    이미지를 바꾸는 것도 텐서 연산입니다. flip(1)로 좌우를 뒤집고, 255에서 빼서 밝기를 반전합니다.
    세 장을 쌓으면 빨강, 초록, 파랑의 컬러 이미지가 됩니다. 모양은 [채널, 높이, 너비]인데,
    matplotlib은 채널을 맨 뒤에 두기 때문에 permute로 순서를 바꾸어 그립니다.
    """
    y = torch.arange(12)[:, None]  # 행 번호. None은 길이가 1인 차원을 넣어 [12, 1]로 만듭니다
    x = torch.arange(12)  # 열 번호 [12]
    inside = (y - 5.5) ** 2 + (x - 5.5) ** 2 <= 36  # 중심까지의 거리가 6 이하이면 True
    image = torch.where(inside, 255 - 10 * y, 0)  # 아래로 갈수록 어두운 얼굴
    image = image.to(torch.uint8)  # 0~255의 정수를 담는 자료형
    image[3:6, 3] = 0  # 뜬 눈
    image[4, 7:10] = 0  # 감은 눈
    image[8, 4:8] = 0  # 입
    image[7, [3, 8]] = 0  # 입꼬리

    flipped = image.flip(1)
    inverted = 255 - image
    color = torch.stack([image, image // 2, inverted])  # 빨강, 초록, 파랑
    show(f"{image[4] = }", "두 눈이 있는 행")
    show(f"{flipped[4] = }", "좌우를 뒤집은 행")
    show(f"{color.shape = }")
    show(f"{color.permute(1, 2, 0).shape = }", "matplotlib의 순서")
    check("한쪽 눈만 감았으니 좌우를 뒤집으면 다른 얼굴이 됩니다", not flipped.equal(image))
    save_figure(draw_image(image, flipped, inverted, color), "tensor_image.png")


def promote_dtypes():
    """12. 자료형의 변환과 정수 연산

    uint8로 저장한 픽셀 200에 100을 더하면 300이 아니라 44가 됩니다. uint8에는 0~255만 담을 수 있고
    결과도 uint8이어서, 255를 넘으면 256이 빠지기 때문입니다. 이를 오버플로(overflow)라고 합니다.
    더하기 전에 더 넓은 자료형으로 변환하면 막을 수 있습니다.

    자료형이 다른 텐서를 함께 계산하면 더 넓은 쪽을 따릅니다. 정수와 실수를 더하면 실수가 되고,
    float32와 float64를 더하면 float64가 됩니다. 다만 uint8 텐서에 더한 100 같은 정수 하나는 텐서의
    자료형을 따라가니, 200 + 100도 uint8로 계산되어 44가 되었습니다.

    정수끼리 나눌 때도 조심하세요. /의 결과는 실수이고, //의 결과는 내림한 정수입니다.
    """
    pixels = torch.tensor([100, 200], dtype=torch.uint8)
    added = pixels + 100
    show(f"{added = }")
    show(f"{pixels.int() + 100 = }", "int(): int32로 변환")
    check("uint8에서는 200 + 100이 300 - 256 = 44가 됩니다", added[1] == 44)

    integers = torch.tensor([7, -7])
    floats = torch.tensor([0.5, 0.5])
    doubles = floats.double()  # float64로 변환
    show(f"{(integers + floats).dtype = }", "정수와 실수")
    show(f"{(floats + doubles).dtype = }", "float32와 float64")

    show(f"{integers / 2 = }")
    show(f"{integers // 2 = }", "내림: -3.5보다 작은 정수")
    show(f"{torch.tensor(3.14159).bfloat16() = }", "메모리를 아끼는 16비트 실수: 두세 자리만 정확")


def move_to_device(device):
    """13. GPU로 옮기기

    1000x1000 행렬을 한 번 곱하는 데도 곱셈과 덧셈이 10억 번씩 필요합니다. GPU는 이런 계산을 수천
    개씩 동시에 처리해서 CPU보다 훨씬 빨리 끝냅니다. 그런데 텐서와 모델은 CPU에 만들어지니, GPU에서
    계산하려면 to로 옮겨야 합니다.

    예제의 앞부분은 device = ... 줄의 #만 지우고 여러분의 코드에 그대로 옮겨 적어도 됩니다. 텐서의
    to는 원본을 그대로 두고 새 텐서를 반환하니 변수에 받아야 하지만, 모델의 to는 모델 자체를
    옮깁니다. 자료형을 바꿀 때도 마찬가지여서, GPU가 없어도 차이를 볼 수 있습니다. 맥(Mac)의 GPU처럼
    cuda가 아닌 가속기는 torch.accelerator로 찾으세요.

    옮기는 것은 복사여서 공짜가 아닙니다. GPU에서는 계산보다 복사가 더 오래 걸리기도 하니, 한 번
    옮긴 뒤에 여러 번 계산하세요. cuda로 실행하면 마지막 if 문이 걸린 시간을 보여 줍니다.
    """
    # device = "cuda" if torch.cuda.is_available() else "cpu"
    tensor = torch.ones(2, 2)
    model = nn.Linear(2, 2)
    tensor = tensor.to(device)  # 텐서는 결과를 받습니다
    model.to(device)  # 모델은 그 자체가 옮겨집니다
    show(f"{tensor.device, model.weight.device = }")

    tensor.to(torch.float64)  # 결과를 받지 않았습니다
    model.to(torch.float64)
    show(f"{tensor.dtype, model.weight.dtype = }")
    check(
        "결과를 받지 않으면 텐서는 float32 그대로이고, 모델만 float64가 됩니다",
        tensor.dtype == torch.float32 and model.weight.dtype == torch.float64,
    )

    matrix = torch.rand(1000, 1000)
    show(f"{matrix.nbytes = }", "옮길 때마다 복사하는 바이트")
    if device.type != "cpu":  # measure_ms는 걸린 시간(ms)을 반환하는 이 파일의 함수입니다
        moved = matrix.to(device)
        print(f"CPU의 행렬 곱: {measure_ms(lambda: matrix @ matrix):.2f}ms")
        print(f"GPU의 행렬 곱: {measure_ms(lambda: moved @ moved):.2f}ms")
        print(f"GPU로 복사: {measure_ms(lambda: matrix.to(device)):.2f}ms")


def convert_numpy():
    """14. NumPy 변환(bridge): 공유와 복사

    데이터는 NumPy로 읽고 학습은 PyTorch로 하는 일이 흔합니다. 그런데 변환한 뒤에 한쪽을 바꾸었더니
    다른 쪽까지 바뀌어서 당황할 때가 있습니다. numpy()와 torch.from_numpy는 값을 복사하지 않고
    메모리를 공유하기 때문입니다.

    따로 바꾸려면 배열은 torch.tensor로, 텐서는 clone으로 복사하세요. GPU 텐서는 먼저 cpu()로 옮겨야
    numpy()로 변환할 수 있습니다.
    """
    t = torch.ones(3)
    n = t.numpy()
    t.add_(1)  # 이름이 _로 끝나면 t의 메모리를 직접 바꿉니다(16절)
    show(f"{n = }", "텐서를 바꾼 뒤의 배열")
    check("텐서에 1을 더하면 배열도 [2, 2, 2]가 됩니다", n.tolist() == [2, 2, 2])

    array = np.zeros(3)
    shared = torch.from_numpy(array)
    copied = torch.tensor(array)
    array[0] = 9
    show(f"{shared = }", "배열을 바꾼 뒤의 텐서")
    show(f"{copied = }", "복사본")
    check(
        "배열의 첫 값을 9로 바꾸면 shared는 [9, 0, 0]이 되고, copied는 [0, 0, 0] 그대로입니다",
        shared.tolist() == [9, 0, 0] and copied.tolist() == [0, 0, 0],
    )


def read_common_errors(device):
    """15. 자주 만나는 오류

    긴 오류 메시지를 만나도 당황하지 마세요. 무엇이 맞지 않는지, 때로는 해결 방법까지 적혀 있으니
    끝까지 읽어 보세요. 여기서는 모양, 자료형, 장치의 오류를 일부러 일으키고 하나씩 해결합니다.
    메시지의 Float는 float32, Double은 float64, Long은 int64입니다.

    장치가 다른 텐서끼리 계산할 때의 오류는 cuda로 실행해야만 볼 수 있습니다. cpu로 실행하면 마지막
    if 문을 건너뜁니다. 메시지는 다음과 같습니다.
      Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!

    핵심은 여기까지입니다. 계산이 막히면 shape, dtype, device부터 출력해 보세요.
    """
    a = torch.ones(2, 3)
    b = torch.ones(2, 3)
    with expect(RuntimeError):
        a @ b  # 모양: 안쪽의 두 길이 3과 2가 다릅니다
    show(f"{(a @ b.T).shape = }", "해결: 전치로 [2, 3]과 [3, 2]를 만듭니다")

    doubles = torch.from_numpy(np.ones((3, 2)))
    with expect(RuntimeError):
        a @ doubles  # 자료형: NumPy에서 온 float64
    show(f"{(a @ doubles.float()).dtype = }", "해결: float()로 자료형을 맞춥니다")

    integers = torch.tensor([1, 2])
    with expect(RuntimeError):
        integers.mean()  # 자료형: 정수의 평균은 대개 정수가 아닙니다
    show(f"{integers.float().mean() = }", "해결: 먼저 실수로 변환합니다")

    if device.type == "cuda":  # 장치: a는 CPU에, on_gpu는 GPU에 있습니다
        on_gpu = b.to(device)
        with expect(RuntimeError):
            a + on_gpu
        print((a.to(device) + on_gpu).device)  # 해결: to로 장치를 맞춥니다


def change_in_place():
    """16. 제자리(in-place) 연산

    y = y + 1과 y += 1은 같은 뜻일까요? 파이썬 숫자라면 그렇지만 텐서에서는 다릅니다. y = y + 1은
    결과를 새 텐서에 담고, y += 1은 y의 메모리에 바로 덮어씁니다. 이름이 _로 끝나는 add_ 같은
    메서드도 덮어씁니다. 이를 제자리 연산이라고 하며, 공식 튜토리얼에서는 바꿔치기라고 부릅니다.

    새 메모리가 필요 없지만 주의할 점이 세 가지 있습니다.
    1) 같은 텐서를 가리키는 다른 변수의 값도 바뀝니다.
    2) 자료형은 바꿀 수 없어서, 정수 텐서에 실수를 더하면 오류가 발생합니다.
    3) 변화도를 구하는 데 필요한 값이 지워질 수 있으니(6장), 학습 중인 계산에는 사용하지 않는 편이
    좋습니다.
    """
    x = torch.ones(3)
    x_alias = x  # 같은 텐서의 다른 이름
    x = x + 1
    show(f"{x = }")
    show(f"{x_alias = }", "그대로입니다")

    y = torch.ones(3)
    y_alias = y
    y += 1
    y.add_(5)
    show(f"{y = }")
    show(f"{y_alias = }", "함께 바뀌었습니다")
    check(
        "y를 제자리 연산으로 바꾸면 y_alias도 [7, 7, 7]이 되고, x_alias는 [1, 1, 1] 그대로입니다",
        y_alias.tolist() == [7, 7, 7] and x_alias.tolist() == [1, 1, 1],
    )

    counts = torch.tensor([1, 2])
    with expect(RuntimeError):
        counts += 0.5


def follow_strides():
    """17. 뷰(view)와 스트라이드(stride)

    다른 사람의 코드에서는 reshape 대신 view를 자주 보게 됩니다. 그런데 base.view(-1)은 되고
    base.T.view(-1)은 왜 오류가 날까요? 행렬도 메모리에는 한 줄로 저장되고, 스트라이드가 차원마다
    다음 원소까지 몇 칸인지를 알려 줍니다. 예제의 base라면 다음 행은 3칸 뒤, 다음 열은 1칸 뒤입니다.

    전치는 값을 하나도 옮기지 않고 모양과 스트라이드의 순서만 바꾼 뷰를 만들기 때문에, 아무리 큰
    행렬이라도 순식간에 끝납니다. 그 대신 읽는 순서가 메모리의 순서와 어긋나고 is_contiguous()가
    False가 됩니다. 그림에서 base.T의 화살표가 메모리를 건너뛰며 오가는 것을 확인해 보세요.

    view는 값을 옮기지 않으니 이렇게 어긋난 텐서를 펼치지 못합니다. reshape는 그럴 때 값을 새
    메모리에 복사합니다. 어느 쪽을 사용할지 헷갈리면 reshape를 고르세요.
    """
    base = torch.arange(6).reshape(2, 3)
    transposed = base.T
    show(f"{base.stride(), transposed.stride() = }")
    show(f"{base.is_contiguous(), transposed.is_contiguous() = }")
    with expect(RuntimeError):
        transposed.view(-1)

    flat = transposed.reshape(-1)
    save_figure(draw_strides(base), "tensor_strides.png")
    base[0, 1] = 99
    show(f"{transposed = }", "뷰: 99가 보입니다")
    show(f"{flat = }", "복사본: 그대로입니다")
    check(
        "base를 바꾸면 전치도 바뀌고, 전치를 펼친 flat은 그대로입니다",
        transposed[1, 0] == 99 and flat.max() < 99,
    )


def compare_floats():
    """18. 실수를 ==로 비교하면 안 되는 이유

    0.3 + 0.6은 0.9와 같을까요? 컴퓨터에서는 다릅니다. 0.3 같은 실수는 대부분 이진수로 딱 떨어지지
    않아 가까운 값으로 저장되기 때문입니다. 그래서 실수는 ==로 비교하지 말고, 차이가 충분히 작은지
    확인하는 torch.isclose를 사용하세요. 모든 원소를 한 번에 비교할 때는 torch.allclose를
    사용합니다.

    얼마나 작아야 하는지는 rtol로 정합니다. 기본값인 0.00001이면 1000과 비교할 때 약 0.01까지의
    차이를 허용합니다. 여기에 아주 작은 atol(0.00000001)을 언제나 더하기 때문에, 0과 비교할 때도
    조금의 차이를 허용합니다.

    float32가 구별하는 것은 십진수로 약 7자리입니다. 그래서 16777216에 1을 더하면 흔적도 없이
    사라집니다.
    """
    added = torch.tensor(0.3) + torch.tensor(0.6)
    target = torch.tensor(0.9)
    show(f"{added.item(), target.item() = }", "저장된 값")
    show(f"{added == target = }")
    show(f"{torch.isclose(added, target) = }")
    check(
        "0.3 + 0.6은 0.9와 ==로는 다르고 isclose로는 같습니다",
        added != target and added.isclose(target),
    )

    values = torch.tensor([1000.005, 1000.05])
    show(f"{torch.isclose(values, torch.tensor(1000.0)) = }", "차이가 0.005, 0.05")

    big = torch.tensor(2.0**24)  # 16777216
    show(f"{big + 1 - big = }", "1이 사라졌습니다")
    show(f"{big.double() + 1 - big.double() = }", "float64는 약 16자리를 구별합니다")
    check("float32에서는 16777216에 1을 더해도 그대로입니다", big + 1 == big)


def add_one_by_one(values):
    """반복문으로 원소를 하나씩 더해 합을 반환합니다."""
    total = 0
    for value in values:
        total += value
    return total


def compare_with_loops():
    """19. 반복문 대신 텐서 연산

    텐서의 합을 for 문으로 구하면 어떨까요? 답은 맞지만 무척 느립니다. 반복문은 원소마다 파이썬
    코드를 실행하는데, 텐서 연산은 한 번 호출하면 컴파일된 코드가 모든 원소를 처리하기 때문입니다.
    특히 텐서를 반복문으로 순회하면 원소마다 작은 텐서가 새로 만들어져서, 파이썬 리스트를 순회할
    때보다도 느립니다.

    반복문을 여러 겹 써야 할 것 같은 계산도 대부분 텐서 연산으로 바꿀 수 있습니다. torch.einsum에는
    어떤 차원끼리 곱하고 더할지를 글자로 적는데, "ij,jk->ik"는 결과에 없는 j를 따라 곱해서 더하라는
    뜻이니 바로 행렬 곱입니다.
    """
    show_code(add_one_by_one)
    tensor = torch.arange(10_000, dtype=torch.float64)
    numbers = tensor.tolist()  # 파이썬 리스트
    tensor_loop_ms = measure_ms(lambda: add_one_by_one(tensor))  # 걸린 시간(ms)
    list_loop_ms = measure_ms(lambda: add_one_by_one(numbers))
    sum_ms = measure_ms(lambda: tensor.sum())
    print(f"텐서를 반복문으로: {tensor_loop_ms:.4f}ms")
    print(f"리스트를 반복문으로: {list_loop_ms:.4f}ms")
    print(f"tensor.sum(): {sum_ms:.4f}ms")
    check("tensor.sum()이 반복문보다 빠릅니다", sum_ms < list_loop_ms)
    loop_total = add_one_by_one(numbers)
    check("반복문으로 더한 값은 tensor.sum()과 같습니다", loop_total == tensor.sum())

    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    show(f"{torch.einsum('ij,jk->ik', a, a) = }", "a @ a와 같습니다")


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    device = torch.device(args.device)

    begin("핵심", f"장치(device): {device}")
    teach(meet_tensors)
    teach(create_tensors, args.seed)
    teach(read_attributes, device)
    teach(index_and_slice)
    teach(change_shapes)
    teach(join_tensors)
    teach(multiply_tensors)
    teach(reduce_dimensions)
    teach(broadcast_shapes)
    teach(subtract_wrong_shapes)
    teach(treat_image_as_tensor)
    teach(promote_dtypes)
    teach(move_to_device, device)
    teach(convert_numpy)
    teach(read_common_errors, device)

    begin("더 알아보기")
    teach(change_in_place)
    teach(follow_strides)
    teach(compare_floats)
    teach(compare_with_loops)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("3장 Dataset과 DataLoader(data_tutorial.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser = argparse.ArgumentParser(description="2장. 텐서")
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

    tensor.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저 예상해 보면
    더 재미있습니다.

    1) treat_image_as_tensor 함수(11절)에서 image[4, 7:10] = 0을 image[3:6, 8] = 0으로 바꿔 보세요.
    2) convert_numpy 함수(14절)에서 t.add_(1)을 t = t + 1로 바꿔 보세요.
    3) compare_with_loops 함수(19절)에서 10_000을 10으로 바꿔 보세요.

    다음은 직접 실행해 확인한 결과이며, 셋 다 ✗가 표시됩니다. 1)은 두 눈을 뜬 얼굴이 되어, 좌우를
    뒤집어도 똑같습니다. 2)는 t가 새 텐서가 되어, 배열과 메모리를 공유하지 않습니다. 3)은 리스트를
    순회하는 반복문이 더 빠릅니다. 연산을 한 번 호출하는 데도 시간이 걸려서, 원소가 10개뿐이면
    tensor.sum()이 오히려 손해입니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def outer_product(a, b):
    """벡터 a [N]과 b [M]의 외적(outer product) [N, M]을 반환하세요.

    외적은 a와 b의 모든 짝을 곱한 표이고, i행 j열은 a[i] * b[j]입니다. torch.outer도 있지만,
    브로드캐스팅으로 만들어 보세요.
    예: a가 [1, 2]이고 b가 [3, 4, 5]이면 [[3, 4, 5], [6, 8, 10]]입니다.

    힌트: a[:, None]의 모양은 [N, 1]입니다.
    """
    raise NotImplementedError


def one_hot(labels, num_classes):
    """정답 labels [N]을 원-핫(one-hot) [N, C]로 변환해 반환하세요. C는 num_classes입니다.

    정답의 인덱스에 있는 값만 1이고 나머지는 0입니다.
    예: labels가 [2, 0]이고 num_classes가 3이면 [[0, 0, 1], [1, 0, 0]]입니다.

    힌트: labels[:, None]과 torch.arange(num_classes)를 ==로 비교해 보세요.
    """
    raise NotImplementedError


def cumulative_sum(x):
    """실수 텐서 x [N]의 누적 합 [N]을 반환하세요. i번째 값은 x[0]부터 x[i]까지의 합입니다.

    torch.cumsum도 있지만, 행렬 곱으로 계산해 보세요.
    예: x가 [1, 2, 3]이면 [1, 3, 6]입니다.

    힌트: torch.ones(N, N).tril()은 대각선과 그 아래만 1인 행렬입니다.
    """
    raise NotImplementedError


def pairwise_distances(a, b):
    """점 a [N, D]와 b [M, D]의 모든 쌍 사이의 유클리드 거리 [N, M]을 반환하세요.

    예: a가 [[0, 0]]이고 b가 [[3, 4], [0, 1]]이면 [[5, 1]]입니다.

    힌트: a[:, None, :]의 모양은 [N, 1, D]여서, 여기서 b를 빼면 [N, M, D]가 됩니다. 제곱한
    뒤 dim=2를 따라 더해 보세요.
    """
    raise NotImplementedError


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 tensor.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고,
    함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. python tensor.py --practice를 실행하면
    맞는지 바로 알려 줍니다. 모범 답안은 저장소의 tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    practice(
        outer_product,
        ((tensor([1, 2]), tensor([3, 4, 5])), [[3, 4, 5], [6, 8, 10]]),
        ((tensor([1.0, -2.0, 3.0]), tensor([0.5])), [[0.5], [-1], [1.5]]),
        ((tensor([1, 2]), tensor([3, 4])), [[3, 4], [6, 8]]),
    )
    practice(
        one_hot,
        ((tensor([2, 0]), 3), [[0, 0, 1], [1, 0, 0]]),
        ((tensor([1, 1, 0]), 2), [[0, 1], [0, 1], [1, 0]]),
        ((tensor([0, 1]), 4), [[1, 0, 0, 0], [0, 1, 0, 0]]),
    )
    practice(
        cumulative_sum,
        ((tensor([1.0, 2.0, 3.0]),), [1, 3, 6]),
        ((tensor([4.0, -1.0, 0.0, 0.5]),), [4, 3, 3, 3.5]),
        ((tensor([7.0]),), [7]),
    )
    practice(
        pairwise_distances,
        ((tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 1.0]])), [[5, 1]]),
        ((tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]]), tensor([[1.0, 2.0, 2.0]])), [[3], [0]]),
        ((tensor([[0.0, 0.0], [3.0, 4.0]]), tensor([[0.0, 0.0], [6.0, 8.0]])), [[0, 10], [5, 5]]),
    )


# ---- 시간을 측정하고 그림을 그리는 함수입니다. ----


def measure_ms(work):
    """work를 여러 번 실행해서, 걸린 시간(ms)의 중앙값을 반환합니다."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()  # GPU는 비동기로 계산하므로 끝날 때까지 기다립니다
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])  # 첫 번째는 워밍업


BLUE = "#9FCBE8"
ORANGE = "#F5B995"
GREEN = "#8FD6BE"
PINK = "#E9BFD6"
YELLOW = "#F6DA8C"
GREY = "#E6E6E6"
SHADES = [BLUE, ORANGE, GREEN, PINK, YELLOW, GREY]


def draw_cells(axis, values, shades, title):
    """2차원 텐서의 값을 칸에 적습니다. shades는 칸마다 사용할 SHADES의 인덱스입니다."""
    rows, columns = values.shape
    cells = torch.as_tensor(shades).expand(rows, columns) % len(SHADES)
    colors = ListedColormap(SHADES)
    axis.pcolormesh(cells.numpy(), cmap=colors, vmin=0, vmax=5, edgecolors="white", linewidth=3)
    for row in range(rows):
        for column in range(columns):
            text = f"{values[row, column]:g}"
            axis.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=12)
    axis.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    axis.set_title(title, fontsize=10)
    axis.axis("off")


def draw_shapes(x):
    """reshape와 permute가 값을 어디에 두는지 그립니다. 값마다 색이 다릅니다."""
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.9), layout="constrained")
    results = {"x": x, "x.reshape(3, 2)": x.reshape(3, 2), "x.permute(1, 0)": x.permute(1, 0)}
    for axis, (name, tensor) in zip(axes, results.items()):
        draw_cells(axis, tensor, tensor - 1, f"{name}: {list(tensor.shape)}")
        axis.set(xlim=(0, 3), ylim=(3, 0))
    figure.suptitle("reshape keeps the reading order, permute swaps rows and columns")
    return figure


def draw_reductions(x):
    """dim=0과 dim=1로 더할 때 사라지는 차원을 그립니다. 함께 더하는 원소는 색이 같습니다."""
    figure, axes = plt.subplots(2, 2, figsize=(6, 4.6), layout="constrained")
    for dim, (left, right) in enumerate(axes):
        reduced = x.sum(dim=dim)
        shades = torch.arange(len(reduced))
        draw_cells(left, x, shades.unsqueeze(dim), f"x: {list(x.shape)}")
        draw_cells(right, reduced[None], shades, f"x.sum(dim={dim}): {list(reduced.shape)}")
        for axis in (left, right):
            axis.set(xlim=(-0.8, 3), ylim=(2, -0.8))
        end = (-0.4, 2) if dim == 0 else (3, -0.4)
        arrow = {"arrowstyle": "->", "lw": 2.5}
        left.annotate("", end, (-0.4, -0.4), arrowprops=arrow)
    figure.suptitle("Cells along the arrow are added: that dimension disappears")
    return figure


def draw_broadcasting(operation, first, second):
    """두 텐서가 확장되는 칸(회색)을 그립니다. 뺄셈이면 원하지 않는 칸도 표시합니다."""
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.9), layout="constrained")
    result = torch.atleast_2d(operation(first, second))
    for axis, tensor in zip(axes, (first, second)):
        rows, columns = torch.atleast_2d(tensor).shape
        shades = torch.full(result.shape, SHADES.index(GREY))
        shades[:rows, :columns] = SHADES.index(BLUE)
        title = f"{list(tensor.shape)} -> {list(result.shape)}"
        draw_cells(axis, tensor.expand_as(result), shades, title)
    colors = "blue: original or result   grey: stretched"
    shades = torch.full(result.shape, SHADES.index(BLUE))
    if operation is torch.sub:
        colors = "blue: original or wanted   grey: stretched   orange: not wanted"
        shades.fill_(SHADES.index(ORANGE)).fill_diagonal_(SHADES.index(BLUE))
    draw_cells(axes[2], result, shades, f"result: {list(result.shape)}")
    figure.suptitle(f"Broadcasting   ({colors})", fontsize=11)
    return figure


def draw_image(image, flipped, inverted, color):
    """이미지의 픽셀 값과, 텐서 연산으로 바꾼 이미지를 그립니다."""
    layout = [["values", "values", "values"], ["flipped", "inverted", "color"]]
    figure, axes = plt.subplot_mosaic(
        layout, figsize=(7, 9.2), height_ratios=[3, 1.1], layout="constrained"
    )
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            value = image[row, column].item()
            text_color = "black" if value > 120 else "white"
            axes["values"].text(
                column, row, value, ha="center", va="center", color=text_color, fontsize=10
            )
    pictures = {
        "values": image,
        "flipped": flipped,
        "inverted": inverted,
        "color": color.permute(1, 2, 0),
    }
    for name, picture in pictures.items():
        axes[name].imshow(picture.numpy(), cmap="gray", vmin=0, vmax=255)
        axes[name].set_title(name)
        axes[name].axis("off")
    axes["values"].set_title(f"image: the values of a tensor {list(image.shape)}")
    return figure


def draw_strides(base):
    """메모리를 base, view, T, reshape가 어떤 순서로 읽는지 화살표로 그립니다."""
    ways = {
        "base": base,
        "base.view(-1)": base.view(-1),
        "base.T": base.T,
        "base.T.reshape(-1)": base.T.reshape(-1),
    }
    figure, axes = plt.subplots(4, 2, figsize=(7.5, 8), width_ratios=[2, 3], layout="constrained")
    for (left, right), (code, tensor) in zip(axes, ways.items()):
        shared = tensor.data_ptr() == base.data_ptr()
        name = "memory of base" if shared else "new memory (copy)"
        shade = SHADES.index(BLUE if shared else ORANGE)
        memory = tensor.as_strided((1, 6), (6, 1))
        order = torch.arange(6).as_strided(tensor.shape, tensor.stride()).flatten().tolist()
        draw_cells(left, torch.atleast_2d(tensor), shade, f"{code}: {list(tensor.shape)}")
        draw_cells(right, memory, shade, f"{name}, stride {tensor.stride()}")
        right.set_ylim(1.9, -0.9)
        for start, end in zip(order, order[1:]):
            side = 0.05 if end > start else 0.95  # 앞으로 돌아가는 화살표는 아래에 그립니다
            arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=-0.35", "lw": 1.6}
            right.annotate("", (end + 0.5, side), (start + 0.5, side), arrowprops=arrow)
    figure.suptitle("The order in which memory is read (arrows: row by row)")
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
