"""1장. 빠른 시작: 옷 사진을 알아보는 모델 만들기

사진에 찍힌 것이 셔츠인지 가방인지 알아맞히는 프로그램을 만들어 봅시다. 규칙을 사람이 하나하나 쓰는
대신, 이미지 60,000장과 정답을 보여 주고 모델이 스스로 배우게 합니다. 데이터를 준비하고, 모델을
만들어 학습하고, 저장한 모델로 예측하는 데까지 PyTorch로 하는 일 전체를 한 번에 훑어봅니다. 모르는
말이 나와도 괜찮습니다. 뒤의 장에서 하나씩 자세히 다루니, 지금은 흐름만 따라오세요.

실행 방법
    python -m pip install torch torchvision matplotlib
    python quick_start.py
    python quick_start.py --epochs 1 --show     # 1에폭만 학습하고 페이지를 브라우저로 열기
    python quick_start.py --image my_shirt.jpg  # 직접 찍은 사진도 예측하기
    python quick_start.py --practice            # 연습 문제만 확인하기
    python quick_start.py --help                # 모든 옵션 보기
    %run quick_start.py                         # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
     1. 데이터셋(Dataset): 이미지와 정답      load_datasets
     2. 데이터로더(DataLoader): 배치로 묶기   make_dataloaders, speed_up
     3. 모델 만들기                           build_model, NeuralNetwork
     4. 학습의 한 단계                        take_one_step
     5. 학습하는 함수와 확인하는 함수         define_train_and_test, train, test
     6. 반복해서 학습하기                     fit
     7. 학습 곡선 읽기                        read_learning_curve
     8. 모델을 저장하고 불러오기              save_and_load
     9. 예측하기                              predict
    10. 모델은 어떤 옷을 헷갈릴까요?          count_mistakes
  더 알아보기
    11. 직접 찍은 사진으로 예측하기           predict_photo, prepare_photo
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
import torch
from matplotlib import font_manager
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.transforms import ToTensor

CLASSES = datasets.FashionMNIST.classes  # 클래스의 이름 10개. 데이터셋을 바꾸면 함께 바꾸세요.


def load_datasets(data_dir):
    """1. 데이터셋(Dataset): 이미지와 정답

    모델을 학습하려면 먼저 예제가 필요합니다. 이미지와 정답(label)의 짝을 샘플(sample)이라고 하는데,
    이런 샘플을 많이 모아야 합니다. 여기서 사용할 FashionMNIST는 28x28 크기의 흑백 이미지 70,000장에
    정답을 붙여 둔 데이터셋으로, 60,000장은 모델이 배우는 학습용이고 나머지 10,000장은 잘 배웠는지
    확인하는 테스트용입니다. 정답은 티셔츠, 가방, 운동화 같은 10가지 종류이며, 이 종류를
    클래스(class)라고 합니다. 파이썬의 class와는 다른 말입니다.

    PyTorch에서는 샘플을 Dataset에 저장해 두고, 리스트처럼 training_data[0]으로 하나씩 가져옵니다.
    그런데 저장된 것은 그림이고, 모델이 계산할 수 있는 것은 숫자를 모아 놓은 텐서(tensor)뿐입니다.
    그래서 transform에 ToTensor()를 지정해, 이미지를 가져올 때마다 0~1의 실수(float)가 담긴 텐서로
    변환합니다.

    정답은 클래스의 번호로 저장되어 있으며, 정답도 바꾸려면 target_transform을 지정합니다. 예제의
    lambda y: CLASSES[y]는 y를 받아 CLASSES[y]를 반환하는 이름 없는 함수여서, 번호가 이름으로
    바뀝니다.

    FashionMNIST처럼 널리 알려진 데이터셋은 직접 모으지 않아도 됩니다. 이미지는 TorchVision,
    오디오는 TorchAudio 같은 도메인 특화 라이브러리가 제공합니다.
    """
    training_data = datasets.FashionMNIST(
        root=data_dir, train=True, download=True, transform=ToTensor()
    )
    test_data = datasets.FashionMNIST(
        root=data_dir, train=False, download=True, transform=ToTensor()
    )
    show(f"{len(training_data), len(test_data) = }", "학습용과 테스트용 샘플의 개수")

    image, label = training_data[0]
    show(f"{image.shape = }", "채널(흑백이므로 1), 높이, 너비")
    show(f"{image.min(), image.max() = }", "가장 작은 픽셀과 가장 큰 픽셀")
    check("이 이미지의 픽셀은 모두 0 이상 1 이하입니다", 0 <= image.min() and image.max() <= 1)
    show(f"{label = }", "정답: 클래스 번호")
    show(f"{training_data.classes[label] = }", "그 번호의 이름")

    # CLASSES는 training_data.classes와 같은 이름 10개입니다
    named_data = datasets.FashionMNIST(root=data_dir, target_transform=lambda y: CLASSES[y])
    show(f"{named_data[0][1] = }", "target_transform으로 이름이 된 정답")
    save_figure(draw_samples(training_data), "quick_start_samples.png")
    return training_data, test_data


def load_into_memory(dataset):
    """모든 샘플을 한 번만 변환해 TensorDataset으로 반환합니다."""
    batches = list(DataLoader(dataset, batch_size=1000))
    X = torch.cat([X for X, y in batches])
    y = torch.cat([y for X, y in batches])
    return TensorDataset(X, y)


def speed_up(dataloader):
    """같은 배치를 더 빨리 꺼내는 데이터로더를 반환합니다."""
    memory = load_into_memory(dataloader.dataset)
    # 이미 배치인 인덱스로 한꺼번에 꺼내므로 다시 묶지 않습니다
    return DataLoader(memory, batch_size=None, sampler=dataloader.batch_sampler)


def make_dataloaders(training_data, test_data, batch_size):
    """2. 데이터로더(DataLoader): 배치로 묶기

    데이터가 준비되었으니 모델에 보여 줄 차례인데, 한 장씩 보여 주면 너무 느립니다. 그렇다고
    60,000장을 모두 보여 준 뒤에 한 번만 배우게 하면, 나아질 기회가 너무 적습니다. 그래서 수백 장씩
    묶어서 보여 주며, 이 묶음을 배치(batch)라고 합니다. Dataset을 DataLoader에 넣으면 for 문으로
    배치를 하나씩 꺼낼 수 있습니다. 이런 객체를 반복 가능한 객체(iterable)라고 합니다. 예제의
    next(iter(...))는 첫 배치 하나만 꺼내는 표현입니다.

    학습용 데이터를 한 번 다 보는 것을 에폭(epoch)이라고 하며, 에폭마다 순서를 섞습니다(shuffle). 왜
    섞을까요? 만약 샘플이 클래스별로 정렬되어 있다면 모델은 한동안 셔츠만 보다가 그다음에는 신발만
    보게 되고, 그때마다 방금 본 것에 치우치기 때문입니다. 테스트용 데이터는 결과를 확인하는 데만
    사용하니 섞지 않아도 됩니다.

    이대로도 학습할 수 있지만, 이미지를 가져올 때마다 다시 변환하느라 느립니다. 그래서 마지막에는 이
    파일의 도우미 함수 speed_up으로 모든 이미지를 한 번만 변환해 메모리에 둡니다. 나오는 배치는 같고
    빠르기만 다릅니다. 불러오는 동안 데이터의 두 배만큼 메모리가 필요하니, 메모리에 다 들어가는
    데이터에만 사용하세요(3장 14절).
    """
    train_dataloader = DataLoader(training_data, batch_size=batch_size, shuffle=True)
    test_dataloader = DataLoader(test_data, batch_size=batch_size)

    X, y = next(iter(train_dataloader))  # 첫 번째 배치
    show(f"{X.shape = }", "배치 크기, 채널, 높이, 너비")
    show(f"{y[:10] = }", "처음 10개의 정답")
    show(f"{len(train_dataloader) = }", "1에폭의 배치 수: 이미지 수 / 배치 크기를 올림한 값")
    same_image = X[0].equal(training_data[0][0])
    check(
        "첫 배치의 첫 이미지가 데이터셋의 첫 이미지와 다릅니다. 순서가 섞였습니다", not same_image
    )

    train_dataloader = speed_up(train_dataloader)
    test_dataloader = speed_up(test_dataloader)
    return train_dataloader, test_dataloader


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


def build_model(device):
    """3. 모델 만들기

    이제 이미지를 받아 클래스를 알아맞힐 모델이 필요합니다. 여기서 만들 신경망(neural network)은
    간단한 계산을 하는 계층(layer)을 여러 개 이어 붙인 모델입니다. PyTorch에서는 nn.Module을
    상속받는, 곧 그 기능을 물려받는 파이썬 클래스로 정의합니다. 모델을 만들 때 한 번 실행되는
    __init__에는 계층을, 데이터를 넣을 때마다 실행되는 forward에는 데이터가 그 계층을 지나는 순서를
    적습니다.

    Flatten은 28x28 이미지를 숫자 784개로 펼칩니다. 주석의 N은 배치에 들어 있는 이미지의 개수입니다.
    Linear는 숫자마다 가중치(weight)를 곱해 모두 더하고 편향(bias)을 더합니다. 예를 들어 들어온
    숫자가 [1, 2], 가중치가 [3, 4], 편향이 5이면 내보내는 숫자는 1*3 + 2*4 + 5 = 16입니다.
    Linear(784, 512)는 이런 계산을 서로 다른 가중치로 512번 합니다. ReLU는 음수를 0으로 바꿉니다(왜
    필요한지는 5장). 마지막에 나오는 숫자 10개는 클래스별 점수이며, 로짓(logit)이라고 합니다.

    가중치와 편향처럼 학습하면서 바뀌는 값을 매개변수(parameter)라고 합니다. 학습은 이 수십만 개의
    숫자를 정하는 일입니다. nn.Module이 모두 관리하기 때문에 to(device) 한 번이면 전부 다른 장치로
    옮길 수 있습니다. device는 CUDA를 지원하는 GPU(주로 NVIDIA)가 있으면 cuda, 없으면 cpu입니다.
    GPU는 많은 곱셈과 덧셈을 동시에 하므로 훨씬 빠릅니다.
    """
    show_code(NeuralNetwork)
    model = NeuralNetwork().to(device)
    show(f"{model = }")
    show(f"{sum(p.numel() for p in model.parameters()) = }", "매개변수의 개수")
    return model


def take_one_step(model, train_dataloader):
    """4. 학습의 한 단계

    방금 만든 모델의 매개변수는 난수입니다. 옷을 본 적이 없으니 아무렇게나 답할 수밖에 없습니다.
    학습은 다음 네 가지 일을 되풀이하면서 이 매개변수를 조금씩 바꾸어 가는 일입니다.

    1) 배치 하나를 모델에 넣어 예측합니다.
    2) 예측이 정답과 얼마나 다른지 숫자 하나로 계산합니다. 이 숫자가 손실(loss)입니다.
    3) 매개변수를 어느 쪽으로 움직여야 손실이 줄어드는지 구합니다. 그 방향과 크기를 알려 주는 값이
    변화도(gradient)입니다. 손실에서 입력 쪽으로 거슬러 가며 계산하기 때문에 이 계산을
    역전파(backpropagation)라고 합니다.
    4) 손실이 줄어드는 쪽으로 매개변수를 조금 조정합니다. 옵티마이저(optimizer)가 하는 일입니다.

    손실 함수로는 CrossEntropyLoss를 사용합니다. 정답 클래스의 점수가 다른 클래스보다 높을수록
    작아집니다. 아무것도 몰라서 열 클래스에 모두 같은 확률을 주는 모델이라면 약 2.3(ln 10)이니, 이
    숫자를 출발점으로 기억해 두세요. 네 가지 일을 한 번씩 하면, 같은 배치의 손실이 정말 줄어들까요?
    아주 조금이라도 줄었다면 방향은 맞은 것입니다.
    """
    copied = copy.deepcopy(model)  # 연습용 사본. model은 6절에서 처음부터 학습합니다
    device = next(copied.parameters()).device  # 모델이 있는 장치
    loss_fn = nn.CrossEntropyLoss()
    # SGD: 변화도의 반대쪽으로 움직이는 가장 기본적인 옵티마이저. lr(학습률)은 움직이는 폭
    optimizer = torch.optim.SGD(copied.parameters(), lr=0.1)

    X, y = next(iter(train_dataloader))
    X, y = X.to(device), y.to(device)
    pred = copied(X)  # 1) 예측
    loss = loss_fn(pred, y)  # 2) 손실 계산
    loss.backward()  # 3) 역전파: 모든 매개변수의 변화도 계산
    optimizer.step()  # 4) 매개변수 조정

    new_loss = loss_fn(copied(X), y)
    show(f"{loss.item() = }", "조정하기 전의 손실")
    show(f"{new_loss.item() = }", "조정한 뒤, 같은 배치의 손실")
    check("한 단계만으로도 손실이 줄었습니다", new_loss < loss)


def train(dataloader, model, loss_fn, optimizer, scheduler):
    """모든 배치로 한 번씩 학습하고, 샘플당 평균 손실을 반환합니다."""
    device = next(model.parameters()).device  # 모델이 있는 장치
    seen = 0
    total_loss = 0.0
    model.train()  # 학습 모드
    for X, y in dataloader:
        X, y = X.to(device), y.to(device)
        optimizer.zero_grad()  # 변화도는 누적되므로 배치마다 비웁니다
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        scheduler.step()  # 다음 배치에 사용할 학습률
        seen += len(X)
        total_loss += loss.item() * len(X)
    return total_loss / seen


def test(dataloader, model, loss_fn):
    """모든 배치를 예측하고, 샘플당 평균 손실과 정확도(%)를 반환합니다."""
    device = next(model.parameters()).device
    seen = 0
    total_loss = 0.0
    correct = 0
    model.eval()  # 평가 모드
    with torch.no_grad():  # 변화도가 필요 없으니 계산과 메모리를 아낍니다
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            pred = model(X)
            seen += len(X)
            total_loss += loss_fn(pred, y).item() * len(X)
            correct += (pred.argmax(1) == y).sum().item()  # 점수가 가장 큰 클래스가 정답인 개수
    return total_loss / seen, 100 * correct / seen


def define_train_and_test(model, test_dataloader):
    """5. 학습하는 함수와 확인하는 함수

    한 단계로는 아주 조금밖에 나아지지 않았습니다. 그래서 모든 배치에 이 네 가지 일을 되풀이하는
    함수 train을 만듭니다. 4절에 없던 줄 가운데 두 줄을 눈여겨보세요. zero_grad()는 배치마다
    변화도를 비웁니다. 변화도는 계산할 때마다 앞의 값에 더해지기 때문입니다. scheduler.step()은 한
    번에 움직이는 폭인 학습률(learning rate)을 바꾸는데, 6절에서 설명하니 지금은 지나가세요.

    정말 나아졌는지는 test 함수로 확인하는데, 이때 학습에 사용한 이미지를 다시 사용하면 안 됩니다.
    답을 외우기만 해도 정확도가 높게 나오기 때문입니다. 그래서 테스트용 이미지를 따로 둡니다. 확인할
    때는 변화도가 필요 없으니, with torch.no_grad()로 그 아래에 들여쓴 코드에서는 변화도를 준비하지
    않게 합니다.

    model.train()과 model.eval()은 학습이나 테스트를 시작하라는 말이 아니라 모드를 바꾸는
    스위치입니다. 드롭아웃(dropout)처럼 모드에 따라 다르게 동작하는 계층이 이 모델에는 없지만,
    나중에 넣어도 되도록 습관처럼 적어 둡니다(5장).
    """
    show_code(train)
    show_code(test)
    loss, accuracy = test(test_dataloader, model, nn.CrossEntropyLoss())
    show(f"{loss = }", "학습하기 전")
    show(f"{accuracy = }", "학습하기 전의 정확도(%)")
    check("학습하기 전에는 절반도 맞히지 못합니다", accuracy < 50)


def fit(model, train_dataloader, test_dataloader, epochs, learning_rate):
    """6. 반복해서 학습하기

    이제 에폭마다 train으로 학습하고 test로 확인합니다. 에폭이 지날수록 손실은 줄고 정확도는
    높아지는지 지켜보세요. 보여 주기만 할 뿐, 이 값으로 무엇을 고르지는 않습니다(7절). 잘 배우도록
    세 가지를 바꾸었는데, 자세한 내용은 7장에서 다루니 지금은 이름만 보고 지나가도 됩니다.

    1) 옵티마이저는 SGD 대신 Adam입니다. 매개변수마다 움직이는 폭을 다르게 정해서 보통 더 빨리
    배웁니다.
    2) 스케줄러는 학습률을 조금씩 줄입니다. 처음에는 크게 움직이고, 끝으로 갈수록 작게 움직여 다듬기
    위해서입니다.
    3) 레이블 스무딩(label smoothing)은 "100% 정답" 대신 "거의 정답"을 목표로 삼아 모델이 지나치게
    확신하지 않게 합니다. 그 대신 손실은 0까지 내려가지 않습니다.
    """
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    # fused=True: 여러 연산을 하나로 묶어 더 빠르게 조정합니다
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    # 1.0에서 0.0까지: 학습률을 처음 값에서 0까지 줄입니다
    steps = epochs * len(train_dataloader)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)

    first_loss, first_accuracy = test(test_dataloader, model, loss_fn)
    show(f"{first_loss, first_accuracy = }", "학습하기 전의 테스트 손실과 정확도")
    history = []
    for epoch in range(1, epochs + 1):
        train_loss = train(train_dataloader, model, loss_fn, optimizer, scheduler)
        test_loss, accuracy = test(test_dataloader, model, loss_fn)
        history.append({"train": train_loss, "test": test_loss, "accuracy": accuracy})
        print(f"에폭 {epoch}  학습 손실 {train_loss:.3f}, ", end="")
        print(f"테스트 손실 {test_loss:.3f}, 정확도 {accuracy:.1f}%", flush=True)

    print(f"정확도가 {first_accuracy:.1f}%에서 {accuracy:.1f}%가 되었습니다.")
    print("옷을 구별하는 규칙은 한 줄도 쓰지 않았습니다. 모델이 예제를 보고 배운 것입니다.")
    smaller = train_loss < first_loss and test_loss < first_loss / 2
    check("학습 손실이 줄었고, 테스트 손실은 학습하기 전의 절반도 되지 않습니다", smaller)
    check("처음 보는 이미지도 절반 넘게 맞힙니다 (무작위로 예측하면 10%)", accuracy > 50)
    return history


def read_learning_curve(history):
    """7. 학습 곡선 읽기

    숫자를 그림으로 옮기면 학습이 어떻게 진행되었는지 한눈에 보입니다. 아래 왼쪽 그림에서 첫 에폭의
    학습 손실이 테스트 손실보다 크더라도 놀라지 마세요. 학습 손실은 아직 서툴던 때까지 포함한
    평균인데, 테스트 손실은 에폭이 끝난 뒤에 계산한 값이기 때문입니다. 뒤로 가면 대개 학습 손실이 더
    작아집니다. 이미 본 이미지는 더 잘 맞힐 수밖에 없습니다. 정확도는 가끔 잠깐 떨어지기도 하니,
    전체가 어느 쪽으로 가는지를 보세요.

    한 가지 조심할 것이 있습니다. 테스트 정확도를 보고 에폭 수나 학습률 같은 설정을 고르면 안
    됩니다. 테스트용 데이터에만 잘 맞는 설정을 고르게 되어, 정말 처음 보는 이미지에서는 그 정확도가
    나오지 않습니다. 이 장의 설정은 학습용 60,000장 중에서 10,000장을 떼어 검증용 데이터로 삼아
    골랐습니다(3장, 7장).
    """
    show(f"{history[0] = }", "첫 에폭")
    show(f"{history[-1] = }", "마지막 에폭")
    save_figure(draw_learning_curve(history), "quick_start_learning_curve.png")


def save_and_load(model, path):
    """8. 모델을 저장하고 불러오기

    프로그램이 끝나면 애써 학습한 매개변수도 사라집니다. 다음에 다시 사용하려면 파일로 저장해야
    합니다. 저장할 것은 매개변수를 이름별로 담은 내부 상태 사전(state dictionary)이며, 이 과정에서는
    줄여서 상태 사전이라고 합니다. torch.save는 이 사전을 파일에 담을 수 있는 바이트로 바꾸는데,
    이를 직렬화(serialize)라고 합니다.

    파일에는 값만 있고 모델의 구조는 없습니다. 그래서 불러올 때는 같은 파이썬 클래스로 모델을 새로
    만든 뒤, 저장해 둔 값을 그 안에 넣습니다.

    torch.load의 map_location은 텐서를 불러올 장치인데, GPU에서 저장한 파일을 GPU가 없는 컴퓨터에서
    열 때 꼭 필요합니다. weights_only=True는 텐서처럼 허용된 객체만 불러오고 파일에 숨은 코드는
    실행하지 않게 하니, 남이 만든 파일을 열 때 중요합니다.
    """
    # 간단히 torch.save(model.state_dict(), "model.pth")로도 저장할 수 있습니다. saving은 저장하다
    # 멈춰도 기존 파일을 지켜 주는 함수로, quick_start.py의 끝에 있습니다.
    with saving(path) as file:
        torch.save(model.state_dict(), file)

    device = next(model.parameters()).device
    state_dict = torch.load(path, map_location=device, weights_only=True)
    loaded = NeuralNetwork().to(device)
    loaded.load_state_dict(state_dict)
    for name, tensor in state_dict.items():
        print(f"{name:<28} {list(tensor.shape)}")  # ReLU에는 매개변수가 없습니다

    saved = model.state_dict()
    same = [torch.equal(tensor, saved[name]) for name, tensor in loaded.state_dict().items()]
    check("불러온 매개변수가 저장한 것과 모두 같습니다", all(same))
    return loaded


def predict(loaded, test_dataloader, accuracy):
    """9. 예측하기

    불러온 모델에게 테스트용 이미지를 보여 주겠습니다. 모델은 클래스의 이름이 아니라 로짓 10개를
    내놓습니다. 로짓은 범위가 정해지지 않은 점수여서, 그대로는 모델이 얼마나 확신하는지 알기
    어렵습니다. 그래서 softmax를 적용합니다. 예를 들어 점수 [2, 1, 0]은 [0.665, 0.245, 0.090]이
    됩니다. 순서는 그대로이고 합이 1이어서 확률처럼 읽을 수 있습니다. 확률이 가장 큰 클래스가 모델의
    예측입니다.

    모델 안에 softmax를 넣어 두지 않은 것은, 손실 함수 CrossEntropyLoss가 softmax까지 계산하기
    때문입니다. 모델 끝에 nn.Softmax를 넣으면 두 번 적용되어 정확도가 떨어집니다. 그림은 처음 24장의
    예측이며 파란색은 정답, 주황색은 오답입니다. 틀린 이미지는 사람이 보아도 헷갈릴 만한가요?
    """
    images, targets = test_dataloader.dataset.tensors  # 메모리에 둔 모든 이미지와 정답
    device = next(loaded.parameters()).device
    loaded.eval()
    with torch.no_grad():
        logits = loaded(images.to(device)).cpu()
    probabilities = logits.softmax(dim=1)  # dim=1: 샘플마다 클래스 10개의 합이 1
    confidences, predictions = probabilities.max(dim=1)

    show(f"{logits[0] = }", "첫 번째 이미지의 로짓")
    show(f"{probabilities[0].round(decimals=3) = }")
    show(f"{CLASSES[predictions[0]] = }", f"예측, 확률 {confidences[0]:.1%}")
    show(f"{CLASSES[targets[0]] = }", "정답")

    new_accuracy = 100 * (predictions == targets).float().mean().item()
    show(f"{new_accuracy = }")
    same = abs(new_accuracy - accuracy) < 0.1
    check("불러온 모델의 정확도가 학습을 마쳤을 때와 같습니다", same)
    figure = draw_predictions(images, predictions, confidences, targets)
    save_figure(figure, "quick_start_predictions.png")
    return predictions, targets


def count_mistakes(predictions, targets):
    """10. 모델은 어떤 옷을 헷갈릴까요?

    정확도 하나로는 모델이 무엇을 못하는지 알 수 없습니다. 정답과 예측의 짝을 모두 세어 표로 만들면
    약점이 드러납니다. 행이 정답이고 열이 예측인 이 표를 혼동 행렬(confusion matrix)이라고 합니다.
    대각선은 맞힌 개수, 나머지는 모두 오답입니다.

    대각선의 값을 그 행의 합으로 나누면 클래스별 정확도(재현율, recall)를 얻습니다.
    FashionMNIST에서는 보통 Shirt의 정확도가 가장 낮은데, 28x28 흑백 이미지로는 사람이 보아도 셔츠와
    티셔츠, 코트를 구별하기 어렵습니다. 그림에서 Shirt 행을 따라가며 어떤 클래스로 잘못 예측했는지
    찾아보세요.

    핵심은 여기까지입니다. 예측하고, 손실을 구하고, 역전파하고, 조정한다는 네 가지만은 꼭
    기억하세요.
    """
    matrix = torch.zeros(len(CLASSES), len(CLASSES), dtype=torch.int64)
    for target, prediction in zip(targets.tolist(), predictions.tolist()):
        matrix[target, prediction] += 1

    for name, row, correct in zip(CLASSES, matrix, matrix.diagonal()):
        count = row.sum().item()
        recall = 100 * correct.item() / max(count, 1)
        print(f"{name:<12} {count:>5}개 중 {correct:>4}개를 맞혔습니다 ({recall:.1f}%)")

    mistakes = matrix.clone().fill_diagonal_(0)  # 대각선을 0으로 바꾸면 오답만 남습니다
    target, prediction = divmod(mistakes.argmax().item(), len(CLASSES))  # 1차원 인덱스 → 행, 열
    show(f"{CLASSES[target], CLASSES[prediction], mistakes.max().item() = }", "가장 많은 오답")
    save_figure(draw_confusion_matrix(matrix), "quick_start_confusion_matrix.png")


def make_photo(pixels):
    """테스트용 이미지를, 밝은 벽 앞에 걸어 놓고 찍은 큰 컬러 사진처럼 바꿉니다."""
    photo = ImageOps.invert(Image.fromarray(pixels.numpy()))  # 흰 배경, 어두운 옷
    photo = photo.resize((280, 280), Image.Resampling.BICUBIC)
    return ImageOps.colorize(photo, black="#1f3a6e", white="#fff4e0")


def prepare_photo(photo):
    """사진을 흑백으로 바꾸고, 28x28로 줄이고, 배경을 검게 만듭니다."""
    photo = ImageOps.exif_transpose(photo)  # 휴대전화 사진에 기록된 회전을 적용합니다
    gray = photo.convert("L")
    small = ImageOps.pad(gray, (28, 28), color=255)  # 남는 부분은 흰색으로 채웁니다
    inverted = ImageOps.invert(small)
    return {"photo": photo, "gray": gray, "28x28": small, "inverted": inverted}


def predict_photo(loaded, test_data, image_file):
    """11. 직접 찍은 사진으로 예측하기

    이 모델로 내 옷도 알아볼 수 있을까요? 휴대전화 사진은 크기가 달라서 그대로 넣으면 오류가
    발생합니다. 흑백으로 바꾸고 28x28로 줄이면 예측은 할 수 있지만, 이번에는 엉뚱한 답이 나옵니다.
    학습한 이미지는 배경이 검은색인데 사진은 배경이 밝기 때문입니다. 모델은 학습할 때 본 것과 비슷한
    입력만 알아봅니다.

    그래서 밝기까지 반전해, 학습용 이미지와 같은 모습으로 만든 다음에 예측해야 합니다. 단계마다
    어떻게 바뀌는지 그림에서 보고, 반전하기 전(28x28)과 후(inverted)의 예측을 비교해 보세요.
    반전하기 전에 확률이 높게 나왔더라도 놀라지 마세요. 모델은 높은 확률로 틀릴 수도 있습니다.
    반전한 뒤에도 배경이 완전히 검지는 않고 옷이 조금 어두워서, 9절의 예측보다 확률이 낮아질 수
    있습니다.

    여기서는 테스트용 이미지를 사진처럼 꾸며서 사용합니다. 직접 찍은 사진은 python quick_start.py
    --image my_shirt.jpg로 지정하세요. 밝은 배경에 옷 하나만 놓고 찍은 사진이 좋습니다. 다만 모델이
    아는 것은 10가지 클래스뿐이어서, 고양이 사진을 넣어도 그중 하나라고 답합니다.
    """
    show_code(make_photo)
    show_code(prepare_photo)
    photo = Image.open(image_file) if image_file else make_photo(test_data.data[0])
    steps = prepare_photo(photo)

    device = next(loaded.parameters()).device
    loaded.eval()
    for name in ("28x28", "inverted"):
        X = ToTensor()(steps[name]).unsqueeze(0)  # [1, 28, 28] → [1, 1, 28, 28]: 한 장짜리 배치
        with torch.no_grad():
            probabilities = loaded(X.to(device)).softmax(dim=1)[0]
        confidence, prediction = probabilities.max(dim=0)
        print(f"{name:<9} 예측 {CLASSES[prediction]} (확률 {confidence:.1%})")
    if not image_file:
        print(f"정답      {CLASSES[test_data.targets[0]]}")
    save_figure(draw_photo(steps), "quick_start_photo.png")


def main():
    """목차의 순서대로 실행합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    device = torch.device(args.device)
    torch.manual_seed(args.seed)

    begin("핵심", f"장치(device): {device}")
    data_dir = prepare_fashion_mnist(args.data_dir)
    training_data, test_data = teach(load_datasets, data_dir)
    train_dataloader, test_dataloader = teach(
        make_dataloaders, training_data, test_data, args.batch_size
    )
    model = teach(build_model, device)
    teach(take_one_step, model, train_dataloader)
    teach(define_train_and_test, model, test_dataloader)
    history = teach(fit, model, train_dataloader, test_dataloader, args.epochs, args.learning_rate)
    teach(read_learning_curve, history)
    loaded = teach(save_and_load, model, OUTPUT_DIR / "model.pth")
    accuracy = history[-1]["accuracy"]
    predictions, targets = teach(predict, loaded, test_dataloader, accuracy)
    teach(count_mistakes, predictions, targets)

    begin("더 알아보기")
    teach(predict_photo, loaded, test_data, args.image)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("2장 텐서(tensor.py)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser = argparse.ArgumentParser(description="1장. 빠른 시작")
    parser.error = lambda message: parser.exit(
        2, f"오류: 잘못된 옵션입니다({message}). 도움말: --help\n"
    )
    add = parser.add_argument
    add("--epochs", type=int, default=8, help="에폭 수 (기본값: %(default)s)")
    add("--batch-size", type=int, default=512, help="배치 크기 (기본값: %(default)s)")
    add("--learning-rate", type=float, default=4e-3, help="초기 학습률 (기본값: %(default)s)")
    add("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    add("--device", choices=devices, default=devices[0], help="장치 (기본값: %(default)s)")
    add("--image", type=Path, help="예측할 사진 파일 (기본값: 사진처럼 꾸민 테스트용 이미지)")
    add("--data-dir", default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    add("--output-dir", default=OUTPUT_DIR, help="결과 폴더 (기본값: %(default)s)")
    add("--show", action="store_true", help="끝나면 페이지를 브라우저로 엽니다")
    add("--practice", action="store_true", help="연습 문제만 확인합니다")
    args = parser.parse_args()
    if not (1 <= args.epochs <= 10000 and 1 <= args.batch_size <= 100000):
        parser.error("에폭 수는 1~10000, 배치 크기는 1~100000이어야 합니다")
    if not (0 < args.learning_rate <= 1000 and 0 <= args.seed < 2**32):
        parser.error("학습률은 0보다 크고 1000 이하, 시드는 0 이상 2**32 미만이어야 합니다")
    if args.image:
        try:
            Image.open(args.image).load()
        except Exception as error:
            parser.error(f"{args.image} 사진을 열 수 없습니다: {error}")
    return args


def try_it_yourself():
    """직접 해 보기

    quick_start.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저 예상해
    보면 더 재미있습니다.

    1) fit 함수(6절)의 optimizer = ... 줄을 optimizer = torch.optim.SGD(model.parameters(),
    lr=1e-3)으로 바꿔 보세요.
    2) NeuralNetwork 클래스(3절)에서 nn.ReLU() 두 줄을 지워 보세요.
    3) python quick_start.py --learning-rate 1을 실행해 보세요.

    다음은 직접 실행해 확인한 결과입니다. 1)은 너무 조금씩 움직여서 정확도가 50%에도 못 미치고 ✗가
    표시됩니다. 2)는 Linear 하나와 같아져서 정확도가 약 5%p 낮아집니다. 3)은 너무 크게 움직여서
    무작위로 예측할 때와 비슷해지고 ✗가 표시됩니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def accuracy_of_class(predictions, y, k):
    """정답이 k인 샘플 중에서 예측도 k인 샘플의 비율을 반환하세요.

    정답이 k인 샘플이 없으면 0을 반환합니다.
    예: 예측이 [1, 1, 0]이고 y가 [1, 0, 1]이면 k=1의 정확도는 0.5입니다.

    힌트: y == k는 원소마다 True나 False이고, predictions[y == k]는 True인 위치의
    예측입니다.
    """
    raise NotImplementedError


def train_one_step(model, X, y, learning_rate):
    """CrossEntropyLoss와 SGD로 매개변수를 한 번 조정하고 model.weight를 반환하세요.

    예: 매개변수가 모두 0인 nn.Linear(2, 2), X=[[1, 0]], y=[0], 학습률 1이면 [[0.5, 0],
    [-0.5, 0]]입니다.

    힌트: 4절의 1)~4)와 순서가 같습니다.
    """
    raise NotImplementedError


def most_confident_mistake(probabilities, y):
    """잘못 예측한 샘플 중에서 예측한 클래스의 확률이 가장 큰 샘플의 인덱스를 반환하세요.

    모두 맞혔으면 -1을 반환합니다.
    예: 확률이 [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]이고 y가 [0, 0, 0]이면 2입니다.

    힌트: 샘플마다 가장 큰 확률을 구하고, 맞힌 샘플의 값을 0으로 바꾼 뒤 argmax를 사용해
    보세요.
    """
    raise NotImplementedError


def top2_accuracy(logits, y):
    """로짓 [N, C]의 값이 가장 큰 두 클래스 중에 정답 y [N]이 있는 샘플의 비율을 반환하세요.

    예: 로짓이 [[3, 1, 2], [0, 5, 4]]이고 y가 [2, 0]이면 0.5입니다.

    힌트: torch.topk(logits, 2)는 가장 큰 값과 그 인덱스를 반환합니다. 인덱스를 y[:, None]과
    비교하세요.
    """
    raise NotImplementedError


def zero_linear():
    """가중치와 편향이 모두 0인 nn.Linear(2, 2)입니다. 손으로 답을 확인하기 쉽습니다."""
    model = nn.Linear(2, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model


def check_practice():
    """연습 문제

    이 장에서 배운 것과 힌트로 quick_start.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해
    두고, 함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. 입력은 모두 텐서입니다. python
    quick_start.py --practice를 실행하면 맞는지 바로 알려 줍니다. 모범 답안은 저장소의
    tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    practice(
        accuracy_of_class,
        ((tensor([1, 1, 0]), tensor([1, 0, 1]), 1), 0.5),
        ((tensor([2, 0, 2, 1]), tensor([2, 2, 2, 0]), 2), 2 / 3),
        ((tensor([1, 1, 0]), tensor([1, 0, 1]), 5), 0.0),
    )
    practice(
        train_one_step,
        ((zero_linear(), tensor([[1.0, 0.0]]), tensor([0]), 1.0), [[0.5, 0], [-0.5, 0]]),
        (
            (zero_linear(), tensor([[1.0, 0.0], [0.0, 2.0]]), tensor([0, 1]), 0.5),
            [[0.125, -0.25], [-0.125, 0.25]],
        ),
        ((zero_linear(), tensor([[1.0, 0.0]]), tensor([0]), 0.0), [[0, 0], [0, 0]]),
    )
    practice(
        most_confident_mistake,
        ((tensor([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]), tensor([0, 0, 0])), 2),
        ((tensor([[0.9, 0.1], [0.3, 0.7]]), tensor([0, 1])), -1),
        ((tensor([[0.5, 0.45, 0.05], [0.3, 0.44, 0.26]]), tensor([0, 0])), 1),
    )
    practice(
        top2_accuracy,
        ((tensor([[3, 1, 2], [0, 5, 4]]), tensor([2, 0])), 0.5),
        ((tensor([[3, 1, 2, 0], [0, 5, 4, 1], [1, 2, 3, 4]]), tensor([0, 2, 0])), 2 / 3),
        ((tensor([[3, 1, 2], [0, 5, 4]]), tensor([0, 2])), 1.0),
    )


# ---- 그림을 그리는 함수입니다. ----


def draw_samples(dataset):
    """클래스마다 처음 나오는 이미지 3장을 이름과 함께 그립니다."""
    figure, axes = plt.subplots(1, 10, figsize=(11, 3.8))
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.87, wspace=0.06)
    for label, axis in enumerate(axes):
        images = dataset.data[dataset.targets == label][:3]
        if len(images):
            axis.imshow(images.flatten(0, 1).numpy(), cmap="gray")  # 세로로 이어 붙인 3장
        axis.set_title(CLASSES[label], fontsize=10)
        axis.axis("off")
    figure.suptitle("Training images of every class")
    return figure


