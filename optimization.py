"""7장. 최적화: 손실을 줄이는 방법

모델과 데이터가 준비되었으니 이제 제대로 학습해 봅시다. 학습은 네 가지 일을 되풀이하는 것입니다.
모델로 예측하고, 예측이 정답과 얼마나 다른지 손실로 나타내고, 손실의 변화도를 구해, 손실이 줄어드는
쪽으로 매개변수를 조정합니다. 이 장에서는 이 반복을 한 부분씩 들여다보고, 학습률 같은 설정을 고르는
법과 과적합을 막는 법을 익힙니다. 그런 다음 데이터 전체로 학습하는데, 도중에 컴퓨터가 꺼져도 이어서
할 수 있게 만듭니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python optimization.py
    python optimization.py --epochs 1 --show    # 마지막 학습은 1에폭만, 끝나면 페이지 열기
    python optimization.py --resume outputs/optimization_checkpoint.pth    # 멈춘 학습을 이어서 하기
    python optimization.py --practice           # 연습 문제만 확인하기
    python optimization.py --help               # 모든 옵션 보기
    %run optimization.py                        # 노트북(Colab, Jupyter)에서 실행하기

목차
  핵심
     1. 손실 함수: 얼마나 틀렸을까요?           measure_loss
     2. 최적화의 세 단계                        take_three_steps
     3. zero_grad를 빠뜨리면?                   move_zero_grad, minimize_square
     4. 학습용, 검증용, 테스트용 데이터         split_datasets
     5. 학습 루프와 검증 루프                   run_both_loops
     6. 하이퍼파라미터와 학습률                 compare_learning_rates, run_epochs
     7. 배치 크기                               compare_batch_sizes
     8. 과적합과 조기 종료                      stop_early, train_with_patience
     9. 체크포인트(checkpoint)                  resume_exactly, Training
    10. 마지막 학습                             train_to_the_end
  더 알아보기
    11. SGD가 힘들어하는 좁은 골짜기            descend_valley, valley, minimize
    12. 모멘텀을 직접 계산하기                  add_momentum, momentum_by_hand
    13. Adam을 직접 계산하기                    adapt_steps, adam_by_hand
    14. 가중치 감쇠와 AdamW                     decay_weights
    15. 옵티마이저와 학습률 스케줄 비교하기     compare_optimizers
    16. 여러 프로세스로 학습하기                share_the_work, train_in_processes
    17. 다음에는 무엇을 배울까요?               look_further
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
import math
import os
import re
import shutil
import socket
import sys
import tempfile
import textwrap
import traceback
import webbrowser
import zipfile
from pathlib import Path

if "ipykernel" not in sys.modules:  # 노트북이 아니면 창을 열지 않고 그림을 파일로만 저장합니다
    os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import torch
from matplotlib import font_manager
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, Subset, TensorDataset, random_split
from torchvision import datasets
from torchvision.transforms import ToTensor


def measure_loss():
    """1. 손실 함수: 얼마나 틀렸을까요?

    아직 배우지 않은 모델의 답은 거의 다 틀립니다. 그런데 모델을 고치려면 맞았는지 틀렸는지만
    알아서는 부족하고, 조금 틀린 답과 크게 틀린 답을 구별할 숫자가 필요합니다. 예측이 정답과 얼마나
    다른지를 숫자 하나로 나타내는 함수가 손실 함수(loss function)이고, 학습은 이 숫자를 줄이는
    일입니다.

    기온처럼 값을 예측하는 회귀 문제에는 차이를 제곱해 평균을 내는 MSELoss를 많이 사용합니다.
    제곱하기 때문에 크게 틀릴수록 벌이 무겁습니다. 1씩 네 번 틀리면 제곱의 합이 4이지만, 한 번에 4를
    틀리면 16입니다.

    클래스를 고르는 분류 문제에는 CrossEntropyLoss를 사용하는데, 이 손실은 모델이 정답에 준 확률만
    봅니다. 아래 표처럼 확률이 0.705이면 손실이 0.349이지만 0.035이면 3.349나 됩니다. 식으로는
    -log(정답의 확률)이어서, 정답을 자신 있게 고르면 0에 가까워지고 자신 있게 틀리면 얼마든지
    커집니다. 확률로 바꾸는 계산은 이 안에 들어 있으니, 모델이 출력한 점수(로짓, logit)를 그대로
    전달하세요.
    """
    target = torch.zeros(4)
    often = torch.tensor([1.0, 1.0, 1.0, 1.0])  # 1씩 네 번 틀린 예측
    once = torch.tensor([4.0, 0.0, 0.0, 0.0])  # 한 번에 4를 틀린 예측
    mse_loss = nn.MSELoss()
    often_loss = mse_loss(often, target)
    once_loss = mse_loss(once, target)
    show(f"{often_loss, once_loss = }", "4와 16을 4로 나눈 평균")

    loss_fn = nn.CrossEntropyLoss()
    logits = torch.tensor([[2.0, 1.0, -1.0]])  # 클래스 3개의 점수
    probabilities = logits.softmax(dim=1)
    for label in range(3):
        loss = loss_fn(logits, torch.tensor([label]))
        print(f"정답이 {label}일 때  정답의 확률 {probabilities[0, label]:.3f}, 손실 {loss:.3f}")
    check("손실은 -log(정답의 확률)입니다", loss.isclose(-probabilities[0, 2].log()))


def take_three_steps():
    """2. 최적화의 세 단계

    얼마나 틀렸는지 알았으니 이제 고칠 차례입니다. 매개변수(parameter)를 조정하는 일은
    옵티마이저(optimizer)가 맡습니다. 예측하고 손실을 구한 다음, 옵티마이저와 함께 세 단계를 차례로
    실행합니다.

    1) optimizer.zero_grad()는 이전 배치에서 구한 변화도(gradient)를 비웁니다.
    2) loss.backward()는 역전파(backpropagation)로 변화도를 구해 매개변수의 grad에 더합니다.
    3) optimizer.step()은 변화도를 보고 손실이 줄어드는 쪽으로 매개변수를 조정합니다.

    가장 단순한 옵티마이저는 SGD(확률적 경사하강법, stochastic gradient descent)인데, 변화도에
    학습률을 곱해 매개변수에서 뺄 뿐입니다. 매개변수가 w 하나이고 손실이 w**2라면 손으로도 따라갈 수
    있습니다. w가 4이면 변화도는 2 * 4 = 8이고, 학습률이 0.1이면 w는 4 - 0.8 = 3.2가 됩니다. 이렇게
    w는 조정할 때마다 0.8배가 됩니다. 손실도 함께 0에 가까워지는지 확인해 보세요.
    """
    w = torch.tensor(4.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for count in range(1, 7):
        optimizer.zero_grad()  # 1) 비우기
        loss = w**2
        loss.backward()  # 2) 역전파
        optimizer.step()  # 3) 조정
        print(f"{count}번째  손실 {loss:6.3f}, 변화도 {w.grad:.3f}, 조정한 w {w:.3f}")
    check("여섯 번 조정한 뒤의 w는 4 * 0.8**6입니다", w.isclose(torch.tensor(4 * 0.8**6)))


def minimize_square(place):
    """w**2를 최소화하며 w의 값을 모읍니다. place는 zero_grad()를 호출하는 곳입니다."""
    w = torch.tensor(4.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    path = [w.item()]
    for _ in range(7):
        if place == "backward 앞":
            optimizer.zero_grad()
        loss = w**2
        loss.backward()
        if place == "backward와 step 사이":
            optimizer.zero_grad()
        optimizer.step()
        if place == "step 뒤":
            optimizer.zero_grad()
        path.append(w.item())
    return path


def move_zero_grad():
    """3. zero_grad를 빠뜨리면?

    코드를 읽다 보면 zero_grad()가 맨 앞에 있기도 하고 맨 뒤에 있기도 합니다. 어디에 두어야 할까요?
    아예 빼면 어떻게 될까요? backward()는 변화도를 새로 쓰지 않고 grad에 더한다는 것(6장)만 기억하면
    답을 짐작할 수 있습니다.

    네 가지로 실행해 봅시다. 어느 것도 오류를 내지 않기 때문에, 잘못 두었다는 것은 w를 보아야만 알
    수 있습니다. w가 2절처럼 0에 다가가는 것은 어느 줄일까요?
    """
    show_code(minimize_square)
    paths = {}
    for place in ("backward 앞", "step 뒤", "없음", "backward와 step 사이"):
        paths[place] = minimize_square(place)
        print(f"{place}:", *[f"{w:.2f}" for w in paths[place]])
    check("backward 앞과 step 뒤는 결과가 같습니다", paths["backward 앞"] == paths["step 뒤"])
    overshoots = min(paths["없음"]) < -1
    check("없으면 지난 변화도까지 더해져서 0을 지나 반대쪽으로 멀리 갑니다", overshoots)
    stays = set(paths["backward와 step 사이"]) == {4}
    check("backward와 step 사이에서는 방금 구한 변화도를 비우니 w가 그대로입니다", stays)


def split_datasets(training_data, seed):
    """4. 학습용, 검증용, 테스트용 데이터

    학습률처럼 사람이 정하는 값은 여러 가지로 학습해 보고 가장 좋은 것을 고릅니다. 그런데 고를 때
    사용한 데이터의 정확도를 믿어도 될까요? 극단적인 예로 살펴봅시다. 아무것도 배우지 않고 무작위로
    예측하는 모델 1,000개 중에서 이미지 100장을 가장 많이 맞힌 모델을 고르면, 그 모델은 다른
    이미지도 잘 맞힐까요?

    그렇지 않습니다. 고를 때는 20% 넘게 맞혔지만 다른 이미지 100장에서는 다시 10% 근처로 돌아옵니다.
    실력이 좋은 모델이 아니라 운이 좋은 모델을 골랐기 때문입니다. 고르는 일도 데이터에 맞추는
    일입니다.

    그래서 데이터를 셋으로 나눕니다. 학습용으로는 매개변수를 조정하고, 검증용(validation)으로는
    설정을 고르고, 테스트용은 마지막에 결과를 확인할 때만 사용합니다. 여기서는 실험을 빨리 끝내려고
    학습용 데이터에서 1,000장만 사용하고, 검증용으로 다른 1,000장을 떼어 놓겠습니다.
    """
    labels = training_data.tensors[1][:200]  # 이미지 200장의 정답
    random = torch.Generator().manual_seed(6)
    guesses = torch.randint(10, (1000, 200), generator=random)  # 한 행이 모델 하나의 예측
    correct = (guesses == labels).float()
    seen = 100 * correct[:, :100].mean(dim=1)  # 앞의 100장에서 계산한 모델별 정확도
    unseen = 100 * correct[:, 100:].mean(dim=1)  # 뒤의 100장에서 계산한 정확도
    best = seen.argmax()
    show(f"{seen[best].item() = :.0f}", "고를 때 사용한 이미지에서의 정확도(%)")
    show(f"{unseen[best].item() = :.0f}", "다른 이미지에서의 정확도(%)")
    check("고를 때 사용한 이미지에서 정확도가 더 높습니다", seen[best] > unseen[best])

    rest = len(training_data) - 2000
    experiment_data, validation_data, _ = random_split(
        training_data, [1000, 1000, rest], generator=torch.Generator().manual_seed(seed)
    )
    # speed_up은 1장 2절에서 사용한, 같은 배치를 더 빨리 꺼내는 함수입니다
    train_dataloader = speed_up(DataLoader(experiment_data, batch_size=32, shuffle=True))
    validation_dataloader = speed_up(DataLoader(validation_data, batch_size=1000))
    show(f"{len(experiment_data), len(validation_data) = }", "실험용과 검증용 샘플의 개수")
    return train_dataloader, validation_dataloader


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


def run_both_loops(train_dataloader, validation_dataloader, device, seed):
    """5. 학습 루프와 검증 루프

    매개변수를 조정하기만 해서는 잘 배우고 있는지 알 수 없습니다. 처음 보는 데이터에도 통하는지
    틈틈이 확인해야 하니, 에폭(epoch)마다 루프 두 개를 차례로 실행합니다. 학습 루프는 모든 배치에
    2절의 1)~3)을 되풀이하고, 검증 루프는 매개변수를 건드리지 않고 손실과 정확도만 계산합니다.

    1장의 모델로 시작해 봅시다. 검증 손실은 가끔 조금 커질 때도 있으니 전체가 어느 쪽으로 가는지를
    보세요. 다음 절부터는 두 루프를 epochs번 되풀이하는 함수 run_epochs를 사용합니다. 1장의 train과
    test를 에폭마다 한 번씩 호출하고, 손실과 정확도를 적은 사전의 리스트를 반환합니다. 코드는 이
    절의 끝에 있습니다.
    """
    torch.manual_seed(seed)
    model = NeuralNetwork().to(device)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(1, 6):
        model.train()  # 학습 모드
        for X, y in train_dataloader:  # 학습 루프
            X, y = X.to(device), y.to(device)
            optimizer.zero_grad()
            loss = loss_fn(model(X), y)
            loss.backward()
            optimizer.step()

        model.eval()  # 평가 모드
        total_loss = 0.0
        correct = 0
        with torch.no_grad():  # 조정하지 않으므로 변화도가 필요 없습니다
            for X, y in validation_dataloader:  # 검증 루프
                X, y = X.to(device), y.to(device)
                pred = model(X)
                total_loss += loss_fn(pred, y).item() * len(X)
                correct += (pred.argmax(1) == y).sum().item()
        count = len(validation_dataloader.dataset)
        validation_loss = total_loss / count
        print(f"에폭 {epoch}  검증 손실 {validation_loss:.3f}, ", end="")
        print(f"정확도 {100 * correct / count:.1f}%")
    check(
        "검증 손실이 아무것도 모르는 모델의 손실(ln 10)보다 작아졌습니다",
        validation_loss < math.log(10),
    )
    show_code(run_epochs)


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


def run_epochs(model, optimizer, dataloader, validation_dataloader, epochs, end_factor=1.0):
    """에폭마다 학습하고 검증한 결과를 반환합니다. 학습률은 처음의 end_factor배까지 바꿉니다."""
    loss_fn = nn.CrossEntropyLoss()
    steps = epochs * len(dataloader)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end_factor, total_iters=steps)
    history = []
    for _ in range(epochs):
        train_loss = train(dataloader, model, loss_fn, optimizer, scheduler)
        validation_loss, accuracy = test(validation_dataloader, model, loss_fn)
        row = {"train": train_loss, "validation": validation_loss, "accuracy": accuracy}
        history.append(row)
    return history


def compare_learning_rates(train_dataloader, validation_dataloader, device, seed):
    """6. 하이퍼파라미터와 학습률

    매개변수는 학습하면서 정해지지만, 사람이 미리 정해야 하는 값도 있습니다. 이런 값을
    하이퍼파라미터(hyperparameter)라고 합니다.

    1) 에폭 수: 데이터 전체로 몇 번 학습할지 정합니다.
    2) 배치 크기(batch size): 매개변수를 한 번 조정할 때 샘플을 몇 개 사용할지 정합니다.
    3) 학습률(learning rate): 매개변수를 한 번에 얼마나 조정할지 정합니다.

    가장 먼저 맞춰야 하는 것은 학습률입니다. 알맞은 값은 모델과 데이터에 따라 다르기 때문에,
    처음에는 10배씩 바꿔 가며 찾습니다. 초기 가중치와 데이터의 순서를 똑같이 맞추고 학습률만 네
    가지로 바꿔 봅시다. 어느 것이 너무 작고, 어느 것이 너무 클까요?

    0.001은 너무 작아서 손실이 거의 그대로이고, 1.0은 너무 커서 손실이 가장 작은 곳을 자꾸 지나쳐
    버리기 때문에 거의 배우지 못했습니다. 넷 중에서는 5절에서 사용한 0.1이 가장 좋습니다.
    """
    results = {}
    for learning_rate in (0.001, 0.01, 0.1, 1.0):
        torch.manual_seed(seed)  # 초기 매개변수와 데이터의 순서를 똑같이 맞춥니다
        model = NeuralNetwork().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        history = run_epochs(model, optimizer, train_dataloader, validation_dataloader, epochs=5)
        results[f"lr {learning_rate}"] = history
        losses = [f"{row['validation']:.3f}" for row in history]
        print(f"학습률 {learning_rate:<5}  에폭별 검증 손실 {' → '.join(losses)}, ", end="")
        print(f"정확도 {history[-1]['accuracy']:.1f}%")

    slow = results["lr 0.001"][-1]["validation"]
    good = results["lr 0.1"][-1]["validation"]
    check("학습률 0.001보다 0.1이 손실을 더 줄였습니다", good < slow)
    save_figure(draw_results(results, "Learning rates"), "optimization_learning_rates.png")


def compare_batch_sizes(train_dataloader, validation_dataloader, device, seed):
    """7. 배치 크기

    샘플 1,000개를 배치 8로 나누면 한 에폭에 125번, 128로 나누면 8번 조정합니다. 배치가 크면
    조정하는 횟수가 그만큼 줄어듭니다. 학습률이 같다면 어느 쪽의 손실이 더 줄어들까요?

    가장 자주 조정한 배치 8의 손실이 가장 많이 줄었습니다. 그렇다고 작을수록 좋은 것은 아닙니다.
    자주 조정하느라 한 에폭이 더 오래 걸리기 때문입니다. 처음에는 32나 64에서 시작하고, 배치 크기를
    바꾸면 알맞은 학습률도 달라지니 다시 찾아보세요.
    """
    results = {}
    for batch_size in (8, 32, 128):
        torch.manual_seed(seed)
        dataloader = DataLoader(train_dataloader.dataset, batch_size=batch_size, shuffle=True)
        model = NeuralNetwork().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        history = run_epochs(model, optimizer, dataloader, validation_dataloader, epochs=2)
        results[f"batch {batch_size}"] = history
        last = history[-1]
        print(f"배치 {batch_size:>3}  에폭마다 {len(dataloader):>3}번 조정, ", end="")
        print(f"검증 손실 {last['validation']:.3f}, 정확도 {last['accuracy']:.1f}%")

    small = results["batch 8"][-1]["validation"]
    large = results["batch 128"][-1]["validation"]
    check("배치 8의 검증 손실이 배치 128보다 작습니다", small < large)
    save_figure(draw_results(results, "Batch sizes"), "optimization_batch_sizes.png")


def train_with_patience(model, optimizer, dataloader, validation_dataloader, epochs, patience):
    """검증 손실이 patience 에폭 동안 줄지 않으면 멈추고, 가장 좋았던 상태로 되돌립니다."""
    history = []
    best_loss = math.inf
    best_epoch = 0
    best_state = copy.deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        history += run_epochs(model, optimizer, dataloader, validation_dataloader, epochs=1)
        if history[-1]["validation"] < best_loss:
            best_loss = history[-1]["validation"]
            best_epoch = epoch
            best_state = copy.deepcopy(model.state_dict())  # 복사하지 않으면 함께 바뀝니다
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(best_state)
    return history, best_epoch


def stop_early(train_dataloader, validation_dataloader, device, seed):
    """8. 과적합과 조기 종료

    학습 손실이 계속 줄어드는데도 모델이 나빠질 때가 있습니다. 답을 이해하는 대신 외우기 시작했기
    때문인데, 이것을 과적합(overfitting)이라고 합니다. 외울 것이 적을수록 빨리 나타나니 이미지
    200장만 가지고 학습해 봅시다. 빨리 외우도록 옵티마이저는 Adam(13절)을 사용합니다.

    과적합을 막는 가장 좋은 방법은 데이터를 늘리는 것입니다. 그럴 수 없다면 조기 종료(early
    stopping)를 합니다. 검증 손실이 여덟 에폭 동안(patience=8) 줄지 않으면 학습을 멈추고, 가장
    좋았던 때의 매개변수로 되돌립니다. 코드에서는 가장 좋았던 때를 기억하는 변수 best_loss,
    best_epoch, best_state만 따라가 보세요.

    그림의 별이 되돌린 에폭입니다. 별을 지나면 학습 손실은 더 줄어드는데 검증 손실은 다시 커집니다.
    """
    show_code(train_with_patience)
    few_images = Subset(train_dataloader.dataset, range(200))
    dataloader = DataLoader(few_images, batch_size=32, shuffle=True)
    torch.manual_seed(seed)
    model = NeuralNetwork().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002, fused=True)
    history, best_epoch = train_with_patience(
        model, optimizer, dataloader, validation_dataloader, epochs=25, patience=8
    )
    last = history[-1]
    print(f"{len(history)}에폭에서 멈출 때  학습 손실 {last['train']:.3f}, ", end="")
    print(f"검증 손실 {last['validation']:.3f}")

    restored_loss, accuracy = test(validation_dataloader, model, nn.CrossEntropyLoss())
    print(f"{best_epoch}에폭으로 되돌린 뒤  검증 손실 {restored_loss:.3f}")
    smallest = min(row["validation"] for row in history)
    check("되돌린 모델의 검증 손실이 기록의 최솟값입니다", abs(restored_loss - smallest) < 1e-4)
    save_figure(draw_overfitting(history, best_epoch), "optimization_overfitting.png")


class Training:
    """이어서 학습하는 데 필요한 것을 한곳에 모읍니다. settings는 에폭 수 같은 설정입니다."""

    def __init__(self, settings, device):
        torch.manual_seed(settings["seed"])
        self.settings = settings
        self.history = []
        self.model = NeuralNetwork().to(device)
        self.loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings["learning_rate"], fused=True
        )
        steps = settings["epochs"] * math.ceil(settings["samples"] / settings["batch_size"])
        self.scheduler = torch.optim.lr_scheduler.LinearLR(
            self.optimizer, 1.0, 0.0, total_iters=steps
        )
        self.random_state = torch.get_rng_state()  # 데이터의 순서와 드롭아웃을 정합니다

    def train_epoch(self, training_data, test_data):
        """지난 에폭에 이어서 한 에폭을 학습하고, 결과를 history에 추가합니다."""
        torch.set_rng_state(self.random_state)
        batch_size = self.settings["batch_size"]
        samples = DataLoader(training_data, batch_size=batch_size, shuffle=True)
        # speed_up처럼 배치의 인덱스로 한꺼번에 꺼냅니다
        dataloader = DataLoader(training_data, batch_size=None, sampler=samples.batch_sampler)
        train_loss = train(dataloader, self.model, self.loss_fn, self.optimizer, self.scheduler)
        test_dataloader = DataLoader(test_data, batch_size=1000)
        test_loss, accuracy = test(test_dataloader, self.model, self.loss_fn)
        self.history.append({"train": train_loss, "test": test_loss, "accuracy": accuracy})
        self.random_state = torch.get_rng_state()

    def state_dict(self):
        """체크포인트에 저장할 내용입니다."""
        return {
            "settings": self.settings,
            "history": self.history,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random_state": self.random_state,
        }

    def load_state_dict(self, checkpoint):
        """체크포인트에 저장된 상태로 되돌립니다."""
        self.history = checkpoint["history"]
        self.model.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.scheduler.load_state_dict(checkpoint["scheduler"])
        self.random_state = checkpoint["random_state"]


def save_checkpoint(training, path):
    """체크포인트를 저장합니다. 저장하다 멈춰도 이전 체크포인트가 남습니다."""
    with saving(path) as file:
        torch.save(training.state_dict(), file)


def load_checkpoint(path, device):
    """체크포인트의 설정으로 Training을 만들고, 저장된 상태로 되돌립니다."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    training = Training(checkpoint["settings"], device)
    training.load_state_dict(checkpoint)
    return training


