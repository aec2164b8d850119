"""7장. 최적화: 손실이 줄어드는 쪽으로 매개변수를 고칩니다.

학습의 한 걸음은 예측하고, 손실을 재고, 변화도를 구하고, 매개변수를 조금 옮기는 것입니다.
이 장은 그 한 걸음을 손으로 계산해 보고, 걸음의 크기와 방법을 데이터로 비교합니다.
끝으로 고른 값으로 데이터 전체를 학습합니다. 멈추어도 이어서 학습할 수 있게 에폭마다 체크포인트를 남깁니다.

실행 방법
    python optimization.py                       # 처음부터 끝까지
    python optimization.py --epochs 2            # 마지막 학습을 두 에폭만 합니다
    python optimization.py --show                # 그림을 창으로도 봅니다
    python optimization.py --resume outputs/optimization_checkpoint.pth    # 멈춘 학습을 이어서 합니다
    torchrun --standalone --nproc-per-node 2 optimization.py               # 마지막 학습을 두 프로세스로 합니다
    python optimization.py --help                # 모든 옵션

차례
     1. 손실 함수: 얼마나 틀렸는지 잽니다            measure_loss
     2. 한 걸음의 세 단계: 지우고, 구하고, 고칩니다  walk_the_three_steps
     3. 손으로 하는 SGD와 모멘텀                     step_sgd_by_hand
     4. 손으로 하는 Adam                             step_adam_by_hand
     5. 골짜기 내려가기: 옵티마이저의 길을 봅니다    walk_down_the_valley
     6. 하이퍼파라미터: 사람이 정하는 값입니다       meet_hyperparameters
     7. 검증 데이터: 고를 때 쓰는 데이터입니다       set_aside_validation
     8. 학습률 비교                                  compare_learning_rates
     9. 배치 크기 비교                               compare_batch_sizes
    10. 옵티마이저 비교                              compare_optimizers
    11. 학습률 스케줄: 갈수록 걸음을 줄입니다        schedule_learning_rate
    12. 과적합과 가중치 감쇠                         overfit_small_data
    13. 조기 종료: 가장 좋을 때 멈춥니다             stop_early
    14. 체크포인트: 멈춘 곳에서 이어서 합니다        resume_exactly
    15. 여러 프로세스: torchrun으로 나누어 합니다    share_the_work
    16. 마지막 학습: 데이터 전체로 학습합니다        train, test, train_to_the_end

마지막 장입니다. 첫 장은 quick_start.py입니다.
"""

import argparse
import contextlib
import copy
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import distributed, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.transforms import ToTensor

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]


def measure_loss():
    """손실 함수(loss function)는 예측이 정답(label)에서 얼마나 먼지 수 하나로 잽니다. 학습은 이 수를 줄이는 일입니다.

    수를 맞히는 문제에는 MSELoss를, 클래스를 맞히는 문제에는 CrossEntropyLoss를 많이 씁니다.
    NLLLoss는 로그 확률을 받습니다. CrossEntropyLoss는 로짓을 받아 LogSoftmax와 NLLLoss를 차례로 합니다.
    """
    print("\n== 1. 손실 함수(loss function) ==")
    print("손실 함수는 예측이 정답(label)에서 얼마나 먼지 수 하나로 잽니다. 작을수록 잘 맞힌 것입니다.")
    pred, target = torch.tensor([2.5, 0.0, 2.0]), torch.tensor([3.0, -1.0, 2.0])
    mse = nn.MSELoss()(pred, target)  # 차이를 제곱하여 평균합니다
    print(f"MSELoss는 차이의 제곱을 평균합니다: 예측 {pred.tolist()}, 정답 {target.tolist()} -> {mse:.4f}")
    assert torch.isclose(mse, torch.tensor((0.5**2 + 1.0**2 + 0.0**2) / 3))

    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])  # 샘플 둘, 클래스 셋
    y = torch.tensor([0, 2])
    log_probabilities = nn.LogSoftmax(dim=1)(logits)  # 로그 확률
    nll = nn.NLLLoss()(log_probabilities, y)
    for row, label in zip(log_probabilities, y):
        print(f"정답 {label}의 확률이 {row[label].exp():.3f}이면 손실은 -log({row[label].exp():.3f}) = {-row[label]:.4f}입니다.")
    print(f"NLLLoss는 정답 자리의 로그 확률에 -를 붙여 평균합니다: {nll:.4f}")
    assert torch.isclose(nll, -(log_probabilities[0, 0] + log_probabilities[1, 2]) / 2)

    cross_entropy = nn.CrossEntropyLoss()(logits, y)
    print(f"CrossEntropyLoss는 로짓(logit)에서 바로 계산합니다: {cross_entropy:.4f}. LogSoftmax + NLLLoss와 같습니다.")
    assert torch.allclose(cross_entropy, nll)