def draw_learning_curve(history):
    """에폭별 손실과 정확도를 그립니다."""
    epochs = range(1, len(history) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(epochs, [row["train"] for row in history], "o-", color="#0072B2", label="train")
    left.plot(epochs, [row["test"] for row in history], "s--", color="#D55E00", label="test")
    left.legend()
    left.set(title="Loss per epoch", xlabel="epoch", ylabel="loss")
    right.plot(epochs, [row["accuracy"] for row in history], "s--", color="#D55E00")
    right.set(title="Test accuracy per epoch", xlabel="epoch", ylabel="accuracy (%)")
    for axis in (left, right):
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def draw_predictions(images, predictions, confidences, targets):
    """처음 24개 이미지를 예측과 함께 그립니다. 틀린 예측에는 정답도 표시합니다."""
    figure, axes = plt.subplots(4, 6, figsize=(11, 8.4), subplot_kw={"frame_on": False})
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.88, wspace=0.1, hspace=0.35)
    figure.suptitle("Predicted class and probability (orange: wrong, with the true class)")
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    for i, axis in enumerate(axes.flat[: len(images)]):
        axis.imshow(images[i].mean(dim=0).numpy(), cmap="gray")
        title = f"{CLASSES[predictions[i]]} {confidences[i]:.0%}"
        if predictions[i] == targets[i]:
            axis.set_title(f"{title}\ncorrect", fontsize=10, color="#0072B2")
        else:
            axis.set_title(f"{title}\ntrue: {CLASSES[targets[i]]}", fontsize=10, color="#D55E00")
    return figure


def draw_confusion_matrix(matrix):
    """혼동 행렬을 그립니다. 행은 정답, 열은 예측입니다."""
    figure, axis = plt.subplots(figsize=(8, 7.4), layout="constrained")
    axis.imshow(matrix.numpy(), cmap="Blues")
    for row, counts in enumerate(matrix.tolist()):
        for column, count in enumerate(counts):
            color = "white" if count > matrix.max() / 2 else "black"
            axis.text(column, row, count, ha="center", va="center", color=color)
    axis.set_xticks(range(len(CLASSES)), CLASSES, rotation=45, ha="right")
    axis.set_yticks(range(len(CLASSES)), CLASSES)
    axis.set(title="Confusion matrix (test images)", xlabel="predicted class", ylabel="true class")
    return figure


def draw_photo(steps):
    """사진을 준비하는 단계마다의 이미지를 그립니다."""
    figure, axes = plt.subplots(1, len(steps), figsize=(11, 3.2), layout="constrained")
    for axis, (name, image) in zip(axes, steps.items()):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_title(name)
        axis.axis("off")
    figure.suptitle("From a photo to an image like those in training")
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