def resume_exactly(train_dataloader, path, device, seed):
    """9. 체크포인트(checkpoint)

    몇 시간 걸리는 학습이 도중에 멈추면 어떻게 할까요? 처음부터 다시 하지 않으려면 지금까지의 상태를
    파일에 저장해 두어야 합니다. 이런 파일을 체크포인트라고 합니다.

    체크포인트는 사전(dict) 하나입니다. 게임을 저장할 때 위치만이 아니라 체력과 아이템도 저장하듯,
    모델의 매개변수만 넣어서는 부족합니다. 옵티마이저 Adam은 지난 변화도를 기억하며 움직이고,
    스케줄러는 학습률을 어디까지 줄였는지 알고 있으며, 데이터를 섞는 순서는 난수의 상태가 정합니다.

    정말 이어지는지 확인해 봅시다. 1에폭을 학습해 저장하고 한 에폭을 더 학습한 다음, 저장한 때로
    되돌아가 그 에폭을 다시 학습합니다. 모두 되돌리면 손실이 마지막 자리까지 같지만, 옵티마이저와
    스케줄러를 새로 만들고 모델만 되돌리면 달라집니다.
    """
    dataloader = DataLoader(train_dataloader.dataset, batch_size=32, shuffle=True)
    torch.manual_seed(seed)
    model = NeuralNetwork().to(device)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=100)
    train(dataloader, model, loss_fn, optimizer, scheduler)

    checkpoint = {
        "epoch": 1,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        # CPU의 난수. GPU에서 드롭아웃을 사용하면 torch.cuda.get_rng_state()도 저장합니다
        "random_state": torch.get_rng_state(),
    }
    torch.save(checkpoint, path)
    straight = train(dataloader, model, loss_fn, optimizer, scheduler)  # 두 번째 에폭

    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random_state"])
    resumed = train(dataloader, model, loss_fn, optimizer, scheduler)  # 되돌린 두 번째 에폭

    model.load_state_dict(checkpoint["model"])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=100)
    torch.set_rng_state(checkpoint["random_state"])
    model_only = train(dataloader, model, loss_fn, optimizer, scheduler)

    show(f"{straight, resumed = }", "멈추지 않고 학습한 손실, 모두 되돌려 학습한 손실")
    show(f"{model_only = }", "모델만 되돌려 학습한 손실")
    path.unlink()
    if device.type == "cpu":  # GPU는 더하는 순서가 실행할 때마다 다를 수 있습니다
        check("이어서 학습한 손실이 멈추지 않고 학습한 손실과 완전히 같습니다", straight == resumed)
    check("모델만 되돌리면 손실이 달라집니다", model_only != straight)