def walk_the_three_steps():
    """옵티마이저(optimizer)의 한 걸음은 세 단계입니다. 순서는 zero_grad(), backward(), step()입니다.

    backward는 변화도(gradient)를 새로 쓰지 않고 있던 값에 더합니다. 그래서 먼저 지워야 합니다.
    """
    print("\n== 2. 한 걸음의 세 단계 ==")
    print("예측하고 손실을 잰 다음에, 다음 세 단계로 매개변수(parameter)를 한 걸음 고칩니다.")
    print("    1) optimizer.zero_grad()  지난 변화도(gradient)를 지웁니다")
    print("    2) loss.backward()        역전파(backpropagation)로 변화도를 구합니다")
    print("    3) optimizer.step()       변화도의 반대쪽으로 매개변수를 옮깁니다")
    w = torch.tensor(4.0, requires_grad=True)
    seen = []
    for _ in range(3):
        (w**2).backward()  # w**2의 변화도는 2 * w = 8입니다
        seen.append(w.grad.item())
    print(f"지우지 않고 backward를 세 번 하면 변화도가 더해집니다: {seen}. 옳은 값은 늘 8입니다.")
    print("변화도를 더하는 까닭은 6장(autograd.py)에서 보았습니다.")
    assert seen == [8.0, 16.0, 24.0]

    def descend(zero_first):
        w = torch.tensor(4.0, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        path = []
        for _ in range(12):
            if zero_first:
                optimizer.zero_grad()
            loss = w**2
            loss.backward()
            optimizer.step()
            path.append(w.item())
        return path

    right, wrong = descend(zero_first=True), descend(zero_first=False)
    print("w**2을 줄여 봅니다. w는 4에서 떠나 0으로 가야 합니다.")
    print(f"    지우고 걸으면: {', '.join(f'{value:.2f}' for value in right)}")
    print(f"    지우지 않으면: {', '.join(f'{value:.2f}' for value in wrong)}")
    print("지우지 않으면 옛 변화도가 계속 밀어서 0을 지나치고, 이리저리 흔들립니다.")
    assert abs(right[-1] - 4 * 0.8**12) < 1e-5 and min(wrong) < -3


def slope_at(w):
    """작은 문제 하나의 변화도를 구합니다. 손으로 하는 걸음과 옵티마이저가 똑같이 이 값을 씁니다."""
    w = w.detach().requires_grad_()
    (torch.tensor([1.0, 4.0, 0.5]) * (w - 1) ** 2).sum().backward()
    return w.grad


def steps_of(optimizer, w, steps):
    """옵티마이저로 w를 steps 걸음 고치고, 걸음마다의 값을 돌려줍니다."""
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        w.grad = slope_at(w)  # loss.backward()가 하는 일입니다
        optimizer.step()
        path.append(w.detach().clone())
    return path


def print_steps(by_hand, by_optimizer):
    """손으로 한 걸음과 옵티마이저의 걸음을 나란히 적고, 같은지 확인합니다."""
    for number, (hand, real) in enumerate(zip(by_hand, by_optimizer), start=1):
        values = "[" + ", ".join(f"{value:+.6f}" for value in hand.tolist()) + "]"
        print(f"    {number}걸음: 손으로 {values}, step()과 가장 큰 차이 {(hand - real).abs().max():.1e}")
        assert torch.allclose(hand, real, rtol=1e-5, atol=1e-6)


def step_sgd_by_hand():
    """최적화 알고리즘은 변화도를 보고 매개변수를 얼마나 옮길지 정하는 방법입니다.

    경사하강법(gradient descent)은 변화도의 반대쪽으로 옮깁니다. 배치(batch)마다 하면 확률적 경사하강법(SGD)입니다.
    모멘텀(momentum)은 지난 걸음의 힘을 이어 받습니다. 구르는 공과 같습니다.
    """
    print("\n== 3. 손으로 하는 SGD와 모멘텀 ==")
    print("옵티마이저(optimizer)는 변화도 g를 보고 매개변수 w를 옮기는 방법, 곧 최적화 알고리즘입니다.")
    start, rate, momentum = torch.tensor([3.0, -2.0, 0.5]), 0.1, 0.9

    print("경사하강법(gradient descent)은 변화도의 반대쪽으로 갑니다. 배치(batch)마다 하면 SGD입니다: w = w - 학습률 * g")
    by_hand = [start - rate * slope_at(start)]
    w = start.clone().requires_grad_()
    print_steps(by_hand, steps_of(torch.optim.SGD([w], lr=rate), w, 1))

    print("모멘텀(momentum)은 지난 걸음의 힘 v를 이어 받습니다: v = 0.9 * v + g, w = w - 학습률 * v")
    w, v, by_hand = start, torch.zeros(3), []
    for _ in range(2):
        v = momentum * v + slope_at(w)
        w = w - rate * v
        by_hand.append(w)
    w = start.clone().requires_grad_()
    print_steps(by_hand, steps_of(torch.optim.SGD([w], lr=rate, momentum=momentum), w, 2))


def step_adam_by_hand():
    """Adam은 변화도의 평균 m과 변화도 제곱의 평균 v를 기억합니다.

    m을 v의 제곱근으로 나누므로, 변화도가 크든 작든 한 걸음이 학습률과 비슷한 크기가 됩니다.
    m과 v는 0에서 시작하여 처음에는 너무 작습니다. 그래서 (1 - 0.9**t)와 (1 - 0.999**t)로 나누어 바로잡습니다.
    """
    print("\n== 4. 손으로 하는 Adam ==")
    print("Adam은 변화도의 평균 m과 변화도 제곱의 평균 v를 기억하고, m / sqrt(v)만큼 갑니다.")
    print("변화도가 크든 작든 한 걸음의 크기가 학습률과 비슷합니다. 자리마다 알아서 보폭을 맞추는 셈입니다.")
    start, rate, beta1, beta2, epsilon = torch.tensor([3.0, -2.0, 0.5]), 0.1, 0.9, 0.999, 1e-8
    w, m, v, by_hand = start, torch.zeros(3), torch.zeros(3), []
    for t in (1, 2):
        g = slope_at(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - rate * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + epsilon)
        by_hand.append(w)
    print(f"처음의 변화도 {slope_at(start).tolist()}은 크기가 서로 다르지만, 첫 걸음은 모두 학습률 {rate}만큼입니다.")
    assert torch.allclose((by_hand[0] - start).abs(), torch.full((3,), rate))
    w = start.clone().requires_grad_()
    print_steps(by_hand, steps_of(torch.optim.Adam([w], lr=rate), w, 2))


VALLEY_BOTTOM = (4.0, 1.0)
VALLEY_START = (-4.0, 3.0)


def valley(x, y):
    """x 쪽으로는 완만하고 y 쪽으로는 스무 배 가파른 골짜기입니다. 바닥은 (4, 1)입니다."""
    return ((x - VALLEY_BOTTOM[0]) ** 2 + 20 * (y - VALLEY_BOTTOM[1]) ** 2) / 2


def walk_down_the_valley():
    """같은 골짜기를 네 옵티마이저가 60걸음씩 내려갑니다. 걸어간 길 {이름: [61, 2]}을 돌려줍니다."""
    print("\n== 5. 골짜기 내려가기 ==")
    print(f"길고 좁은 골짜기의 {VALLEY_START}에서 바닥 {VALLEY_BOTTOM}까지 60걸음씩 내려갑니다.")
    paths = {}
    for name, kind, options in [
        ("SGD", torch.optim.SGD, {"lr": 0.09}),
        ("SGD + momentum", torch.optim.SGD, {"lr": 0.02, "momentum": 0.9}),
        ("Adam", torch.optim.Adam, {"lr": 0.4}),
        ("AdamW", torch.optim.AdamW, {"lr": 0.4, "weight_decay": 0.1}),
    ]:
        place = torch.tensor(VALLEY_START, requires_grad=True)
        optimizer, path = kind([place], **options), [place.detach().clone()]
        for _ in range(60):
            optimizer.zero_grad()
            valley(*place).backward()
            optimizer.step()
            path.append(place.detach().clone())
        paths[name] = torch.stack(path)
        (x, y), height = place.tolist(), valley(*place).item()
        print(f"    {name:<15} 60걸음 뒤 ({x:5.2f}, {y:5.2f}), 높이 {height:.4f}, 학습률 {options['lr']}")
    print("SGD는 가파른 벽 사이를 지그재그로 오갑니다. 모멘텀은 힘이 붙어 바닥을 지나쳤다가 돌아옵니다.")
    print("Adam은 가파른 쪽과 완만한 쪽을 비슷한 보폭으로 갑니다.")
    print("AdamW는 매개변수를 걸음마다 조금씩 0 쪽으로 당깁니다(가중치 감쇠). 그래서 바닥보다 원점에 가까이 섭니다.")
    steps = torch.arange(61)  # SGD가 갈 곳은 식으로도 압니다: 바닥까지의 거리에 걸음마다 (1 - 학습률 * 가파름)을 곱합니다
    assert torch.allclose(paths["SGD"][:, 0], 4 + (-4 - 4) * (1 - 0.09 * 1) ** steps, atol=1e-4)
    assert torch.allclose(paths["SGD"][:, 1], 1 + (3 - 1) * (1 - 0.09 * 20) ** steps, atol=1e-4)
    assert paths["AdamW"][-1].norm() < paths["Adam"][-1].norm()
    return paths


def meet_hyperparameters(epochs, batch_size, learning_rate):
    """하이퍼파라미터(hyperparameter)는 학습으로 배우지 않고 사람이 정하는 값입니다."""
    print("\n== 6. 하이퍼파라미터(hyperparameter) ==")
    print("학습으로 배우지 않고 사람이 정하는 값입니다. 마지막 학습에서는 다음 값을 씁니다.")
    print(f"    에폭(epoch) {epochs}: 데이터 전체를 몇 번 볼지 정합니다")
    print(f"    배치 크기(batch size) {batch_size}: 한 걸음에 샘플을 몇 개 볼지 정합니다")
    print(f"    학습률(learning rate) {learning_rate}: 한 걸음에 얼마나 옮길지 정합니다")
    print("학습률이 너무 작으면 느리게 배우고, 너무 크면 종잡을 수 없습니다. w**2을 줄이는 열 걸음을 보십시오.")
    ends = []
    for rate, comment in [(0.01, "너무 작습니다"), (0.3, "알맞습니다"), (0.95, "너무 큽니다"), (1.1, "발산합니다")]:
        w = torch.tensor(1.0, requires_grad=True)
        optimizer, path = torch.optim.SGD([w], lr=rate), []
        for _ in range(10):
            optimizer.zero_grad()
            (w**2).backward()
            optimizer.step()
            path.append(w.item())
        print(f"    학습률 {rate:<4}  {' '.join(f'{value:6.2f}' for value in path)}   {comment}")
        assert abs(path[-1] - (1 - 2 * rate) ** 10) < 1e-4  # 걸음마다 (1 - 2 * 학습률)을 곱하는 것과 같습니다
        ends.append(abs(path[-1]))
    assert ends[1] < ends[0] < 1 < ends[3]


def transform_once(dataset):
    """모든 이미지를 한꺼번에 0~1로 바꾸어 둡니다. 결과는 ToTensor와 같습니다.

    데이터셋은 샘플을 꺼낼 때마다 변형을 다시 계산합니다. ToTensor의 답은 늘 같으므로, 처음에 한 번만
    계산해 두면 학습이 훨씬 빨라집니다. 자세한 이야기는 3장(data_tutorial.py)에 있습니다.
    """
    X = dataset.data.unsqueeze(1) / 255  # uint8 [N, 28, 28] -> float32 [N, 1, 28, 28]
    for i in (0, len(X) // 2, len(X) - 1):
        assert torch.equal(X[i], dataset[i][0]), "transform을 바꾸었다면 이 함수도 바꾸어야 합니다"
    return TensorDataset(X, dataset.targets)


def set_aside_validation(training_data, seed, device):
    """학습용 데이터에서 검증용 데이터를 떼어 놓습니다. 실험용 (X, y)와 검증용 (X, y)를 돌려줍니다.

    하이퍼파라미터는 검증(validation) 데이터로 고릅니다. 시험용 데이터로 고르면, 시험 문제를 보고 공부한 것이 되어
    마지막 정확도를 믿을 수 없습니다. 실험은 빨리 끝나도록 학습용의 일부만 씁니다.
    """
    print("\n== 7. 검증 데이터(validation data) ==")
    dataset = transform_once(training_data)
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))
    held_out = order[: min(2000, len(order) // 5)]
    chosen = order[len(held_out) :][:4000]
    assert not set(held_out.tolist()) & set(chosen.tolist())
    print(f"학습용 {len(order)}장에서 실험용 {len(chosen)}장과 검증용 {len(held_out)}장을 겹치지 않게 뽑았습니다.")
    print("다음 실험들은 실험용으로 배우고 검증용으로 견줍니다. 시험용 데이터는 고르는 데 쓰지 않습니다.")
    print("시험용으로 고르면 시험 문제를 미리 본 셈이 되어, 마지막 정확도를 믿을 수 없습니다.")
    return [tuple(tensor[rows].to(device) for tensor in dataset.tensors) for rows in (chosen, held_out)]


def learn_once(model, optimizer, part, batch_size, seed, epoch):
    """part(X, y)를 한 에폭 학습하고 배치마다의 손실을 돌려줍니다. 순서는 seed와 epoch만으로 정해집니다."""
    X, y = part
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(seed + epoch)).to(X.device)
    losses = []
    model.train()
    for rows in order.split(batch_size):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).cpu()


