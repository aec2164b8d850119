"""2장. 텐서: 데이터와 모델을 표현하는 기본 자료구조를 살펴봅니다.

텐서를 생성하고, 연산하고, GPU로 이동하고, NumPy 배열로 변환합니다. 이어서 뷰, 브로드캐스팅, 자료형을
알아보고, 처음에 자주 하는 실수도 일부러 재현합니다. 결과를 하나씩 코드와 비교하며 읽어 보세요.

실행 방법
    python -m pip install torch matplotlib
    python tensor.py
    python tensor.py --seed 1 --show    # 난수를 변경하고, 끝날 때 그림을 창에 표시합니다
    python tensor.py --help             # 모든 옵션을 출력합니다

목차
     1. 텐서(tensor)                             meet_tensors
     2. 텐서 생성하기                            create_tensors
     3. 텐서의 속성                              read_attributes
     4. 인덱싱(indexing)과 슬라이싱(slicing)     index_and_slice
     5. 연결하기(cat)와 쌓기(stack)              join_tensors
     6. 행렬 곱과 원소별 곱                      multiply_tensors
     7. 집계(reduction)와 사라지는 차원          reduce_dimensions
     8. 제자리(in-place) 연산                    change_in_place
     9. GPU로 이동하기                           move_to_device, compare_cpu_and_gpu
    10. NumPy 변환(bridge): 복사와 공유          convert_numpy
    11. 뷰(view)와 복사본                        distinguish_views
    12. 스트라이드(stride)                       follow_strides
    13. 브로드캐스팅(broadcasting)               broadcast_shapes
    14. 브로드캐스팅의 흔한 실수                 subtract_wrong_shapes
    15. 자료형 변환과 정수 연산                  promote_dtypes
    16. float32의 한계                           find_float32_limits
    17. 이미지는 텐서입니다                      treat_image_as_tensor
    18. 반복문 대신 텐서 연산                    compare_with_loops
    19. 자주 발생하는 오류                       read_common_errors

다음 장은 data_tutorial.py입니다.
"""

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.10.0", "matplotlib>=3.9.0"]
# ///

import argparse
import contextlib
import copy
import inspect
import os
import sys
import tempfile
import textwrap
import time
import timeit
import traceback
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np  # matplotlib을 설치하면 함께 설치됩니다
import torch
from matplotlib.colors import ListedColormap
from torch import nn


def meet_tensors():
    """1. 텐서(tensor)

    텐서는 숫자를 배열이나 행렬처럼 모아 놓은 자료구조입니다. 모델의 입력과 출력, 매개변수(parameter)는
    모두 텐서로 표현(encode)합니다. 사용법은 NumPy의 ndarray와 비슷하지만, 텐서는 GPU와 같은
    가속기(accelerator)에서도 연산할 수 있으며 변화도(gradient)를 자동으로 계산할 수 있습니다(6장).
    """
    show(f"{torch.tensor(7).dim() = }", "0차원: 숫자 하나")
    show(f"{torch.tensor([7, 8]).dim() = }", "1차원: 벡터(vector)")
    show(f"{torch.tensor([[7, 8], [9, 0]]).dim() = }", "2차원: 행렬")
    inputs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    weight = torch.tensor([[0.5], [1.0], [2.0]])
    outputs = inputs @ weight
    show(f"{inputs = }", "입력: 한 행이 샘플 하나입니다")
    show(f"{weight = }", "매개변수: 가중치(weight)")
    show(f"{outputs = }", "출력: 입력과 가중치의 행렬 곱")
    check("샘플마다 출력의 한 행이 계산됩니다", len(outputs) == len(inputs))
    show(f"{inputs.numpy().sum(axis=0) = }", "NumPy")
    show(f"{inputs.sum(dim=0) = }", "PyTorch에서는 axis를 dim이라고 합니다")


def create_tensors(seed):
    """2. 텐서 생성하기

    torch.tensor는 데이터로부터 자료형(dtype)을 자동으로 유추하고, torch.from_numpy는 NumPy 배열의
    자료형을 유지합니다. 이름이 _like로 끝나는 함수는 다른 텐서의 모양(shape)과 자료형을 유지하며,
    dtype을 지정하면 자료형만 변경합니다. 난수(random)나 상수로 생성할 때는 모양을 인자로 전달합니다.
    이때 같은 시드(seed)를 지정하면 같은 난수가 생성됩니다.
    """
    torch.manual_seed(seed)
    x_data = torch.tensor([[1, 2], [3, 4]])
    x_ones = torch.ones_like(x_data)
    x_rand = torch.rand_like(x_data, dtype=torch.float32)
    show(f"{x_data = }")
    show(f"{x_data.dtype = }")
    show(f"{torch.tensor([0.5, 1.5]).dtype = }", "실수(부동소수점, float)")
    show(f"{torch.from_numpy(np.array([0.5, 1.5])) = }")
    show(f"{x_ones = }")
    show(f"{x_rand = }", "--seed를 변경하면 달라집니다")
    show(f"{torch.zeros(2, 3) = }")
    show(f"{torch.rand(2, 3) = }", "0 이상 1 미만의 난수")
    show(f"{torch.arange(0, 10, 3) = }", "끝값은 포함되지 않습니다")
    check("ones_like는 모양과 자료형을 유지합니다", (x_ones.shape, x_ones.dtype) == (x_data.shape, x_data.dtype))
    sample = torch.rand(3, generator=torch.manual_seed(seed))
    check("같은 시드를 지정하면 난수도 같습니다", torch.equal(torch.rand(3, generator=torch.manual_seed(seed)), sample))