def train_to_the_end(training, training_data, test_data, path):
    """10. 마지막 학습

    이제 일부가 아니라 학습용 데이터 전부로 학습합니다. 1장에서 그냥 믿고 사용한 설정은 4절처럼 고른
    것입니다. 60,000장 중에서 10,000장을 검증용으로 떼어 놓고, 설정마다 시드 3개로 학습해 검증
    정확도의 평균을 비교했습니다.

      배치 256, 5에폭, 초기 학습률 0.004: 89.5%
      배치 512, 8에폭, 초기 학습률 0.004: 89.7% (선택)
      배치 512, 8에폭, 초기 학습률 0.006: 89.5%
      배치 1024, 8에폭, 초기 학습률 0.005: 89.2%

    차이가 아주 작으니 어느 것을 골라도 비슷합니다. 옵티마이저와 손실 함수도 1장 6절과 같아서
    정확도가 1장과 거의 같고, 에폭마다 나오는 테스트 정확도는 경과를 보여 줄 뿐이니 이 값을 보고
    설정을 다시 고르지 마세요.

    training은 9절의 사전을 저장하고 되돌리는 Training 클래스의 객체이며, 코드는 optimization.py에
    있습니다. train_epoch는 1장의 train과 test를 한 번씩 실행합니다. 에폭마다 체크포인트를 저장하기
    때문에, 멈춘 학습은 다음 명령으로 이어서 할 수 있습니다.
      python optimization.py --resume outputs/optimization_checkpoint.pth

    핵심은 여기까지입니다. 학습률부터 맞추고, 설정은 검증용 데이터로 고르고, 테스트용 데이터는
    결과를 확인할 때만 사용합니다.
    """
    show(f"{training.settings = }")
    for epoch in range(len(training.history) + 1, training.settings["epochs"] + 1):
        training.train_epoch(training_data, test_data)
        save_checkpoint(training, path)
        row = training.history[-1]
        print(f"에폭 {epoch}  학습 손실 {row['train']:.3f}, ", end="")
        print(f"테스트 손실 {row['test']:.3f}, 정확도 {row['accuracy']:.1f}%", flush=True)

    accuracy = training.history[-1]["accuracy"]
    print(f"마지막 정확도: 테스트용 이미지 {len(test_data)}장에서 {accuracy:.1f}%")
    check("처음 보는 이미지도 무작위로 예측할 때(10%)보다 다섯 배 넘게 맞힙니다", accuracy > 50)
    with saving(path.with_name("optimization_model.pth")) as file:
        torch.save(training.model.state_dict(), file)
    save_figure(draw_training(training.history), "optimization_training.png")