def measure_part(model, part):
    """part(X, y)의 평균 손실과 정확도(%)를 잽니다. 아무것도 학습하지 않습니다."""
    X, y = part
    model.eval()
    with torch.no_grad():
        pred = model(X)
    return F.cross_entropy(pred, y).item(), 100 * (pred.argmax(1) == y).float().mean().item()


def try_out(name, make_optimizer, part, held_out, batch_size, epochs, seed):
    """같은 첫 매개변수에서 떠나 몇 에폭 학습하고, 결과를 한 줄로 알립니다. 배치마다의 손실과 에폭당 초를 돌려줍니다."""
    torch.manual_seed(seed)  # 실험마다 첫 매개변수를 같게 합니다
    model = NeuralNetwork().to(part[0].device)
    optimizer, losses = make_optimizer(model.parameters()), []
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        losses.append(learn_once(model, optimizer, part, batch_size, seed, epoch))
    seconds = (time.perf_counter() - started) / epochs
    means = " ".join(f"{epoch_losses.mean():8.3f}" for epoch_losses in losses)
    loss, accuracy = measure_part(model, held_out)
    print(f"    {name:<22} 학습 손실{means}   검증 손실 {loss:7.3f}, 정확도 {accuracy:4.1f}%", flush=True)
    return torch.cat(losses), seconds


def compare_learning_rates(part, held_out, seed):
    """SGD의 학습률만 바꾸어 견줍니다. 배치마다의 손실 {학습률: [걸음]}을 돌려줍니다."""
    print("\n== 8. 학습률(learning rate) 비교 ==")
    print("확률적 경사하강법(SGD)으로 3에폭씩 배웁니다. 첫 매개변수와 데이터의 순서는 같고, 학습률만 다릅니다.")
    curves = {}
    for rate in (0.001, 0.03, 0.3, 1.0, 3.0):
        curves[rate], _ = try_out(
            f"학습률 {rate}", lambda p: torch.optim.SGD(p, lr=rate), part, held_out, 64, 3, seed
        )  # fmt: skip
        if not curves[rate].isfinite().all():
            step = (~curves[rate].isfinite()).nonzero()[0].item() + 1
            print(f"      -> {step}번째 걸음에서 손실이 수가 아니게(nan, inf) 되었습니다. 발산입니다. 되돌릴 수 없습니다.")
    print("너무 작으면 거의 배우지 못합니다. 알맞으면 빨리 줄어듭니다. 너무 크면 흔들리거나 발산합니다.")
    return curves


def smooth(losses):
    """배치마다 들쭉날쭉한 손실을 지난 값과 섞어 부드럽게 합니다. 그림에만 씁니다."""
    values, mean = [], losses[0].item()
    for loss in losses.tolist():
        mean = 0.8 * mean + 0.2 * loss
        values.append(mean)
    return values


def draw_learning_rates(curves):
    """학습률마다 손실이 어떻게 변했는지 그립니다. 발산한 것은 끊긴 자리에 X를 찍습니다."""
    figure, axis = plt.subplots(figsize=(10, 5), layout="constrained")
    top = 4.0
    for (rate, losses), color, line in zip(curves.items(), COLORS, LINES):
        finite = losses[: (~losses.isfinite()).int().argmax()] if not losses.isfinite().all() else losses
        label = f"lr = {rate}" + (" (diverged: nan)" if len(finite) < len(losses) else "")
        values = smooth(finite) if len(finite) else [top]
        axis.plot(range(1, len(values) + 1), [min(v, top) for v in values], linestyle=line, color=color, label=label)
        if len(finite) < len(losses):
            axis.plot(len(values), min(values[-1], top), "X", color=color, markersize=12, zorder=5)
    axis.set(title="Learning rates (SGD): too small, good, too large", xlabel="step (batches seen)")
    axis.set(ylabel="training loss (smoothed, cut at 4)", ylim=(0, top + 0.3))
    figure.legend(loc="outside right center")
    return figure


