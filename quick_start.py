"""1장. 빠른 시작: 데이터 준비부터 예측까지 한 번에 살펴봅니다.

옷, 신발, 가방 이미지를 10개의 클래스로 분류하는 신경망을 정의하고, 학습하고, 저장한 뒤, 다시 불러와 예측합니다.
다음 장들에서 자세히 다룰 내용을 먼저 훑어봅니다. 모르는 용어가 나와도 끝까지 실행해 보세요.

실행 방법
    python -m pip install torch torchvision matplotlib
    python quick_start.py
    python quick_start.py --epochs 1 --show     # 1에폭만 학습하고, 끝날 때 그림을 창에 표시합니다
    python quick_start.py --help                # 모든 옵션을 출력합니다

목차
    1. 데이터셋(Dataset)                       load_datasets
    2. 데이터로더(DataLoader)                  make_dataloaders, load_into_memory
    3. 신경망(neural network)                  NeuralNetwork, build_model
    4. 학습과 테스트                           fit, train, test
    5. 모델 저장하고 불러오기                  save_and_load
    6. 예측                                    predict
    7. 클래스별 정확도와 혼동 행렬             count_mistakes

다음 장은 tensor.py입니다.
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
import os
import shutil
import socket
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.transforms import ToTensor

CLASSES = datasets.FashionMNIST.classes  # 클래스의 이름 10개


def load_datasets(data_dir):
    """1. 데이터셋(Dataset)

    Dataset은 샘플(sample)과 정답(label)을 저장합니다. PyTorch의 도메인 특화 라이브러리는 데이터셋도
    제공합니다. 예를 들어 이미지에는 TorchVision을, 오디오에는 TorchAudio(유지 보수 단계)를 사용합니다.
    텍스트용 TorchText는 0.18 버전(2024년 4월)을 마지막으로 개발이 중단되었습니다. TorchVision의
    데이터셋은 대부분 샘플을 변환하는 transform과 정답을 변환하는 target_transform을 인자로 받습니다.
    ToTensor()는 PIL(Python의 이미지 라이브러리) 이미지를 0~1의 실수(float) 텐서(tensor)로 변환합니다.
    """
    training_data = datasets.FashionMNIST(root=data_dir, train=True, download=True, transform=ToTensor())
    test_data = datasets.FashionMNIST(root=data_dir, train=False, download=True, transform=ToTensor())
    show(f"{len(training_data), len(test_data) = }")
    image, label = training_data[0]
    show(f"{image.shape = }", "채널, 높이, 너비")
    show(f"{label = }", "정답 (target_transform이 없으면 클래스 번호)")
    named_data = datasets.FashionMNIST(root=data_dir, target_transform=lambda y: CLASSES[y])
    show(f"{named_data[0][1] = }", "변환한 정답 (학습할 때는 숫자여야 합니다)")
    check("target_transform을 지정하면 정답이 변환됩니다", str(named_data[0][1]) != str(named_data.targets[0].item()))
    return training_data, test_data


def make_dataloaders(training_data, test_data, batch_size):
    """2. 데이터로더(DataLoader)

    DataLoader는 Dataset을 순회 가능한 객체(iterable)로 감싸고, 샘플을 배치(batch) 단위로 반환합니다.
    배치 크기(batch_size), 섞기(shuffle), 샘플러(sampler), 워커(worker) 프로세스의 수(num_workers)를
    인자로 지정할 수 있습니다. 데이터 전체를 한 번 학습하는 단위를 에폭(epoch)이라고 하며, 학습용
    데이터는 에폭마다 순서를 섞습니다.

    Dataset은 샘플을 가져올 때마다 transform을 적용합니다. load_into_memory는 속도를 높이기 위해 모든
    샘플을 한 번만 변환하고 메모리에 저장하므로, 무작위 변형의 결과도 에폭마다 같습니다.
    """
    train_dataloader = DataLoader(load_into_memory(training_data), batch_size=batch_size, shuffle=True)
    test_dataloader = DataLoader(load_into_memory(test_data), batch_size=batch_size)
    X, y = next(iter(test_dataloader))
    show(f"{X.shape = }", "[N, C, H, W]: 배치 크기, 채널, 높이, 너비")
    show(f"{y.shape, y.dtype = }")
    check("배치에는 샘플과 정답이 같은 개수만큼 있습니다", len(X) == len(y))
    return train_dataloader, test_dataloader


def load_into_memory(dataset):
    """transform과 target_transform을 적용한 모든 샘플과 정답을 배치 하나로 불러와 TensorDataset으로 반환합니다."""
    X, y = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    return TensorDataset(X, y)


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


def build_model(device):
    """3. 신경망(neural network)

    신경망은 nn.Module을 상속받는 클래스로 정의합니다. __init__에서 계층(layer)을 정의하고, forward에서
    데이터가 계층을 통과하는 순서를 지정합니다. Flatten은 이미지를 1차원으로 펼치고, Linear는 선형
    변환을, ReLU는 비선형 함수를 적용합니다. 마지막 계층의 출력을 로짓(logit)이라고 합니다. nn.Module은
    매개변수(parameter)를 관리하므로, 모든 매개변수를 한 번에 GPU(CUDA)와 같은 다른 장치(device)로
    이동하거나 저장하고 불러올 수 있습니다. 또한 모델을 다른 형식으로 내보낼(export) 수 있습니다.
    """
    model = NeuralNetwork().to(device)
    show(f"{model = }")
    show(f"{sum(p.numel() for p in model.parameters()) = }", "학습할 매개변수의 개수")
    check("모든 매개변수가 선택한 장치에 있습니다", all(p.device.type == device.type for p in model.parameters()))
    return model


def fit(model, train_dataloader, test_dataloader, epochs, learning_rate):
    """4. 학습과 테스트

    각 학습 단계에서는 배치 하나에 대한 예측을 수행하고, 예측 오류인 손실(loss)을
    역전파(backpropagation)하여 변화도(gradient)를 계산합니다. 옵티마이저(optimizer)는 손실이 줄어드는
    방향으로 매개변수를 조정합니다. 스케줄러(scheduler)는 학습률(learning rate)을 단계마다 조금씩 줄여
    0에 이르게 합니다. 에폭마다 테스트용 데이터로 성능을 확인합니다.

    손실 함수 CrossEntropyLoss는 로짓을 입력으로 받아 확률로 변환하는 softmax까지 계산합니다. 따라서
    모델의 마지막에 nn.Softmax를 추가하면 softmax가 두 번 적용되어, 변화도가 작아지고 정확도가
    낮아집니다. 레이블 스무딩(label smoothing)은 정답의 확률을 조금 낮추어 모델이 예측을 지나치게
    확신하지 않게 합니다. 그래서 손실이 0에 가까워지지는 않습니다.

    드롭아웃(dropout)처럼 학습할 때와 평가할 때 다르게 동작하는 계층이 있으므로 model.train()과
    model.eval()로 모드를 전환합니다. 평가할 때는 변화도가 필요 없으므로 torch.no_grad()를 사용합니다.
    """
    # 배치 크기와 아래의 설정은 학습용 데이터에서 분리한 10,000개의 정확도를 시드(seed) 3개로 비교해 선택했습니다.
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)  # fused=True이면 더 빠릅니다
    steps = epochs * len(train_dataloader)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=steps)
    history = []
    for epoch in range(1, epochs + 1):
        print(f"에폭 {epoch}")
        train_loss = train(train_dataloader, model, loss_fn, optimizer, scheduler)
        test_loss, accuracy = test(test_dataloader, model, loss_fn)
        print(f"    테스트 손실 {test_loss:.4f}, 정확도 {accuracy:.1f}%", flush=True)
        history.append((train_loss, test_loss, accuracy))
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


def save_and_load(model, path):
    """5. 모델 저장하고 불러오기

    모델을 저장하는 일반적인 방법은 매개변수가 들어 있는 내부 상태 사전(state dictionary)을
    직렬화(serialize)하는 것입니다. 불러올 때는 같은 구조의 모델을 새로 생성한 뒤 상태 사전을
    불러옵니다. weights_only=True(PyTorch 2.6부터 기본값)를 지정하면 텐서처럼 허용된 자료형만 불러오며,
    파일에 포함된 임의의 코드는 실행하지 않습니다. 모델의 구조가 같으면 공식 튜토리얼의 코드로도 이
    파일을 불러올 수 있습니다.
    """
    with save_whole(path) as file:
        torch.save(model.state_dict(), file)
    print(f"    모델: {path}")
    device = next(model.parameters()).device
    loaded = NeuralNetwork().to(device)
    loaded.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    for name, tensor in loaded.state_dict().items():
        print(f"    {name:<28} {list(tensor.shape)}")
    both = zip(loaded.state_dict().values(), model.state_dict().values())
    check("불러온 모델의 모든 값이 저장한 모델과 같습니다", all(torch.allclose(*p, 0, 0, equal_nan=True) for p in both))
    return loaded


def predict(dataloader, model):
    """6. 예측

    모델은 클래스마다 로짓을 하나씩 출력하며, 로짓이 가장 큰 클래스가 예측 결과입니다. softmax는 로짓을
    합이 1인 확률로 변환합니다. 이미지, 예측, 정답의 순서가 일치하도록 모두 같은 배치에서 가져옵니다.
    """
    device = next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        batches = [(X, model(X.to(device)).softmax(dim=1).cpu(), y) for X, y in dataloader]
    images, probabilities, targets = (torch.cat(parts) for parts in zip(*batches))
    targets = targets.argmax(1) if targets.dim() == 2 else targets
    confidence, prediction = probabilities[0].max(dim=0)
    show(f"{CLASSES[prediction] = }", f"확률 {confidence:.1%}")
    show(f"{CLASSES[targets[0]] = }", "정답")
    check("샘플마다 확률의 합은 1입니다", torch.allclose(probabilities.sum(dim=1), torch.ones(len(targets))))
    return images, probabilities, targets


def count_mistakes(probabilities, targets):
    """7. 클래스별 정확도와 혼동 행렬(confusion matrix)

    정확도 하나만으로는 모델이 어떤 클래스를 혼동하는지 알 수 없습니다. 혼동 행렬의 행은 정답, 열은
    예측이므로 대각선의 값은 맞힌 샘플의 개수입니다. 이 값을 그 행의 합으로 나누면 클래스별
    정확도(재현율, recall)를 얻습니다.
    """
    n, predictions = len(CLASSES), probabilities.argmax(dim=1)
    matrix = torch.stack([predictions[targets == k].bincount(minlength=n) for k in range(n)])
    for name, row, correct in zip(CLASSES, matrix, matrix.diagonal()):
        accuracy = 100 * correct / row.sum().clamp(min=1)
        print(f"    {name:<12} {row.sum():>5}개 중 {correct:>5}개를 맞혔습니다 ({accuracy:.1f}%)")
    most, i = matrix.clone().fill_diagonal_(0).flatten().max(dim=0)
    print(f"    가장 많은 오답: 정답 {CLASSES[i // n]}, 예측 {CLASSES[i % n]} ({most}개)" if most else "    오답 없음")
    check("대각선의 합은 맞힌 샘플의 개수입니다", matrix.diagonal().sum() == (predictions == targets).sum())
    return matrix


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    device = select_device(args.device)
    output_dir = prepare_outputs(args.output_dir, args.show)
    torch.manual_seed(args.seed)
    print(f"1장. 빠른 시작  |  PyTorch {torch.__version__}  |  장치(device): {device}")
    data_dir = prepare_fashion_mnist(args.data_dir)
    training_data, test_data = teach(load_datasets, data_dir)
    train_dataloader, test_dataloader = teach(make_dataloaders, training_data, test_data, args.batch_size)
    model = teach(build_model, device)
    history = teach(fit, model, train_dataloader, test_dataloader, args.epochs, args.learning_rate)
    save_figure(draw_learning_curve(history), output_dir / "quick_start_learning_curve.png")
    loaded = teach(save_and_load, model, output_dir / "model.pth")
    images, probabilities, targets = teach(predict, test_dataloader, loaded)
    save_figure(draw_predictions(images, probabilities, targets), output_dir / "quick_start_predictions.png")
    matrix = teach(count_mistakes, probabilities, targets)
    save_figure(draw_confusion_matrix(matrix), output_dir / "quick_start_confusion_matrix.png")
    teach(check_practice)
    print(f"\n최종 정확도: 테스트용 데이터 {len(targets)}개에서 {history[-1][2]:.1f}%")
    finish(started, "tensor.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="1장. 빠른 시작", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--epochs", type=int, default=5, help="에폭 수 (기본값: %(default)s)")
    group.add_argument("--batch-size", type=int, default=256, help="배치 크기 (기본값: %(default)s)")
    group.add_argument("--learning-rate", type=float, default=4e-3, help="초기 학습률 (기본값: %(default)s)")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s)")
    group.add_argument("--data-dir", type=Path, default=here / "data", help="데이터 폴더 (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not (0 <= args.seed < 2**32 and args.epochs >= 1 <= args.batch_size and 0 < args.learning_rate <= 1000):
        parser.error("시드는 0 이상 2**32 미만, 에폭 수와 배치 크기는 1 이상, 학습률은 0보다 크고 1000 이하여야 합니다")
    return args


# 직접 해 보기 (정확도는 FashionMNIST 전체에서 시드 3개로 확인한 값입니다)
#   1. fit의 옵티마이저를 torch.optim.SGD(model.parameters(), lr=1e-3)으로 변경해 보세요. 정확도가 30~40%에 그칩니다.
#   2. NeuralNetwork에서 nn.ReLU() 두 줄을 제거해 보세요. 선형 변환 하나와 같아지므로, 정확도가 약 5%p 낮아집니다.
#   3. --learning-rate 0.3 으로 실행해 보세요. 손실이 줄지 않고, 정확도가 무작위로 예측할 때(10%)와 비슷합니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def top2_accuracy(logits, y):
    """로짓 [N, C]가 가장 큰 두 클래스 중 하나가 정답 y [N]인 샘플의 비율을 반환하세요.
    예: 로짓이 [[3, 1, 2], [0, 5, 4]]이고 y가 [2, 0]이면 0.5입니다.
    힌트: torch.topk가 반환하는 인덱스 [N, 2]를 y[:, None]과 비교해 보세요.
    """
    return None


def accuracy_of_class(predictions, y, k):
    """정답이 k인 샘플 중에서 예측도 k인 샘플의 비율을 반환하세요. 정답이 k인 샘플이 없으면 0을 반환합니다.
    예: 예측이 [1, 1, 0]이고 y가 [1, 0, 1]이면 k=1의 정확도는 0.5입니다.
    힌트: predictions[y == k]는 정답이 k인 샘플의 예측입니다.
    """
    return None


def most_confident_mistake(probabilities, y):
    """잘못 예측한 샘플 중에서, 예측한 클래스의 확률이 가장 큰 샘플의 인덱스를 반환하세요. 모두 맞혔으면 -1입니다.
    예: 확률 [N, C]가 [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]이고 y가 [0, 0, 0]이면 2입니다.
    힌트: 가장 큰 확률 [N]에서 맞힌 샘플의 값을 0으로 변경한 뒤 argmax를 사용해 보세요.
    """
    return None


def train_one_step(model, X, y, learning_rate):
    """nn.CrossEntropyLoss()와 torch.optim.SGD로 nn.Linear 모델을 한 번 업데이트하고 model.weight를 반환하세요.
    예: 학습률이 0이면 가중치는 그대로입니다.
    힌트: 이 장의 train 함수를 참고하세요. 스케줄러는 사용하지 않습니다.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    random = torch.Generator().manual_seed(0)
    logits, y = torch.randn(8, 4, generator=random), torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])
    p, best = logits.softmax(dim=1), logits.argmax(dim=1)
    model, X = nn.Linear(3, 4), torch.randn(8, 3, generator=random)

    def mistake(p, y):
        return max(((max(row), i) for i, row in enumerate(p) if row.argmax() != y[i]), default=(0, -1))[1]

    def step(model, X, y, rate):
        return model.weight - rate * (model(X).softmax(dim=1) - nn.functional.one_hot(y, 4)).T @ X / len(X)

    inputs = (logits, y), (logits[:3], y[:3]), (logits, best)
    practice(top2_accuracy, lambda z, y: sum((row > row[k]).sum() < 2 for row, k in zip(z, y)) / len(y), *inputs)
    inputs = (best, y, 1), (y[[1, 1, 0, 1]], y[[1, 0, 1, 0]], 1), (best, y, 9)
    practice(accuracy_of_class, lambda p, y, k: sum(p[y == k] == k) / max(sum(y == k), 1), *inputs)
    practice(most_confident_mistake, mistake, (p, y), (p, best), (p, y.roll(2)))
    practice(train_one_step, step, (model, X, y, 0.5), (model, X[:1], y[:1], 2.0), (model, X, y, 0.0))