VALLEY_START = torch.tensor([-4.0, 3.0])
VALLEY_BOTTOM = torch.tensor([4.0, 1.0])
STEEPNESS = torch.tensor([1.0, 100.0])  # x 방향과 y 방향의 가파른 정도


def valley(w):
    """위치 w = [x, y]의 높이입니다. 매개변수가 둘뿐인 손실이라고 생각하세요."""
    # STEEPNESS는 [1, 100]입니다. 2로 나누면 변화도가 STEEPNESS * (w - VALLEY_BOTTOM)이 됩니다
    return (STEEPNESS * (w - VALLEY_BOTTOM) ** 2).sum(dim=-1) / 2


def minimize(f, start, optimizer_class, steps, **options):
    """start에서 시작해 f(w)를 최소화하고, 단계마다의 위치를 모은 텐서를 반환합니다."""
    w = start.clone().requires_grad_()
    optimizer = optimizer_class([w], **options)
    path = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        loss = f(w)
        loss.backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def descend_valley():
    """11. SGD가 힘들어하는 좁은 골짜기

    학습률만 잘 고르면 SGD로 충분할까요? 손실을 땅의 높이로, 매개변수 두 개를 위치 x와 y로 생각해
    봅시다. 한쪽은 가파르고 다른 쪽은 완만한 좁은 골짜기에서 최저점(별)을 찾아 내려갑니다. SGD는
    모든 방향에 같은 학습률을 사용하는데, 이 골짜기의 두 방향은 알맞은 학습률이 서로 다릅니다.

    y 방향은 x 방향보다 100배 가파릅니다. 학습률이 0.02를 넘으면 양쪽 벽을 번갈아 오르며 발산합니다.
    그래서 학습률을 낮추면 이번에는 완만한 x 방향으로 거의 나아가지 못합니다. 그림에서 세 경로를
    비교해 보세요. 신경망의 손실에도 이런 골짜기가 많아서, 다음 두 절의 방법이 나왔습니다.
    """
    show_code(valley)
    paths = {}
    for learning_rate in (0.004, 0.019, 0.021):
        path = minimize(valley, VALLEY_START, torch.optim.SGD, steps=60, lr=learning_rate)
        paths[f"SGD, lr {learning_rate}"] = path
        x, y = path[-1].tolist()
        print(f"학습률 {learning_rate}  60번 조정한 뒤의 x {x:.2f}, y {y:.2f}, ", end="")
        print(f"높이 {valley(path[-1]):.4g}")
    start = valley(VALLEY_START)
    check("학습률 0.021은 시작점보다 높은 곳으로 튀어 나갔습니다", valley(path[-1]) > start)
    save_figure(draw_paths(paths), "optimization_valley.png")


def momentum_by_hand(w, learning_rate, momentum, steps):
    """골짜기를 모멘텀으로 내려가며 지난 위치를 모은 텐서를 반환합니다."""
    v = torch.zeros_like(w)
    path = [w]
    for _ in range(steps):
        g = STEEPNESS * (w - VALLEY_BOTTOM)  # valley의 변화도
        v = momentum * v + g  # 이전 방향을 줄여서 새로운 변화도에 더합니다
        w = w - learning_rate * v
        path.append(w)
    return torch.stack(path)