def compare_batch_sizes(part, held_out, seed):
    """배치 크기만 바꾸어 견줍니다. {배치 크기: (에폭마다의 평균 손실, 에폭당 초)}를 돌려줍니다."""
    print("\n== 9. 배치 크기(batch size) 비교 ==")
    print("SGD, 학습률 0.1로 3에폭씩 배웁니다. 배치가 작으면 한 에폭에 더 여러 번 고치고, 시간이 더 걸립니다.")
    results = {}
    for size in (16, 64, 256, 1024):
        size = min(size, len(part[0]))  # 데이터보다 큰 배치는 없습니다
        if size in results:
            continue
        losses, seconds = try_out(
            f"배치 {size}", lambda p: torch.optim.SGD(p, lr=0.1), part, held_out, size, 3, seed
        )  # fmt: skip
        results[size] = ([epoch.mean().item() for epoch in losses.view(3, -1)], seconds)
        print(f"      -> 한 에폭에 {len(losses) // 3}걸음, {seconds:.3f}초")
        assert len(losses) == 3 * -(-len(part[0]) // size)
    print("큰 배치는 한 에폭이 빠르지만, 고치는 횟수가 적어서 같은 에폭에 덜 배웁니다. 학습률도 함께 키워야 합니다.")
    return results


def draw_batch_sizes(results):
    """배치 크기마다 에폭별 손실과 에폭당 시간을 그립니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for (size, (losses, _)), color, marker in zip(results.items(), COLORS, "os^D"):
        left.plot(range(1, len(losses) + 1), losses, f"{marker}-", color=color, label=f"batch size {size}")
    left.set(title="Same rate, same epochs", xlabel="epoch", ylabel="training loss (mean)", xticks=(1, 2, 3))
    left.set_ylim(0, 1.35 * max(max(losses) for losses, _ in results.values()))
    left.legend(loc="upper center", ncols=2)
    names, seconds = [str(size) for size in results], [seconds for _, seconds in results.values()]
    bars = right.bar(names, seconds, color=COLORS[: len(names)])
    right.bar_label(bars, [f"{value:.2f} s" for value in seconds])
    right.margins(y=0.12)
    right.set(title="Time per epoch (on this machine)", xlabel="batch size", ylabel="seconds")
    return figure


def compare_optimizers(part, held_out, seed):
    """네 옵티마이저를 데이터로 견줍니다. 배치마다의 손실 {이름: [걸음]}을 돌려줍니다."""
    print("\n== 10. 옵티마이저(optimizer) 비교 ==")
    print("같은 데이터로 3에폭씩 배웁니다. 옵티마이저마다 알맞은 학습률이 다르므로 저마다 맞는 값을 줍니다.")
    curves = {}  # 아래 학습률은 검증 데이터로 여러 값을 재어 보고 골랐습니다
    for name, make_optimizer in {
        "SGD 0.3": lambda p: torch.optim.SGD(p, lr=0.3),
        "momentum 0.05": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "Adam 0.001": lambda p: torch.optim.Adam(p, lr=0.001, fused=True),
        "AdamW 0.001": lambda p: torch.optim.AdamW(p, lr=0.001, weight_decay=0.01, fused=True),
    }.items():
        curves[name], _ = try_out(name, make_optimizer, part, held_out, 64, 3, seed)
    print("Adam과 AdamW는 가중치 감쇠가 작으면(0.01) 거의 같은 길을 갑니다.")
    return curves


def draw_optimizers(paths, curves):
    """왼쪽에는 골짜기의 길을, 오른쪽에는 데이터의 손실 곡선을 그립니다."""
    figure, axes = plt.subplot_mosaic("ABEE;CDEE", figsize=(13, 6.2), layout="constrained")
    x, y = torch.meshgrid(torch.linspace(-5.5, 7.5, 120), torch.linspace(-2.2, 4.2, 120), indexing="xy")
    height = valley(x, y).numpy()
    for (name, path), key, color in zip(paths.items(), "ABCD", COLORS):
        axis = axes[key]
        axis.contour(x.numpy(), y.numpy(), height, levels=[0.5, 2, 5, 10, 20, 40, 80], colors="0.75", linewidths=0.8)
        axis.plot(*path.T.numpy(), ".-", color=color, linewidth=1.2, markersize=5)
        axis.plot(*VALLEY_START, "o", color="black", markersize=6)
        axis.plot(*VALLEY_BOTTOM, "*", color="black", markersize=11)
        axis.set(title=f"{name}, 60 steps", xlabel="x", ylabel="y")
    for (name, losses), color, line, width in zip(curves.items(), COLORS, LINES, (1.5, 1.5, 4, 2)):
        steps = range(1, len(losses) + 1)  # Adam은 굵게 그려서, 겹치는 AdamW 아래로 보이게 합니다
        axes["E"].plot(steps, smooth(losses), linestyle=line, linewidth=width, color=color, label=name)
    axes["E"].set(title="On the data", xlabel="step (batches seen)", ylabel="training loss (smoothed)")
    axes["E"].legend(title="optimizer and rate")
    figure.suptitle("Left: paths in a narrow valley (dot: start, star: lowest point). Right: training loss on images")
    return figure


def schedule_learning_rate(part, held_out, seed):
    """스케줄러(scheduler)는 학습이 나아갈수록 학습률을 바꿉니다. 에폭마다 scheduler.step()을 한 번 부릅니다."""
    print("\n== 11. 학습률 스케줄(learning rate schedule) ==")
    print("처음에는 크게 걷고 갈수록 작게 걸으면, 바닥 둘레에서 흔들리지 않습니다.")
    epochs, rate = 5, 0.003
    for name, last in (("그대로", 1.0), ("줄이기", 1 / epochs)):
        torch.manual_seed(seed)
        model = NeuralNetwork().to(part[0].device)
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, last, total_iters=epochs - 1)
        rates, losses = [], []
        for epoch in range(1, epochs + 1):
            rates.append(optimizer.param_groups[0]["lr"])
            learn_once(model, optimizer, part, 64, seed, epoch)
            losses.append(measure_part(model, held_out)[0])
            scheduler.step()  # optimizer.step() 다음에 부릅니다
        print(f"    {name}: 학습률 {' '.join(f'{value:.4f}' for value in rates)}")
        print(f"            검증 손실 {' '.join(f'{value:.3f}' for value in losses)}", flush=True)
        expected = [rate * (1 + (last - 1) * k / (epochs - 1)) for k in range(epochs)]
        assert all(abs(real - value) < 1e-9 for real, value in zip(rates, expected))
    print("LinearLR는 학습률을 곧은 선으로 줄입니다. 식으로 계산한 값과 같습니다. 마지막 학습도 이렇게 줄입니다.")


def overfit_small_data(part, held_out, seed):
    """과적합(overfitting)은 학습용을 외워서, 처음 보는 데이터의 손실이 도리어 커지는 것입니다.

    가중치 감쇠(weight decay)는 가중치를 걸음마다 조금씩 0 쪽으로 당겨, 외우기 어렵게 합니다.
    {이름: (학습 손실들, 검증 손실들)}을 돌려줍니다.
    """
    print("\n== 12. 과적합(overfitting)과 가중치 감쇠(weight decay) ==")
    few, epochs = tuple(tensor[:500] for tensor in part), 40
    print(f"{len(few[0])}장만 {epochs}에폭 배웁니다. 학습 손실은 0에 가까워지는데 검증 손실은 어떻게 되는지 보십시오.")
    curves = {}
    for decay in (0.0, 4.0):
        torch.manual_seed(seed)
        model = NeuralNetwork().to(few[0].device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=decay, fused=True)
        print(f"    가중치 감쇠 {decay}")
        train_losses, held_out_losses = [], []
        for epoch in range(1, epochs + 1):
            train_losses.append(learn_once(model, optimizer, few, 64, seed, epoch).mean().item())
            loss, accuracy = measure_part(model, held_out)
            held_out_losses.append(loss)
            if epoch in (1, 5, 10, 20, 30, 40):
                numbers = f"학습 손실 {train_losses[-1]:.3f}, 검증 손실 {loss:.3f}, 정확도 {accuracy:.1f}%"
                print(f"      에폭 {epoch:>2}: {numbers}", flush=True)
        size = sum(p.detach().pow(2).sum() for p in model.parameters()).sqrt().item()
        best, last = min(held_out_losses), held_out_losses[-1]
        print(f"      가중치의 크기(제곱합의 제곱근) {size:.1f}. 검증 손실: 가장 작을 때 {best:.3f}, 마지막 {last:.3f}")
        curves[f"weight decay {decay:g}"] = train_losses, held_out_losses
    gaps = [held_out_losses[-1] - train_losses[-1] for train_losses, held_out_losses in curves.values()]
    print(f"마지막의 검증 손실에서 학습 손실을 뺀 틈: 감쇠 없이 {gaps[0]:.3f}, 감쇠하면 {gaps[1]:.3f}")
    print("학습용만 외우면 이 틈이 벌어집니다. 이것이 과적합입니다. 가중치 감쇠는 가중치를 작게 묶어 외우기 어렵게 합니다.")
    if gaps[1] < gaps[0]:
        print("여기에서도 틈이 줄었습니다. 하지만 가장 좋은 약은 데이터를 늘리는 것입니다.")
    else:
        print("이 데이터에서는 틈이 줄지 않았습니다. 약이 늘 듣지는 않으므로 검증 데이터로 확인해야 합니다.")
    return curves


def stop_early(part, held_out, seed, patience=5):
    """조기 종료(early stopping)는 검증 손실이 patience 에폭 동안 나아지지 않으면 학습을 그만둡니다.

    그동안 가장 좋았던 매개변수를 간직해 두었다가 되돌립니다. (멈춘 에폭, 가장 좋았던 에폭, 검증 손실들)을 돌려줍니다.
    """
    print("\n== 13. 조기 종료(early stopping) ==")
    print(f"검증 손실이 {patience}에폭 동안 나아지지 않으면 멈추고, 가장 좋았던 매개변수로 되돌립니다.")
    few = tuple(tensor[:500] for tensor in part)
    torch.manual_seed(seed)
    model = NeuralNetwork().to(few[0].device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.0, fused=True)
    losses, best_epoch = [], 0
    for epoch in range(1, 41):
        learn_once(model, optimizer, few, 64, seed, epoch)
        losses.append(measure_part(model, held_out)[0])
        if best_epoch == 0 or losses[-1] < losses[best_epoch - 1]:
            best_epoch, best_state = epoch, copy.deepcopy(model.state_dict())  # 복사해야 다음 걸음에 바뀌지 않습니다
        if epoch - best_epoch == patience:
            break
    stopped = "멈추었습니다" if epoch - best_epoch == patience else "끝났습니다. 그때까지 멈출 까닭이 없었습니다"
    print(f"    에폭 {epoch}에서 {stopped}. 그때의 검증 손실은 {losses[-1]:.3f}입니다.", flush=True)
    model.load_state_dict(best_state)
    restored, accuracy = measure_part(model, held_out)
    print(f"    가장 좋았던 때(에폭 {best_epoch})로 되돌리니 검증 손실 {restored:.3f}, 정확도 {accuracy:.1f}%입니다.")
    assert losses[best_epoch - 1] == min(losses) and abs(restored - min(losses)) < 1e-5
    return epoch, best_epoch, losses


def draw_overfitting(curves, stopped):
    """과적합, 가중치 감쇠, 조기 종료를 나란히 그립니다."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", sharey=True)
    for axis, (name, (train_losses, held_out_losses)) in zip(axes, curves.items()):
        epochs = range(1, len(train_losses) + 1)
        axis.plot(epochs, train_losses, "o-", color="#0072B2", markersize=3, label="training (small part)")
        axis.plot(epochs, held_out_losses, "s--", color="#D55E00", markersize=3, label="validation")
        axis.set(title=name, xlabel="epoch", ylabel="cross entropy", ylim=(0, None))
    epoch, best_epoch, losses = stopped
    axes[0].axvline(epoch, color="0.4", linestyle=":", label=f"early stopping: ends at epoch {epoch}")
    best_loss = losses[best_epoch - 1]
    axes[0].plot(best_epoch, best_loss, "*", color="black", markersize=13, label=f"kept: epoch {best_epoch}")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.suptitle("Overfitting on a small part of the data, and weight decay against it")
    return figure