def read_attributes(device):
    """3. 텐서의 속성

    텐서의 속성은 모양(shape), 자료형(dtype), 텐서가 저장된 장치(device) 등을 나타냅니다.
    """
    tensor = torch.ones(3, 4, device=device)
    show(f"{tensor.shape = }")
    show(f"{tensor.dtype = }")
    show(f"{tensor.device = }")
    show(f"{tensor.numel() = }", "원소의 개수")
    show(f"{tensor.nbytes = }", "전체 크기(바이트)")
    check("전체 크기는 원소의 개수와 원소 크기의 곱입니다", tensor.nbytes == tensor.numel() * tensor.element_size())


def index_and_slice():
    """4. 인덱싱(indexing)과 슬라이싱(slicing)

    NumPy처럼 인덱스와 범위로 원소를 선택합니다. 인덱스는 0부터 시작하고, 콜론(:)은 해당 차원 전체를
    의미합니다. 줄임표(...)는 나머지 차원 전체를 의미합니다. 또한 인덱스 리스트나 조건을 지정할 수도
    있습니다. 같은 방법으로 대입하면 그 위치만 변경됩니다. reshape는 모양이 다른 텐서를 반환합니다.
    """
    tensor = torch.arange(12).reshape(3, 4)
    show(f"{tensor = }")
    show(f"{tensor[0] = }", "첫 번째 행")
    show(f"{tensor[:, 0] = }", "첫 번째 열")
    show(f"{tensor[..., -1] = }", "마지막 열")
    show(f"{tensor[1:, ::2] = }", "두 번째 행부터, 열은 하나씩 건너뜁니다")
    show(f"{tensor[[0, -1]] = }", "인덱스 리스트")
    show(f"{tensor[tensor > 8] = }", "조건")
    tensor[:, 1] = 0
    show(f"{tensor = }", "대입한 결과")
    check("tensor[0]은 tensor[0, ...]과 같습니다", torch.equal(tensor[0], tensor[0, ...]))


def join_tensors():
    """5. 연결하기(cat)와 쌓기(stack)

    torch.cat은 기존 차원을 따라 텐서를 연결합니다. 이때 연결하는 차원의 길이는 서로 달라도 됩니다.
    torch.stack은 새로운 차원을 추가해 모양이 모두 같은 텐서를 쌓습니다. 예를 들어 이미지를 stack으로
    쌓으면 배치(batch)가 되고, cat으로 연결하면 채널(channel)이 늘어난 이미지 하나가 됩니다.
    """
    a, b, longer = torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6]), torch.tensor([7, 8, 9, 10])
    show(f"{torch.cat([a, b]) = }")
    show(f"{torch.cat([a, longer]) = }")
    show(f"{torch.stack([a, b]) = }")
    show(f"{torch.stack([a, b], dim=1) = }", "새로운 차원의 위치를 지정합니다")
    check("stack의 결과에는 차원이 하나 더 있습니다", torch.stack([a, b]).dim() == torch.cat([a, b]).dim() + 1)
    with expect(RuntimeError):
        torch.stack([a, longer])
    image = torch.zeros(1, 28, 28)  # [채널, 높이, 너비]
    show(f"{torch.stack([image, image]).shape = }", "배치")
    show(f"{torch.cat([image, image]).shape = }", "채널을 연결한 이미지 하나")


def multiply_tensors():
    """6. 행렬 곱과 원소별 곱

    행렬 곱(matrix multiplication)은 왼쪽의 행과 오른쪽의 열에서 같은 위치의 원소를 곱해 더합니다.
    따라서 [2, 3]과 [3, 2]를 곱하면 [2, 2]이며, 안쪽의 두 길이는 같아야 합니다. 원소별 곱(element-wise
    product)은 같은 위치의 원소끼리 곱하므로 모양을 유지합니다. 두 연산 모두 연산자, 메서드, 함수로
    계산할 수 있습니다. 함수의 out에는 결과를 저장할 텐서를 지정합니다. T는 전치(transpose)입니다.
    """
    tensor = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    y1 = tensor @ tensor.T
    y2 = tensor.matmul(tensor.T)
    y3 = torch.empty_like(y1)
    torch.matmul(tensor, tensor.T, out=y3)
    show(f"{tensor.T = }")
    show(f"{y1 = }", "행렬 곱")
    show(f"{(tensor[0] * tensor[-1]).sum() = }", "y1의 첫 행, 마지막 열 원소를 직접 계산한 값")
    check("직접 계산한 값은 행렬 곱의 원소와 같습니다", y1[0, -1].isclose((tensor[0] * tensor[-1]).sum()))
    check("행렬 곱의 세 가지 결과가 같습니다", y1.shape == y2.shape == y3.shape and y1.allclose(y2) and y1.allclose(y3))
    z1 = tensor * tensor
    z2 = tensor.mul(tensor)
    z3 = torch.empty_like(z1)
    torch.mul(tensor, tensor, out=z3)
    show(f"{z1 = }", "원소별 곱")
    check("원소별 곱의 세 가지 결과가 같습니다", torch.equal(z1, z2) and torch.equal(z1, z3))