def add_momentum():
    """12. 모멘텀을 직접 계산하기

    완만한 x 방향은 변화도가 작아서 조금씩밖에 나아가지 못하지만, 나아가는 방향은 한결같습니다. 지난
    움직임을 더해 가면 어떨까요? 공이 비탈을 구르듯 같은 방향으로 점점 빨라질 것입니다. 이것이
    모멘텀(momentum)입니다.

    v에는 지난 변화도를 더해 둡니다. 조정할 때마다 이전의 v를 momentum배로 줄이고 새 변화도를
    더합니다. momentum이 0.9이고 변화도가 늘 1이면 v는 1, 1.9, 2.71로 커져 10에 다가갑니다. 변화도가
    1과 -1을 오가면 1, -0.1, 0.91처럼 1을 넘지 못합니다. PyTorch에서는 SGD에 momentum=0.9처럼
    지정합니다. 학습률이 같을 때 x 방향으로 얼마나 더 나아가는지 비교해 보세요.
    """
    show_code(momentum_by_hand)
    by_hand = momentum_by_hand(VALLEY_START, learning_rate=0.004, momentum=0.9, steps=5)
    path = minimize(valley, VALLEY_START, torch.optim.SGD, steps=5, lr=0.004, momentum=0.9)
    same = (by_hand - path).abs().max() < 1e-5
    check("torch.optim.SGD의 momentum=0.9와 같습니다", same)

    for momentum in (0.0, 0.9):
        path = momentum_by_hand(VALLEY_START, 0.004, momentum, steps=60)
        print(f"momentum {momentum}  60번 조정한 뒤의 높이 {valley(path[-1]):.3f}")


def adam_by_hand(w, learning_rate, beta1, beta2, eps, steps):
    """골짜기를 Adam으로 내려가며 지난 위치를 모은 텐서를 반환합니다."""
    mean = torch.zeros_like(w)
    square = torch.zeros_like(w)
    path = [w]
    for t in range(1, steps + 1):
        g = STEEPNESS * (w - VALLEY_BOTTOM)  # valley의 변화도
        mean = beta1 * mean + (1 - beta1) * g  # 변화도의 이동 평균
        square = beta2 * square + (1 - beta2) * g**2  # 변화도를 제곱한 값의 이동 평균
        mean_hat = mean / (1 - beta1**t)  # 0에서 시작해 처음에는 너무 작으므로 보정합니다
        square_hat = square / (1 - beta2**t)
        w = w - learning_rate * mean_hat / (square_hat.sqrt() + eps)  # eps: 0으로 나누지 않도록
        path.append(w)
    return torch.stack(path)


def adapt_steps():
    """13. Adam을 직접 계산하기

    방향마다 원하는 학습률이 다르다면, 방향마다 따로 맞춰 주면 되지 않을까요? 골짜기의 시작점에서
    x와 y의 변화도는 -8과 200으로 25배나 다릅니다. 이때 각각을 자기 크기인 8과 200으로 나누면 -1과
    1이 되어, 두 방향으로 똑같은 거리를 움직입니다. Adam이 하는 일이 이것입니다.

    변화도는 배치마다 흔들리기 때문에, Adam은 지난 값에 새로운 값을 조금씩 섞은 이동 평균을
    사용합니다. 예제의 mean은 변화도의 이동 평균이고 square는 변화도를 제곱한 값의 이동 평균인데,
    mean을 square의 제곱근으로 나눕니다. 처음에 움직인 거리가 두 방향 모두 학습률 0.1과 같은지
    확인해 보세요.

    그림에서는 방법마다 잘 맞는 학습률로 경로를 비교합니다.
    """
    show_code(adam_by_hand)
    by_hand = adam_by_hand(VALLEY_START, 0.1, beta1=0.9, beta2=0.999, eps=1e-8, steps=5)
    path = minimize(valley, VALLEY_START, torch.optim.Adam, steps=5, lr=0.1)
    show(f"{by_hand[1] - by_hand[0] = }", "처음에 움직인 거리")
    check("torch.optim.Adam과 같습니다", (by_hand - path).abs().max() < 1e-5)

    paths = {
        "SGD": minimize(valley, VALLEY_START, torch.optim.SGD, steps=60, lr=0.019),
        "Momentum": momentum_by_hand(VALLEY_START, 0.004, momentum=0.9, steps=60),
        "Adam": minimize(valley, VALLEY_START, torch.optim.Adam, steps=60, lr=1.0),
    }
    for name, path in paths.items():
        print(f"{name:<9} 60번 조정한 뒤의 높이 {valley(path[-1]):.3f}")
    save_figure(draw_paths(paths), "optimization_optimizers.png")


def decay_weights(train_dataloader, validation_dataloader, device, seed):
    """14. 가중치 감쇠와 AdamW

    8절의 과적합을 다른 방법으로도 줄일 수 있을까요? 데이터를 외운 모델은 가중치가 큰 편이어서,
    가중치가 커지지 못하게 막으면 외우기 어려워집니다. 조정할 때마다 가중치를 0 쪽으로 조금씩 줄이는
    방법을 가중치 감쇠(weight decay)라고 합니다.

    AdamW는 조정할 때마다 먼저 가중치에 1 - 학습률 * weight_decay를 곱합니다. 학습률이 0.1이고
    weight_decay가 0.5이면 0.95배이므로 4가 3.8이 됩니다.

    FashionMNIST 이미지 200장으로 다시 학습해 보면 가중치는 거의 절반으로 작아지고, 과적합이 시작된
    뒤에도 검증 손실이 덜 커집니다. 다만 이번에는 정확도가 높아지지 않았으니, 가중치 감쇠가 언제나
    정확도를 높여 주는 것은 아닙니다.
    """
    w = torch.tensor(4.0, requires_grad=True)
    optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    loss = 0 * w  # 변화도가 0이어서 가중치 감쇠만 w를 바꿉니다
    loss.backward()
    optimizer.step()
    show(f"{w.item() = :.3f}", "4 * (1 - 0.1 * 0.5)")

    few = Subset(train_dataloader.dataset, range(200))
    dataloader = DataLoader(few, batch_size=32, shuffle=True)
    results = {}
    norms = []
    for weight_decay in (0.0, 5.0):  # 보통 0.01~0.1이지만, 105번만 조정하므로 큰 값을 사용합니다
        torch.manual_seed(seed)
        model = NeuralNetwork().to(device)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=0.002, weight_decay=weight_decay, fused=True
        )
        history = run_epochs(model, optimizer, dataloader, validation_dataloader, epochs=15)
        results[f"decay {weight_decay}"] = history
        vector = nn.utils.parameters_to_vector(model.parameters())
        norms.append(vector.norm().item())  # 모든 매개변수를 제곱해 더한 값의 제곱근
        last = history[-1]
        print(f"weight_decay {weight_decay}  매개변수의 크기 {norms[-1]:.1f}, ", end="")
        print(f"검증 손실 {last['validation']:.3f}, 정확도 {last['accuracy']:.1f}%")
    check("감쇠를 사용하면 매개변수가 더 작습니다", norms[1] < norms[0])
    save_figure(draw_results(results, "Weight decay"), "optimization_weight_decay.png")


def make_optimizer(name, parameters):
    """이름에 맞는 옵티마이저를 만듭니다."""
    if name == "SGD":
        return torch.optim.SGD(parameters, lr=0.2)
    if name == "SGD + momentum":
        return torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    return torch.optim.Adam(parameters, lr=0.004, fused=True)