def make_learner(epochs, learning_rate, seed, device):
    """학습에 드는 세 가지를 만듭니다: 모델, 옵티마이저, 스케줄러. 첫 매개변수는 seed만으로 정해집니다."""
    torch.manual_seed(seed)
    model = NeuralNetwork().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / epochs, total_iters=max(epochs - 1, 1))
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler}


def save_checkpoint(path, learner, epoch, history, settings):
    """체크포인트(checkpoint)는 이어서 학습하는 데 드는 모든 것입니다. 임시 이름으로 다 쓴 다음에 이름을 바꿉니다."""
    states = {name: part.state_dict() for name, part in learner.items()}
    save_state_dict({**states, "epoch": epoch, "history": history, "settings": settings}, path)


def restore_checkpoint(checkpoint, learner):
    """체크포인트에 담긴 상태를 새로 만든 모델, 옵티마이저, 스케줄러에 채웁니다."""
    for name, part in learner.items():
        part.load_state_dict(checkpoint[name])


def resume_exactly(part, seed):
    """체크포인트에는 모델만이 아니라 옵티마이저, 스케줄러, 에폭도 담아야 합니다. Adam의 m과 v도 상태입니다.

    데이터의 순서를 씨앗과 에폭만으로 정하면, 이어서 학습해도 쉬지 않고 학습한 것과 한 비트도 다르지 않습니다.
    """
    print("\n== 14. 체크포인트(checkpoint) ==")
    print("이어서 학습하려면 모델, 옵티마이저(Adam의 m과 v), 스케줄러, 에폭을 모두 저장해야 합니다.")
    few, device = tuple(tensor[:500] for tensor in part), part[0].device

    def learn_epochs(learner, first, last):
        for epoch in range(first, last + 1):
            learn_once(learner["model"], learner["optimizer"], few, 64, seed, epoch)
            learner["scheduler"].step()

    straight = make_learner(4, 0.003, seed, device)
    learn_epochs(straight, 1, 4)
    interrupted = make_learner(4, 0.003, seed, device)
    learn_epochs(interrupted, 1, 2)
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder, "checkpoint.pth"), interrupted, 2, [], {})
        checkpoint = torch.load(Path(folder, "checkpoint.pth"), map_location="cpu", weights_only=True)
    print(f"    2에폭 뒤에 저장했습니다. 담긴 것: {', '.join(checkpoint)}")

    resumed = make_learner(4, 0.003, seed + 1, device)  # 첫 매개변수가 달라도 모두 바뀝니다
    restore_checkpoint(checkpoint, resumed)
    learn_epochs(resumed, checkpoint["epoch"] + 1, 4)
    model_only = make_learner(4, 0.003, seed, device)
    model_only["model"].load_state_dict(checkpoint["model"])  # 옵티마이저와 스케줄러는 처음부터 다시 시작합니다
    learn_epochs(model_only, 3, 4)

    def difference(learner):
        pairs = zip(straight["model"].parameters(), learner["model"].parameters())
        return max((a - b).abs().max().item() for a, b in pairs)

    print(f"    모두 되살려 2에폭을 더 배우면, 쉬지 않은 4에폭과 매개변수의 가장 큰 차이: {difference(resumed)}")
    print(f"    모델만 되살리면, 가장 큰 차이: {difference(model_only):.4f}")
    if device.type == "cpu":  # GPU의 어떤 연산은 더하는 순서가 실행마다 다를 수 있습니다
        assert difference(resumed) == 0.0
    assert difference(model_only) > 0.0
    print("마지막 학습은 에폭마다 체크포인트를 남깁니다. 멈추면 --resume으로 이어서 합니다.")


def share_the_work():
    """프로세스가 여럿이면 배치를 나누어 변화도를 구하고 평균합니다. 평균은 배치 전체의 변화도와 같습니다.

    DistributedDataParallel(DDP)은 이 평균을 backward 안에서 해 줍니다. 학습 코드는 그대로입니다.
    """
    print("\n== 15. 여러 프로세스: torchrun과 DistributedDataParallel ==")
    print("컴퓨터나 GPU 하나로 모자라면, 프로세스마다 배치의 한 몫을 맡아 변화도를 구하고 서로 평균합니다.")
    X, y = torch.arange(8.0), 3 * torch.arange(8.0)
    w = torch.tensor(1.0, requires_grad=True)

    def slope(rows):
        w.grad = None
        F.mse_loss(w * X[rows], y[rows]).backward()
        return w.grad.item()

    whole, halves = slope(slice(0, 8)), [slope(slice(rank, 8, 2)) for rank in (0, 1)]  # 하나 걸러 하나씩 나눕니다
    print(f"    배치 전체의 변화도 {whole:.2f}. 절반씩의 변화도 {halves[0]:.2f}, {halves[1]:.2f}. 그 평균 {sum(halves) / 2:.2f}")
    assert abs(whole - sum(halves) / 2) < 1e-4
    print("DDP가 backward에서 이 평균을 내고, DistributedSampler가 데이터를 나눕니다. train 함수는 그대로입니다.")
    print("마지막 학습만 두 프로세스로 하려면 다음과 같이 실행합니다. 지금처럼 python으로 실행하면 아무것도 필요 없습니다.")
    print("    torchrun --standalone --nproc-per-node 2 optimization.py")