# ---- 그림을 그리는 함수입니다. ----
def draw_learning_curve(history):
    """에폭별 손실과 정확도를 그린 그림을 반환합니다."""
    epochs, (train_losses, test_losses, accuracies) = range(1, len(history) + 1), zip(*history)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(epochs, train_losses, "o-", color="#0072B2", label="train")
    left.plot(epochs, test_losses, "s--", color="#D55E00", label="test")
    left.legend()
    right.plot(epochs, accuracies, "s--", color="#D55E00")
    for axis, title, unit in ((left, "Loss", "loss"), (right, "Test accuracy", "accuracy (%)")):
        axis.set(title=f"{title} per epoch", xlabel="epoch", ylabel=unit)
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def draw_predictions(images, probabilities, targets):
    """처음 24개 이미지를 예측과 함께 그립니다. 잘못 예측한 이미지에는 정답도 표시합니다."""
    figure, axes = plt.subplots(4, 6, figsize=(11, 8.4), subplot_kw={"xticks": [], "yticks": [], "frame_on": False})
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.88, wspace=0.1, hspace=0.35)
    figure.suptitle("Predicted class and confidence (blue: correct, orange: wrong, with the true class)")
    for axis, image, probability, target in zip(axes.flat, images, probabilities, targets):
        axis.imshow(image.mean(dim=0).numpy(), cmap="gray")  # 채널이 여러 개이면 평균을 그립니다
        confidence, prediction = probability.max(dim=0)
        color, answer = ("#0072B2", "correct") if prediction == target else ("#D55E00", f"WRONG: {CLASSES[target]}")
        axis.set_title(f"{CLASSES[prediction]} {confidence:.0%}\n{answer}", fontsize=10, color=color)
    return figure


def draw_confusion_matrix(matrix):
    """혼동 행렬을 그린 그림을 반환합니다. 행은 정답, 열은 예측입니다."""
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
