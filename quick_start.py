"""1장. 빠른 시작: 데이터에서 예측까지 한 번에 걸어 봅니다.

옷 사진 열 가지를 구별하는 신경망을 만들고, 학습하고, 저장하고, 다시 불러와 예측합니다.
한 장에 하나씩 나오는 내용을 이 장에서 먼저 훑어봅니다. 모르는 말이 나와도 끝까지 실행해 보십시오.

실행 방법
    python quick_start.py                  # 처음부터 끝까지
    python quick_start.py --epochs 1       # 한 번만 훑어 학습합니다
    python quick_start.py --show           # 그림을 창으로도 봅니다
    python quick_start.py --help           # 모든 옵션

차례
    1. 데이터셋: 샘플과 정답을 담습니다           load_datasets
    2. 데이터로더: 배치로 묶어 꺼냅니다           make_dataloaders
    3. 신경망: 계층을 쌓습니다                    NeuralNetwork, build_model
    4. 학습: 틀린 만큼 고칩니다                   train, test, fit
    5. 저장과 불러오기: 상태 사전을 씁니다        save_and_load
    6. 예측: 클래스 이름으로 답합니다             predict_one, draw_predictions
    7. 무엇을 헷갈리는가: 혼동 행렬을 봅니다      accuracy_per_class, draw_confusion_matrix

다음 장은 tensor.py입니다.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.transforms import ToTensor


def load_datasets(data_dir):
    """데이터셋(dataset)은 샘플과 정답(label)을 함께 담습니다.

    PyTorch에는 분야별 라이브러리가 있고, 그 안에 바로 쓸 수 있는 데이터셋이 있습니다.
    이미지는 TorchVision, 소리는 TorchAudio입니다. TorchAudio는 유지 보수 단계에 있습니다.
    글을 다루던 TorchText는 0.18판(2024년 4월)을 끝으로 개발이 멈추었습니다.

    TorchVision의 데이터셋은 모두 두 가지 변형(transform)을 받습니다.
    transform은 샘플을 바꾸고, target_transform은 정답을 바꿉니다.
    """
    print("\n== 1. 데이터셋(dataset) ==")
    FashionMNIST = find_fashion_mnist(data_dir)  # 보통은 torchvision의 datasets.FashionMNIST입니다
    training_data = FashionMNIST(root=data_dir, train=True, download=True, transform=ToTensor())
    test_data = FashionMNIST(root=data_dir, train=False, download=True, transform=ToTensor())

    image, label = training_data[0]  # transform을 거친 샘플 하나
    print(f"학습용 {len(training_data)}장, 시험용 {len(test_data)}장을 준비했습니다.")
    print(f"샘플 하나는 (이미지, 정답)입니다: {tuple(image.shape)}, {label} ({training_data.classes[label]})")
    print(f"ToTensor가 픽셀 값 0~255를 0~1로 바꿉니다: 최솟값 {image.min():.2f}, 최댓값 {image.max():.2f}")
    assert image.dtype == torch.float32 and 0 <= image.min() and image.max() <= 1

    # target_transform은 정답을 바꿉니다. 여기서는 번호 대신 이름을 돌려주게 합니다.
    named = FashionMNIST(root=data_dir, train=False, target_transform=lambda y: test_data.classes[y])
    print(f"target_transform으로 정답을 이름으로 바꾼 예: {test_data[0][1]} -> {named[0][1]}")
    assert named[0][1] == test_data.classes[test_data[0][1]]
    return training_data, test_data


def make_dataloaders(training_data, test_data, batch_size, device):
    """데이터로더(DataLoader)는 데이터셋을 배치(batch) 단위로 꺼내 줍니다.

    묶기(batch_size), 섞기(shuffle), 뽑는 순서(sampler), 여러 프로세스로 읽기(num_workers)를 맡습니다.
    학습할 때에는 에폭마다 순서를 섞습니다. 시험할 때에는 섞을 까닭이 없습니다.
    """
    print("\n== 2. 데이터로더(DataLoader) ==")
    pin_memory = device.type == "cuda"  # GPU로 옮기기 쉬운 메모리에 배치를 올려 둡니다
    train_dataloader = DataLoader(transform_once(training_data), batch_size, shuffle=True, pin_memory=pin_memory)
    test_dataloader = DataLoader(transform_once(test_data), batch_size, pin_memory=pin_memory)

    X, y = next(iter(test_dataloader))
    print(f"X의 모양(shape) [N, C, H, W]: {list(X.shape)}  (장수, 채널, 높이, 너비)")
    print(f"y의 모양과 자료형(dtype): {list(y.shape)}, {y.dtype}")
    assert X.shape[1:] == (1, 28, 28) and y.dtype == torch.int64
    return train_dataloader, test_dataloader


def transform_once(dataset):
    """모든 이미지를 한꺼번에 0~1로 바꾸어 둡니다. 결과는 ToTensor와 같습니다.

    데이터셋은 샘플을 꺼낼 때마다 변형을 다시 계산합니다. ToTensor의 답은 늘 같으므로, 처음에 한 번만
    계산해 두면 학습이 훨씬 빨라집니다. 자세한 이야기는 3장(data_tutorial.py)에 있습니다.
    """
    X = dataset.data.unsqueeze(1) / 255  # uint8 [N, 28, 28] -> float32 [N, 1, 28, 28]
    for i in (0, len(X) // 2, len(X) - 1):
        assert torch.equal(X[i], dataset[i][0]), "transform을 바꾸었다면 이 함수도 바꾸어야 합니다"
    return TensorDataset(X, dataset.targets)


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


def build_model(device):
    """신경망을 만들어 장치(device)로 옮깁니다. GPU가 있으면 GPU로 갑니다."""
    print("\n== 3. 신경망(nn.Module) ==")
    model = NeuralNetwork().to(device)
    print(model)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"학습할 매개변수(parameter)는 {parameters}개이고, {next(model.parameters()).device}에 있습니다.")
    assert parameters == (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10
    return model


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


def fit(model, train_dataloader, test_dataloader, epochs, learning_rate, device):
    """에폭(epoch)마다 학습하고 시험합니다. 에폭은 데이터 전체를 한 번 보는 것입니다.

    손실 함수(loss function)는 예측이 정답에서 얼마나 먼지 잽니다.
    옵티마이저(optimizer)는 손실이 줄어드는 쪽으로 매개변수를 고칩니다.
    """
    print("\n== 4. 학습과 시험 ==")
    loss_fn = nn.CrossEntropyLoss()
    # 아래 값들은 학습용 8,000장 가운데 1,500장을 떼어 놓고 재어서 골랐습니다. SGD보다 Adam이, 학습률(learning rate)은
    # 0.003이, 그대로 두기보다 에폭마다 줄이기가 나았습니다. fused=True는 같은 Adam을 더 빨리 계산합니다.
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / epochs, total_iters=max(epochs - 1, 1))
    history = []
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        train_loss = train(train_dataloader, model, loss_fn, optimizer, device, epoch)
        test_loss, accuracy = test(test_dataloader, model, loss_fn, device)
        scheduler.step()  # 다음 에폭의 학습률을 줄입니다
        history.append((train_loss, test_loss, accuracy))
        seconds = time.perf_counter() - started
        print(f"에폭 {epoch} 끝: 시험 손실 {test_loss:.4f}, 정확도 {accuracy:.1f}%, {seconds:.1f}초", flush=True)
    return history


def draw_learning_curve(history):
    """손실과 정확도가 에폭마다 어떻게 변했는지 그립니다."""
    train_losses, test_losses, accuracies = zip(*history)
    epochs = range(1, len(history) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(epochs, train_losses, "o-", color="#0072B2", label="train")
    left.plot(epochs, test_losses, "s--", color="#D55E00", label="test")
    left.set(title="Loss per epoch", xlabel="epoch", ylabel="cross entropy", xticks=epochs)
    left.legend()
    right.plot(epochs, accuracies, "s--", color="#D55E00")
    right.set(title="Test accuracy per epoch", xlabel="epoch", ylabel="accuracy (%)", xticks=epochs)
    return figure


def save_and_load(model, path, sample, device):
    """학습한 것은 상태 사전(state dict)에 들어 있습니다. 이름과 텐서(tensor)를 짝지은 사전입니다.

    불러올 때에는 같은 구조의 새 모델을 만들고 그 안에 채워 넣습니다.
    weights_only=True는 파일 속의 코드를 실행하지 않고 텐서만 읽으라는 뜻입니다.
    """
    print("\n== 5. 저장과 불러오기 ==")
    save_state_dict(model.state_dict(), path)
    loaded = NeuralNetwork().to(device)
    loaded.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    for name, tensor in loaded.state_dict().items():
        print(f"    {name:<28} {list(tensor.shape)}")

    model.eval()
    loaded.eval()
    with torch.no_grad():
        assert torch.equal(loaded(sample.to(device)), model(sample.to(device)))
    print("불러온 모델의 출력이 저장한 모델의 출력과 정확히 같습니다.")
    return loaded


def predict_one(model, test_data, device):
    """이미지 한 장을 예측합니다. 가장 큰 로짓의 자리가 답입니다.

    softmax는 로짓을 더해서 1이 되는 확률로 바꿉니다.
    """
    print("\n== 6. 예측 ==")
    image, label = test_data[0]
    model.eval()
    with torch.no_grad():
        logits = model(image.unsqueeze(0).to(device))  # [1, 28, 28]에 배치 차원을 붙여 [1, 1, 28, 28]
    probability, index = F.softmax(logits, dim=1)[0].max(dim=0)
    print(f'예측: "{test_data.classes[index]}" ({probability:.1%}), 정답: "{test_data.classes[label]}"')
    assert index == logits.argmax()


def predict_all(dataloader, model, device):
    """모든 이미지의 확률 [N, 10]과 정답 [N]을 CPU 텐서로 돌려줍니다."""
    model.eval()
    with torch.no_grad():
        probabilities = torch.cat([F.softmax(model(X.to(device)), dim=1).cpu() for X, _ in dataloader])
    return probabilities, torch.cat([y for _, y in dataloader])


def draw_predictions(test_data, probabilities, targets):
    """시험용 이미지 24장을 예측과 함께 그립니다. 틀린 것에는 정답을 적습니다."""
    confidences, predictions = probabilities.max(dim=1)
    figure, axes = plt.subplots(4, 6, figsize=(11, 8.4), layout="constrained")
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i >= len(targets):  # 데이터가 24장보다 적으면 빈칸으로 둡니다
            continue
        axis.imshow(test_data.data[i].numpy(), cmap="gray")
        right = predictions[i] == targets[i]
        answer = "correct" if right else f"WRONG: {test_data.classes[targets[i]]}"
        title = f"{test_data.classes[predictions[i]]} {confidences[i]:.0%}\n{answer}"
        axis.set_title(title, fontsize=10, color="#0072B2" if right else "#D55E00")
    figure.suptitle("Predicted class and confidence (blue: correct, orange: wrong, with the true class)")
    return figure


def accuracy_per_class(probabilities, targets, classes):
    """혼동 행렬(confusion matrix)을 세고, 클래스마다 정확도를 알립니다. 행은 정답, 열은 예측입니다."""
    print("\n== 7. 무엇을 헷갈리는가 ==")
    n = len(classes)
    matrix = torch.bincount(targets * n + probabilities.argmax(1), minlength=n * n).view(n, n)
    assert matrix.sum() == len(targets)
    for name, row, hits in zip(classes, matrix, matrix.diagonal()):
        print(f"    {name:<12} {row.sum():>5}장 가운데 {hits:>5}장 맞힘  ({100 * hits / row.sum().clamp(min=1):.1f}%)")

    mistakes = matrix.clone().fill_diagonal_(0)
    true, predicted = divmod(mistakes.argmax().item(), n)
    if mistakes.any():
        print(f"가장 잦은 실수: 정답 {classes[true]}, 예측 {classes[predicted]} ({mistakes[true, predicted]}번)")
    return matrix


def draw_confusion_matrix(matrix, classes):
    """혼동 행렬을 그립니다. 대각선이 맞힌 수입니다."""
    figure, axis = plt.subplots(figsize=(8, 7.4), layout="constrained")
    axis.imshow(matrix.numpy(), cmap="Blues")
    for row, counts in enumerate(matrix.tolist()):
        for column, count in enumerate(counts):
            color = "white" if count > matrix.max() / 2 else "black"
            axis.text(column, row, count, ha="center", va="center", fontsize=9, color=color)
    axis.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axis.set_yticks(range(len(classes)), classes)
    axis.set(title="Confusion matrix (test images)", xlabel="predicted class", ylabel="true class")
    return figure


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="1장. 빠른 시작: 데이터에서 예측까지", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--epochs", type=number_between(int, 1, 1000), default=5, metavar="N", help="에폭 수 (기본값: %(default)s)")
    option("--batch-size", type=number_between(int, 1, 60000), default=64, metavar="N", help="배치 크기 (기본값: %(default)s)")
    option("--learning-rate", type=number_between(float, 1e-9, 1000), default=3e-3, metavar="X", help="학습률 (기본값: %(default)s)")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s, CUDA가 있으면 CUDA)")
    option("--data-dir", type=Path, default=here / "data", metavar="DIR", help="FashionMNIST 폴더 (기본값: %(default)s)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """1장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    device = select_device(args.device)
    make_folder(args.output_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"1장. 빠른 시작  |  PyTorch {torch.__version__}  |  장치(device): {device}")

    training_data, test_data = load_datasets(args.data_dir)
    train_dataloader, test_dataloader = make_dataloaders(training_data, test_data, args.batch_size, device)
    model = build_model(device)
    history = fit(model, train_dataloader, test_dataloader, args.epochs, args.learning_rate, device)

    model_path = args.output_dir / "model.pth"
    sample, _ = next(iter(test_dataloader))
    loaded = save_and_load(model, model_path, sample, device)
    predict_one(loaded, test_data, device)
    probabilities, targets = predict_all(test_dataloader, loaded, device)
    matrix = accuracy_per_class(probabilities, targets, test_data.classes)

    files = [
        model_path,
        save_figure(draw_predictions(test_data, probabilities, targets), args.output_dir / "quick_start_predictions.png"),
        save_figure(draw_learning_curve(history), args.output_dir / "quick_start_learning_curve.png"),
        save_figure(draw_confusion_matrix(matrix, test_data.classes), args.output_dir / "quick_start_confusion_matrix.png"),
    ]
    print(f"\n마지막 정확도: 시험용 {len(test_data)}장에서 {history[-1][2]:.1f}%")
    if isinstance(test_data, PracticeData):
        print(PracticeData.notice)
    print_closing(files, started, "tensor.py")
    show_figures(args.show)


# 직접 해 보기
#   1. fit의 Adam을 torch.optim.SGD(model.parameters(), lr=1e-3)으로 바꾸어 보십시오.
#      한 걸음이 너무 작아서, 같은 에폭을 학습해도 정확도가 훨씬 낮습니다.
#   2. NeuralNetwork에서 nn.ReLU() 두 줄을 지워 보십시오.
#      계층이 셋이어도 직선 하나와 같아져서, 정확도가 몇 % 낮아집니다.
#   3. python quick_start.py --learning-rate 0.3 으로 실행해 보십시오.
#      한 걸음이 너무 커서 손실이 줄지 않고, 정확도가 찍는 것(10%)과 비슷해집니다.


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