def started_by_torchrun():
    """torchrun이 시작한 프로세스인지 봅니다. torchrun은 환경 변수로 번호를 알려 줍니다."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


def join_processes(name):
    """torchrun이 시작한 프로세스이면 서로 연결합니다. (장치, 번호 rank, 프로세스 수)를 돌려줍니다.

    python으로 실행하면 연결할 것이 없습니다. GPU끼리는 nccl로, CPU끼리는 gloo로 이야기합니다.
    """
    device = select_device(name)
    if not started_by_torchrun():
        return device, 0, 1
    local_rank, local_size = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    if device.type == "cuda" and torch.cuda.device_count() >= local_size:
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)  # 프로세스마다 GPU 하나를 맡습니다
    elif name == "cuda":
        sys.exit(f"오류: 프로세스가 {local_size}개인데 GPU가 {torch.cuda.device_count()}개입니다. --device cpu로 실행하십시오.")
    else:
        device = torch.device("cpu")
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    if rank > 0:  # 맨 앞의 프로세스(rank 0)만 출력합니다
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    return device, rank, world_size


def load_on_every_process(data_dir, device, rank, world_size):
    """맨 앞의 프로세스가 데이터를 찾거나 내려받습니다. 나머지는 기다렸다가 그 결정을 따릅니다."""
    FashionMNIST = find_fashion_mnist(data_dir) if rank == 0 else None
    if world_size > 1:
        practice = torch.tensor(int(FashionMNIST is PracticeData), device=device)
        distributed.broadcast(practice, src=0)
        FashionMNIST = PracticeData if practice else datasets.FashionMNIST
    return [FashionMNIST(root=data_dir, train=train, transform=ToTensor()) for train in (True, False)]


def make_shared_dataloaders(training_data, test_data, batch_size, seed, device, rank, world_size):
    """학습용은 프로세스끼리 나누어 꺼냅니다. 순서는 씨앗과 에폭만으로 정해져서, 이어서 학습해도 같습니다.

    프로세스가 하나이면 DistributedSampler는 그저 섞기만 합니다. BatchSampler로 번호를 묶으면 한 번에 한 배치를 꺼냅니다.
    샘플 수가 프로세스 수로 나누어떨어지지 않으면, 몫이 같아지게 앞의 샘플 몇 개를 한 번 더 씁니다.
    """
    train_set, test_set = transform_once(training_data), transform_once(test_data)
    order = DistributedSampler(train_set, num_replicas=world_size, rank=rank, shuffle=True, seed=seed)
    batches = BatchSampler(order, batch_size // world_size, drop_last=False)
    test_batches = BatchSampler(range(len(test_set)), 1000, drop_last=False)
    pin_memory = device.type == "cuda"
    train_dataloader = DataLoader(train_set, batch_size=None, sampler=batches, pin_memory=pin_memory)
    test_dataloader = DataLoader(test_set, batch_size=None, sampler=test_batches, pin_memory=pin_memory)
    return train_dataloader, test_dataloader


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


def train(dataloader, model, loss_fn, optimizer, device, epoch):
    """데이터 전체를 한 번 학습하고, 샘플당 평균 손실을 돌려줍니다."""
    size, seen, total_loss = len(dataloader.dataset), 0, 0.0
    model.train()  # 학습 모드(train mode)
    for batch, (X, y) in enumerate(dataloader):
        X, y = X.to(device, non_blocking=True), y.to(device, non_blocking=True)

        optimizer.zero_grad()  # 지난 배치의 변화도(gradient)를 지웁니다
        pred = model(X)  # 예측합니다
        loss = loss_fn(pred, y)  # 얼마나 틀렸는지 잽니다
        loss.backward()  # 역전파(backpropagation)로 변화도를 구합니다
        optimizer.step()  # 매개변수를 고칩니다

        seen += len(X)
        total_loss += loss.detach() * len(X)  # item()은 GPU를 기다리게 하므로 배치마다 부르지 않습니다
        if batch % 100 == 0:
            print(f"에폭 {epoch}  [{seen:>5}/{size}]  손실 {loss.item():.4f}", flush=True)
    return total_loss.item() / size


def test(dataloader, model, loss_fn, device):
    """데이터 전체를 예측하고, 샘플당 평균 손실과 정확도(%)를 돌려줍니다. 아무것도 학습하지 않습니다."""
    size, total_loss, correct = len(dataloader.dataset), 0.0, 0
    model.eval()  # 평가 모드(eval mode)
    with torch.no_grad():  # 변화도가 필요 없으므로 기록하지 않습니다
        for X, y in dataloader:
            X, y = X.to(device, non_blocking=True), y.to(device, non_blocking=True)
            pred = model(X)
            total_loss += loss_fn(pred, y) * len(X)
            correct += (pred.argmax(1) == y).sum()
    return total_loss.item() / size, 100 * correct.item() / size


def train_to_the_end(learner, dataloaders, history, settings, path, device, rank, world_size):
    """남은 에폭을 학습합니다. 에폭마다 시험하고 체크포인트를 남깁니다. history에 한 줄씩 덧붙입니다."""
    (train_dataloader, test_dataloader), epochs = dataloaders, settings["epochs"]
    model, optimizer, scheduler = learner["model"], learner["optimizer"], learner["scheduler"]
    loss_fn = nn.CrossEntropyLoss()
    shared_model = DistributedDataParallel(model) if world_size > 1 else model
    for epoch in range(len(history) + 1, epochs + 1):
        started, rate = time.perf_counter(), optimizer.param_groups[0]["lr"]
        train_dataloader.sampler.sampler.set_epoch(epoch)  # 에폭마다 다른 순서로 섞습니다
        part_loss = train(train_dataloader, shared_model, loss_fn, optimizer, device, epoch)
        train_loss = torch.tensor(part_loss, dtype=torch.float64, device=device)
        if world_size > 1:
            distributed.all_reduce(train_loss)  # 프로세스마다의 몫을 더하면 데이터 전체의 평균입니다
        scheduler.step()  # 다음 에폭의 학습률을 줄입니다
        if rank > 0:
            continue  # 시험과 저장은 맨 앞의 프로세스만 합니다
        test_loss, accuracy = test(test_dataloader, model, loss_fn, device)
        history.append((train_loss.item(), test_loss, accuracy, rate))
        save_checkpoint(path, learner, epoch, history, settings)
        seconds = time.perf_counter() - started
        print(f"에폭 {epoch} 끝: 학습률 {rate:.5f}, 시험 손실 {test_loss:.4f}, 정확도 {accuracy:.1f}%, {seconds:.1f}초", flush=True)


def explain_final_training(settings, epoch, world_size):
    """마지막 학습을 소개합니다. 고른 값은 모두 검증 데이터로 견준 것입니다."""
    print("\n== 16. 마지막 학습 ==")
    print("Adam과 줄어드는 학습률로 학습용 데이터 전체를 배웁니다. 시험용 데이터는 결과를 잴 때에만 씁니다.")
    batch = f"배치 {settings['batch_size']}"
    if world_size > 1:
        batch += f"(프로세스 {world_size}개가 {settings['batch_size'] // world_size}개씩)"
        print("진행 줄의 손실과 샘플 수는 맨 앞의 프로세스가 맡은 몫만 센 것입니다.")
    print(f"에폭 {settings['epochs']}, {batch}, 처음 학습률 {settings['learning_rate']}, 학습용 {settings['samples']}장")
    if epoch == settings["epochs"]:
        print(f"이미 다 마친 체크포인트입니다(에폭 {epoch}/{epoch}). 더 학습하지 않고 결과 파일만 다시 만듭니다.")
    elif epoch > 0:
        print(f"에폭 {epoch}까지 마친 체크포인트에서 이어서 학습합니다.")


def draw_training(history):
    """마지막 학습의 손실, 정확도, 학습률을 그립니다."""
    train_losses, test_losses, accuracies, rates = zip(*history)
    epochs = range(1, len(history) + 1)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    left.plot(epochs, train_losses, "o-", color="#0072B2", label="train")
    left.plot(epochs, test_losses, "s--", color="#D55E00", label="test")
    left.set(title="Loss per epoch", xlabel="epoch", ylabel="cross entropy")
    left.legend()
    middle.plot(epochs, accuracies, "s--", color="#D55E00")
    middle.set(title="Test accuracy per epoch", xlabel="epoch", ylabel="accuracy (%)")
    right.plot(epochs, rates, "^:", color="#009E73")
    right.set(title="Learning rate schedule", xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    for axis in (left, middle, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return figure


# 여기부터 main까지는 이어서 학습하기(--resume), Ctrl+C, torchrun을 다룹니다. 처음 읽을 때에는 건너뛰어도 좋습니다.


def settings_of(args):
    """이어서 학습하려면 같아야 하는 설정입니다."""
    names = ("epochs", "batch_size", "learning_rate", "seed")
    return {name: getattr(args, name) for name in names} | {"pytorch": torch.__version__.split("+")[0]}


def check_settings(path, saved, wanted):
    """체크포인트의 설정이 지금과 다르면, 무엇이 다른지 알리고 끝냅니다."""
    labels = {"pytorch": "PyTorch", "samples": "학습용 샘플 수", "practice": "연습용 데이터"}
    labels |= {name: "--" + name.replace("_", "-") for name in ("epochs", "batch_size", "learning_rate", "seed")}
    different = [
        f"{labels[name]} (체크포인트 {saved.get(name)}, 지금 {value})"
        for name, value in wanted.items()
        if saved.get(name) != value
    ]
    if different:
        sys.exit(f"오류: 체크포인트의 설정이 지금과 다릅니다: {path}: {', '.join(different)}")


def same_form(value, expected):
    """두 상태의 이름, 자료형(dtype), 텐서(tensor)의 모양(shape)이 모두 같은지 봅니다. 값은 달라도 됩니다."""
    if type(value) is not type(expected):
        return False
    if isinstance(expected, torch.Tensor):
        return value.shape == expected.shape and value.dtype == expected.dtype
    if isinstance(expected, dict):
        return value.keys() == expected.keys() and all(same_form(value[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        return len(value) == len(expected) and all(map(same_form, value, expected))
    return True


def example_states(settings, epoch):
    """epoch 에폭을 학습한 체크포인트가 갖추어야 할 모양을, 똑같은 것을 하나 만들어 알아냅니다."""
    twin = make_learner(settings["epochs"], settings["learning_rate"], settings["seed"], "cpu")
    if epoch > 0:
        for p in twin["model"].parameters():
            p.grad = torch.zeros_like(p)
        twin["optimizer"].step()  # 한 걸음 걸으면 m과 v가 생깁니다
        twin["scheduler"].step()
    states = {name: part.state_dict() for name, part in twin.items()}
    return {**states, "epoch": epoch, "history": [(0.0,) * 4] * epoch}


def read_checkpoint(path, settings):
    """체크포인트를 읽고, 온전한지와 설정이 같은지 확인합니다. 아니면 까닭을 한 줄로 알리고 끝냅니다. 파일은 그대로 둡니다."""
    try:
        with zipfile.ZipFile(path) as archive:  # PyTorch의 파일은 zip입니다. 바이트가 바뀌었으면 여기에서 드러납니다
            if archive.testzip():
                raise ValueError("내용이 손상되었습니다")
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        saved = checkpoint["settings"] if isinstance(checkpoint, dict) else None
        if not isinstance(saved, dict) or not {*settings, "samples", "practice"} <= saved.keys():
            raise ValueError("설정이 들어 있지 않습니다")
    except OSError as error:
        sys.exit(f"오류: 체크포인트 파일을 열 수 없습니다: {path} ({error.strerror})")
    except Exception as error:  # 아무 파일이나 올 수 있으므로 오류의 종류도 가지가지입니다
        sys.exit(f"오류: 이 장의 체크포인트가 아니거나 손상되었습니다: {path} ({type(error).__name__})")
    check_settings(path, saved, settings)
    epoch = checkpoint.get("epoch")
    whole = isinstance(epoch, int) and 0 <= epoch <= settings["epochs"]
    found = {name: value for name, value in checkpoint.items() if name != "settings"}
    if not whole or not same_form(found, example_states(settings, epoch)):
        sys.exit(f"오류: 체크포인트의 내용이 이 장의 모델, 옵티마이저와 맞지 않습니다: {path}")
    return checkpoint


@contextlib.contextmanager
def tell_when_interrupted(message):
    """Ctrl+C를 누르면 message 한 줄을 알리고 130으로 끝냅니다. 130은 Ctrl+C로 끝났다는 약속입니다."""
    try:
        yield
    except KeyboardInterrupt:
        print(message, end="", file=sys.stderr, flush=True)
        sys.exit(130)


def interruption_messages(args, path, rank, world_size):
    """마지막 학습 전과 도중에 멈추었을 때 알릴 말입니다. 둘째에는 이어서 학습하는 명령이 들어 있습니다."""
    if rank > 0:
        return "", ""
    words = sys.argv[:]
    if args.resume is None or args.resume.resolve() != path.resolve():
        words += ["--resume", str(path)]  # 같은 옵션이 두 번이면 나중 것을 씁니다
    start = ["python"] if world_size == 1 else ["torchrun", "--standalone", "--nproc-per-node", str(world_size)]
    command = shlex.join(start + words) if os.name == "posix" else subprocess.list2cmdline(start + words)
    before = "멈추었습니다. 마지막 학습을 시작하기 전이라 이번 실행의 체크포인트는 없습니다. 먼저 있던 파일은 그대로입니다.\n"
    return before, f"멈추었습니다. 마친 에폭까지 저장했습니다. 이어서 학습하려면: {command}\n"


def teach(training_data, args, device):
    """실험과 수업을 차례로 합니다. 그린 그림의 경로를 돌려줍니다."""
    measure_loss()
    walk_the_three_steps()
    step_sgd_by_hand()
    step_adam_by_hand()
    paths = walk_down_the_valley()
    meet_hyperparameters(args.epochs, args.batch_size, args.learning_rate)
    part, held_out = set_aside_validation(training_data, args.seed, device)
    rates = compare_learning_rates(part, held_out, args.seed)
    sizes = compare_batch_sizes(part, held_out, args.seed)
    optimizers = compare_optimizers(part, held_out, args.seed)
    schedule_learning_rate(part, held_out, args.seed)
    overfitting = overfit_small_data(part, held_out, args.seed)
    stopped = stop_early(part, held_out, args.seed)
    resume_exactly(part, args.seed)
    share_the_work()
    return [
        save_figure(draw_learning_rates(rates), args.output_dir / "optimization_learning_rates.png"),
        save_figure(draw_batch_sizes(sizes), args.output_dir / "optimization_batch_sizes.png"),
        save_figure(draw_optimizers(paths, optimizers), args.output_dir / "optimization_optimizers.png"),
        save_figure(draw_overfitting(overfitting, stopped), args.output_dir / "optimization_overfitting.png"),
    ]


def run_chapter(args, checkpoint, settings, device, rank, world_size, started):
    """데이터를 준비하고, 수업을 하고, 마지막 학습을 합니다. --resume이나 torchrun이면 수업은 건너뜁니다."""
    path = args.output_dir / "optimization_checkpoint.pth"
    before, after = interruption_messages(args, path, rank, world_size)
    with tell_when_interrupted(before):
        training_data, test_data = load_on_every_process(args.data_dir, device, rank, world_size)
        data_settings = {"samples": len(training_data), "practice": isinstance(training_data, PracticeData)}
        if checkpoint:
            check_settings(args.resume, checkpoint["settings"], data_settings)
        final_only = checkpoint is not None or started_by_torchrun()
        files = [] if final_only else teach(training_data, args, device)

        settings = settings | data_settings
        learner = make_learner(args.epochs, args.learning_rate, args.seed, device)
        history = []
        if checkpoint:
            restore_checkpoint(checkpoint, learner)
            history = checkpoint["history"]
        loading = (training_data, test_data, args.batch_size, args.seed, device, rank, world_size)
        dataloaders = make_shared_dataloaders(*loading)
        if rank == 0:
            save_checkpoint(path, learner, len(history), history, settings)
    with tell_when_interrupted(after):
        explain_final_training(settings, len(history), world_size)
        train_to_the_end(learner, dataloaders, history, settings, path, device, rank, world_size)
        if rank > 0:
            return
        model_path = args.output_dir / "optimization_model.pth"
        save_state_dict(learner["model"].state_dict(), model_path)
        picture = save_figure(draw_training(history), args.output_dir / "optimization_training.png")
        files += [picture, path, model_path]
        print(f"\n마지막 정확도: 시험용 {len(test_data)}장에서 {history[-1][2]:.1f}%")
        if isinstance(test_data, PracticeData):
            print(PracticeData.notice)
        print_closing(files, started, "없습니다. 마지막 장입니다.")
        show_figures(args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    description = "7장. 최적화: 매개변수를 고치는 방법. 에폭 수, 배치 크기, 학습률은 마지막 학습에 씁니다"
    parser = argparse.ArgumentParser(description=description, add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--epochs", type=number_between(int, 1, 1000), default=5, metavar="N", help="에폭 수 (기본값: %(default)s)")
    option("--batch-size", type=number_between(int, 1, 60000), default=64, metavar="N", help="배치 크기 (기본값: %(default)s)")
    option("--learning-rate", type=number_between(float, 1e-9, 1000), default=3e-3, metavar="X", help="학습률 (기본값: %(default)s)")
    option("--resume", type=Path, metavar="FILE", help="이 체크포인트에서 마지막 학습을 이어서 합니다 (기본값: 처음부터)")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s, CUDA가 있으면 CUDA)")
    option("--data-dir", type=Path, default=here / "data", metavar="DIR", help="FashionMNIST 폴더 (기본값: %(default)s)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """7장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    processes = int(os.environ["WORLD_SIZE"]) if started_by_torchrun() else 1
    if args.batch_size % processes:
        sys.exit(f"오류: 배치 크기 {args.batch_size}을(를) 프로세스 {processes}개로 나눌 수 없습니다. --batch-size를 바꾸십시오.")
    settings = settings_of(args)
    checkpoint = read_checkpoint(args.resume, settings) if args.resume else None
    device, rank, world_size = join_processes(args.device)
    try:
        make_folder(args.output_dir)
        prepare_figures(args.show)
        torch.manual_seed(args.seed)
        print(f"7장. 최적화  |  PyTorch {torch.__version__}  |  장치(device): {device}")
        run_chapter(args, checkpoint, settings, device, rank, world_size, started)
        if world_size > 1:
            distributed.barrier()  # 모두 마칠 때까지 기다렸다가 함께 떠납니다. 먼저 떠나면 멈춘 채로 남는 일이 있습니다
    finally:
        if started_by_torchrun():
            distributed.destroy_process_group()