def reduce_dimensions(output_dir):
    """7. 집계(reduction)와 사라지는 차원

    sum, mean, max와 같은 집계 함수는 여러 원소로 값 하나를 계산합니다. 이 값은 0차원 텐서이며,
    item()으로 Python 숫자로 변환합니다. dim을 지정하면 그 차원을 따라 집계하므로, 결과의 모양에서 그
    차원이 사라집니다. 예를 들어 [2, 3]에 dim=0을 지정하면 [3]이 됩니다. keepdim=True를 지정하면 차원이
    사라지지 않고 길이가 1이 되므로, 결과를 원래 텐서와 바로 연산할 수 있습니다. argmax는 최댓값의
    인덱스를 반환하며, 분류 모델은 argmax(dim=1)로 예측합니다.
    """
    x = torch.tensor([[1, 5, 3], [4, 2, 6]], dtype=torch.float32)
    agg = x.sum()
    show(f"{x = }")
    show(f"{agg = }", "아직 텐서입니다")
    show(f"{agg.item() = }")
    show(f"{x.sum(dim=0) = }")
    show(f"{x.sum(dim=1) = }")
    show(f"{x.mean(dim=1, keepdim=True) = }")
    largest, index = x.max(dim=1)  # max에 dim을 지정하면 최댓값과 인덱스를 함께 반환합니다
    show(f"{largest, index = }")
    show(f"{x.argmax(dim=1) = }")
    with expect(RuntimeError):
        x.item()
    check("dim=0을 지정하면 첫 번째 차원이 사라집니다", x.sum(dim=0).shape == x.shape[1:])
    check("max가 반환한 인덱스는 argmax와 같습니다", torch.equal(x.max(dim=1).indices, x.argmax(dim=1)))
    check("keepdim=True의 결과는 원래 텐서에서 바로 뺄 수 있습니다", (x - x.mean(1, keepdim=True)).shape == x.shape)
    save_figure(draw_reductions(x), output_dir / "tensor_reductions.png")


def change_in_place():
    """8. 제자리(in-place) 연산

    이름이 _로 끝나는 메서드와 += 연산자는 새 텐서를 생성하지 않고 기존 메모리에 결과를 저장합니다.
    따라서 메모리를 절약할 수 있지만, 다음과 같은 점에 주의해야 합니다.
    1) 같은 메모리를 참조하는 다른 변수의 값도 변경됩니다.
    2) 자료형은 변경되지 않습니다. 따라서 정수 텐서에 실수를 +=로 더하면 오류가 발생합니다.
    3) 변화도 계산에 필요한 이전 값이 사라질 수 있으므로, 학습에 포함되는 연산에는 권장하지 않습니다.
    """
    y = torch.ones(3)
    before = y
    y = y + 1
    check("y = y + 1은 결과를 새 메모리에 저장합니다", y.data_ptr() != before.data_ptr())
    before = y
    y += 1
    check("y += 1은 기존 메모리에 결과를 저장합니다", y.data_ptr() == before.data_ptr())
    y.add_(5)
    show(f"{before = }", "y를 변경한 뒤에 출력한 값")
    counts = torch.tensor([1, 2])
    with expect(RuntimeError):
        counts += 0.5
    x = torch.ones(3, requires_grad=True)  # 변화도를 계산할 텐서입니다
    y = x.exp()  # 역전파(backpropagation)할 때 이 결과를 다시 사용합니다
    y.add_(1)
    with expect(RuntimeError):
        y.sum().backward()


def move_to_device(device):
    """9. GPU로 이동하기

    텐서는 기본적으로 CPU에 생성됩니다. GPU는 많은 계산을 동시에 처리하므로, 큰 행렬 곱과 같은 대규모
    연산을 CPU보다 훨씬 빠르게 실행합니다. 따라서 GPU(NVIDIA에서는 cuda)로 텐서를 이동하는 것이
    유리합니다. 하지만 장치 사이의 이동은 복사이므로 시간이 걸립니다. 따라서 한 번 이동해 여러 번
    계산합니다. Tensor.to는 원본은 유지하고 결과를 반환합니다. 반면 nn.Module.to는 모듈 자체를
    변경합니다.
    """
    tensor = torch.ones(2, 2)
    moved = tensor.to(device)
    show(f"{tensor.device = }")
    show(f"{moved.device = }")
    check("반환된 텐서는 지정한 장치에 있습니다", moved.device.type == device.type)
    check("장치와 자료형이 이미 같으면 복사하지 않고 그대로 반환합니다", moved.to(device) is moved)
    layer = nn.Linear(2, 2)
    tensor.to(torch.float64)
    check("nn.Module.to는 호출한 모듈을 그대로 반환합니다", layer.to(torch.float64) is layer)
    show(f"{tensor.dtype = }", "반환값을 저장하지 않으면 변경되지 않습니다")
    show(f"{layer.weight.dtype = }")
    if device.type == "cuda":
        compare_cpu_and_gpu(device)


def compare_cpu_and_gpu(device, size=4000):
    """CPU와 GPU에서 큰 행렬 곱을 계산하는 시간과 장치 사이의 복사에 걸리는 시간(ms)을 출력합니다."""
    on_cpu = torch.ones(size, size)
    on_gpu, wait = on_cpu.to(device), torch.cuda.synchronize
    show(f"{median_ms(lambda: on_cpu @ on_cpu, repeats=1) = :.2f}", "CPU의 행렬 곱")
    show(f"{median_ms(lambda: on_gpu @ on_gpu, wait) = :.2f}", "GPU의 행렬 곱")
    show(f"{median_ms(lambda: on_cpu.to(device), wait) = :.2f}", "CPU에서 GPU로 복사")
    show(f"{median_ms(lambda: on_gpu.cpu(), wait) = :.2f}", "GPU에서 CPU로 복사")
    check("첫 행은 CPU의 결과와 같습니다", torch.allclose((on_gpu @ on_gpu)[0].cpu(), on_cpu[0] @ on_cpu, atol=0.01))


def median_ms(work, wait=lambda: None, repeats=5):
    """work를 한 번 워밍업한 뒤 여러 번 측정해 중앙값(ms)을 반환합니다. GPU 연산은 비동기이므로 wait로 기다립니다."""
    seconds = timeit.repeat(lambda: (work(), wait()), number=1, repeat=1 + repeats)
    return 1000 * np.median(seconds[1:])