def compare_optimizers(train_dataloader, validation_dataloader, device):
    """15. 옵티마이저와 학습률 스케줄 비교하기

    골짜기에서 잘 내려간 방법이 이미지에서도 좋을까요? 옵티마이저마다 알맞은 학습률이 다르기 때문에,
    SGD와 모멘텀에는 여러 값을 비교해 고른 학습률을, Adam에는 10절의 0.004를 사용합니다.

    마지막 줄은 Adam에 스케줄(schedule)만 더한 것입니다. 학습률이 끝까지 크면 손실이 작은 곳
    근처에서 계속 맴돌기 때문에, LinearLR로 0까지 조금씩 줄입니다.

    정확도의 평균은 아래로 갈수록 높아졌습니다. 그런데 그림에서 SGD의 점들을 보세요. 시드만 바꾸어도
    이만큼 달라지니, 한 번씩만 학습하고 순위를 매기면 우연을 실력으로 착각하기 쉽습니다. 그래서 시드
    3개의 평균을 비교했습니다. 점들이 서로 겹치는 설정은 우열을 말할 수 없습니다.
    """
    show_code(make_optimizer)
    results = {}
    for name in ("SGD", "SGD + momentum", "Adam", "Adam, linear"):
        end_factor = 0.0 if name == "Adam, linear" else 1.0
        results[name] = []
        for seed in (0, 1, 2):
            torch.manual_seed(seed)
            model = NeuralNetwork().to(device)
            optimizer = make_optimizer(name, model.parameters())
            history = run_epochs(
                model, optimizer, train_dataloader, validation_dataloader, 2, end_factor
            )
            results[name].append(history[-1]["accuracy"])
        mean = sum(results[name]) / 3
        each = ", ".join(f"{accuracy:.1f}" for accuracy in results[name])
        print(f"{name:<14}  검증 정확도의 평균 {mean:.1f}%  (시드별 {each})")

    spreads = [max(accuracies) - min(accuracies) for accuracies in results.values()]
    print(f"같은 설정에서 시드만 바꾸었을 때의 가장 큰 차이: {max(spreads):.1f}%p")
    check("시드만 바꾸어도 정확도가 달라졌습니다", max(spreads) > 0)
    save_figure(draw_accuracies(results), "optimization_comparison.png")


def join_processes(args):
    """다른 프로세스와 연결하고, 이 프로세스의 장치와 데이터가 있는 폴더를 반환합니다."""
    enough_gpus = torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
    if args.device == "cuda" and enough_gpus:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))  # 프로세스마다 GPU 하나
        torch.cuda.set_device(device)
        distributed.init_process_group("nccl", device_id=device)
    else:
        device = torch.device("cpu")
        distributed.init_process_group("gloo")

    folder = [None]
    if distributed.get_rank() == 0:  # 데이터는 0번 프로세스만 내려받고, 그 폴더를 모두에게 알립니다
        folder = [prepare_fashion_mnist(args.data_dir)]
    distributed.broadcast_object_list(folder)
    return device, folder[0]


def train_in_processes(args):
    """torchrun이 시작한 프로세스마다 실행됩니다. Windows에서는 torchrun을 사용할 수 없습니다.

    호스트 이름을 찾지 못해 멈춰 있으면 --local-addr 127.0.0.1을 추가하세요(macOS).
    """
    device, data_dir = join_processes(args)
    training_data, test_data = load_image_tensors(data_dir)
    torch.manual_seed(args.seed)
    model = DistributedDataParallel(NeuralNetwork().to(device))
    sampler = DistributedSampler(training_data, seed=args.seed)
    batch_size = max(1, args.batch_size // distributed.get_world_size())  # 프로세스마다
    train_dataloader = DataLoader(training_data, batch_size=batch_size, sampler=sampler)
    test_dataloader = DataLoader(test_data, batch_size=1000)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.learning_rate, fused=True)
    steps = args.epochs * len(train_dataloader)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)  # 에폭마다 다른 순서로 섞습니다
        train(train_dataloader, model, loss_fn, optimizer, scheduler)
        if distributed.get_rank() == 0:  # 0번 프로세스만 확인하고 저장합니다
            test_loss, accuracy = test(test_dataloader, model.module, loss_fn)
            print(f"에폭 {epoch + 1}  테스트 손실 {test_loss:.3f}, ", end="")
            print(f"정확도 {accuracy:.1f}%", flush=True)
            with saving(OUTPUT_DIR / "optimization_model.pth") as file:
                torch.save(model.module.state_dict(), file)  # module이 감싸기 전의 모델
    distributed.barrier()
    distributed.destroy_process_group()


def share_the_work():
    """16. 여러 프로세스로 학습하기

    GPU가 여러 개라면 학습도 나누어 할 수 있지 않을까요? 프로세스를 GPU마다 하나씩 실행하고,
    데이터를 나누어 각자 변화도를 구한 다음 그 평균을 냅니다. 모든 프로세스가 같은 평균을 사용하기
    때문에 모델이 똑같이 바뀝니다. 샘플 8개를 둘로 나누어, 평균이 8개 모두로 구한 변화도와 같은지
    확인해 봅시다.

    DistributedSampler는 프로세스마다 다른 샘플을 나누어 주고, DistributedDataParallel은
    backward()를 실행할 때 변화도의 평균을 냅니다. 샘플이 7개처럼 똑같이 나누어지지 않으면, 몇 개를
    다시 사용해 개수를 맞춥니다.

    이 둘을 사용하는 학습은 다음 명령으로 실행하는데, 다른 절은 건너뛰고 맨 아래의
    train_in_processes만 실행합니다. GPU가 없어도 됩니다.
      torchrun --standalone --nproc-per-node 2 optimization.py
    """
    X = torch.arange(8.0)
    w = torch.tensor(1.0, requires_grad=True)
    gradients = []
    for rank in range(2):
        sampler = DistributedSampler(X, num_replicas=2, rank=rank, shuffle=False)
        part = X[list(sampler)]
        loss = nn.functional.mse_loss(w * part, 3 * part)
        (gradient,) = torch.autograd.grad(loss, w)
        gradients.append(gradient)
        print(f"프로세스 {rank}: 샘플 {part.tolist()}, 변화도 {gradient:.1f}")

    loss = nn.functional.mse_loss(w * X, 3 * X)
    (whole,) = torch.autograd.grad(loss, w)
    mean = sum(gradients) / 2
    show(f"{whole, mean = }", "전체로 구한 변화도, 두 변화도의 평균")
    check("두 프로세스의 변화도를 평균 낸 값은 전체로 구한 변화도와 같습니다", mean.isclose(whole))
    show_code(train_in_processes)


def look_further():
    """17. 다음에는 무엇을 배울까요?

    데이터를 준비하고, 모델을 만들고, 손실을 줄이고, 저장하는 데까지 PyTorch의 기본을 모두
    지나왔습니다. 이제 자신의 데이터로 직접 해 볼 차례이니, 그때 도움이 될 세 가지를 소개하며
    마치겠습니다.

    1) 전이 학습(transfer learning): 사진이 몇백 장뿐이라면 처음부터 학습하지 말고,
    torchvision.models에 있는 미리 학습한 모델을 불러와 마지막 계층만 바꾸어 학습하세요.
    2) model.compile(): 이 한 줄로 모델을 컴파일해 더 빠르게 실행합니다. torch.compile(model)도 같은
    일을 하지만, 반환하는 모델의 state_dict()에는 이름마다 _orig_mod.가 붙어서 번거롭습니다.
    3) torch.autocast("cuda", dtype=torch.bfloat16): 일부 연산을 16비트 실수로 계산해, 최신 GPU에서
    시간과 메모리를 아낍니다.

    더 읽을거리는 https://tutorials.pytorch.kr 에 한국어로 모여 있고, 옵티마이저와 스케줄러의 전체
    목록은 https://docs.pytorch.org/docs/stable/optim.html 에 있습니다.
    """


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


def load_image_tensors(data_dir):
    """학습용과 테스트용 데이터를 변환해 메모리에 불러옵니다."""
    training_data = datasets.FashionMNIST(
        root=data_dir, train=True, download=True, transform=ToTensor()
    )
    test_data = datasets.FashionMNIST(
        root=data_dir, train=False, download=True, transform=ToTensor()
    )
    return load_into_memory(training_data), load_into_memory(test_data)