# 직접 해 보기
#   1. walk_down_the_valley의 "momentum": 0.9를 0.5로 바꾸어 보십시오.
#      바닥을 지나치지 않지만, 힘이 덜 붙어서 60걸음 안에 바닥까지 가지 못합니다.
#   2. overfit_small_data의 tensor[:500]을 tensor[:2000]으로 바꾸어 보십시오.
#      시간은 더 걸리지만, 마지막에 나오는 틈이 줄어듭니다. 데이터가 많으면 외우기 어렵습니다.
#   3. train_to_the_end의 scheduler.step() 줄을 지워 보십시오.
#      학습률이 줄지 않아서, 시험 손실이 끝까지 오르내리고 마지막 정확도가 낮아집니다.


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


STALL_SECONDS = 7  # 이만큼 기다려도 새로 온 것이 없으면 다음 미러로 갑니다
SECOND_MIRROR = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
PRACTICE_NOTICE = """
[연습용 데이터] FashionMNIST를 내려받지 못하여 연습용 데이터로 수업을 이어 갑니다.
  이유: {reasons}
  연습용 데이터의 정확도는 FashionMNIST의 정확도가 아닙니다.
  해결: 인터넷에 연결하고 다시 실행하십시오. 아니면 .gz 파일 네 개를 다음 주소에서 받아
        {mirror}
        {raw} 폴더에 넣고 다시 실행하십시오. 온전한지 확인하고 풀어서 씁니다."""