def convert_numpy():
    """10. NumPy 변환(bridge): 복사와 공유

    CPU 텐서의 numpy()와 torch.from_numpy는 값을 복사하지 않고 메모리를 공유합니다. 따라서 한쪽을
    변경하면 다른 쪽도 변경됩니다. 반면 torch.tensor와 clone은 항상 복사합니다. torch.as_tensor는
    자료형이 다를 때처럼 공유할 수 없을 때만 복사합니다. GPU 텐서는 먼저 cpu()로 복사해야 합니다.
    """
    t = torch.ones(3)
    n = t.numpy()
    t.add_(1)
    show(f"{n = }", "텐서를 변경한 뒤의 배열")
    check("텐서를 변경하면 배열도 변경됩니다", n.tolist() == t.tolist())
    array = np.zeros(3)
    shared, copied = torch.from_numpy(array), torch.tensor(array)
    converted = torch.as_tensor(array, dtype=torch.float32)
    array[0] = 9
    show(f"{shared = }", "배열을 변경한 뒤의 텐서")
    show(f"{copied = }")
    show(f"{converted = }")
    check("배열을 변경하면 메모리를 공유하는 텐서도 변경됩니다", shared.tolist() == array.tolist())
    check("torch.tensor로 생성한 텐서는 변경되지 않습니다", copied.tolist() != array.tolist())
    check("자료형이 다르면 값을 복사합니다", converted.dtype == shared.dtype or not shares_memory(converted, shared))


def distinguish_views():
    """11. 뷰(view)와 복사본

    뷰는 원본과 메모리를 공유하는 텐서입니다. view, T, 범위를 지정한 슬라이싱은 뷰를 반환합니다. 반면
    인덱스 리스트나 조건으로 선택한 결과는 복사본입니다. 하지만 선택한 위치에 값을 대입하면 원본이
    변경됩니다. reshape는 가능하면 뷰를, 불가능하면 복사본을 반환하므로 어느 쪽인지에 의존하지 마세요.
    """
    base = torch.arange(6).reshape(2, 3)
    viewed, transposed, sliced = base.view(-1), base.T, base[:, :2]
    picked, masked, cloned = base[[0, 1]], base[base >= 0], base.clone()
    base[0, 0] = 99
    show(f"{viewed = }", "원본을 변경한 뒤의 뷰")
    show(f"{transposed = }")
    show(f"{sliced = }")
    show(f"{picked = }", "복사본은 그대로입니다")
    check("뷰는 모두 원본과 메모리를 공유합니다", all(shares_memory(t, base) for t in (viewed, transposed, sliced)))
    check("복사본은 메모리를 공유하지 않습니다", not any(shares_memory(t, base) for t in (picked, masked, cloned)))
    base[[0, 1]] = value = 7
    show(f"{base = }", "선택한 위치에 대입한 결과")
    check("대입하면 원본이 변경됩니다", (base == base.new_tensor(value)).any())


def shares_memory(a, b):
    """두 텐서가 같은 메모리(storage)를 사용하면 True를 반환합니다."""
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def follow_strides(output_dir):
    """12. 스트라이드(stride)

    행렬도 메모리에는 한 줄로 저장됩니다. 스트라이드는 각 차원의 다음 원소가 메모리에서 몇 칸 뒤에
    있는지 나타냅니다. 예를 들어 (3, 1)은 다음 행이 3칸 뒤, 다음 열이 1칸 뒤에 있다는 의미입니다. 전치는
    값을 이동하지 않고 모양과 스트라이드의 순서만 변경합니다. 따라서 원소의 순서가 메모리의 순서와
    달라지고, is_contiguous()가 False가 됩니다. 이러한 텐서에 view를 사용하면 오류가 발생할 수 있습니다.
    이때는 reshape나 contiguous를 사용해 값을 새 메모리에 순서대로 복사합니다.
    """
    base = torch.arange(6).reshape(2, 3)
    show(f"{base.stride() = }")
    show(f"{base.T.stride() = }")
    show(f"{base.T.is_contiguous() = }")
    with expect(RuntimeError):
        base.T.view(-1)
    show(f"{base.T.reshape(-1) = }")
    show(f"{base.permute(1, 0) = }")
    show(f"{base.view(base.T.shape) = }", "모양은 같지만 전치가 아닙니다")
    check("전치한 텐서도 같은 메모리를 사용합니다", shares_memory(base.T, base))
    check("contiguous와 reshape의 결과가 같습니다", torch.equal(base.T.reshape(-1), base.T.contiguous().view(-1)))
    check("차원의 순서는 view가 아니라 permute나 T로 변경합니다", torch.equal(base.permute(1, 0), base.T))
    save_figure(draw_strides(base), output_dir / "tensor_strides.png")


def broadcast_shapes(output_dir):
    """13. 브로드캐스팅(broadcasting)

    모양이 다른 텐서끼리 계산하면 두 텐서가 같은 모양이 되도록 확장됩니다. 이를 브로드캐스팅이라고
    합니다. 두 모양을 마지막 차원부터 비교해, 모든 차원에서 길이가 같거나 한쪽의 길이가 1이거나 한쪽에
    차원이 없으면 계산할 수 있습니다. 따라서 [3, 1]과 [4]는 둘 다 [3, 4]로 확장됩니다. 이때 값을
    복사하지 않고, 확장한 차원의 스트라이드를 0으로 지정해 같은 값을 반복해서 읽습니다.
    """
    column, row = torch.tensor([[10], [20], [30]]), torch.tensor([1, 2, 3, 4])
    total = column + row
    show(f"{column.shape = }")
    show(f"{row.shape = }")
    show(f"{total = }")
    show(f"{column.expand_as(total).stride() = }")
    check("확장한 텐서는 원본과 메모리를 공유합니다", shares_memory(column.expand_as(total), column))
    check("확장한 뒤에 더한 결과와 같습니다", torch.equal(column + row, column.expand_as(total) + row.expand_as(total)))
    with expect(RuntimeError):
        torch.ones(3) + torch.ones(4)
    save_figure(draw_broadcasting("+", column=column, row=row), output_dir / "tensor_broadcasting.png")