def main():
    """목차의 순서대로 실행합니다. --resume이나 torchrun을 사용하면 마지막 학습만 합니다."""
    use_hangul()
    args = parse_args()
    if args.practice:
        return check_practice()
    prepare_outputs(args.output_dir)
    if started_by_torchrun():
        return train_in_processes(args)
    device = torch.device(args.device)
    torch.manual_seed(args.seed)
    path = OUTPUT_DIR / "optimization_checkpoint.pth"
    if args.resume:
        return resume(args, device, path)

    begin("핵심", f"장치(device): {device}")
    data_dir = prepare_fashion_mnist(args.data_dir)
    training_data, test_data = load_image_tensors(data_dir)
    teach(measure_loss)
    teach(take_three_steps)
    teach(move_zero_grad)
    loaders = teach(split_datasets, training_data, args.seed)  # 학습용과 검증용 데이터로더
    teach(run_both_loops, *loaders, device, args.seed)
    teach(compare_learning_rates, *loaders, device, args.seed)
    teach(compare_batch_sizes, *loaders, device, args.seed)
    teach(stop_early, *loaders, device, args.seed)
    example = OUTPUT_DIR / "optimization_example.pth"
    teach(resume_exactly, loaders[0], example, device, args.seed)
    names = ("epochs", "batch_size", "learning_rate", "seed")
    settings = {name: getattr(args, name) for name in names}
    settings["samples"] = len(training_data)
    training = Training(settings, device)
    teach(train_to_the_end, training, training_data, test_data, path)

    begin("더 알아보기")
    teach(descend_valley)
    teach(add_momentum)
    teach(adapt_steps)
    teach(decay_weights, *loaders, device, args.seed)
    teach(compare_optimizers, *loaders, device)
    teach(share_the_work)
    teach(look_further)

    begin("직접 해 보기와 연습 문제")
    teach(try_it_yourself)
    teach(check_practice)
    finish("PyTorch 한국어 튜토리얼(https://tutorials.pytorch.kr)", args.show)


