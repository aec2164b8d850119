"""7장. 최적화: 손실이 줄어드는 방향으로 매개변수를 조정합니다.

옵티마이저의 계산을 직접 따라 하고, 하이퍼파라미터와 옵티마이저를 검증용 데이터로 비교합니다. 마지막에는
데이터 전체를 학습하며, 에폭마다 체크포인트를 저장하므로 중단한 학습을 이어서 할 수 있습니다.

실행 방법
    python -m pip install torch torchvision matplotlib
    python optimization.py
    python optimization.py --epochs 1 --show    # 마지막 학습을 1에폭만 하고, 끝날 때 그림을 창에 표시합니다
    python optimization.py --resume outputs/optimization_checkpoint.pth    # 중단한 마지막 학습을 이어서 합니다
    python optimization.py --help               # 모든 옵션을 출력합니다

목차
     1. 손실 함수                              measure_loss
     2. 최적화의 세 단계                       take_three_steps
     3. 학습용, 검증용, 테스트용 데이터        split_datasets
     4. 학습과 테스트                          NeuralNetwork, run_epochs, train, test
     5. 하이퍼파라미터: 학습률과 배치 크기     compare_hyperparameters
     6. 직접 계산하는 SGD와 모멘텀             step_sgd_by_hand
     7. 직접 계산하는 Adam과 AdamW             step_adam_by_hand
     8. 골짜기에서 비교한 옵티마이저           descend_valley
     9. 데이터에서 비교한 옵티마이저와 스케줄  compare_optimizers
    10. 과적합, 가중치 감쇠, 조기 종료         overfit_small_data
    11. 체크포인트                             Learner, resume_exactly
    12. 분산 학습 (건너뛰어도 괜찮습니다)      share_gradients
    13. 마지막 학습                            train_to_the_end

마지막 장입니다. 첫 장은 quick_start.py입니다.
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "torchvision>=0.25.0", "matplotlib>=3.9.0"]
# ///

import argparse
import atexit
import contextlib
import copy
import inspect
import io
import math
import os
import shutil
import socket
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset, TensorDataset, default_collate, random_split
from torchvision import datasets
from torchvision.transforms import ToTensor

VALLEY_START, VALLEY_BOTTOM = torch.tensor([-4.0, 3.0]), torch.tensor([4.0, 1.0])  # 8절의 시작점과 최저점
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000"]


def measure_loss():
    """1. 손실 함수(loss function)

    손실 함수는 예측과 정답(label)의 차이를 하나의 값으로 계산하며, 학습은 이 값을 줄이는 과정입니다.
    회귀 문제에는 MSELoss를, 분류 문제에는 CrossEntropyLoss를 주로 사용합니다. CrossEntropyLoss는
    로짓(logit)에 LogSoftmax와 NLLLoss를 순서대로 적용합니다. NLLLoss는 정답 클래스의 로그 확률에 -1을
    곱해 평균합니다. 로짓 대신 확률을 전달하면 softmax가 두 번 적용되어, 손실이 0에 가까워지지 않습니다.
    """
    pred, target = torch.tensor([2.5, 0.0, 2.0]), torch.tensor([3.0, -1.0, 2.0])
    mse = nn.MSELoss()(pred, target)
    show(f"{mse = }")
    check("MSELoss는 차이의 제곱을 평균한 값입니다", torch.allclose(mse, ((pred - target) ** 2).mean()))
    loss_fn, logits, y = nn.CrossEntropyLoss(), torch.tensor([[9.0, 0.0, 0.0]]), torch.tensor([0])
    show(f"{loss_fn(logits, y) = }", "로짓을 전달한 손실")
    show(f"{loss_fn(logits.softmax(dim=1), y) = }", "확률을 전달한 손실")
    nll = nn.NLLLoss()(nn.LogSoftmax(dim=1)(logits), y)
    check("CrossEntropyLoss는 LogSoftmax와 NLLLoss를 적용한 결과와 같습니다", torch.isclose(loss_fn(logits, y), nll))


def take_three_steps():
    """2. 최적화의 세 단계

    옵티마이저(optimizer)는 매개변수(parameter)를 조정하는 객체입니다. 최적화는 세 단계로 이루어집니다.
    1) optimizer.zero_grad()는 이전 반복의 변화도(gradient)를 재설정합니다.
    2) loss.backward()는 역전파(backpropagation)로 변화도를 계산합니다.
    3) optimizer.step()은 변화도의 반대 방향으로 매개변수를 조정합니다.

    backward()가 계산한 변화도는 grad에 누적되므로, 첫 번째 단계를 생략하면 이전 변화도가 남습니다.
    따라서 w**2을 줄일 때 w가 0으로 수렴하지 않고, 0을 지나쳐 계속 진동합니다.
    """
    for zero_first in (True, False):
        w = torch.tensor(4.0, requires_grad=True)
        optimizer, path, gradients = torch.optim.SGD([w], lr=0.1), [w.item()], []
        for _ in range(7):
            if zero_first:
                optimizer.zero_grad()
            loss = w**2
            gradients += torch.autograd.grad(loss, w, retain_graph=True)  # 확인할 때 비교할 변화도
            loss.backward()
            optimizer.step()
            path.append(w.item())
        print(f"    zero_first = {zero_first!s:<5}  w =", *(f"{value:.3f}" for value in path))
        name, expected = ("마지막 변화도", gradients[-1]) if zero_first else ("모든 변화도의 합", sum(gradients))
        check(
            f"grad에 저장된 값은 {name}입니다", w.grad is not None and torch.isclose(w.grad, expected, equal_nan=True)
        )


def split_datasets(training_data, test_data, seed):
    """3. 학습용, 검증용, 테스트용 데이터

    학습률처럼 사람이 지정하는 값은 학습에 사용하지 않은 검증용(validation) 데이터로 비교해 선택합니다.
    테스트용 데이터로 선택하면 값이 그 데이터에 맞춰지므로, 마지막 정확도를 믿을 수 없습니다. 따라서
    학습용 데이터에서 검증용을 분리하고, 시간을 줄이기 위해 나머지의 일부만 실험에 사용합니다.
    """
    used, held_out = min(3000, 4 * len(training_data) // 5), min(1000, len(training_data) // 5)
    lengths, random = [used, held_out, len(training_data) - used - held_out], torch.Generator().manual_seed(seed)
    experiment_data, validation_data, _ = random_split(training_data, lengths, generator=random)
    show(f"{len(training_data), len(test_data) = }")
    show(f"{len(experiment_data), len(validation_data) = }", "실험용과 검증용")
    check("두 데이터는 겹치지 않습니다", set(experiment_data.indices).isdisjoint(validation_data.indices))
    return DataLoader(experiment_data, batch_size=64, shuffle=True), DataLoader(validation_data, batch_size=1000)


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


LOSS_FN = nn.CrossEntropyLoss()  # 4, 5, 9, 10절의 실험에서 사용하는 손실 함수


def run_epochs(model, optimizer, dataloaders, epochs, end_factor=1.0):
    """4. 학습과 테스트

    train은 데이터로더를 한 번 순회하며 배치(batch)마다 세 단계를 실행합니다. test는 매개변수를 변경하지
    않고 손실과 정확도를 계산합니다. 1장과 같은 함수이며, 이 장의 모든 실험과 마지막 학습에서
    에폭(epoch)마다 한 번씩 호출합니다. 스케줄러(scheduler)는 step()을 호출할 때마다, 여기서는 배치마다
    학습률을 변경합니다. LinearLR은 total_iters번에 걸쳐 학습률을 end_factor배까지 선형으로 변경합니다.
    """
    steps, history = epochs * len(dataloaders[0]), []
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end_factor, total_iters=steps)
    for epoch in range(1, epochs + 1):
        train_loss = train(dataloaders[0], model, LOSS_FN, optimizer, scheduler)
        validation_loss, accuracy = test(dataloaders[1], model, LOSS_FN)
        history.append((train_loss, validation_loss, accuracy, optimizer.param_groups[0]["lr"]))
        print(f"    에폭 {epoch}: 학습 손실 {train_loss:.4f}, 검증 손실 {validation_loss:.4f}, 정확도 {accuracy:.1f}%")
    return history


def train(dataloader, model, loss_fn, optimizer, scheduler):
    """모든 배치를 한 번씩 학습하고, 샘플당 평균 손실을 반환합니다. loss_fn은 배치의 평균 손실을 반환해야 합니다."""
    device = next(model.parameters()).device
    seen, total_loss = 0, 0.0
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        X, y = X.to(device), y.to(device)
        optimizer.zero_grad()  # 이전 배치의 변화도를 0으로 초기화합니다
        pred = model(X)  # 예측합니다
        loss = loss_fn(pred, y)  # 손실을 계산합니다
        loss.backward()  # 역전파로 변화도를 계산합니다
        optimizer.step()  # 매개변수를 업데이트합니다
        scheduler.step()  # 다음 단계의 학습률을 지정합니다
        seen += len(X)
        total_loss += loss.detach() * len(X)  # item()은 GPU 연산이 끝나기를 기다리므로 배치마다 호출하지 않습니다
        if batch % 100 == 0:
            print(f"    손실 {loss.item():.4f}  [{seen:>5}/{len(dataloader.dataset)}]", flush=True)
    return float(total_loss) / seen


def test(dataloader, model, loss_fn):
    """모든 배치에 대해 예측하고, 샘플당 평균 손실과 정확도(%)를 반환합니다."""
    device = next(model.parameters()).device
    seen, total_loss, correct = 0, 0.0, 0
    model.eval()
    with torch.no_grad():
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            pred = model(X)
            seen += len(X)
            total_loss += loss_fn(pred, y).item() * len(X)
            targets = y.argmax(1) if y.dim() == 2 else y  # 원-핫(one-hot) 정답 [N, C]는 클래스 번호 [N]으로 변환합니다
            correct += (pred.argmax(1) == targets).sum().item()
    return total_loss / seen, 100 * correct / seen


def compare(experiments, dataloaders, device, seed):
    """{이름: (배치 크기, end_factor, 옵티마이저 클래스, 옵션)}의 실험을 3에폭씩 실행하고 {이름: 결과}를 반환합니다."""
    results = {}
    for name, (batch_size, end_factor, optimizer_class, options) in experiments.items():
        torch.manual_seed(seed)  # 따라서 초기 매개변수와 데이터의 순서가 모든 실험에서 같습니다
        model, started = NeuralNetwork().to(device), time.perf_counter()
        optimizer = optimizer_class(model.parameters(), **options)
        train_dataloader = DataLoader(dataloaders[0].dataset, batch_size=batch_size, shuffle=True)
        with contextlib.redirect_stdout(io.StringIO()):  # 실험이 많으므로 도중의 출력은 표시하지 않습니다
            results[name] = history = run_epochs(model, optimizer, (train_dataloader, dataloaders[1]), 3, end_factor)
        cost = f"{len(train_dataloader):>3}번 {(time.perf_counter() - started) / len(history):.2f}초"
        losses = "에폭별 학습 손실 " + " ".join(f"{row[0]:.3g}" for row in history)
        print(f"    {name:<17} {cost}  {losses:<28} 검증 손실 {history[-1][1]:.3g}, {history[-1][2]:.1f}%")
    return results


def compare_hyperparameters(dataloaders, device, seed):
    """5. 하이퍼파라미터(hyperparameter): 학습률과 배치 크기

    하이퍼파라미터는 학습으로 계산되지 않고 사람이 지정하는 값입니다. 에폭 수는 데이터 전체를 학습하는
    횟수, 배치 크기(batch size)는 한 번 업데이트할 때 사용하는 샘플 수, 학습률(learning rate)은
    매개변수를 한 번에 조정하는 비율입니다. 학습률이 너무 작으면 학습이 느리고, 너무 크면 예측할 수 없는
    동작이 발생합니다. w**2의 도함수는 2w이므로, SGD는 업데이트할 때마다 w에 (1 - 2 × 학습률)을
    곱합니다. 이 값의 절댓값이 1보다 크면 발산(diverge)합니다. 데이터를 학습할 때 발산하면 손실이 nan이
    되기도 합니다. 배치가 작으면 한 에폭에 더 자주 업데이트하지만 시간이 더 걸립니다. 배치가 크면
    업데이트 횟수가 적으므로, 학습률도 함께 높여 비교합니다. 아래의 횟수와 시간은 한 에폭의 값입니다.
    """
    for learning_rate in (0.01, 0.3, 0.95, 1.1):
        path = minimize(lambda w: w**2, torch.tensor(1.0), 8, torch.optim.SGD, lr=learning_rate)
        print(f"    학습률 {learning_rate:<4}  w =", *(f"{w:.3f}" for w in path.tolist()))
        factor = 1 - 2 * learning_rate
        check(f"단계마다 w는 {factor:.3g}배가 됩니다", torch.allclose(path[1:], factor * path[:-1], atol=1e-4))
    rates = {f"lr {lr}": (64, 1.0, torch.optim.SGD, {"lr": lr}) for lr in (0.001, 0.01, 0.1, 1.0, 10.0)}
    pairs = ((16, 0.1), (64, 0.1), (256, 0.1), (256, 0.4))
    sizes = {f"batch {size}, lr {lr}": (size, 1.0, torch.optim.SGD, {"lr": lr}) for size, lr in pairs}
    return compare(rates, dataloaders, device, seed), compare(sizes, dataloaders, device, seed)


def minimize(f, start, steps, optimizer_class, **options):
    """start에서 시작해 f(w)를 steps번 최적화하고, 단계마다의 w를 하나의 텐서로 쌓아 반환합니다."""
    w = start.clone().requires_grad_()
    optimizer, path = optimizer_class([w], **options), [start]
    for _ in range(steps):
        optimizer.zero_grad()
        f(w).backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def valley(w):
    """위치 w [..., 2]의 높이입니다. y 방향이 x 방향보다 100배 가파르고, 최저점은 VALLEY_BOTTOM입니다."""
    return (torch.tensor([1.0, 100.0]) * (w - VALLEY_BOTTOM) ** 2).sum(dim=-1) / 2


def step_sgd_by_hand():
    """6. 직접 계산하는 SGD와 모멘텀(momentum)

    최적화 알고리즘은 변화도 g로 매개변수 w를 조정하는 방법입니다. 경사하강법(gradient descent)은
    변화도의 반대 방향으로 조정하며, 배치마다 실행하면 확률적 경사하강법(SGD)입니다. 모멘텀을 사용하면
    이전 업데이트의 방향 v를 이어받습니다. 즉, v를 일정 비율로 줄여 새로운 변화도에 더합니다.
    """
    learning_rate, steps = 0.004, 3
    for momentum in (0.0, 0.9):
        w, v = VALLEY_START, torch.zeros(2)
        for _ in range(steps):
            g = torch.func.grad(valley)(w)
            v = momentum * v + g
            w = w - learning_rate * v
        show(f"{w = }", f"모멘텀이 {momentum}일 때 {steps}단계 뒤의 값")
        path = minimize(valley, VALLEY_START, steps, torch.optim.SGD, lr=learning_rate, momentum=momentum)
        check("torch.optim.SGD의 결과와 같습니다", torch.allclose(w, path[-1], rtol=1e-4, equal_nan=True))


def step_adam_by_hand():
    """7. 직접 계산하는 Adam과 AdamW

    Adam은 변화도의 이동 평균 m과 변화도 제곱의 이동 평균 v를 저장합니다. 업데이트 크기는 학습률 × m /
    sqrt(v)이므로, 변화도가 커도 대체로 학습률을 넘지 않습니다. m과 v는 0에서 시작해 처음에는 너무
    작으므로 t단계에서는 1 - beta**t로 나누어 보정합니다. AdamW는 업데이트할 때마다 w에 (1 - 학습률 ×
    weight_decay)를 곱하는 가중치 감쇠(weight decay)를 추가합니다. Adam은 weight_decay × w를 변화도에
    더해 함께 sqrt(v)로 나누므로, 변화도가 0이면 weight_decay가 작아도 w가 학습률만큼 0에 가까워집니다.
    """
    lr, beta1, beta2, steps = 0.1, 0.9, 0.999, 3
    for weight_decay in (0.0, 0.1):
        w, m, v = VALLEY_START, torch.zeros(2), torch.zeros(2)
        for t in range(1, steps + 1):
            g = torch.func.grad(valley)(w)
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            w = w * (1 - lr * weight_decay)
            w = w - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + 1e-8)
        show(f"{w = }", f"weight_decay가 {weight_decay}일 때 {steps}단계 뒤의 값")
        options = {"lr": lr, "betas": (beta1, beta2), "weight_decay": weight_decay}
        path = minimize(valley, VALLEY_START, steps, torch.optim.AdamW, **options)
        check("torch.optim.AdamW의 결과와 같습니다", torch.allclose(w, path[-1], rtol=1e-4))
    for optimizer_class in (torch.optim.AdamW, torch.optim.Adam):
        path = minimize(lambda w: 0 * w.sum(), VALLEY_START, 1, optimizer_class, lr=0.1, weight_decay=0.1)
        show(f"{path[-1] = }", f"변화도가 0일 때 {optimizer_class.__name__}의 {len(path) - 1}단계 뒤의 값")


def descend_valley():
    """8. 골짜기에서 비교한 옵티마이저

    매개변수가 x, y이고 높이가 손실인 좁은 골짜기에서 최저점을 찾습니다. 학습률은 여러 값을 비교해
    선택했습니다. SGD는 가파른 y 방향에서 발산하지 않도록 학습률이 작아야 하므로, 완만한 x 방향으로는
    조금만 이동합니다. 모멘텀을 사용하면 변화도의 방향이 일정한 x 방향의 업데이트가 점점 커집니다.
    Adam은 방향마다 업데이트 크기를 조절하며, AdamW는 가중치 감쇠 때문에 원점에 더 가까워집니다.
    """
    paths = {
        "SGD": minimize(valley, VALLEY_START, 60, torch.optim.SGD, lr=0.019),
        "SGD + momentum": minimize(valley, VALLEY_START, 60, torch.optim.SGD, lr=0.004, momentum=0.9),
        "Adam": minimize(valley, VALLEY_START, 60, torch.optim.Adam, lr=1.0),
        "AdamW": minimize(valley, VALLEY_START, 60, torch.optim.AdamW, lr=1.0, weight_decay=0.1),
    }
    for name, path in paths.items():
        print(f"    {name:<15} 마지막 위치 ({path[-1, 0]:.2f}, {path[-1, 1]:.2f}), 높이 {valley(path[-1]):.3f}")
        if name == "Adam":
            steps = path.diff(dim=0).abs().amax(dim=1)
            check("Adam의 업데이트 크기는 첫 단계의 크기, 즉 학습률을 넘지 않습니다", steps.max() < 1.001 * steps[0])
    return paths


def compare_optimizers(dataloaders, device, seed):
    """9. 데이터에서 비교한 옵티마이저와 학습률 스케줄(schedule)

    적절한 학습률은 옵티마이저마다 다르므로, 같은 학습률로 비교하면 공정하지 않습니다. 처음 네 실험의
    학습률은 FashionMNIST의 검증용 데이터에서 시드 3개로 여러 값을 비교해 선택했습니다. 학습률이
    마지막까지 크면 최저점 근처에서 진동하므로, 처음에는 크게 지정하고 스케줄러로 줄이는 것이 좋습니다.
    마지막 두 실험은 초기 학습률이 같고 스케줄만 다릅니다.
    """
    experiments = {
        "SGD": (64, 1.0, torch.optim.SGD, {"lr": 0.3}),
        "SGD + momentum": (64, 1.0, torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
        "Adam": (64, 1.0, torch.optim.Adam, {"lr": 0.001}),
        "AdamW": (64, 1.0, torch.optim.AdamW, {"lr": 0.001, "weight_decay": 0.01}),
        "Adam, constant": (64, 1.0, torch.optim.Adam, {"lr": 0.004}),
        "Adam, linear to 0": (64, 0.0, torch.optim.Adam, {"lr": 0.004}),
    }
    results = compare(experiments, dataloaders, device, seed)
    rates = [results[name][-1][3] for name in experiments if experiments[name][1] == 0]
    check("end_factor가 0이면 마지막 학습률은 0입니다", all(abs(rate) < 1e-9 for rate in rates))
    return results


def overfit_small_data(dataloaders, device, seed):
    """10. 과적합(overfitting), 가중치 감쇠, 조기 종료(early stopping)

    과적합은 모델이 학습용 데이터를 외워서, 학습 손실은 줄어들지만 검증 손실은 다시 커지는 현상입니다.
    샘플이 적을수록 쉽게 나타나므로, 가장 좋은 방법은 데이터를 늘리는 것입니다. 가중치 감쇠의 효과는
    검증 손실로 비교해야 합니다. AdamW에는 주로 0.01에서 0.1 사이의 값을 사용합니다. 조기 종료는 검증
    손실이 patience 에폭 동안 줄어들지 않으면 학습을 중단하고, 손실이 가장 작았던 상태로 복원합니다.
    state_dict()의 텐서는 모델과 메모리를 공유하므로 복사해 저장합니다.
    """
    results = {}
    for weight_decay, patience in ((0.0, 20), (0.1, 20), (0.0, 5)):
        torch.manual_seed(seed)
        model, history = NeuralNetwork().to(device), []
        best_epoch, best_loss, best_state = 0, math.inf, model.state_dict()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.002, weight_decay=weight_decay)
        while len(history) < 20 and len(history) - best_epoch < patience:
            with contextlib.redirect_stdout(io.StringIO()):
                history += run_epochs(model, optimizer, dataloaders, 1)
            if history[-1][1] < best_loss:
                best_epoch, best_loss, best_state = len(history), history[-1][1], copy.deepcopy(model.state_dict())
        model.load_state_dict(best_state)
        name = f"weight decay {weight_decay}, patience {patience}"
        print(f"    {name}: {len(history)}에폭 뒤의 학습 손실 {history[-1][0]:.3f}, 검증 손실 {history[-1][1]:.3f}")
        restored_loss = test(dataloaders[1], model, LOSS_FN)[0]
        show(f"{best_epoch, restored_loss = }")
        check("복원한 모델의 검증 손실이 가장 작습니다", not restored_loss > 1.001 * min(row[1] for row in history))
        results[name] = history
    return results


class Learner:
    """이어서 학습하는 데 필요한 상태를 모두 관리합니다. settings는 체크포인트에 함께 저장하는 설정입니다."""

    def __init__(self, settings, device):
        torch.manual_seed(settings["seed"])
        self.settings, self.history = settings, []
        self.model = NeuralNetwork().to(device)
        self.shared_model = DistributedDataParallel(self.model) if rank_and_size()[1] > 1 else self.model  # 12절
        self.loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=settings["learning_rate"], fused=True)
        steps = settings["epochs"] * math.ceil(settings["samples"] / settings["batch_size"])
        self.scheduler = torch.optim.lr_scheduler.LinearLR(self.optimizer, 1.0, 0.0, total_iters=steps)
        self.order = torch.Generator().manual_seed(settings["seed"])  # 데이터의 순서를 정하는 난수 생성기
        self.random_state = torch.get_rng_state()  # 드롭아웃(dropout) 등에 사용하는 난수의 상태

    def train_epoch(self, dataset):
        """이전 상태에서 이어서 한 에폭을 학습하고, 샘플당 평균 손실을 반환합니다."""
        torch.set_rng_state(self.random_state)
        dataloader = DataLoader(dataset, self.settings["batch_size"], shuffle=True, generator=self.order)
        loss = train_together(dataloader, self.shared_model, self.loss_fn, self.optimizer, self.scheduler)
        self.random_state = torch.get_rng_state()
        return loss


def save_checkpoint(learner, path):
    """체크포인트를 저장합니다. 저장하는 도중에 중단되어도 이전 체크포인트는 그대로 유지됩니다."""
    checkpoint = {name: getattr(learner, name).state_dict() for name in ("model", "optimizer", "scheduler")}
    checkpoint |= {"epoch": len(learner.history), "history": learner.history, "settings": learner.settings}
    checkpoint |= {"order": learner.order.get_state(), "random_state": learner.random_state}
    if rank_and_size()[0] == 0:
        with save_whole(path) as file:
            torch.save(checkpoint, file)


def load_checkpoint(path, device):
    """체크포인트의 설정으로 Learner를 생성하고 상태를 복원합니다. 사용할 수 없는 파일이면 종료합니다."""
    try:
        wrong = zipfile.ZipFile(path).testzip()  # PyTorch의 파일은 zip 형식이므로, 변경된 바이트를 찾을 수 있습니다
        checkpoint = dict(torch.load(path, map_location="cpu", weights_only=True))
        learner = Learner(checkpoint["settings"], device)
        options = set(learner.optimizer.param_groups[0])
        for name in ("model", "optimizer", "scheduler"):
            getattr(learner, name).load_state_dict(checkpoint[name])
        learner.order.set_state(checkpoint["order"])
        learner.random_state, learner.history = checkpoint["random_state"], checkpoint["history"]
        wrong = wrong or len(learner.history) != checkpoint["epoch"] or options - set(learner.optimizer.param_groups[0])
    except Exception as error:  # 어떤 파일이든 지정할 수 있으므로 오류의 종류도 다양합니다
        wrong = type(error).__name__
    if wrong:
        sys.exit(f"오류: 이 모델의 체크포인트가 아니거나, 손상되었거나, 파일이 없습니다 ({wrong}): {path}")
    return learner


def resume_exactly(dataloaders, device, seed):
    """11. 체크포인트(checkpoint)

    체크포인트는 이어서 학습하는 데 필요한 상태를 저장한 파일입니다. 모델뿐만 아니라 옵티마이저(Adam의
    m과 v), 스케줄러, 에폭, 설정도 저장합니다. 데이터의 순서와 드롭아웃은 난수로 정해지므로 난수
    생성기의 상태도 저장합니다. 모두 복원하면 CPU에서는 중단하지 않은 결과와 완전히 같습니다.
    """
    few = dataloaders[0].dataset
    settings = {"epochs": 4, "batch_size": 64, "learning_rate": 0.004, "seed": seed, "samples": len(few)}
    straight, stopped, model_only = (Learner(settings, device) for _ in range(3))
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        for learner in (straight, stopped) * 2:
            learner.train_epoch(few)
        save_checkpoint(stopped, Path(folder, "checkpoint.pth"))
        resumed = load_checkpoint(Path(folder, "checkpoint.pth"), device)
        model_only.model.load_state_dict(stopped.model.state_dict())
        for learner in (straight, resumed, model_only) * 2:
            learner.train_epoch(few)
    a, b, c = (nn.utils.parameters_to_vector(x.model.parameters()) for x in (straight, resumed, model_only))
    show(f"{(a - b).abs().max().item() = }", "모두 복원했을 때의 차이")
    show(f"{(a - c).abs().max().item() = :.4f}", "모델만 복원했을 때의 차이")
    if device.type == "cpu":  # GPU의 연산은 더하는 순서가 실행할 때마다 다를 수 있습니다
        check("모두 복원하면 중단하지 않은 결과와 완전히 같습니다", torch.equal(a, b))


def share_gradients():
    """12. 분산 학습: torchrun과 DistributedDataParallel (건너뛰어도 괜찮습니다)

    각 프로세스가 배치의 일부로 변화도를 계산하고 서로 평균합니다. 손실이 평균이고 같은 개수로 나누면,
    이 값은 배치 전체의 변화도와 같습니다. DistributedDataParallel(DDP)은 backward()에서 변화도를
    평균하므로 train 함수는 변경하지 않습니다. 보통은 DistributedSampler로 데이터를 나눕니다. 여기서는
    반올림 오차를 제외하면 프로세스 하나의 결과와 같도록, 모든 프로세스가 같은 배치의 일부만 사용합니다.
    다음 명령은 마지막 학습만 실행합니다. Windows의 PyTorch에서는 아직 torchrun을 사용할 수 없습니다.
        torchrun --standalone --nproc-per-node 2 optimization.py
    """
    X, gradient = torch.arange(8.0), torch.func.grad(lambda w, X: nn.functional.mse_loss(w * X, 3 * X))
    whole, first, second = (gradient(torch.tensor(1.0), part) for part in (X, X[0::2], X[1::2]))
    show(f"{whole, first, second = }", "전체와 절반의 변화도")
    check("두 절반의 변화도를 평균하면 전체의 변화도입니다", torch.isclose((first + second) / 2, whole))


def rank_and_size():
    """이 프로세스의 번호(rank)와 프로세스의 수를 반환합니다. python으로 실행하면 0과 1입니다."""
    joined = distributed.is_available() and distributed.is_initialized()
    return (distributed.get_rank(), distributed.get_world_size()) if joined else (0, 1)


def join_processes(device):
    """torchrun이 시작한 프로세스를 연결하고 사용할 장치를 반환합니다. GPU는 nccl로, CPU는 gloo로 통신합니다."""
    if not (distributed.is_available() and distributed.is_torchelastic_launched()):
        return device
    if int(os.environ["RANK"]) > 0:  # rank 0 프로세스만 출력합니다
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    processes = int(os.environ["LOCAL_WORLD_SIZE"])
    gpus = torch.cuda.device_count() if distributed.is_nccl_available() else 0
    if device.type == "cpu" or gpus < processes:
        if device.type == "cuda":
            print(f"프로세스는 {processes}개인데 사용할 수 있는 GPU는 {gpus}개입니다. 따라서 CPU를 사용합니다.")
        distributed.init_process_group("gloo")
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))  # 프로세스마다 GPU를 하나씩 사용합니다
    torch.cuda.set_device(device)
    distributed.init_process_group("nccl", device_id=device)
    return device


def train_together(dataloader, *args):
    """train을 호출합니다. 프로세스가 여러 개이면 각 배치의 일부만 학습하고, 손실을 평균해 반환합니다."""
    rank, processes = rank_and_size()
    if processes > 1:
        dataloader.collate_fn = lambda samples: default_collate(samples[rank::processes] or samples[:1])
    losses = [train(dataloader, *args)] * processes
    if processes > 1:
        distributed.all_gather_object(losses, losses[rank])
    return sum(losses) / processes


def train_to_the_end(learner, training_data, test_data, path):
    """13. 마지막 학습

    학습용 데이터 전체를 학습하고, 테스트용 데이터로 결과를 확인합니다. 옵션의 기본값은 FashionMNIST의
    샘플을 학습용 50,000개와 검증용 10,000개로 나누고, Adam으로 5에폭씩 학습해 선택했습니다. 아래는 시드
    3개의 평균 검증 정확도입니다. 레이블 스무딩(label smoothing)은 모델이 예측을 지나치게 확신하지 않게
    합니다. 이때 손실은 다르게 계산되므로, 위의 실험에서 출력한 손실과 비교할 수 없습니다.
        배치 크기 256, 초기 학습률 0.004, 선형 감소                        89.16%
        배치 크기 256, 초기 학습률 0.004, 코사인 감소                      89.04%
        배치 크기 256, 초기 학습률 0.004, 선형 감소, 레이블 스무딩 0.05    89.42% (선택)
    에폭마다 체크포인트를 저장하므로, 중단한 학습은 다음 명령으로 이어서 할 수 있습니다.
    """
    processes, words = rank_and_size()[1], [*sys.argv, "--resume", str(path)]
    launcher = "python" if processes == 1 else f"torchrun --standalone --nproc-per-node {processes}"
    print(f"    {launcher}", *(f'"{word}"' if " " in word else word for word in words))
    print("    설정:", ", ".join(f"{name} {value}" for name, value in learner.settings.items()))
    test_dataloader = DataLoader(test_data, batch_size=1000)
    save_checkpoint(learner, path)
    for epoch in range(len(learner.history) + 1, learner.settings["epochs"] + 1):
        print(f"에폭 {epoch}")
        train_loss = learner.train_epoch(training_data)
        test_loss, accuracy = test(test_dataloader, learner.model, learner.loss_fn)
        learner.history.append((train_loss, test_loss, accuracy, learner.optimizer.param_groups[0]["lr"]))
        save_checkpoint(learner, path)
        print(f"    테스트 손실 {test_loss:.4f}, 정확도 {accuracy:.1f}%", flush=True)
    check("모든 에폭의 결과를 기록했습니다", len(learner.history) == learner.settings["epochs"])


def load_data(data_dir):
    """데이터를 메모리로 불러옵니다. 프로세스가 여러 개이면 rank 0 프로세스가 준비하는 동안 나머지는 기다립니다."""
    rank, processes = rank_and_size()
    root = [prepare_fashion_mnist(data_dir) if rank == 0 else None]
    if processes > 1:
        distributed.broadcast_object_list(root)
    training_data = datasets.FashionMNIST(root=root[0], train=True, download=True, transform=ToTensor())
    test_data = datasets.FashionMNIST(root=root[0], train=False, download=True, transform=ToTensor())
    return load_into_memory(training_data), load_into_memory(test_data)


def load_into_memory(dataset):
    """transform과 target_transform을 적용한 모든 샘플과 정답을 배치 하나로 불러와 TensorDataset으로 반환합니다."""
    X, y = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    return TensorDataset(X, y)


def run_lessons(training_data, test_data, output_dir, device, seed):
    """마지막 학습을 제외한 모든 절을 순서대로 실행합니다."""
    teach(measure_loss)
    teach(take_three_steps)
    dataloaders = teach(split_datasets, training_data, test_data, seed)
    torch.manual_seed(seed)
    model = NeuralNetwork().to(device)
    teach(run_epochs, model, torch.optim.SGD(model.parameters(), lr=0.1), dataloaders, 3)
    results = teach(compare_hyperparameters, dataloaders, device, seed)
    save_figure(draw_hyperparameters(*results), output_dir / "optimization_hyperparameters.png")
    teach(step_sgd_by_hand)
    teach(step_adam_by_hand)
    paths = teach(descend_valley)
    results = teach(compare_optimizers, dataloaders, device, seed)
    save_figure(draw_optimizers(paths, results), output_dir / "optimization_optimizers.png")
    few = Subset(dataloaders[0].dataset, range(min(500, len(dataloaders[0].dataset))))
    few_dataloaders = DataLoader(few, batch_size=64, shuffle=True), dataloaders[1]
    results = teach(overfit_small_data, few_dataloaders, device, seed)
    save_figure(draw_overfitting(results), output_dir / "optimization_overfitting.png")
    teach(resume_exactly, few_dataloaders, device, seed)
    teach(share_gradients)


def main():
    """목차의 순서대로 각 절을 실행합니다. --resume이나 torchrun을 사용하면 마지막 학습만 합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    device = join_processes(select_device(args.device))
    rank, processes = rank_and_size()
    learner = load_checkpoint(args.resume.expanduser(), device) if args.resume else None
    output_dir = prepare_outputs(args.output_dir, args.show)
    print(f"7장. 최적화  |  PyTorch {torch.__version__}  |  장치(device): {device}")
    training_data, test_data = load_data(args.data_dir)
    if learner is None:
        settings = {name: getattr(args, name) for name in ("epochs", "batch_size", "learning_rate", "seed")}
        learner = Learner({**settings, "samples": len(training_data)}, device)
    elif learner.settings["samples"] != len(training_data):
        sys.exit(f"오류: 체크포인트의 학습용 샘플은 {learner.settings['samples']}개입니다. --data-dir을 확인하세요.")
    if processes == 1 and not args.resume:
        run_lessons(training_data, test_data, output_dir, device, args.seed)
    teach(train_to_the_end, learner, training_data, test_data, output_dir / "optimization_checkpoint.pth")
    if processes > 1:
        distributed.barrier()  # 먼저 종료하는 프로세스가 없도록 기다립니다
        distributed.destroy_process_group()
    if rank == 0:
        with save_whole(output_dir / "optimization_model.pth") as file:
            torch.save(learner.model.state_dict(), file)
        save_figure(draw_training(learner.history), output_dir / "optimization_training.png")
        teach(check_practice)
        print(f"\n최종 정확도: 테스트용 데이터 {len(test_data)}개에서 {learner.history[-1][2]:.1f}%")
        finish(started, "없음 (마지막 장입니다)", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="7장. 최적화", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--epochs", type=int, default=5, help="에폭 수 (기본값: %(default)s)")
    group.add_argument("--batch-size", type=int, default=256, help="배치 크기 (기본값: %(default)s)")
    group.add_argument("--learning-rate", type=float, default=4e-3, help="초기 학습률 (기본값: %(default)s)")
    group.add_argument("--resume", type=Path, metavar="FILE", help="체크포인트의 설정으로 이어서 학습 (기본값: 없음)")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s)")
    group.add_argument("--data-dir", type=Path, default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not (0 <= args.seed < 2**32 and args.epochs >= 1 <= args.batch_size and 0 < args.learning_rate <= 1000):
        parser.error("시드는 0 이상, 에폭 수와 배치 크기는 1 이상, 학습률은 0보다 크고 1000 이하여야 합니다")
    return args


# 직접 해 보기 (FashionMNIST 전체에서 시드 3개로 확인한 결과입니다)
#   1. descend_valley에서 SGD의 lr을 0.021로 변경해 보세요. y 방향의 진폭이 점점 커져 발산합니다.
#   2. run_lessons의 500을 2000으로 변경해 보세요. 10절에서 학습이 끝났을 때의 검증 손실이 작아집니다.
#   3. Learner의 LinearLR에서 0.0을 1.0으로 변경해 보세요. 마지막 정확도가 1~2%p 낮아집니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def momentum_step(w, v, g, learning_rate, momentum):
    """이전의 v와 변화도 g로 모멘텀을 사용하는 SGD를 한 단계 계산하고, 업데이트한 w를 반환하세요.
    예: w=4, v=1, g=2, 학습률 0.1, 모멘텀 0.5이면 새로운 v는 2.5이고 w는 3.75입니다.
    힌트: 6절에서 v와 w를 계산하는 두 줄을 참고하세요.
    """
    return None


def cosine_rate(step, steps, learning_rate):
    """step이 0에서 steps까지 커질 때 learning_rate에서 0까지 코사인을 따라 감소하는 학습률을 반환하세요.
    예: steps가 10이고 learning_rate가 0.4이면, 절반인 step 5에서는 0.2입니다.
    힌트: (1 + math.cos(x)) / 2는 x=0에서 1, x=math.pi에서 0입니다.
    """
    return None


def clip_by_norm(g, max_norm):
    """변화도 g [D]의 노름(norm)이 max_norm보다 클 때만, 방향은 유지하고 노름이 max_norm이 되도록 줄여 반환하세요.
    예: g가 [3, 4]이고 max_norm이 1이면 [0.6, 0.8]이며, max_norm이 10이면 [3, 4]입니다.
    힌트: g.norm()으로 나누고 max_norm을 곱하면 노름이 max_norm입니다.
    """
    return None


def last_epoch(losses, patience):
    """losses는 에폭별 검증 손실입니다. 조기 종료로 중단하는 에폭(1부터)을 반환하고, 중단하지 않으면 길이를 반환하세요.
    예: losses가 [3, 1, 2, 2, 0]이고 patience가 2이면, 손실이 줄어든 에폭 2에서 2에폭이 지난 4입니다.
    힌트: 10절을 참고하세요. 최솟값과 같은 손실은 줄어든 것이 아닙니다.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    w, v, g = torch.tensor([4.0, -1.0]), torch.tensor([1.0, 0.5]), torch.tensor([3.0, -4.0])

    def stop(losses, patience):
        best = torch.tensor(losses).cummin(dim=0).values
        return next((e for e in range(patience + 1, len(losses)) if best[e - 1] == best[e - 1 - patience]), len(losses))

    inputs = (w, v, g, 0.1, 0.9), (w, v, g, 0.5, 0.0), (w, -v, g, 1.0, 0.5)
    practice(momentum_step, lambda w, v, g, rate, momentum: w.sub(g.add(v, alpha=momentum), alpha=rate), *inputs)
    practice(cosine_rate, lambda k, n, r: r * math.cos(math.pi * k / n / 2) ** 2, (0, 9, 0.4), (3, 9, 0.4), (8, 8, 1))
    practice(clip_by_norm, lambda g, m: torch.renorm(g[None], 2, 0, m)[0], (g, 1.0), (g, 10.0), (0 * g, 1.0))
    practice(last_epoch, stop, ([3, 1, 2, 2, 0], 2), ([5, 4, 3], 1), ([2, 2, 2, 1], 2), ([1, 3, 0.5, 2, 2, 2, 2], 3))


# ---- 그림을 그리는 함수입니다. ----
def draw_losses(axis, results, title):
    """실험별 검증 손실을 그립니다. 큰 값은 4에서 자르고, nan은 그리지 않습니다. 마지막 정확도는 범례에 표시합니다."""
    for (name, history), color, marker in zip(results.items(), COLORS * len(results), "os^Dvx" * len(results)):
        losses = [min(row[1], 4) for row in history]
        outcome = f"{history[-1][2]:.1f}%" if math.isfinite(history[-1][1]) else "diverged: nan"
        axis.plot(range(1, len(losses) + 1), losses, f"{marker}-", color=color, label=f"{name} ({outcome})")
    axis.set(title=title, xlabel="epoch", ylabel="validation loss (cut at 4)", ylim=(0, None))
    axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend()


def draw_hyperparameters(rates, sizes):
    """왼쪽에 학습률을, 오른쪽에 배치 크기를 비교한 결과를 그립니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
    draw_losses(left, rates, "Learning rates, with the final accuracy")
    draw_losses(right, sizes, "Batch sizes, with the final accuracy")
    return figure


def draw_optimizers(paths, results):
    """왼쪽에 골짜기에서 이동한 경로를, 오른쪽에 데이터를 학습한 검증 손실을 그립니다."""
    figure, axes = plt.subplot_mosaic("ABEE;CDEE", figsize=(13, 6.2), layout="constrained")
    x, y = torch.meshgrid(torch.linspace(-5, 7.5, 120), torch.linspace(-2, 4, 120), indexing="xy")
    grid = [tensor.numpy() for tensor in (x, y, valley(torch.stack([x, y], dim=-1)))]
    for (name, path), axis, color in zip(paths.items(), [axes[key] for key in "ABCD"], COLORS):
        axis.contour(*grid, levels=[1, 4, 15, 40, 90, 180], colors="0.75", linewidths=0.8)
        axis.plot(*path.T.numpy(), ".-", color=color, linewidth=1.2, markersize=5)
        axis.plot(*VALLEY_START, "o", color="black", markersize=6)
        axis.plot(*VALLEY_BOTTOM, "*", color="black", markersize=11)
        axis.set(title=f"{name}, {len(path) - 1} steps", xlabel="x", ylabel="y", xlim=(-5, 7.5), ylim=(-2, 4))
    draw_losses(axes["E"], results, "On the data, with the final accuracy")
    figure.suptitle("Left: paths in a narrow valley (dot: start, star: lowest point). Right: the images")
    return figure


def draw_overfitting(results):
    """실험별 학습 손실과 검증 손실을 그리고, 검증 손실이 가장 작은 에폭을 별로 표시합니다."""
    figure, _ = plt.subplots(1, len(results), figsize=(12, 4.4), layout="constrained", sharex=True, sharey=True)
    for axis, (name, history) in zip(figure.axes, results.items()):
        epochs, (train_losses, losses, *_) = range(1, len(history) + 1), zip(*history)
        axis.plot(epochs, train_losses, "o-", color="#0072B2", markersize=3, label="training (small part)")
        axis.plot(epochs, losses, "s--", color="#D55E00", markersize=3, label="validation")
        axis.plot(1 + losses.index(min(losses)), min(losses), "*", color="black", markersize=12, label="restored")
        axis.set(title=name, xlabel="epoch", ylabel="cross entropy", xlim=(0, None), ylim=(0, None))
    figure.axes[0].legend()
    return figure


def draw_training(history):
    """마지막 학습의 손실과 정확도를 그립니다."""
    train_losses, test_losses, accuracies, _ = zip(*history)
    epochs = range(1, len(history) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    left.plot(epochs, train_losses, "o-", color="#0072B2", label="train")
    left.plot(epochs, test_losses, "s--", color="#D55E00", label="test")
    left.legend()
    right.plot(epochs, accuracies, "s--", color="#D55E00")
    for axis, title in ((left, "Loss (with label smoothing)"), (right, "Test accuracy (%)")):
        axis.set(title=title, xlabel="epoch")
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
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


STALL_SECONDS = 5  # 이 시간 동안 데이터를 받지 못하면 다음 미러를 시도합니다
SECOND_MIRROR = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
PRACTICE_NOTICE = """\n[연습용 데이터] FashionMNIST를 내려받지 못해 연습용 데이터로 진행합니다.
    따라서 출력되는 정확도는 FashionMNIST의 정확도가 아닙니다.
    이유: {}
    해결 방법: 인터넷에 연결한 뒤 다시 실행하세요. 또는 다음 주소에 있는 .gz 파일 4개를 내려받아
        https://github.com/zalandoresearch/fashion-mnist/tree/master/data/fashion
        {} 폴더에 넣고 다시 실행하세요.
"""
GARMENTS = """1fffbe7cf9f3e 0f9f366cd9b36 1fffffbb76e9c 070e083871f3e 18ffffefdfbb6
    0000406037f00 1ff5ebbb56e94 0000073ffff80 07117ffffffff 03060c39f3fe3"""  # 클래스별 7x7 그림(49비트)


def prepare_fashion_mnist(data_dir):
    """FashionMNIST가 있는 폴더를 반환합니다. 없으면 내려받고, 내려받지 못하면 연습용 데이터를 생성합니다."""
    root, reasons = data_dir.expanduser(), []
    raw = root / "FashionMNIST" / "raw"
    if root.is_file():
        sys.exit(f"오류: {root}은(는) 폴더가 아니라 파일입니다. --data-dir로 다른 폴더를 지정하세요.")
    socket.setdefaulttimeout(STALL_SECONDS)
    for mirror in [*datasets.FashionMNIST.mirrors, SECOND_MIRROR]:
        try:
            download_fashion_mnist(mirror, raw)
            break
        except Exception as error:  # 어떤 오류가 발생하더라도 다음 미러를 시도합니다
            reasons.append(f"{type(error).__name__}: {error}".strip().splitlines()[-1][:85])
    else:
        root = write_practice_data()
        REMINDERS.append(PRACTICE_NOTICE.format("\n          ".join(reasons), raw))
        print(REMINDERS[-1])
    socket.setdefaulttimeout(None)
    return root


def download_fashion_mnist(mirror, raw):
    """raw 폴더에 없는 파일을 mirror에서 내려받고 MD5를 확인합니다. 이미 있는 파일이 손상되었으면 종료합니다."""
    files = [raw / name.removesuffix(".gz") for name, _ in datasets.FashionMNIST.resources]
    if not all(path.is_file() for path in files):
        print(f"FashionMNIST를 준비합니다: {mirror.split('/')[2]}", flush=True)
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw.parent) as temporary:
            part = shutil.copytree(raw, Path(temporary, "FashionMNIST", "raw"))  # 직접 넣은 .gz 파일도 사용합니다
            type("FashionMNIST", (datasets.FashionMNIST,), {"mirrors": [mirror]})(temporary, download=True)
            for path in files:
                os.replace(part / path.name, path)
    for path in files:
        count = int.from_bytes(path.read_bytes()[4:8], "big")  # 파일에 기록된 샘플 수
        if path.stat().st_size != (16 + 28 * 28 * count if "images" in path.name else 8 + count):
            sys.exit(f"오류: {path} 파일이 손상되었습니다. {raw} 폴더를 삭제하고 다시 실행하세요.")


def write_practice_data():
    """7x7 그림을 확대하고 이동한 뒤 잡음(noise)을 더한 이미지 7,000개를 임시 폴더에 저장하고, 그 폴더를 반환합니다."""
    raw = Path(tempfile.mkdtemp(), "FashionMNIST", "raw")
    raw.mkdir(parents=True)
    atexit.register(shutil.rmtree, raw.parent.parent, ignore_errors=True)
    pixels = torch.tensor([[int(bit) for bit in f"{int(code, 16):049b}"] for code in GARMENTS.split()]).view(10, 7, 7)
    shapes = nn.functional.pad(pixels.repeat_interleave(3, 1).repeat_interleave(3, 2), (3, 4, 3, 4))  # [10, 28, 28]
    for split, n in (("train", 6000), ("t10k", 1000)):
        random = torch.Generator().manual_seed(n)
        labels, brightness = torch.randint(10, (n,), generator=random), torch.rand(n, 1, 1, generator=random)
        rows, columns = (torch.randint(-3, 4, (2, n, 1), generator=random) + torch.arange(28)) % 28
        images = shapes[labels[:, None, None], rows[:, :, None], columns[:, None, :]] * (0.2 + 0.8 * brightness)
        images = 255 * (images + 0.3 * torch.randn(n, 28, 28, generator=random)).clamp(0, 1)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.dim()]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (raw / f"{split}-{kind}-ubyte").write_bytes(header + array.to(torch.uint8).numpy().tobytes())
    return raw.parent.parent


if __name__ == "__main__":
    main()