def subtract_wrong_shapes(output_dir):
    """14. 브로드캐스팅의 흔한 실수

    정답(label)의 모양은 [N]이고 모델의 출력은 [N, 1]인 경우가 많습니다. 이 둘을 그대로 빼면 오류 없이
    [N, N]이 됩니다. 각 예측을 해당 정답뿐 아니라 모든 정답과 비교하므로, 모두 맞혀도 손실(loss)이 0이
    아닙니다. 따라서 빼기 전에 squeeze(-1)로 길이가 1인 차원을 제거합니다. nn.MSELoss는 모양이 다르면
    경고(UserWarning)를 출력합니다. 여기서는 경고를 오류로 변경합니다.
    """
    target = torch.tensor([1, 2, 3, 4], dtype=torch.float32)
    pred = target[:, None].clone()  # 정답을 모두 맞힌 예측: None은 길이가 1인 차원을 추가합니다
    difference = target - pred
    show(f"{target.shape = }")
    show(f"{pred.shape = }")
    show(f"{difference = }", "모양이 [N, N]이면 대각선의 값만 필요합니다")
    show(f"{(difference**2).mean() = }", "모양이 [N, N]이면 잘못된 평균 제곱 오차입니다")
    show(f"{((target - pred.squeeze(-1)) ** 2).mean() = }", "target이 [N]이면 올바른 값")
    check("[N]과 [N, 1]의 차의 모양은 [N, N]입니다", (torch.ones(4) - torch.ones(4, 1)).shape == (4, 4))
    with warnings.catch_warnings(), expect(UserWarning):
        warnings.simplefilter("error")
        nn.MSELoss()(target[:, None], target)
    save_figure(draw_broadcasting("-", target=target, pred=pred), output_dir / "tensor_broadcasting_mistake.png")