def find_fashion_mnist(data_dir):
    """datasets.FashionMNIST를 돌려줍니다. 파일이 없고 내려받지도 못하면 PracticeData를 돌려줍니다."""
    raw, reasons = data_dir / "FashionMNIST" / "raw", []
    if not all((raw / name.removesuffix(".gz")).is_file() for name, md5 in datasets.FashionMNIST.resources):
        make_folder(raw)
        for mirror in [*datasets.FashionMNIST.mirrors, SECOND_MIRROR]:
            try:
                download_fashion_mnist(mirror, raw)
                break
            except Exception as error:  # 무엇이 잘못되든 다음 미러로 넘어갑니다
                reasons.append(f"{type(error).__name__}: {error}".splitlines()[-1])
        else:
            PracticeData.notice = PRACTICE_NOTICE.format(reasons="; ".join(reasons), mirror=SECOND_MIRROR, raw=raw)
            print(PracticeData.notice)
            return PracticeData
    check_fashion_mnist(raw)
    return datasets.FashionMNIST


def download_fashion_mnist(mirror, raw):
    """mirror에서 임시 폴더로 내려받고, MD5가 모두 맞으면 풀어서 raw(Path)로 옮깁니다."""

    class FashionMNIST(datasets.FashionMNIST):  # 클래스 이름이 폴더 이름이 됩니다
        mirrors = [mirror]

    def work():
        try:
            FashionMNIST(folder, download=True)
        except Exception as error:
            errors.append(error)

    print(f"FashionMNIST를 준비합니다: {mirror}", flush=True)
    with tempfile.TemporaryDirectory(dir=raw.parent, ignore_cleanup_errors=True) as folder:
        part, errors, before, size = Path(folder, "FashionMNIST", "raw"), [], -1, 0
        shutil.copytree(raw, part)  # 손으로 넣어 둔 온전한 .gz 파일은 다시 받지 않습니다
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        while worker.is_alive() and before < size:
            worker.join(STALL_SECONDS)
            before, size = size, sum(path.stat().st_size for path in part.iterdir())
        if worker.is_alive():  # 멈춘 미러는 버려두고 떠납니다
            raise TimeoutError(f"{STALL_SECONDS}초 동안 아무것도 오지 않았습니다")
        if errors:
            raise errors[0]
        for path in part.glob("*-ubyte"):
            os.replace(path, raw / path.name)


def check_fashion_mnist(raw):
    """네 파일을 읽어 봅니다. 손상된 것이 있으면 이름을 알리고 끝냅니다. 아무것도 지우지 않습니다."""
    for split in ("train", "t10k"):
        try:
            images = read_image_file(path := raw / f"{split}-images-idx3-ubyte")
            labels = read_label_file(path := raw / f"{split}-labels-idx1-ubyte")
            if images.shape != (len(labels), 28, 28) or labels.max() > 9:
                raise ValueError("이미지와 정답이 서로 맞지 않습니다")
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            sys.exit(f"오류: {path} 파일이 손상되었습니다 ({reason}). {raw} 폴더를 지우고 다시 실행하십시오.")


class PracticeData(datasets.FashionMNIST):
    """FashionMNIST처럼 쓰는 연습용 데이터입니다. data는 uint8 [N, 28, 28], targets는 int64 [N]입니다."""

    notice = ""
    bitmaps = """
        ####### .#####. ####### ..###.. ##...## ....... ####### ....... ..###.. ...##..
        ####### .#####. ####### ..###.. ####### ....... ##.#.## ....... .#...#. ...##..
        .#####. .##.##. ####### ...#... ####### #...... ##.#.## ....### ####### ...##..
        .#####. .##.##. #.###.# ..###.. ###.### .##.... #.###.# ..##### ####### ..###..
        .#####. .##.##. #.###.# ..###.. ###.### ...##.# #.#.#.# ####### ####### #####..
        .#####. .##.##. #.###.# .#####. ###.### ######. #.###.# ####### ####### #######
        .#####. .##.##. ..###.. .#####. .##.##. ....... ..#.#.. ....... ####### ##...##"""

    def __init__(self, root=None, train=True, transform=None, target_transform=None, download=False):
        datasets.VisionDataset.__init__(self, root, transform=transform, target_transform=target_transform)
        self.train, n, random = train, 6000 if train else 1000, torch.Generator().manual_seed(int(train))
        rows = [[[dot == "#" for dot in shape] for shape in line.split()] for line in self.bitmaps.split("\n")[1:]]
        shapes = torch.tensor(rows).float().transpose(0, 1).repeat_interleave(3, dim=1).repeat_interleave(3, dim=2)
        shapes = nn.functional.pad(shapes, (3, 4, 3, 4))  # [10, 7, 7]을 세 배로 키우고 둘레를 붙여 [10, 28, 28]
        self.targets = torch.randint(10, (n,), generator=random)
        row, column = (torch.randint(-3, 4, (2, n, 1), generator=random) + torch.arange(28)) % 28  # 옮기기
        images = shapes[self.targets[:, None, None], row[:, :, None], column[:, None, :]]
        images = images * torch.empty(n, 1, 1).uniform_(0.2, 1, generator=random)  # 밝기 바꾸기
        images = images + 0.3 * torch.randn(n, 28, 28, generator=random)  # 잡음 더하기
        self.data = (255 * images.clamp(0, 1)).to(torch.uint8)


def save_state_dict(state_dict, path):
    """임시 이름으로 다 쓴 다음에 이름을 바꿉니다. 도중에 멈추어도 먼저 있던 파일은 그대로입니다."""
    temporary = path.with_suffix(".tmp")
    torch.save(state_dict, temporary)
    os.replace(temporary, path)


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