def started_by_torchrun():
    """torchrun이 시작한 프로세스이면 True입니다."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


def find_wrong_setting(settings):
    """범위를 벗어난 설정을 알리는 문장을 반환합니다. 모두 올바르면 None입니다."""
    if not (1 <= settings["epochs"] <= 10000 and 1 <= settings["batch_size"] <= 100000):
        return "에폭 수는 1~10000, 배치 크기는 1~100000이어야 합니다"
    if not (0 < settings["learning_rate"] <= 1000 and 0 <= settings["seed"] < 2**32):
        return "학습률은 0보다 크고 1000 이하, 시드는 0 이상 2**32 미만이어야 합니다"


def resume(args, device, path):
    """--resume으로 지정한 체크포인트에서 마지막 학습을 이어서 합니다."""
    try:
        check_checkpoint(args.resume)
        training = load_checkpoint(args.resume, device)
    except Exception as error:  # 어떤 파일이든 지정할 수 있으므로 오류의 종류도 다양합니다
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        sys.exit(f"오류: {args.resume} 파일로는 이어서 학습할 수 없습니다({reason}).")

    begin("이어서 학습하기", f"장치(device): {device}")
    done = len(training.history)
    epochs = training.settings["epochs"]
    note = "설정은 체크포인트에 저장된 것을 사용합니다. --epochs, --batch-size, --learning-rate,\n"
    note += f"--seed는 무시합니다. {epochs}에폭 중 {done}에폭을 마친 상태입니다."
    if done == epochs:
        note += "\n학습이 이미 끝났으므로 더 학습하지 않고 결과만 보여 줍니다."
    say(note)
    training_data, test_data = load_image_tensors(prepare_fashion_mnist(args.data_dir))
    samples = training.settings["samples"]
    if samples != len(training_data):
        count = len(training_data)
        sys.exit(f"오류: 체크포인트는 샘플 {samples}개로 학습했는데 지금 데이터는 {count}개입니다.")
    teach(train_to_the_end, training, training_data, test_data, path)
    teach(check_practice)
    finish("PyTorch 한국어 튜토리얼(https://tutorials.pytorch.kr)", args.show)


def format_value(value):
    """값의 형태입니다. 텐서는 자료형과 모양, dict와 리스트는 원소의 형태, 나머지는 타입입니다."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.shape
    if isinstance(value, dict):
        return {key: format_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [format_value(item) for item in value]
    return type(value)


def check_checkpoint(path):
    """이 파일의 Training이 저장한 체크포인트가 아니면 오류를 일으킵니다."""
    if not path.is_file():
        raise ValueError("파일이 없거나 일반 파일이 아닙니다")
    if zipfile.ZipFile(path).testzip():  # PyTorch의 파일은 zip 형식입니다
        raise ValueError("파일이 손상되었습니다")
    checkpoint = dict(torch.load(path, map_location="cpu", weights_only=True))
    settings = checkpoint["settings"]
    example = {"epochs": 1, "batch_size": 1, "learning_rate": 1.0, "seed": 0, "samples": 1}
    if format_value(settings) != format_value(example) or settings["samples"] < 1:
        raise ValueError("설정이 올바르지 않습니다")
    wrong = find_wrong_setting(settings)
    if wrong:
        raise ValueError(wrong)

    trial = Training(settings, "cpu")
    for p in trial.model.parameters():
        p.grad = torch.zeros_like(p)
    trial.optimizer.step()  # 한 단계를 실행해야 옵티마이저의 상태가 만들어집니다
    first = copy.deepcopy(trial.scheduler.state_dict())
    trial.scheduler.step()
    row = {"train": 1.0, "test": 1.0, "accuracy": 1.0}
    trial.history = [row] * len(checkpoint["history"])
    if format_value(trial.state_dict()) != format_value(checkpoint):
        raise ValueError("이 모델의 체크포인트가 아닙니다")
    if not 1 <= len(trial.history) <= settings["epochs"]:
        raise ValueError("기록의 길이가 에폭 수와 맞지 않습니다")
    for name, value in trial.scheduler.state_dict().items():
        fixed = value == first[name]  # 단계가 지나도 바뀌지 않는 값
        if fixed and checkpoint["scheduler"][name] != value:
            raise ValueError("스케줄러가 설정과 다릅니다")
    torch.set_rng_state(checkpoint["random_state"])
    trial.load_state_dict(checkpoint)
    for _ in range(2):
        if not 0 <= trial.optimizer.param_groups[0]["lr"] <= 1000:
            raise ValueError("학습률이 올바르지 않습니다")
        trial.optimizer.step()
        trial.scheduler.step()


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser = argparse.ArgumentParser(description="7장. 최적화")
    parser.error = lambda message: parser.exit(
        2, f"오류: 잘못된 옵션입니다({message}). 도움말: --help\n"
    )
    add = parser.add_argument
    add("--epochs", type=int, default=8, help="마지막 학습의 에폭 수 (기본값: %(default)s)")
    add("--batch-size", type=int, default=512, help="배치 크기 (기본값: %(default)s)")
    add("--learning-rate", type=float, default=4e-3, help="초기 학습률 (기본값: %(default)s)")
    add("--resume", type=Path, metavar="FILE", help="이어서 학습할 체크포인트 (기본값: 없음)")
    add("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    add("--device", choices=devices, default=devices[0], help="장치 (기본값: %(default)s)")
    add("--data-dir", default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    add("--output-dir", default=OUTPUT_DIR, help="결과 폴더 (기본값: %(default)s)")
    add("--show", action="store_true", help="끝나면 페이지를 브라우저로 엽니다")
    add("--practice", action="store_true", help="연습 문제만 확인합니다")
    args = parser.parse_args()
    wrong = find_wrong_setting(vars(args))
    if wrong:
        parser.error(wrong)
    if args.resume:
        args.resume = Path(os.path.expanduser(args.resume))
        if started_by_torchrun():
            parser.error("torchrun으로는 --resume을 사용할 수 없습니다")
    return args


def try_it_yourself():
    """직접 해 보기

    optimization.py를 아래처럼 하나씩 바꾸어 실행하고, 끝나면 원래대로 되돌리세요. 결과를 먼저
    예상해 보면 더 재미있습니다.

    1) take_three_steps 함수(2절)에서 lr=0.1을 lr=1.0으로 바꿔 보세요.
    2) stop_early 함수(8절)에서 range(200)을 range(1000)으로 바꿔 보세요.
    3) resume_exactly 함수(9절)에서 resumed = ... 바로 위의 torch.set_rng_state(...) 줄을 지워
    보세요.

    다음은 직접 실행해 확인한 결과입니다. 1)은 w가 4와 -4를 오가기만 하고 ✗가 표시됩니다. 2)는 외울
    것이 많아져서, FashionMNIST에서는 되돌린 모델의 검증 손실이 0.1 넘게 작아집니다. 3)은 데이터를
    섞는 순서가 달라져서, 이어서 학습한 손실이 멈추지 않고 학습한 손실과 달라지고 ✗가 표시됩니다.
    """


# ---- 연습 문제: 먼저 이 파일을 복사해 두고, raise로 시작하는 줄을 지운 뒤 답을 작성하세요. ----


def momentum_step(w, v, g, learning_rate, momentum):
    """모멘텀을 사용하는 SGD를 한 단계 실행한 뒤의 w를 반환하세요. v는 이전의 v, g는 변화도입니다.

    예: w=4, v=1, g=2, 학습률 0.1, 모멘텀 0.5이면 새로운 v는 2.5이고 w는 3.75입니다.

    힌트: 12절의 momentum_by_hand에서 v와 w를 구하는 두 줄을 참고하세요.
    """
    raise NotImplementedError


def cosine_rate(step, steps, learning_rate):
    """step이 0에서 steps까지 커질 때 코사인을 따라 0까지 줄어드는 학습률을 반환하세요.

    PyTorch에서는 CosineAnnealingLR이 이 방법으로 학습률을 줄입니다.
    예: steps가 10이고 learning_rate가 0.4이면, 절반인 step 5에서는 0.2입니다.

    힌트: (1 + math.cos(x)) / 2는 x=0에서 1, x=math.pi에서 0입니다.
    """
    raise NotImplementedError


def clip_by_norm(g, max_norm):
    """변화도 g [D]의 노름(norm)이 max_norm보다 크면 max_norm으로 줄여서 반환하세요.

    방향은 그대로 두고 길이만 줄입니다. 노름이 max_norm보다 크지 않으면 g를 그대로
    반환합니다. PyTorch에는 모델의 모든 변화도를 이렇게 줄이는 nn.utils.clip_grad_norm_이
    있습니다.
    예: g가 [3, 4]이고 max_norm이 1이면 [0.6, 0.8]이며, max_norm이 10이면 [3, 4]
    그대로입니다.

    힌트: g.norm()으로 나누면 노름이 1이 됩니다. 거기에 max_norm을 곱하세요.
    """
    raise NotImplementedError


def last_epoch(losses, patience):
    """losses는 에폭별 검증 손실입니다. 조기 종료로 학습을 멈추는 에폭의 번호(1부터)를 반환하세요.

    가장 작은 손실이 patience 에폭 동안 더 줄지 않으면 멈춥니다. 멈추지 않으면 길이를
    반환하세요.
    예: losses가 [3, 1, 2, 2, 0]이고 patience가 2이면, 손실이 줄어든 에폭 2에서 2에폭이 지난
    4입니다.

    힌트: 8절의 train_with_patience를 참고하세요. 최솟값과 같은 손실은 줄어든 것이 아닙니다.
    """
    raise NotImplementedError


def check_practice():
    """연습 문제

    이 장에서 배운 것으로 optimization.py에 있는 네 함수를 완성해 보세요. 먼저 파일을 복사해 두고,
    함수에서 raise로 시작하는 줄을 지운 뒤 답을 작성합니다. momentum_step은 12절을 읽고 푸세요.
    python optimization.py --practice를 실행하면 맞는지 바로 알려 줍니다. 모범 답안은 저장소의
    tests/test_practice.py에 있습니다.
    """
    tensor = torch.tensor
    practice(
        momentum_step,
        ((tensor([4.0]), tensor([1.0]), tensor([2.0]), 0.1, 0.5), [3.75]),
        ((tensor([1.0, 2.0]), tensor([2.0, -1.0]), tensor([1.0, 3.0]), 0.5, 1.0), [-0.5, 1.0]),
        ((tensor([1.0, 2.0]), tensor([2.0, -1.0]), tensor([1.0, 3.0]), 1.0, 0.0), [0.0, -1.0]),
    )
    practice(
        cosine_rate,
        ((5, 10, 0.4), 0.2),
        ((0, 10, 0.4), 0.4),
        ((2, 6, 1.0), 0.75),
        ((8, 8, 1.0), 0.0),
    )
    practice(
        clip_by_norm,
        ((tensor([3.0, 4.0]), 1.0), [0.6, 0.8]),
        ((tensor([3.0, 4.0]), 10.0), [3.0, 4.0]),
        ((tensor([-6.0, 8.0]), 5.0), [-3.0, 4.0]),
        ((tensor([0.0, 0.0]), 1.0), [0.0, 0.0]),
    )
    practice(
        last_epoch,
        (([3, 1, 2, 2, 0], 2), 4),
        (([5, 4, 3], 1), 3),
        (([2, 2, 2, 1], 2), 3),
        (([1, 3, 0.5, 4, 3, 2, 1], 3), 6),
        (([3, 2, 3, 1, 2, 2, 0], 2), 6),
    )


# ---- 그림을 그리는 함수입니다. ----

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]


def draw_results(results, title):
    """실험별 검증 손실을 3까지 그리고, 마지막 정확도는 범례에 표시합니다."""
    figure, axis = plt.subplots(figsize=(8, 4.8), layout="constrained")
    for number, (name, history) in enumerate(results.items()):
        losses = [row["validation"] for row in history]
        label = f"{name}: {history[-1]['accuracy']:.1f}%"
        marker = "os^D"[number % 4]
        color = COLORS[number % 4]
        axis.plot(range(1, len(losses) + 1), losses, f"{marker}-", color=color, label=label)
    top = min(axis.get_ylim()[1], 3)  # 발산한 손실이 그림을 모두 차지하지 않게 합니다
    axis.set(xlabel="epoch", ylabel="validation loss", ylim=(0, top))
    axis.set_title(f"{title}: validation loss, with the final accuracy")
    axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend()
    return figure


def draw_overfitting(history, best_epoch):
    """학습 손실과 검증 손실을 그리고, 되돌린 에폭을 별로 표시합니다."""
    figure, axis = plt.subplots(figsize=(8, 4.4), layout="constrained")
    epochs = range(1, len(history) + 1)
    losses = [row["validation"] for row in history]
    axis.plot(epochs, [row["train"] for row in history], "o-", color="#0072B2", label="train")
    axis.plot(epochs, losses, "s--", color="#D55E00", label="validation")
    star = losses[best_epoch - 1]
    axis.plot(best_epoch, star, "*", color="black", markersize=14, label="restored")
    axis.set(title="Overfitting on 200 images", xlabel="epoch", ylabel="loss", ylim=(0, None))
    axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend()
    return figure


def draw_training(history):
    """마지막 학습의 손실과 정확도를 그립니다."""
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


def draw_paths(paths):
    """골짜기의 등고선 위에 경로를 하나씩 그립니다. 점은 시작점, 별은 최저점입니다."""
    figure, axes = plt.subplots(1, len(paths), figsize=(11, 4), layout="constrained", sharey=True)
    x, y = torch.meshgrid(torch.linspace(-5, 8, 120), torch.linspace(-2, 4, 120), indexing="xy")
    heights = valley(torch.stack([x, y], dim=-1)).numpy()
    for number, (name, path) in enumerate(paths.items()):
        axis = axes[number]
        axis.contour(x.numpy(), y.numpy(), heights, [1, 4, 15, 40, 90, 180], colors="0.75")
        axis.plot(path[:, 0].numpy(), path[:, 1].numpy(), ".-", color=COLORS[number % 4])
        axis.plot(*VALLEY_START, "o", color="black")
        axis.plot(*VALLEY_BOTTOM, "*", color="black", markersize=12)
        axis.set(xlabel="x", xlim=(-5, 8), ylim=(-2, 4))
        axis.set_title(f"{name}\nfinal height {valley(path[-1]):.3g}")
    axes[0].set_ylabel("y")
    figure.suptitle("Paths in a narrow valley (dot: start, star: lowest point)")
    return figure


def draw_accuracies(results):
    """설정마다 시드별 정확도를 점으로, 평균을 세로 막대로 표시합니다."""
    figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
    for number, accuracies in enumerate(results.values()):
        mean = sum(accuracies) / len(accuracies)
        axis.plot(accuracies, [number] * len(accuracies), "o", color="#0072B2", alpha=0.6)
        axis.plot(mean, number, "|", color="#D55E00", markersize=22, markeredgewidth=3)
    axis.set_yticks(range(len(results)), list(results))
    axis.margins(y=0.15)
    axis.invert_yaxis()
    axis.set(xlabel="validation accuracy (%)", title="Three seeds each (bar: mean)")
    axis.grid(axis="x", alpha=0.4)
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