def promote_dtypes():
    """15. 자료형 변환과 정수 연산

    차원이 있는 텐서끼리 계산하면 bool, 정수, 실수의 순서로 더 높은 종류의 자료형이 됩니다. 같은
    종류이면 두 자료형의 범위를 모두 포함하는 자료형이 됩니다. 하지만 0차원 텐서와 Python 숫자는 종류가
    더 높을 때만 자료형에 영향을 줍니다. 따라서 uint8 텐서에 100을 더해도 uint8이며, 255를 넘으면
    오버플로(overflow)가 발생합니다. 예를 들어 200 + 100은 44(300 - 256)입니다.
    """
    flags, ints = torch.tensor([True, False]), torch.tensor([7, -7])
    floats, doubles = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5], dtype=torch.float64)
    show(f"{(flags + ints).dtype = }")
    show(f"{(ints + floats).dtype = }")
    show(f"{(floats + doubles).dtype = }")
    show(f"{(floats + doubles[0]).dtype = }", "doubles[0]은 0차원입니다")
    check("종류가 같은 0차원 텐서는 자료형을 변경하지 않습니다", (floats + doubles[0]).dtype == floats.dtype)
    pixels = torch.tensor([100, 200], dtype=torch.uint8)
    show(f"{pixels + 100 = }")
    show(f"{pixels.int() + 100 = }", "먼저 int32로 변환합니다")
    check("int32로 더한 뒤 다시 변환해도 같습니다", torch.equal(pixels + 100, (pixels.int() + 100).to(pixels.dtype)))
    show(f"{ints / 2 = }", "나눗셈 /의 결과는 항상 실수입니다")
    show(f"{ints // 2 = }", "내림한 값")
    show(f"{torch.div(ints, 2, rounding_mode='trunc') = }", "소수점 아래를 버린 값")
    check("몫 //와 나머지 %로 원래 값을 계산할 수 있습니다", torch.equal(ints // 2 * 2 + ints % 2, ints))


def find_float32_limits():
    """16. float32의 한계

    float32는 십진수로 약 7자리까지만 구별합니다. 값이 커질수록 이웃한 두 값의 간격도 커지므로, 큰 값에
    작은 값을 더하면 작은 값이 사라질 수 있습니다. 또한 0.1과 같은 실수는 대부분 근삿값으로 저장됩니다.
    따라서 ==가 아니라 torch.isclose로 비교해야 합니다. 더하는 순서에 따라 결과가 달라지므로, CPU와
    GPU의 결과도 마지막 자리가 조금 다를 수 있습니다.
    """
    big = torch.tensor(2.0**24, dtype=torch.float32)
    gap = torch.nextafter(big, torch.full_like(big, torch.inf)) - big
    show(f"{(big + 1).item() = }")
    show(f"{(big.double() + 1).item() = }", "float64로 변환한 뒤에 더합니다")
    show(f"{gap = }", "다음으로 큰 값과의 간격")
    check("간격의 4분의 1을 더하면 값이 그대로입니다", big + gap / 4 == big)
    show(f"{big + 1 - big = }", "1을 먼저 더합니다")
    show(f"{big - big + 1 = }", "1을 나중에 더합니다")
    value = 0.1
    show(f"{torch.tensor(value).item() = }", "저장된 값")
    show(f"{torch.tensor(0.3) + torch.tensor(0.6) == torch.tensor(0.9) = }")
    show(f"{torch.isclose(torch.tensor(0.3) + torch.tensor(0.6), torch.tensor(0.9)) = }")
    check("isclose는 근삿값과 원래 값을 같다고 판단합니다", np.isclose(torch.tensor(value).item(), value))


def treat_image_as_tensor(output_dir):
    """17. 이미지는 텐서입니다

    흑백 이미지는 밝기(0~255)의 [높이, 너비] 텐서로 나타낼 수 있습니다. 따라서 자르기, 좌우 반전, 밝기
    반전은 모두 텐서 연산입니다. 여기서는 브로드캐스팅과 대입으로 윙크하는 얼굴을 그립니다. 컬러
    이미지의 모양은 PyTorch에서 [채널, 높이, 너비], matplotlib에서 [높이, 너비, 채널]입니다.
    """
    size = 12  # 눈과 입의 위치는 이 크기에 맞추어 지정했습니다
    y, x = torch.arange(size)[:, None], torch.arange(size)
    inside = (y - (size - 1) / 2) ** 2 + (x - (size - 1) / 2) ** 2 <= size**2 / 4
    image = torch.where(inside, 255 - 120 * y // size, 0).to(torch.uint8)
    image[3:6, 3] = 0  # 뜬 눈
    image[4, 7:10] = 0  # 감은 눈
    image[8, 4:8] = image[7, 3] = image[7, 8] = 0  # 입
    color = torch.stack([image, image // 2, 255 - image])  # 빨강, 초록, 파랑
    show(f"{image.shape = }")
    show(f"{image[4].tolist() = }", "두 눈이 있는 행")
    show(f"{image.flip(1)[4].tolist() = }", "좌우 반전")
    show(f"{(255 - image)[4].tolist() = }", "밝기 반전")
    show(f"{color.permute(1, 2, 0).shape = }", "matplotlib에서 사용하는 순서")
    check("permute는 순서만 변경하고 값은 유지합니다", torch.equal(color.permute(1, 2, 0)[..., 0], color[0]))
    save_figure(draw_image_and_values(image, color), output_dir / "tensor_image.png")


def compare_with_loops(device):
    """18. 반복문 대신 텐서 연산

    반복문은 원소마다 Python 코드를 실행합니다. 반면 텐서 연산은 한 번 호출하면 컴파일된 코드가 모든
    원소를 처리합니다. 따라서 원소가 많으면 텐서 연산이 훨씬 빠릅니다. 특히 텐서를 반복문으로 순회하면
    원소마다 작은 텐서가 생성되므로 리스트보다도 느립니다. 데이터가 작으면 GPU가 더 느리기도 합니다.
    """
    tensor = torch.arange(10_000, dtype=torch.float64)
    array, numbers = tensor.numpy(), tensor.tolist()
    show(f"{median_ms(lambda: add_one_by_one(tensor)) = :.4f}", "텐서와 반복문: 중앙값(ms)")
    show(f"{median_ms(lambda: add_one_by_one(numbers)) = :.4f}", "리스트와 반복문")
    show(f"{median_ms(array.sum) = :.4f}", "NumPy")
    show(f"{median_ms(tensor.sum) = :.4f}", "PyTorch")
    if device.type == "cuda":
        show(f"{median_ms(tensor.to(device).sum, torch.cuda.synchronize) = :.4f}", "GPU")
    check("반올림 오차를 제외하면 반복문과 같습니다", np.isclose(tensor.sum(), add_one_by_one(numbers), rtol=1e-3))


def add_one_by_one(values):
    """반복문으로 원소를 하나씩 더해 합을 반환합니다."""
    total = 0
    for i in range(len(values)):
        total += values[i]
    return total


def read_common_errors(device):
    """19. 자주 발생하는 오류

    오류의 원인은 대부분 텐서의 shape, dtype, device 중 하나입니다. 메시지에 해결 방법이 포함된 경우도
    많으므로 끝까지 읽어 보세요. CUDA를 사용할 때 장치가 다르면 다음과 같은 메시지가 출력됩니다.
      Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!
    CUDA를 사용하지 않을 때는 값을 저장하지 않는 meta 장치로 비슷한 오류를 재현합니다.
    """
    a, b = torch.ones(2, 3), torch.ones(2, 3)
    with expect(RuntimeError):
        a @ b
    show(f"{(a @ a.T).shape = }", "안쪽의 두 길이를 맞춥니다")
    from_array = torch.from_numpy(np.ones(a.T.shape))
    with expect(RuntimeError):
        a @ from_array
    show(f"{(a @ from_array.float()).dtype = }", "자료형을 맞춥니다")
    elsewhere = torch.ones_like(a, device=device if device.type == "cuda" else "meta")
    with expect(RuntimeError):
        a + elsewhere
    with expect(TypeError):
        elsewhere.numpy()  # GPU 텐서는 cpu()로 해결되지만, meta 텐서에는 값이 없습니다
    show(f"{(a.to(elsewhere.device) + elsewhere).device = }", "장치를 맞춥니다")
    check("0차원 CPU 텐서는 장치가 달라도 계산됩니다", (torch.tensor(2.0) * elsewhere).device == elsewhere.device)


def main():
    """목차의 순서대로 각 절을 실행합니다."""
    started = time.perf_counter()
    prepare_terminal()
    args = parse_args()
    device = select_device(args.device)
    output_dir = prepare_outputs(args.output_dir, args.show)
    print(f"2장. 텐서  |  PyTorch {torch.__version__}  |  장치(device): {device}")
    teach(meet_tensors)
    teach(create_tensors, args.seed)
    teach(read_attributes, device)
    teach(index_and_slice)
    teach(join_tensors)
    teach(multiply_tensors)
    teach(reduce_dimensions, output_dir)
    teach(change_in_place)
    teach(move_to_device, device)
    teach(convert_numpy)
    teach(distinguish_views)
    teach(follow_strides, output_dir)
    teach(broadcast_shapes, output_dir)
    teach(subtract_wrong_shapes, output_dir)
    teach(promote_dtypes)
    teach(find_float32_limits)
    teach(treat_image_as_tensor, output_dir)
    teach(compare_with_loops, device)
    teach(read_common_errors, device)
    teach(check_practice)
    finish(started, "data_tutorial.py", args.show)


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="2장. 텐서", usage="python %(prog)s [옵션]", add_help=False)
    parser.error = lambda message: parser.exit(2, f"오류: 잘못된 옵션입니다({message}). 모든 옵션: --help\n")
    group = parser.add_argument_group("옵션")
    group.add_argument("-h", "--help", action="help", help="도움말을 출력하고 종료합니다")
    group.add_argument("--seed", type=int, default=0, help="난수 시드(seed) (기본값: %(default)s)")
    group.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="장치 (기본값: %(default)s)")
    group.add_argument("--output-dir", type=Path, default=here / "outputs", help="결과 폴더 (기본값: %(default)s)")
    group.add_argument("--show", action="store_true", help="끝날 때 그림을 창에 표시합니다 (기본값: 표시 안 함)")
    args = parser.parse_args()
    if not 0 <= args.seed < 2**32:
        parser.error("시드는 0 이상 2**32 미만이어야 합니다")
    return args


# 직접 해 보기
#   1. treat_image_as_tensor에서 image[4, 7:10] = 0을 image[3:6, 8] = 0으로 변경해 보세요.
#      두 눈을 모두 뜬 얼굴이 되고, 좌우 대칭이 되어 image.flip(1)[4]와 image[4]의 값이 같아집니다.
#   2. convert_numpy에서 t.add_(1)을 t = t + 1로 변경해 보세요.
#      t는 새 텐서가 되어 배열과 메모리를 공유하지 않습니다. 따라서 "텐서를 변경하면 …" 앞에 ✗가 표시됩니다.
#   3. compare_with_loops에서 10_000을 10으로 변경해 보세요.
#      연산을 한 번 호출하는 데도 시간이 걸리므로, 이번에는 리스트와 반복문이 tensor.sum보다 빠릅니다.
# ---- 연습 문제: 먼저 이 파일을 복사해 두세요. ----


def outer_product(a, b):
    """벡터 a [N], b [M]의 외적(outer product) [N, M]을 브로드캐스팅으로 계산해 반환하세요. i행 j열은 a[i] * b[j]입니다.
    예: a가 [1, 2]이고 b가 [3, 4, 5]이면 [[3, 4, 5], [6, 8, 10]]입니다.
    힌트: a[:, None]의 모양은 [N, 1]입니다.
    """
    return None


def one_hot(labels, num_classes):
    """정답 labels [N]을 원-핫(one-hot) [N, C]로 변환해 반환하세요. C는 num_classes입니다.
    예: labels가 [2, 0]이고 num_classes가 3이면 [[0, 0, 1], [1, 0, 0]]입니다.
    힌트: labels[:, None]과 torch.arange(num_classes)를 ==로 비교합니다.
    """
    return None


def cumulative_sum(x):
    """x [N]의 누적 합 [N]을 행렬 곱으로 계산해 반환하세요. i번째 값은 x[0]부터 x[i]까지의 합입니다.
    예: x가 [1, 2, 3]이면 [1, 3, 6]입니다.
    힌트: torch.ones(N, N).tril()은 대각선과 그 아래만 1인 행렬입니다.
    """
    return None


def pairwise_distances(a, b):
    """점 a [N, D]와 b [M, D]의 모든 쌍 사이의 유클리드 거리 [N, M]을 계산해 반환하세요.
    예: a가 [[0, 0]]이고 b가 [[3, 4], [0, 1]]이면 [[5, 1]]입니다.
    힌트: a[:, None, :] - b의 모양은 [N, M, D]입니다. dim=2를 집계하세요.
    """
    return None


def check_practice():
    """연습 문제

    이 파일에서 함수 4개의 본문을 직접 작성하고 다시 실행해 보세요. 답이 맞는지 여기에서 확인합니다.
    """
    a, b = torch.tensor([1.0, -2.0, 3.0, 4.0]), torch.tensor([5.0, 0.5, 6.0])
    points, others = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]), torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    labels = torch.tensor([2, 0, 1, 1])
    practice(outer_product, torch.outer, (a, b), (b, a), (a, a[:1]))
    practice(one_hot, nn.functional.one_hot, (labels, 3), (labels, 5), (labels[:0], 2))
    practice(cumulative_sum, lambda x: torch.cumsum(x, dim=0), (a,), (b,), (a[:1],))
    practice(pairwise_distances, torch.cdist, (points, others), (points, points), (others[:1], -points))


# ---- 그림을 그리는 함수입니다. ----

SHADES = ["#9FCBE8", "#F5B995", "#8FD6BE", "#E9BFD6", "#F6DA8C", "#E6E6E6"]  # 파랑, 주황, 초록, 분홍, 노랑, 회색


def draw_cells(axis, values, shades, title):
    """2차원 텐서의 값을 칸에 표시합니다. shades는 칸마다 사용할 SHADES의 인덱스입니다."""
    rows, columns = values.shape
    cells = torch.as_tensor(shades).expand(rows, columns).remainder(len(SHADES)).numpy()
    axis.pcolormesh(cells, cmap=ListedColormap(SHADES), vmin=0, vmax=len(SHADES) - 1, edgecolors="white", linewidth=3)
    for (row, column), value in zip(np.ndindex(rows, columns), values.flatten().tolist()):
        if values.numel() <= 200:
            axis.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=13)
    axis.set(xlim=(-0.5, columns), ylim=(rows, -0.5), aspect="equal", title=title)
    axis.axis("off")


