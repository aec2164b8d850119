"""2장. 텐서: 데이터도 모델도 모두 이 상자에 담깁니다.

텐서(tensor)는 배열이나 행렬처럼 수를 모아 담은 것입니다. 만들고, 자르고, 잇고, 곱하고, GPU로 옮겨 봅니다.
NumPy와 메모리를 나누어 쓰는 법과, 처음에 누구나 겪는 실수도 일부러 해 봅니다.

실행 방법
    python tensor.py                       # 처음부터 끝까지
    python tensor.py --seed 1              # 난수가 달라집니다
    python tensor.py --show                # 그림을 창으로도 봅니다
    python tensor.py --help                # 모든 옵션

차례
     1. 텐서란 무엇인가                        meet_tensors
     2. 텐서 만들기                            create_tensors
     3. 복사하는 생성, 나누어 쓰는 생성        copy_or_share
     4. 텐서의 속성                            read_attributes
     5. 인덱싱과 슬라이싱                      index_and_slice
     6. 잇기와 쌓기                            join_tensors
     7. 행렬 곱                                multiply_matrices
     8. 원소끼리 곱하기                        multiply_elements
     9. 원소가 하나인 텐서                     take_single_value
    10. 제자리 연산                            change_in_place
    11. 장치로 옮기기                          move_to_device, measure_copy_cost
    12. NumPy와 잇는 다리                      bridge_with_numpy
    13. 뷰와 복사                              tell_views_from_copies
    14. view가 안 될 때                        arrange_memory
    15. 브로드캐스팅                           broadcast_shapes, draw_broadcasting
    16. 브로드캐스팅의 흔한 실수               avoid_silent_broadcast
    17. 자료형이 섞일 때                       mix_dtypes
    18. float32의 한계                         find_float32_limits
    19. 이미지는 텐서입니다                    treat_image_as_tensor, draw_image_and_values
    20. 반복문을 쓰지 않는 까닭                compare_with_loops
    21. 흔한 오류 세 가지                      read_common_errors

다음 장은 data_tutorial.py입니다.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch


def show_value(code, value, note=""):
    """코드와 그 결과를 한 줄에 나란히 찍습니다."""
    print(f"    {code:<36} -> {' '.join(str(value).split())}" + (f"   # {note}" if note else ""))


def show_tensor_error(code, work, kind):
    """일부러 오류를 내는 work를 실행합니다. kind 오류만 잡아, 진짜 메시지의 앞부분을 보여 줍니다."""
    try:
        work()
    except kind as error:
        message = str(error).splitlines()[0]
        shortened = message if len(message) <= 90 else message[:90] + "..."
        print(f"    {code:<36} -> 오류\n        {kind.__name__}: {shortened}")
        return message
    raise AssertionError(f"오류가 나야 합니다: {code}")


def meet_tensors():
    """텐서는 배열이나 행렬과 아주 비슷합니다. 모델의 입력과 출력, 매개변수(parameter)를 모두 텐서로 나타냅니다.

    NumPy의 ndarray와 쓰는 법이 닮았습니다. 다른 점은 GPU 같은 가속기에서도 계산할 수 있고,
    변화도(gradient)를 자동으로 구할 수 있다는 것입니다. 변화도는 6장에서 배웁니다.
    """
    print("\n== 1. 텐서(tensor)란 무엇인가 ==")
    print("텐서는 수를 모아 담은 상자입니다. 배열이나 행렬과 아주 비슷합니다. 차원의 수로 나누어 봅니다.")
    show_value("torch.tensor(7).dim()", torch.tensor(7).dim(), "0차원: 수 하나")
    show_value("torch.tensor([7, 8]).dim()", torch.tensor([7, 8]).dim(), "1차원: 한 줄")
    show_value("torch.tensor([[7, 8], [9, 0]]).dim()", torch.tensor([[7, 8], [9, 0]]).dim(), "2차원: 행과 열, 곧 행렬")

    print("모델의 입력, 출력, 매개변수(parameter)가 모두 텐서입니다. 수 784개로 점수 10개를 매겨 봅니다.")
    inputs = torch.rand(64, 784)  # 이미지 64장, 한 장에 픽셀 784개
    weight = torch.rand(784, 10)  # 모델이 배우는 수
    outputs = inputs @ weight
    show_value("inputs.shape", inputs.shape, "입력: 이미지 64장")
    show_value("weight.shape", weight.shape, "매개변수: 가중치(weight)")
    show_value("outputs.shape", outputs.shape, "출력: inputs @ weight. 한 장에 점수 10개")
    assert outputs.shape == (64, 10)

    print("NumPy의 ndarray와 쓰는 법이 닮았습니다. 다른 점은 GPU 같은 가속기(accelerator)에서도 계산한다는 것입니다.")
    array, tensor = np.array([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    show_value("array.sum(axis=0)", array.sum(axis=0), "NumPy")
    show_value("tensor.sum(dim=0)", tensor.sum(dim=0), "PyTorch: axis를 보통 dim이라고 씁니다")
    assert tensor.sum(dim=0).tolist() == array.sum(axis=0).tolist() == [4, 6]


def create_tensors():
    """데이터에서, NumPy 배열에서, 다른 텐서에서, 난수나 상수로 만듭니다."""
    print("\n== 2. 텐서 만들기 ==")
    print("데이터에서 바로 만듭니다. 자료형(dtype)은 데이터를 보고 정합니다.")
    data = [[1, 2], [3, 4]]
    x_data = torch.tensor(data)
    show_value("x_data", x_data, "torch.tensor([[1, 2], [3, 4]])")
    show_value("x_data.dtype", x_data.dtype, "정수이면 int64")
    show_value("torch.tensor([1.5]).dtype", torch.tensor([1.5]).dtype, "소수이면 float32 (NumPy는 float64)")
    assert x_data.dtype == torch.int64 and torch.tensor([1.5]).dtype == torch.float32

    print("NumPy 배열에서 만듭니다. 자료형을 그대로 물려받습니다.")
    x_np = torch.from_numpy(np.array([0.5, 1.5]))
    show_value("x_np", x_np, "torch.from_numpy(array)")
    assert x_np.dtype == torch.float64

    print("다른 텐서를 본떠 만듭니다. 모양(shape)과 자료형을 물려받고, 따로 적은 것만 바뀝니다.")
    print("난수는 소수이므로, 정수 텐서를 본뜰 때에는 dtype=torch.float32라고 적습니다.")
    x_ones = torch.ones_like(x_data)
    x_rand = torch.rand_like(x_data, dtype=torch.float32)
    show_value("x_ones", x_ones, "torch.ones_like(x_data)")
    show_value("x_rand", x_rand, "torch.rand_like(...)")
    assert x_ones.dtype == x_data.dtype and x_rand.dtype == torch.float32
    assert x_ones.shape == x_rand.shape == x_data.shape

    print("모양을 정하고 난수나 상수로 채웁니다.")
    shape = (2, 3)
    show_value("torch.zeros(shape)", torch.zeros(shape))
    show_value("torch.full(shape, 7)", torch.full(shape, 7))
    show_value("torch.arange(0, 10, 3)", torch.arange(0, 10, 3), "10은 들어가지 않습니다")
    show_value("torch.linspace(0, 1, 3)", torch.linspace(0, 1, 3), "1도 들어갑니다")
    print("torch.rand는 0 이상 1 미만의 난수입니다. 씨앗(seed)이 같으면 난수도 같습니다. 씨앗 7로 두 번 만들어 봅니다.")
    first = torch.rand(shape, generator=torch.Generator().manual_seed(7))
    second = torch.rand(shape, generator=torch.Generator().manual_seed(7))
    show_value("first", first)
    show_value("second", second)
    assert torch.equal(first, second) and 0 <= first.min() and first.max() < 1


def copy_or_share():
    """만드는 함수에 따라 값을 복사하기도 하고, 메모리를 나누어 쓰기도 합니다."""
    print("\n== 3. 복사하는 생성, 나누어 쓰는 생성 ==")
    print("NumPy 배열로 텐서를 만든 다음, 배열의 첫 값을 0에서 9로 바꿉니다.")
    print("텐서의 값도 9가 되면 메모리를 나누어 쓰는 것이고, 0으로 남으면 복사한 것입니다.")
    makers = [
        ("torch.tensor(array)", torch.tensor, False),
        ("torch.from_numpy(array)", torch.from_numpy, True),
        ("torch.as_tensor(array)", torch.as_tensor, True),
        ("torch.as_tensor(array, dtype=torch.float32)", lambda n: torch.as_tensor(n, dtype=torch.float32), False),
    ]
    for code, make, shares in makers:
        array = np.zeros(3)  # float64
        tensor = make(array)
        array[0] = 9
        print(f"    {code:<43} -> 텐서의 첫 값 {tensor[0]:.0f}: {'나누어 씁니다' if tensor[0] == 9 else '복사했습니다'}")
        assert (tensor[0] == 9) == shares
    print("torch.tensor는 언제나 복사합니다. from_numpy는 언제나 나누어 씁니다.")
    print("as_tensor는 되도록 나누어 쓰고, 자료형이 달라지는 때처럼 어쩔 수 없을 때에만 복사합니다.")

    print("텐서를 as_tensor에 주면 같은 객체가 나옵니다. 따로 갖고 싶으면 clone을 씁니다.")
    tensor = torch.zeros(3)
    show_value("torch.as_tensor(tensor) is tensor", torch.as_tensor(tensor) is tensor)
    copied = tensor.clone()
    tensor[0] = 9
    show_value("copied", copied, "tensor[0]을 9로 바꾸었지만 그대로입니다")
    assert torch.as_tensor(tensor) is tensor and copied[0] == 0


def read_attributes(device):
    """속성은 텐서가 어떤 것인지 알려 줍니다. 모양(shape), 자료형(dtype), 장치(device) 세 가지가 으뜸입니다."""
    print("\n== 4. 텐서의 속성 ==")
    print("모양(shape), 자료형(dtype), 장치(device). 오류가 나면 이 세 가지부터 찍어 보십시오.")
    tensor = torch.rand(3, 4, device=device)
    show_value("tensor.shape", tensor.shape, "3행 4열")
    show_value("tensor.dtype", tensor.dtype, "원소 하나가 32비트 소수")
    show_value("tensor.device", tensor.device, "값이 놓인 곳")
    show_value("tensor.numel()", tensor.numel(), "원소의 수: 3 * 4")
    show_value("tensor.element_size()", tensor.element_size(), "원소 하나의 바이트. 모두 12 * 4 = 48바이트")
    assert tensor.shape == (3, 4) and tensor.dtype == torch.float32 and tensor.device.type == device.type
    assert tensor.numel() * tensor.element_size() == 48


def index_and_slice():
    """NumPy처럼 자릿수와 범위로 꺼냅니다. 번호는 0부터입니다."""
    print("\n== 5. 인덱싱(indexing)과 슬라이싱(slicing) ==")
    print("번호는 0부터 셉니다. 쉼표 앞은 행, 뒤는 열입니다. 쌍점(:)은 '모두'를 뜻합니다.")
    tensor = torch.arange(12).view(3, 4)
    show_value("tensor", tensor)
    show_value("tensor[0]", tensor[0], "첫 행")
    show_value("tensor[:, 0]", tensor[:, 0], "첫 열")
    show_value("tensor[..., -1]", tensor[..., -1], "마지막 열. ...은 앞 차원 모두")
    show_value("tensor[1:, ::2]", tensor[1:, ::2], "1행부터, 열은 하나씩 건너")
    show_value("tensor[[0, 2]]", tensor[[0, 2]], "0행과 2행")
    show_value("tensor[tensor > 8]", tensor[tensor > 8], "조건에 맞는 것만")
    assert tensor[:, 0].tolist() == [0, 4, 8] and tensor[1:, ::2].tolist() == [[4, 6], [8, 10]]
    assert tensor[tensor > 8].tolist() == [9, 10, 11]

    print("꺼내기와 같은 꼴로 값을 넣습니다. tensor[:, 1] = 0 다음에는 둘째 열이 모두 0입니다.")
    tensor[:, 1] = 0
    show_value("tensor", tensor)
    assert tensor[:, 1].tolist() == [0, 0, 0]


def join_tensors():
    """cat은 있는 차원을 따라 잇고, stack은 새 차원을 만들어 쌓습니다."""
    print("\n== 6. 잇기(cat)와 쌓기(stack) ==")
    print("cat은 있던 차원을 따라 길게 잇습니다. stack은 새 차원을 하나 만들어 쌓습니다.")
    a, b = torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])
    show_value("torch.cat([a, b])", torch.cat([a, b]), "모양 [6]: 여전히 1차원")
    show_value("torch.stack([a, b])", torch.stack([a, b]), "모양 [2, 3]: 2차원이 되었습니다")
    show_value("torch.stack([a, b], dim=1)", torch.stack([a, b], dim=1), "모양 [3, 2]")
    assert torch.cat([a, b]).shape == (6,) and torch.stack([a, b]).shape == (2, 3)
    assert torch.stack([a, b], dim=1).tolist() == [[1, 4], [2, 5], [3, 6]]

    print("이미지로 생각하면 쉽습니다. 이미지 한 장의 모양이 [1, 28, 28]이라고 합시다.")
    image = torch.rand(1, 28, 28)
    show_value("torch.stack([image, image]).shape", torch.stack([image, image]).shape, "두 장을 모은 배치(batch)")
    show_value("torch.cat([image, image]).shape", torch.cat([image, image]).shape, "채널이 둘인 한 장")
    assert torch.stack([image, image]).shape == (2, 1, 28, 28) and torch.cat([image, image]).shape == (2, 28, 28)
    print("cat은 이어 붙이는 차원의 길이가 서로 달라도 됩니다. stack은 모양이 모두 같아야 합니다.")
    longer = torch.tensor([7, 8, 9, 10])
    show_value("torch.cat([a, longer])", torch.cat([a, longer]))
    show_tensor_error("torch.stack([a, longer])", lambda: torch.stack([a, longer]), RuntimeError)


def multiply_matrices():
    """행렬 곱을 쓰는 세 가지 방법입니다. 왼쪽의 행과 오른쪽의 열을 짝지어 곱하고 더합니다."""
    print("\n== 7. 행렬 곱: 쓰는 방법 세 가지 ==")
    print("왼쪽의 행과 오른쪽의 열을 짝지어 곱하고 더합니다.")
    print("[2, 3]과 [3, 2]를 곱하면 [2, 2]입니다. 안쪽의 두 수(3)가 같아야 합니다.")
    tensor = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    show_value("tensor", tensor)
    show_value("tensor.T", tensor.T, "행과 열을 바꾼 것")
    y1 = tensor @ tensor.T
    y2 = tensor.matmul(tensor.T)
    y3 = torch.empty(2, 2)
    torch.matmul(tensor, tensor.T, out=y3)  # 결과를 y3에 씁니다
    show_value("tensor @ tensor.T", y1, "y1: 가장 짧습니다")
    show_value("tensor.matmul(tensor.T)", y2, "y2: 메서드")
    show_value("torch.matmul(tensor, tensor.T, out=y3)", y3, "y3: 만들어 둔 텐서에 받습니다")
    print(f"y1[0, 1]을 손으로 구하면 1*4 + 2*5 + 3*6 = {1 * 4 + 2 * 5 + 3 * 6}입니다. PyTorch의 답은 {y1[0, 1]:.0f}입니다.")
    assert y1.tolist() == [[14, 32], [32, 77]] and torch.equal(y1, y2) and torch.equal(y1, y3)


def multiply_elements():
    """같은 자리의 원소끼리 곱하는 세 가지 방법입니다. 행렬 곱과 다릅니다."""
    print("\n== 8. 원소끼리 곱하기: 쓰는 방법 세 가지 ==")
    print("*는 행렬 곱이 아닙니다. 같은 자리에 있는 원소끼리 곱합니다. 결과의 모양은 그대로입니다.")
    tensor = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    show_value("tensor", tensor)
    z1 = tensor * tensor
    z2 = tensor.mul(tensor)
    z3 = torch.empty_like(tensor)
    torch.mul(tensor, tensor, out=z3)
    show_value("tensor * tensor", z1, "z1")
    show_value("tensor.mul(tensor)", z2, "z2")
    show_value("torch.mul(tensor, tensor, out=z3)", z3, "z3")
    assert z1.tolist() == [[1, 4, 9], [16, 25, 36]] and torch.equal(z1, z2) and torch.equal(z1, z3)


def take_single_value():
    """원소가 하나뿐인 텐서는 item()으로 파이썬의 수로 바꿉니다."""
    print("\n== 9. 원소가 하나인 텐서와 item() ==")
    print("합이나 평균을 구하면 원소가 하나인 텐서가 나옵니다. item()이 그것을 파이썬의 수로 바꿉니다.")
    tensor = torch.tensor([1.0, 2.0, 3.0])
    agg = tensor.sum()
    show_value("agg", agg, "아직 텐서입니다. 모양은 []")
    show_value("agg.item()", agg.item(), "파이썬의 float")
    assert agg.shape == () and type(agg.item()) is float and agg.item() == 6.0
    print("원소가 여럿이면 item()을 쓸 수 없습니다. 그때에는 tolist()가 리스트를 줍니다.")
    show_tensor_error("tensor.item()", tensor.item, RuntimeError)
    show_value("tensor.tolist()", tensor.tolist())
    print("GPU의 텐서에 item()을 부르면 계산이 끝나기를 기다립니다. 자주 부르면 느려집니다.")


def change_in_place():
    """이름이 _로 끝나는 메서드는 제자리(in-place) 연산입니다. 메모리를 아끼지만 조심해야 합니다."""
    print("\n== 10. 제자리(in-place) 연산 ==")
    print("이름이 _로 끝나는 메서드는 새 텐서를 만들지 않고 그 자리에서 값을 바꿉니다. 메모리를 아낍니다.")
    tensor = torch.ones(3)
    added = tensor.add(5)
    show_value("tensor", tensor, "added = tensor.add(5) 다음: 그대로입니다")
    tensor.add_(5)
    show_value("tensor", tensor, "tensor.add_(5) 다음: 바뀌었습니다")
    assert torch.equal(tensor, added) and tensor.tolist() == [6, 6, 6]

    print("조심할 것이 셋입니다. 첫째, 같은 메모리를 보는 다른 이름에서도 값이 바뀝니다.")
    alias = tensor
    alias.zero_()
    show_value("tensor", tensor, "alias = tensor; alias.zero_() 다음")
    assert tensor.tolist() == [0, 0, 0]

    print("둘째, 자료형은 바뀌지 않습니다. 정수 텐서에 소수를 제자리에서 더할 수 없습니다.")
    counts = torch.tensor([1, 2])
    show_value("counts + 0.5", counts + 0.5, "새 텐서라면 float32가 됩니다")
    show_tensor_error("counts.add_(0.5)", lambda: counts.add_(0.5), RuntimeError)

    print("셋째, 변화도(gradient)를 구할 때 쓸 옛 값이 사라집니다. 그래서 학습하는 계산 속에서는 되도록 쓰지 않습니다.")
    print("    x = torch.ones(3, requires_grad=True); y = x.exp(); y.add_(1)  다음에 변화도를 구해 봅니다.")
    x = torch.ones(3, requires_grad=True)  # 변화도를 구할 텐서. 6장에서 배웁니다
    y = x.exp()  # 역전파(backpropagation) 때 이 결과를 다시 씁니다
    y.add_(1)  # 그런데 덮어썼습니다
    message = show_tensor_error("y.sum().backward()", lambda: y.sum().backward(), RuntimeError)
    print("변화도 계산에 필요한 텐서가 제자리 연산(inplace operation)으로 바뀌었다는 뜻입니다. 자세한 것은 6장에 있습니다.")
    assert "inplace" in message


def median_seconds_on(device, work, repeats=5):
    """work를 한 번 연습으로 실행하고, 여러 번 잰 시간의 가운데 값(초)을 돌려줍니다.

    CUDA는 일을 맡기고 먼저 돌아옵니다. synchronize로 끝까지 기다려야 진짜 시간이 나옵니다.
    """
    seconds = []
    for _ in range(repeats + 1):
        if device.type == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])  # 첫 번은 준비 시간이 섞이므로 버립니다


def move_to_device(device):
    """텐서는 CPU에 만들어집니다. GPU가 있으면 to로 옮깁니다. 옮기기는 복사이고, 복사에는 시간이 듭니다.

    NVIDIA GPU는 cuda라고 부릅니다. 다른 가속기도 있습니다. 맥에서는 mps입니다.
    """
    print("\n== 11. 장치(device)로 옮기기 ==")
    print("텐서는 따로 적지 않으면 CPU에 만들어집니다. GPU가 있으면 to로 옮깁니다.")
    tensor = torch.ones(2, 3)
    moved = tensor.to(device)
    show_value("tensor.device", tensor.device)
    show_value("moved.device", moved.device, "moved = tensor.to(device)")
    assert tensor.device.type == "cpu" and moved.device.type == device.type

    print("to는 원래 텐서를 바꾸지 않습니다. 결과를 받아야 합니다. 자료형을 바꿀 때에도 같습니다.")
    tensor.to(torch.float64)  # 결과를 버렸습니다
    show_value("tensor.dtype", tensor.dtype, "tensor.to(torch.float64)의 결과를 버린 다음")
    assert tensor.dtype == torch.float32

    if device.type == "cpu":
        show_value("moved is tensor", moved is tensor, "이미 CPU에 있으니 복사하지 않고 자신을 돌려줍니다")
        print("이 실행의 장치는 CPU입니다. GPU로 갔다면 값을 복사해야 하고, 거기에 시간이 듭니다.")
        print("그래서 GPU에서는 한 번 옮겨 두고 여러 번 계산합니다. 장치가 GPU이면 여기에서 복사 시간을 잽니다.")
        assert moved is tensor
    else:
        moved[0, 0] = 7
        show_value("tensor[0, 0]", tensor[0, 0], "moved[0, 0] = 7 다음: 복사이므로 원래 텐서는 그대로입니다")
        assert tensor[0, 0] == 1
        measure_copy_cost(device)


def measure_copy_cost(device, size=4000):
    """장치 사이의 복사가 그 장치에서 하는 덧셈보다 얼마나 오래 걸리는지 잽니다."""
    on_cpu = torch.ones(size, size)
    on_device = on_cpu.to(device)
    add = median_seconds_on(device, lambda: on_device + 1)
    there = median_seconds_on(device, lambda: on_cpu.to(device))
    back = median_seconds_on(device, lambda: on_device.cpu())
    print(f"{size} x {size} 텐서에서 쟀습니다. 장치에서 1을 더하는 시간을 1배라고 합시다.")
    print(f"    CPU에서 장치로 복사  {there / add:.1f}배")
    print(f"    장치에서 CPU로 복사  {back / add:.1f}배")
    print("복사에도 시간이 듭니다. 한 번 옮겨 두고 여러 번 계산하십시오.")
    assert torch.equal(on_device.cpu(), on_cpu)


def bridge_with_numpy():
    """CPU의 텐서와 NumPy 배열은 메모리를 나누어 쓸 수 있습니다. 한쪽을 바꾸면 다른 쪽도 바뀝니다."""
    print("\n== 12. NumPy와 잇는 다리 ==")
    print("CPU의 텐서와 NumPy 배열은 같은 메모리를 나누어 씁니다. 복사하지 않으니 빠릅니다.")
    print("그 대신 한쪽을 바꾸면 다른 쪽도 바뀝니다. 두 방향 모두 그렇습니다.")
    print("텐서에서 배열로 갑니다: n = t.numpy()")
    t = torch.ones(3)
    n = t.numpy()
    t.add_(1)
    show_value("n", n, "t.add_(1) 다음: 텐서를 바꾸니 배열도 바뀝니다")
    assert n.tolist() == [2, 2, 2]
    n[0] = 9
    show_value("t", t, "n[0] = 9 다음: 배열을 바꾸니 텐서도 바뀝니다")
    assert t.tolist() == [9, 2, 2]

    print("배열에서 텐서로 갑니다: t = torch.from_numpy(n)")
    n = np.ones(3)
    t = torch.from_numpy(n)
    np.add(n, 1, out=n)
    show_value("t", t, "np.add(n, 1, out=n) 다음")
    assert t.tolist() == [2, 2, 2]
    t[0] = 9
    show_value("n", n, "t[0] = 9 다음")
    assert n.tolist() == [9, 2, 2]

    print("따로 갖고 싶으면 복사합니다: t.clone().numpy() 또는 torch.tensor(n)")
    separate = torch.tensor(n)
    n[:] = 0
    show_value("separate", separate, "n[:] = 0 다음: 그대로입니다")
    assert separate.tolist() == [9, 2, 2] and t.tolist() == [0, 0, 0]
    print("GPU의 텐서에 numpy()를 부르면 오류가 납니다. tensor.cpu().numpy()처럼 CPU로 복사한 다음에 씁니다.")


def tell_views_from_copies():
    """뷰(view)는 같은 메모리를 다른 모양으로 보는 것입니다. 한쪽을 바꾸어 보면 뷰인지 복사인지 압니다."""
    print("\n== 13. 뷰(view)와 복사 ==")
    print("뷰는 새 값을 만들지 않고, 같은 메모리를 다른 모양으로 봅니다.")
    print("base에서 만든 다음에 base의 첫 값을 99로 바꿉니다. 만든 것에서도 99가 보이면 뷰입니다.")
    makers = [
        ("base.view(3, 2)", lambda base: base.view(3, 2), True),
        ("base.reshape(3, 2)", lambda base: base.reshape(3, 2), True),
        ("base.T", lambda base: base.T, True),
        ("base.transpose(0, 1)", lambda base: base.transpose(0, 1), True),
        ("base[:, :2]", lambda base: base[:, :2], True),
        ("base[[0, 1]]", lambda base: base[[0, 1]], False),
        ("base[base >= 0]", lambda base: base[base >= 0], False),
        ("base.T.reshape(6)", lambda base: base.T.reshape(6), False),
        ("base.clone()", lambda base: base.clone(), False),
    ]
    for code, make, is_view in makers:
        base = torch.arange(6).view(2, 3)
        other = make(base)
        base[0, 0] = 99
        first = other.flatten()[0].item()
        print(f"    {code:<22} {str(list(other.shape)):<7} -> 첫 값 {first:>2}: {'뷰' if first == 99 else '복사'}")
        assert (first == 99) == is_view
    print("범위로 자르면 뷰이고, 번호 목록이나 조건으로 고르면 복사입니다.")
    print("reshape은 될 때에는 뷰를, 안 될 때에는 복사를 줍니다. 어느 쪽인지에 기대는 코드는 쓰지 마십시오.")

    print("거꾸로 뷰를 바꾸면 바탕도 바뀝니다.")
    t = torch.arange(4)
    t.view(2, 2)[0, 0] = 5
    show_value("t", t, "t.view(2, 2)[0, 0] = 5 다음")
    assert t.tolist() == [5, 1, 2, 3]


def arrange_memory():
    """메모리는 한 줄입니다. 보폭(stride)은 한 칸 옮길 때 메모리에서 몇 칸을 건너는지 알려 줍니다."""
    print("\n== 14. 보폭(stride), 그리고 view가 안 될 때 ==")
    print("행렬도 메모리에서는 한 줄입니다. 보폭은 한 칸 옮길 때 메모리에서 몇 칸을 건너뛰는지 알려 줍니다.")
    t = torch.arange(6).view(2, 3)
    show_value("t.stride()", t.stride(), "다음 행은 3칸 뒤, 다음 열은 1칸 뒤")
    show_value("t.T.stride()", t.T.stride(), "전치(transpose)는 보폭만 바꿉니다")
    show_value("t.is_contiguous()", t.is_contiguous(), "차례대로 놓여 있습니다")
    show_value("t.T.is_contiguous()", t.T.is_contiguous(), "차례가 메모리와 다릅니다")
    assert t.stride() == (3, 1) and t.T.stride() == (1, 3) and t.T.data_ptr() == t.data_ptr()
    assert t.is_contiguous() and not t.T.is_contiguous()

    print("view는 값을 옮기지 않습니다. 그래서 보폭만으로 나타낼 수 없는 모양이면 오류가 납니다.")
    message = show_tensor_error("t.T.view(6)", lambda: t.T.view(6), RuntimeError)
    assert "reshape" in message
    print("해결은 둘입니다. 어느 쪽이든 값을 새 메모리에 차례대로 복사합니다.")
    show_value("t.T.reshape(6)", t.T.reshape(6))
    show_value("t.T.contiguous().view(6)", t.T.contiguous().view(6))
    assert t.T.reshape(6).tolist() == t.T.contiguous().view(6).tolist() == [0, 3, 1, 4, 2, 5]

    print("차원의 차례를 바꿀 때에는 T나 permute를 씁니다. view로는 모양만 맞고 값이 뒤섞입니다.")
    show_value("t.permute(1, 0)", t.permute(1, 0), "행과 열이 바뀝니다")
    show_value("t.view(3, 2)", t.view(3, 2), "모양은 같지만 전치가 아닙니다")
    assert torch.equal(t.permute(1, 0), t.T) and not torch.equal(t.view(3, 2), t.T)


def broadcast_shapes():
    """모양이 다른 텐서를 계산할 때 작은 쪽을 늘여 맞추는 것이 브로드캐스팅(broadcasting)입니다.

    뒤의 차원부터 견줍니다. 길이가 같거나, 한쪽이 1이거나, 한쪽에 차원이 없으면 맞습니다.
    """
    print("\n== 15. 브로드캐스팅(broadcasting) ==")
    print("모양이 달라도 계산할 수 있습니다. 길이가 1이거나 없는 차원을 상대의 길이만큼 늘입니다.")
    print("뒤의 차원부터 맞추어 봅니다. 여기에서는 [3, 1]과 [4]가 둘 다 [3, 4]로 늘어납니다.")
    column = torch.tensor([[10], [20], [30]])
    row = torch.tensor([1, 2, 3, 4])
    show_value("column.shape", column.shape, "열이 1개에서 4개로")
    show_value("row.shape", row.shape, "[1, 4]로 보고, 행이 1개에서 3개로")
    show_value("column + row", column + row)
    by_hand = [[c + r for r in (1, 2, 3, 4)] for c in (10, 20, 30)]
    assert (column + row).tolist() == by_hand

    print("정말로 복사하여 늘이지는 않습니다. 보폭이 0이면 같은 값을 되풀이하여 읽습니다.")
    show_value("column.expand(3, 4).stride()", column.expand(3, 4).stride(), "열을 옮겨도 0칸 움직입니다")
    assert column.expand(3, 4).stride() == (1, 0)
    assert torch.broadcast_shapes((64, 1, 28, 28), (28,)) == (64, 1, 28, 28)
    print("길이가 서로 다르고 어느 쪽도 1이 아니면 늘일 수 없습니다.")
    show_tensor_error("torch.ones(3) + row", lambda: torch.ones(3) + row, RuntimeError)
    print("그림 tensor_broadcasting.png의 윗줄이 이 덧셈입니다.")


def avoid_silent_broadcast():
    """[N]과 [N, 1]을 빼면 오류 없이 [N, N]이 나옵니다. 손실이 소리 없이 틀립니다."""
    print("\n== 16. 브로드캐스팅의 흔한 실수 ==")
    print("정답(label)은 [N], 모델의 출력은 [N, 1]일 때가 많습니다. 그대로 빼면 오류 없이 [N, N]이 됩니다.")
    target = torch.tensor([1.0, 2.0, 3.0, 4.0])
    pred = target.view(4, 1).clone()  # 정답을 정확히 맞힌 예측
    wrong = ((target - pred) ** 2).mean()
    right = ((target - pred.squeeze(1)) ** 2).mean()
    show_value("target.shape", target.shape, "정답: 1, 2, 3, 4")
    show_value("pred.shape", pred.shape, "출력: 모두 정확히 맞혔습니다")
    show_value("(target - pred).shape", (target - pred).shape, "[4]를 바랐지만 [4, 4]입니다")
    show_value("((target - pred) ** 2).mean()", wrong, "평균 제곱 오차. 모두 맞혔는데 0이 아닙니다")
    show_value("(target - pred.squeeze(1)).shape", (target - pred.squeeze(1)).shape, "길이가 1인 차원을 없앴습니다")
    show_value("((target - pred.squeeze(1)) ** 2).mean()", right, "이것이 맞는 값입니다")
    assert (target - pred).shape == (4, 4) and wrong == 2.5 and right == 0
    print("예측마다 제 정답만이 아니라 모든 정답과 견주었기 때문입니다. 바라던 값은 대각선에만 있습니다.")
    print("그림 tensor_broadcasting.png의 아랫줄이 이 빼기입니다.")
    print("빼기 전에 모양이 같은지 확인하십시오. nn.MSELoss는 이럴 때 경고(UserWarning)를 냅니다.")


def draw_broadcasting():
    """윗줄은 [3, 1] + [4] = [3, 4], 아랫줄은 흔한 실수 [4] - [4, 1] = [4, 4]입니다."""
    column, row = torch.tensor([[10], [20], [30]]), torch.tensor([1, 2, 3, 4])
    target, pred = torch.tensor([1, 2, 3, 4]), torch.tensor([[1], [2], [3], [4]])
    first = torch.tensor([True, False, False, False])
    first_column, first_row = first.expand(4, 4), first.view(4, 1).expand(4, 4)
    everywhere, diagonal = torch.ones(4, 4).bool(), torch.eye(4).bool()
    figure, axes = plt.subplots(2, 3, figsize=(11, 7.4), height_ratios=[3, 4], layout="constrained")
    draw_cells(axes[0, 0], column.expand(3, 4), first_column, "column: [3, 1] -> [3, 4]")
    draw_cells(axes[0, 1], row.expand(3, 4), first_row, "+   row: [4] -> [3, 4]")
    draw_cells(axes[0, 2], column + row, everywhere, "=   column + row: [3, 4]")
    draw_cells(axes[1, 0], target.expand(4, 4), first_row, "target: [4] -> [4, 4]")
    draw_cells(axes[1, 1], pred.expand(4, 4), first_column, "-   pred: [4, 1] -> [4, 4]")
    draw_cells(axes[1, 2], target - pred, diagonal, "=   target - pred: [4, 4], not [4]", color="#D55E00", style=":")
    figure.suptitle("Broadcasting.   Top row: as intended.   Bottom row: the classic mistake, [N] with [N, 1]")
    figure.supxlabel("solid blue: original or wanted     dashed grey: stretched     dotted orange: not wanted")
    return figure


def draw_cells(axis, values, solid, title, color="0.4", style="--"):
    """값을 칸에 적습니다. solid가 참인 칸은 파란 실선으로, 거짓인 칸은 color와 style로 두릅니다."""
    for y, numbers in enumerate(values.tolist()):
        for x, number in enumerate(numbers):
            edge, line, face = ("#0072B2", "-", "#CFE5F3") if solid[y, x] else (color, style, "white")
            axis.add_patch(plt.Rectangle((x + 0.07, y + 0.07), 0.86, 0.86, ec=edge, ls=line, fc=face, lw=2))
            axis.text(x + 0.5, y + 0.5, number, ha="center", va="center", fontsize=15, color=edge)
    axis.set(xlim=(-0.3, 4.3), ylim=(len(values), 0), aspect="equal", title=title)
    axis.axis("off")


def mix_dtypes():
    """자료형이 다른 텐서를 계산하면 더 넓은 쪽으로 맞춥니다. 정수의 나눗셈에는 두 가지가 있습니다."""
    print("\n== 17. 자료형(dtype)이 섞일 때 ==")
    print("bool < 정수 < 소수의 차례로 넓습니다. 섞어서 계산하면 넓은 쪽이 결과의 자료형이 됩니다.")
    ints, floats = torch.tensor([1, 2]), torch.tensor([0.5, 0.5])
    show_value("(ints + floats).dtype", (ints + floats).dtype, "int64와 float32")
    show_value("(floats + floats.double()).dtype", (floats + floats.double()).dtype, "float32와 float64")
    show_value("(ints + True).dtype", (ints + True).dtype, "int64와 bool")
    assert (ints + floats).dtype == torch.float32 and (floats + floats.double()).dtype == torch.float64

    print("파이썬의 정수를 더해도 정수 텐서의 자료형은 넓어지지 않습니다. uint8은 255를 넘으면 0부터 다시 셉니다.")
    pixels = torch.tensor([100, 200], dtype=torch.uint8)
    show_value("pixels + 100", pixels + 100, "300이 아니라 300 - 256 = 44")
    show_value("pixels.int() + 100", pixels.int() + 100, "넓은 정수로 바꾼 다음에 더합니다")
    assert (pixels + 100).tolist() == [200, 44] and (pixels.int() + 100).tolist() == [200, 300]

    print("정수의 나눗셈은 여러 가지입니다. /는 소수를 주고, //는 작은 쪽 정수로 내립니다. a는 [7, -7]입니다.")
    a = torch.tensor([7, -7])
    show_value("a / 2", a / 2, "float32")
    show_value("a // 2", a // 2, "-3.5를 내리면 -4")
    show_value("torch.div(a, 2, rounding_mode='trunc')", torch.div(a, 2, rounding_mode="trunc"), "-3.5에서 소수를 버리면 -3")
    show_value("a % 2", a % 2, "//와 짝을 이루는 나머지")
    assert (a // 2).tolist() == [3, -4] and torch.div(a, 2, rounding_mode="trunc").tolist() == [3, -3]
    assert torch.equal(a // 2 * 2 + a % 2, a)


def find_float32_limits():
    """float32는 유효 숫자가 십진수로 일곱 자리쯤입니다. 큰 수에 작은 수를 더하면 사라집니다."""
    print("\n== 18. float32의 한계 ==")
    print("float32는 십진수로 일곱 자리쯤만 기억합니다. 정수는 2의 24제곱인 16777216까지만 빠짐없이 셀 수 있습니다.")
    big = torch.tensor(16777216.0)
    show_value("(big + 1).item()", (big + 1).item(), "1을 더했지만 그대로입니다")
    show_value("(big.double() + 1).item()", (big.double() + 1).item(), "float64는 셉니다")
    assert big + 1 == big and (big.double() + 1).item() == 16777217

    print("소수는 대개 어림값입니다. ==로 견주면 맞기도 하고 틀리기도 합니다. torch.isclose로 견주십시오.")
    a, b, c = torch.tensor(0.1), torch.tensor(0.2), torch.tensor(0.3)
    show_value("a.item()", a.item(), "torch.tensor(0.1)의 속")
    show_value("a + b == c", a + b == c, "float32의 0.1 + 0.2 == 0.3: 어쩌다 맞았습니다")
    show_value("0.1 + 0.2 == 0.3", 0.1 + 0.2 == 0.3, "파이썬의 수(float64): 같지 않습니다")
    d, e = torch.tensor(0.6), torch.tensor(0.9)
    show_value("c + d == e", c + d == e, "float32의 0.3 + 0.6 == 0.9: 이번에는 같지 않습니다")
    show_value("torch.isclose(c + d, e)", torch.isclose(c + d, e), "작은 차이는 같다고 봅니다")
    assert a + b == c and 0.1 + 0.2 != 0.3 and c + d != e and torch.isclose(c + d, e)

    print("더하는 차례에 따라 답이 달라집니다.")
    huge = torch.tensor(1e8)
    show_value("huge + 1 - huge", huge + 1 - huge, "1이 먼저 사라졌습니다")
    show_value("huge - huge + 1", huge - huge + 1, "1이 남았습니다")
    assert huge + 1 - huge == 0 and huge - huge + 1 == 1
    print("그래서 계산하는 차례가 다른 CPU와 GPU의 답은 끝자리가 조금 다를 수 있습니다. 틀린 것이 아닙니다.")


def treat_image_as_tensor():
    """이미지는 픽셀 값을 담은 텐서입니다. 그래서 텐서를 다루는 일이 곧 이미지를 다루는 일입니다."""
    print("\n== 19. 이미지는 텐서입니다 ==")
    print("흑백 이미지는 밝기(0~255)를 담은 [높이, 너비] 텐서입니다. 텐서의 연산 몇 줄로 찡긋하는 얼굴을 그립니다.")
    y, x = torch.arange(12).view(12, 1), torch.arange(12)
    inside = (y - 5.5) ** 2 + (x - 5.5) ** 2 < 37  # [12, 1]과 [12]의 브로드캐스팅: 원의 안쪽
    image = torch.where(inside, 255 - 10 * y, 0).to(torch.uint8)  # 아래로 갈수록 어둡습니다
    image[3:6, 3] = 0  # 뜬 눈
    image[4, 7:10] = 0  # 감은 눈
    image[8, 4:8] = image[7, 3] = image[7, 8] = 0  # 입
    show_value("image.shape", image.shape)
    show_value("image.dtype", image.dtype)
    show_value("image[4].tolist()", image[4].tolist(), "눈이 있는 줄")
    assert image.shape == (12, 12) and image.dtype == torch.uint8 and image[0, 0] == 0 and image[1, 5] == 245
    assert torch.equal(image.flip(1)[:, 0], image[:, -1]) and (255 - image)[1, 5] == 10

    print("자르기, 뒤집기, 밝기 바꾸기가 모두 텐서의 연산입니다.")
    show_value("image[2:7].shape", image[2:7].shape, "눈 부분만 자릅니다")
    show_value("image.flip(1)[4].tolist()", image.flip(1)[4].tolist(), "좌우로 뒤집기")
    show_value("(255 - image)[4].tolist()", (255 - image)[4].tolist(), "명암 뒤집기")
    print("색이 있으면 채널이 셋입니다. PyTorch는 [채널, 높이, 너비], matplotlib은 [높이, 너비, 채널]로 봅니다.")
    color = torch.stack([image, image // 2, 255 - image])  # 빨강, 초록, 파랑
    show_value("color.shape", color.shape)
    show_value("color.permute(1, 2, 0).shape", color.permute(1, 2, 0).shape, "permute로 차례를 바꿉니다")
    assert color.shape == (3, 12, 12) and torch.equal(color.permute(1, 2, 0)[4, 0], color[:, 4, 0])
    print("그림 tensor_image.png에서 픽셀 값과 이미지를 나란히 보십시오.")
    return image, color


def draw_image_and_values(image, color):
    """이미지와 픽셀 값을 나란히 그립니다. 아랫줄은 텐서의 연산으로 바꾼 이미지입니다."""
    figure = plt.figure(figsize=(11, 8.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[2, 1])
    left, right = top.subplots(1, 2)
    left.imshow(image.numpy(), cmap="gray", vmin=0, vmax=255)
    left.set(title="image: what you see", xlabel="column", ylabel="row", xticks=range(12), yticks=range(12))
    right.imshow(image.numpy(), cmap="gray", vmin=0, vmax=255, alpha=0.25)
    for row, values in enumerate(image.tolist()):
        for column, value in enumerate(values):
            right.text(column, row, value, ha="center", va="center", fontsize=9)
    right.set(title="image: uint8 tensor of shape [12, 12]", xlabel="column", ylabel="row")
    right.set(xticks=range(12), yticks=range(12))
    changed = {"image[2:7]": image[2:7], "image.flip(1)": image.flip(1), "255 - image": 255 - image}
    changed["color.permute(1, 2, 0)"] = color.permute(1, 2, 0)
    for axis, (title, picture) in zip(bottom.subplots(1, 4), changed.items()):
        axis.imshow(picture.numpy(), cmap="gray", vmin=0, vmax=255)
        axis.set(title=title, xticks=[], yticks=[])
    return figure


def compare_with_loops(device, size=30_000):
    """반복문은 원소마다 파이썬이 일합니다. 텐서의 연산은 한 번 불러서 미리 번역된 코드가 모두 합니다."""
    print("\n== 20. 반복문을 쓰지 않는 까닭 ==")
    print(f"0부터 {size - 1}까지의 합을 여러 방법으로 구합니다. 다섯 번씩 재어 가운데 시간을 견줍니다.")
    print("numbers는 파이썬 리스트, array는 NumPy 배열, tensor는 텐서입니다.")
    # size가 32,768보다 작으면 PyTorch도 스레드 하나로 더합니다. 합은 float64에서 오차가 없습니다.
    tensor = torch.arange(size, dtype=torch.float64)
    array, numbers = tensor.numpy(), tensor.tolist()
    ways = {
        "for x in tensor: total += x": lambda: add_one_by_one(tensor),
        "for x in numbers: total += x": lambda: add_one_by_one(numbers),
        "array.sum()": lambda: array.sum(),
        "tensor.sum()": lambda: tensor.sum(),
    }
    if device.type == "cuda":
        on_gpu = tensor.to(device)
        ways["on_gpu.sum()"] = lambda: on_gpu.sum()
    seconds = {code: median_seconds_on(device, work) for code, work in ways.items()}
    for code, work in ways.items():
        ratio = seconds[code] / seconds["tensor.sum()"]
        print(f"    {code:<30} {1000 * seconds[code]:>9.4f} ms   tensor.sum()의 {ratio:>8.1f}배")
        assert float(work()) == size * (size - 1) / 2
    print("답은 모두 같습니다. 반복문에서는 원소마다 파이썬이 일하고, sum()은 한 번 불러서 모두 더합니다.")
    print("텐서를 하나씩 꺼내는 반복문은 원소마다 작은 텐서를 새로 만듭니다. 그래서 리스트보다도 느립니다.")
    if device.type == "cuda":
        print("GPU는 일을 맡기는 데에도 시간이 듭니다. 데이터가 작으면 CPU보다 느릴 수 있습니다.")


def add_one_by_one(values):
    """파이썬 반복문으로 하나씩 더합니다."""
    total = 0.0
    for x in values:
        total += x
    return total


def read_common_errors(device):
    """모양, 자료형, 장치. 흔한 오류 세 가지를 일부러 내고, 메시지를 읽고, 고칩니다."""
    print("\n== 21. 흔한 오류 세 가지 ==")
    print("가) 모양이 맞지 않습니다. 행렬 곱은 안쪽의 두 수가 같아야 하는데 3과 2입니다.")
    a, b = torch.ones(2, 3), torch.ones(2, 3)
    message = show_tensor_error("a @ b", lambda: a @ b, RuntimeError)
    assert "(2x3 and 2x3)" in message
    show_value("(a @ b.T).shape", (a @ b.T).shape, "고침: [2, 3]과 [3, 2]")

    print("나) 자료형이 맞지 않습니다. NumPy의 소수는 보통 float64(double), PyTorch의 소수는 float32(float)입니다.")
    from_array = torch.from_numpy(np.ones((3, 2)))
    message = show_tensor_error("a @ from_array", lambda: a @ from_array, RuntimeError)
    assert "float" in message and "double" in message
    show_value("(a @ from_array.float()).dtype", (a @ from_array.float()).dtype, "고침: float32로 맞춥니다")
    assert (a @ from_array.float()).tolist() == [[3, 3], [3, 3]]

    print("다) 장치가 다릅니다. 한 계산에 들어가는 텐서는 같은 장치에 있어야 합니다.")
    other = device if device.type == "cuda" else torch.device("meta")
    if other.type == "meta":  # meta와의 행렬 곱은 오류 없이 지나가기도 하므로, 아래에서는 덧셈을 씁니다
        print("   GPU를 쓰지 않으므로 meta로 해 봅니다. 모양과 자료형만 있고 값은 없는, PyTorch의 또 다른 장치입니다.")
    elsewhere = torch.ones(2, 3, device=other)
    show_value("a.device", a.device)
    show_value("elsewhere.device", elsewhere.device)
    message = show_tensor_error("a + elsewhere", lambda: a + elsewhere, RuntimeError)
    assert "device" in message and other.type in message and "cpu" in message
    show_tensor_error("elsewhere.numpy()", lambda: elsewhere.numpy(), TypeError)
    same_place = a.to(elsewhere.device)
    show_value("(same_place + elsewhere).device", (same_place + elsewhere).device, "고침: a를 elsewhere.device로 옮겼습니다")
    assert (same_place + elsewhere).device == elsewhere.device
    show_value("(torch.tensor(2.0) * elsewhere).device", (torch.tensor(2.0) * elsewhere).device, "예외: 0차원의 CPU 텐서")
    print("오류가 나면 두 텐서의 shape, dtype, device를 찍어 보십시오. 대개 그 셋 가운데 하나입니다.")


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="2장. 텐서: 데이터와 모델을 담는 상자", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s, CUDA가 있으면 CUDA)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """2장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    device = select_device(args.device)
    make_folder(args.output_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"2장. 텐서  |  PyTorch {torch.__version__}  |  장치(device): {device}")

    meet_tensors()
    create_tensors()
    copy_or_share()
    read_attributes(device)
    index_and_slice()
    join_tensors()
    multiply_matrices()
    multiply_elements()
    take_single_value()
    change_in_place()
    move_to_device(device)
    bridge_with_numpy()
    tell_views_from_copies()
    arrange_memory()
    broadcast_shapes()
    avoid_silent_broadcast()
    mix_dtypes()
    find_float32_limits()
    image, color = treat_image_as_tensor()
    compare_with_loops(device)
    read_common_errors(device)

    files = [
        save_figure(draw_broadcasting(), args.output_dir / "tensor_broadcasting.png"),
        save_figure(draw_image_and_values(image, color), args.output_dir / "tensor_image.png"),
    ]
    print_closing(files, started, "data_tutorial.py")
    show_figures(args.show)


# 직접 해 보기
#   1. treat_image_as_tensor에서 image[4, 7:10] = 0을 image[3:6, 8] = 0으로 바꾸어 보십시오.
#      두 눈을 모두 뜹니다. 얼굴이 좌우 대칭이 되어 image.flip(1)[4]가 image[4]와 같아집니다.
#   2. bridge_with_numpy에서 처음 나오는 t.add_(1)을 t = t + 1로 바꾸어 보십시오.
#      t + 1은 새 텐서입니다. 배열 n은 [1. 1. 1.] 그대로이고, 바로 다음의 assert가 AssertionError로 멈춥니다.
#   3. compare_with_loops의 size=30_000을 size=10으로 바꾸어 보십시오.
#      원소가 열 개뿐이면 리스트의 반복문이 tensor.sum()보다 빠릅니다. 연산은 한 번 부르는 데에도 시간이 듭니다.


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