def draw_reductions(x):
    """dim=0과 dim=1로 더할 때 사라지는 차원을 그립니다. 함께 더하는 원소는 색이 같습니다."""
    name, x = ("x", x) if x.dim() == 2 else ("x.flatten(0, -2)", x.flatten(0, -2))
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for dim, (left, middle, right) in enumerate(axes):
        kept = x.sum(dim=dim, keepdim=True)
        shades = torch.arange(kept.numel())
        draw_cells(left, x, shades.reshape(kept.shape), f"{name}: {list(x.shape)}")
        draw_cells(middle, kept.reshape(1, -1), shades, f"{name}.sum(dim={dim}): [{kept.numel()}]")
        draw_cells(right, kept, shades.reshape(kept.shape), f"with keepdim=True: {list(kept.shape)}")
        end, arrow = (-0.3, len(x)) if dim == 0 else (x.shape[1], -0.3), {"arrowstyle": "->", "lw": 2.5}
        left.annotate(f"dim={dim}", end, (-0.3, -0.3), ha="center", va="center", fontsize=12, arrowprops=arrow)
        plt.setp((left, middle, right), xlim=(-0.8, max(x.shape)), ylim=(len(x), -0.6))
    figure.suptitle("Reductions: the cells along the arrow are added, and that dimension disappears")
    return figure


def draw_strides(base):
    """한 줄로 저장된 메모리를 view, T, reshape가 어떤 순서로 읽는지 화살표로 그립니다."""
    ways = {"base": base, "base.view(base.T.shape)": base.view(base.T.shape), "base.T": base.T}
    ways["base.T.reshape(-1)"] = base.T.reshape(-1)
    figure, axes = plt.subplots(4, 2, figsize=(11, 9.6), width_ratios=[2, 3], layout="constrained")
    for (left, right), (code, tensor) in zip(axes, ways.items()):
        shade, name = (0, "memory of base") if shares_memory(tensor, base) else (1, "new memory: a copy")
        memory = tensor.as_strided((1, tensor.numel()), (1, 1))
        order = torch.arange(tensor.numel()).as_strided(tensor.shape, tensor.stride()).flatten().tolist()
        draw_cells(left, tensor.reshape(-1, tensor.shape[-1]), shade, f"{code}: {list(tensor.shape)}")
        draw_cells(right, memory, shade, f"{name}, read with stride {tensor.stride()}")
        right.set_ylim(1.9, -0.9)
        for start, end in zip(order, order[1:]):
            side = 0.05 if end > start else 0.95  # 뒤로 가는 화살표는 위에, 앞으로 돌아가는 화살표는 아래에 그립니다
            arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=-0.35", "lw": 1.6}
            right.annotate("", (end + 0.5, side), (start + 0.5, side), arrowprops=arrow)
    figure.suptitle("One memory, several ways to read it (arrows: row by row)")
    return figure


def draw_broadcasting(sign, **operands):
    """두 텐서가 결과의 모양으로 확장되는 칸(회색)을 그립니다. [N]과 [N, 1]의 차에서는 대각선만 필요합니다."""
    first, second = operands.values()
    result = first + second if sign == "+" else first - second
    figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    flat = (-1, result.shape[-1])
    for axis, (name, tensor) in zip(axes, operands.items()):
        shades = torch.full(result.shape, -1)
        shades[tuple(map(slice, (1,) * (result.dim() - tensor.dim()) + tuple(tensor.shape)))] = 0
        title = f"{name}: {list(tensor.shape)} -> {list(result.shape)}"
        draw_cells(axis, tensor.expand_as(result).reshape(flat), shades.reshape(flat), title)
    wrong = sign == "-" and result.shape == (len(result),) * 2
    shades = 1 - torch.eye(*result.shape, dtype=torch.int64) if wrong else 0
    draw_cells(axes[2], result.reshape(flat), shades, f"{f' {sign} '.join(operands)}: {list(result.shape)}")
    figure.suptitle("Broadcasting    blue: original or wanted    grey: stretched    orange: not wanted")
    return figure


def draw_image_and_values(image, color):
    """이미지의 픽셀 값, 이미지, 텐서 연산으로 변경한 이미지를 나란히 그립니다."""
    pictures = {f"image: a tensor of shape {list(image.shape)}": image, "image: what you see": image}
    pictures |= {"image[2:7]": image[2:7], "image.flip(1)": image.flip(1), "255 - image": 255 - image}
    pictures["color.permute(1, 2, 0)"] = color.permute(1, 2, 0)
    figure, axes = plt.subplots(2, 3, figsize=(12, 8.4), layout="constrained")
    for axis, (title, picture) in zip(axes.flat, pictures.items()):
        axis.imshow(picture.numpy(), cmap="gray", vmin=0, vmax=255, alpha=0.25 if axis is axes[0, 0] else 1)
        axis.set(title=title, xlabel="column", ylabel="row")
    for (row, column), value in zip(np.ndindex(*image.shape), image.flatten().tolist()):
        axes[0, 0].text(column, row, value, ha="center", va="center", fontsize=8)
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


@contextlib.contextmanager
def expect(kind):
    """이 블록에서는 kind 오류가 발생해야 합니다. 오류가 발생한 코드와 메시지 전체를 출력하고 계속합니다."""
    try:
        yield
        check(f"이 블록에서는 다음 오류가 발생합니다: {kind.__name__}", False)
    except kind as error:
        print(f"    {traceback.extract_tb(error.__traceback__)[1].line}")
        message = f"{type(error).__name__}: {error}"
        print(textwrap.fill(message, 96, initial_indent=" " * 8, subsequent_indent=" " * 10))


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


if __name__ == "__main__":
    main()
