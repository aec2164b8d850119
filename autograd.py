"""6장. 자동 미분: 변화도를 PyTorch가 대신 구합니다.

매개변수(parameter)를 조금 바꾸면 손실이 얼마나 바뀌는지를 변화도(gradient)라고 합니다. 학습에는 이 값이 필요합니다.
torch.autograd는 계산하는 동안 연산 그래프(computational graph)를 기록하고, 거꾸로 따라가며 변화도를 구합니다.
이 장에서는 그래프를 눈으로 보고, 변화도를 손으로 검산하고, autograd만으로 직선 하나를 학습합니다.

실행 방법
    python autograd.py                     # 처음부터 끝까지
    python autograd.py --seed 7            # 다른 난수로
    python autograd.py --show              # 그림을 창으로도 봅니다
    python autograd.py --help              # 모든 옵션

차례
    1. 가장 작은 신경망을 만듭니다                build_smallest_network
    2. 연산 그래프를 따라가 봅니다                follow_the_graph, draw_graph
    3. 역전파로 변화도를 구합니다                 backpropagate
    4. grad는 잎에만 남습니다                     see_which_tensors_get_grad
    5. 변화도를 세 가지로 검산합니다              check_gradients_three_ways
    6. 그래프 하나에 역전파는 한 번입니다         backpropagate_twice
    7. 변화도는 쌓입니다                          accumulate_and_zero
    8. 기록을 멈춥니다                            stop_tracking, measure_forward
    9. inference_mode는 no_grad와 다릅니다        compare_inference_mode
    10. 그래프는 실행할 때마다 새로 생깁니다      use_python_control_flow
    11. 벡터와 야코비안을 곱합니다                multiply_vector_and_jacobian
    12. 함수를 바꾸는 함수 torch.func를 씁니다    use_function_transforms
    13. 두 번 미분합니다                          differentiate_twice, draw_derivatives
    14. 나만의 미분 규칙을 만듭니다               Softplus, use_own_function
    15. 제자리 연산을 조심합니다                  avoid_in_place_pitfalls
    16. .data는 조용히 틀립니다                   avoid_data_attribute
    17. autograd만으로 직선을 학습합니다          fit_line, draw_line_fit

다음 장은 optimization.py입니다.
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch.autograd import gradcheck
from torch.autograd.gradcheck import GradcheckError
from torch.func import grad, jacrev, vjp, vmap
from torch.nn import functional as F


def build_smallest_network():
    """입력 x, 매개변수 w와 b, 로짓(logit) z, 손실 loss로 된 가장 작은 신경망입니다.

    학습은 손실이 줄어드는 쪽으로 w와 b를 조금씩 고치는 일입니다. 어느 쪽인지는 변화도가 알려 줍니다.
    그래서 w와 b에만 requires_grad=True를 주어, 이 텐서(tensor)가 들어간 계산을 기록하게 합니다.
    """
    print("\n== 1. 가장 작은 신경망 ==")
    x = torch.tensor([1.0, 2.0, -1.0])  # 입력: 특징(feature) 3개
    y = torch.tensor([0.0, 1.0])  # 정답(label) 2개
    w = torch.randn(2, 3, requires_grad=True)  # 가중치(weight)
    b = torch.randn(2, requires_grad=True)  # 편향(bias)
    z = w @ x + b  # 로짓(logit)
    loss = F.binary_cross_entropy_with_logits(z, y)  # 손실 함수(loss function): z가 y에서 얼마나 먼지 잽니다

    print("입력 x로 z = w @ x + b를 계산하고, z가 정답(label) y에서 얼마나 먼지 손실 함수(loss function)로 잽니다.")
    print(f"    x = {rounded(x)}, y = {rounded(y)}, z = {rounded(z)}, 손실 loss = {loss:.4f}")
    print("학습은 손실이 줄어드는 쪽으로 매개변수(parameter) w와 b를 조금씩 고치는 일입니다.")
    print("어느 쪽인지는 변화도(gradient)가 알려 줍니다. w나 b를 조금 늘릴 때 손실이 그 몇 배만큼 늘어나는지입니다.")
    print("변화도가 필요한 텐서(tensor)에는 requires_grad=True를 줍니다. 그 텐서로 계산한 것은 이 성질을 물려받습니다.")
    for name, tensor in {"x": x, "y": y, "w": w, "b": b, "z": z, "loss": loss}.items():
        print(f"    {name + '.requires_grad':<20} {tensor.requires_grad}")
    assert w.requires_grad and b.requires_grad and z.requires_grad and loss.requires_grad
    assert not x.requires_grad and not y.requires_grad
    return x, y, w, b, z, loss


def smallest_loss(x, y, w, b):
    """가장 작은 신경망의 손실입니다. 부를 때마다 그래프가 새로 생깁니다."""
    return F.binary_cross_entropy_with_logits(w @ x + b, y)


def follow_the_graph(tensors):
    """연산 그래프(computational graph)는 어떤 연산이 어떤 값으로 결과를 만들었는지의 기록입니다.

    grad_fn은 텐서를 만든 연산이고, 그 연산을 거꾸로 미분하는 법을 압니다. next_functions는 그 앞의 연산들입니다.
    따라가면 마지막에 잎(leaf) 텐서가 나옵니다. 화살표를 따라 제자리로 돌아오는 길은 없습니다.
    이런 그래프를 유향 비순환 그래프(DAG)라고 합니다.
    """
    print("\n== 2. 연산 그래프(computational graph) ==")
    x, w, z, loss = tensors["x"], tensors["w"], tensors["z"], tensors["loss"]
    print("계산하는 동안 autograd는 연산을 그래프로 기록합니다. grad_fn은 그 텐서를 만든 연산입니다.")
    print(f"    loss.grad_fn  {type(loss.grad_fn).__name__}")
    print(f"    z.grad_fn     {type(z.grad_fn).__name__}")
    print(f"    w.grad_fn     {w.grad_fn}  (계산으로 만든 것이 아니라 직접 만들었습니다)")
    print("grad_fn.next_functions를 따라가면 결과에서 잎(leaf) 텐서까지 갑니다. AccumulateGrad는 잎의 자리입니다.")
    for depth, node in walk_graph(loss.grad_fn):
        print(f"    {'    ' * depth}{describe_node(node, tensors)}")
    print("MvBackward0은 행렬과 벡터의 곱 w @ x, AddBackward0은 더하기입니다. 괄호 안은 연산이 만든 텐서입니다.")
    print("None은 변화도가 필요 없는 입력(x와 y)입니다. 그쪽으로는 따라가지 않습니다.")
    print("이 그래프는 유향 비순환 그래프(directed acyclic graph, DAG)입니다. 화살표를 따라가도 제자리로 돌아오지 않습니다.")
    leaves = [node.variable for _, node in walk_graph(loss.grad_fn) if hasattr(node, "variable")]
    assert len(leaves) == 2 and leaves[0] is w and leaves[1] is tensors["b"]
    assert w.grad_fn is None and x.grad_fn is None


def walk_graph(node, depth=0):
    """next_functions를 따라 내려가며 (깊이, 노드)를 차례로 내놓습니다. 변화도가 필요 없는 입력의 노드는 None입니다."""
    yield depth, node
    for following, _ in node.next_functions if node else ():
        yield from walk_graph(following, depth + 1)


def describe_node(node, tensors):
    """노드의 이름입니다. tensors(이름과 텐서의 사전)에 그 노드의 텐서가 있으면 함께 적습니다."""
    for name, tensor in tensors.items():
        if tensor is getattr(node, "variable", None):  # 잎 텐서의 노드
            return f"{name} {list(tensor.shape)} ({type(node).__name__})"
        if node is not None and tensor.grad_fn is node:  # 텐서를 만든 노드
            return f"{type(node).__name__} ({name})"
    return "None" if node is None else type(node).__name__


def draw_graph(tensors):
    """follow_the_graph가 따라간 그래프를 그립니다. 화살표는 변화도가 흐르는 방향, 곧 역전파의 방향입니다.

    잎을 왼쪽부터 늘어놓고, 연산은 그 아래 노드들의 가운데에 놓습니다. 가지가 갈라지기만 하는 그래프에 알맞습니다.
    """
    loss = tensors["loss"]
    nodes = [(depth, node) for depth, node in walk_graph(loss.grad_fn) if node]
    leaves = [node for _, node in nodes if hasattr(node, "variable")]
    places = {node: (leaves.index(node), -depth) for depth, node in nodes if node in leaves}
    for depth, node in reversed(nodes):  # 아래에서 위로: 다음 노드들의 가운데에 놓습니다
        columns = [places[following][0] for following, _ in node.next_functions if following]
        places.setdefault(node, (statistics.mean(columns or [0]), -depth))
    top = (places[loss.grad_fn][0], 1)

    figure, axis = plt.subplots(figsize=(9, 6.5), layout="constrained")
    arrow = {"arrowstyle": "-|>", "color": "#555555", "lw": 1.8, "shrinkA": 17, "shrinkB": 17}
    edges = [(places[a], places[b]) for _, a in nodes for b, _ in a.next_functions if b]
    for start, end in [(top, places[loss.grad_fn]), *edges]:
        axis.annotate("", end, start, arrowprops=arrow)
    groups = {
        "result": ([top], "D", "#D55E00"),
        "operation (the tensor that it made)": ([places[n] for _, n in nodes if n not in leaves], "s", "#0072B2"),
        "leaf tensor (gets .grad)": ([places[n] for n in leaves], "o", "#009E73"),
    }
    for label, (points, marker, color) in groups.items():
        axis.plot(*zip(*points), marker, color=color, markersize=24, label=label)
    texts = {top: f"loss = {loss:.4f}"}
    texts |= {places[node]: describe_node(node, tensors).replace(" (", "\n(") for _, node in nodes}
    for (column, row), text in texts.items():
        axis.text(column + 0.1, row + 0.07, text, va="center", fontsize=13)
    axis.set(xlim=(-0.3, len(leaves) - 0.1), ylim=(min(row for _, row in places.values()) - 0.5, 1.5))
    axis.set_title("Graph of the smallest network (arrows: direction of the backward pass)", fontsize=13)
    axis.axis("off")
    axis.legend(fontsize=12, markerscale=0.55, labelspacing=0.8, borderpad=0.8, loc="upper right")
    return figure


def backpropagate(w, b, loss):
    """역전파(backpropagation)는 그래프를 결과에서 잎까지 거꾸로 따라갑니다.

    노드를 지날 때마다 그 연산의 도함수(derivative)를 곱합니다. 이것이 연쇄 법칙(chain rule)입니다.
    잎에 이르면 변화도를 그 텐서의 grad에 넣습니다.
    """
    print("\n== 3. 역전파(backpropagation) ==")
    print(f"loss.backward()를 부르기 전: w.grad = {w.grad}, b.grad = {b.grad}")
    assert w.grad is None and b.grad is None
    loss.backward()
    print("loss.backward()는 그래프를 거꾸로 따라가며 연산마다 도함수(derivative)를 곱합니다. 연쇄 법칙(chain rule)입니다.")
    print(f"    w.grad = {rounded(w.grad)}")
    print(f"    b.grad = {rounded(b.grad)}")
    print("grad의 모양(shape)은 텐서의 모양과 같습니다. 원소마다 변화도가 하나씩 있습니다.")
    sign = "늘어납니다" if b.grad[0] > 0 else "줄어듭니다"
    print(f"읽는 법: b[0]을 조금 늘리면 손실은 그 {b.grad[0].abs():.4f}배만큼 {sign}. 그 반대쪽으로 고치면 손실이 줄어듭니다.")
    assert w.grad.shape == w.shape and b.grad.shape == b.shape


def see_which_tensors_get_grad(x, y):
    """grad는 requires_grad=True인 잎 텐서에만 남습니다. 중간 결과의 변화도는 쓰고 나서 버립니다.

    잎은 기록된 계산의 결과가 아닌 텐서입니다. 직접 만든 텐서와, requires_grad가 False인 텐서가 모두 잎입니다.
    중간 결과의 변화도도 보고 싶으면 retain_grad()를 부릅니다.
    """
    print("\n== 4. grad는 잎(leaf) 텐서에만 남습니다 ==")
    w, b = torch.ones(2, 3, requires_grad=True), torch.zeros(2, requires_grad=True)
    z = w @ x + b
    F.binary_cross_entropy_with_logits(z, y).backward()
    with warnings.catch_warnings(record=True) as caught:  # 잎이 아닌 텐서의 grad를 읽으면 PyTorch가 경고합니다
        warnings.simplefilter("always")
        grads = {"x": x.grad, "w": w.grad, "b": b.grad, "z": z.grad}
    print("이제부터는 값을 알아보기 쉽게, 모두 1인 w와 모두 0인 b를 새로 만들어 씁니다.")
    print("잎은 기록된 계산의 결과가 아닌 텐서입니다. 잎이면서 requires_grad가 True일 때에만 grad가 남습니다.")
    for name, tensor in {"x": x, "w": w, "b": b, "z": z}.items():
        kept = "남음" if grads[name] is not None else "None"
        print(f"    {name}: is_leaf {tensor.is_leaf!s:<5}  requires_grad {tensor.requires_grad!s:<5}  grad {kept}")
    print("z는 중간 결과라서 grad가 None입니다. 읽으려고 하면 이런 경고가 나옵니다.")
    print(f"    {first_sentence(caught[0].message)}")
    assert len(caught) == 1 and grads["x"] is None and grads["z"] is None
    assert grads["w"] is not None and grads["b"] is not None

    z = w @ x + b
    z.retain_grad()  # backward보다 먼저 부릅니다
    F.binary_cross_entropy_with_logits(z, y).backward()
    print(f"z.retain_grad()를 먼저 부르면 남습니다: z.grad = {rounded(z.grad)}")
    assert torch.allclose(z.grad, (torch.sigmoid(z) - y).detach() / 2)


def check_gradients_three_ways(x, y, w, b):
    """변화도가 맞는지 검산합니다. 종이 위에서 구한 식, 유한 차분(finite difference), gradcheck입니다.

    손실은 두 값의 평균이므로 dloss/dz = (sigmoid(z) - y) / 2 입니다.
    z[i] = w[i, 0] * x[0] + w[i, 1] * x[1] + w[i, 2] * x[2] + b[i] 이므로
    dloss/dw[i, j] = dloss/dz[i] * x[j], dloss/db = dloss/dz 입니다.
    """
    print("\n== 5. 변화도를 세 가지로 검산합니다 ==")
    x, y = x.double(), y.double()  # float32로는 작은 차이를 믿을 수 없어서 float64로 계산합니다
    w, b = (parameter.detach().double().requires_grad_() for parameter in (w, b))
    smallest_loss(x, y, w, b).backward()
    print("autograd가 구한 값을 다른 방법으로 구한 값과 견주어 봅니다. w와 b는 1번에서 만든 것입니다.")
    print(f"autograd가 구한 w.grad:       {rounded(w.grad)}")

    with torch.no_grad():
        dz = (torch.sigmoid(w @ x + b) - y) / 2
    print(f"가) 종이 위에서 구한 식:      {rounded(torch.outer(dz, x))}")
    print("    dloss/dz = (sigmoid(z) - y) / 2, dloss/dw[i, j] = dloss/dz[i] * x[j], dloss/db = dloss/dz")
    assert torch.allclose(w.grad, torch.outer(dz, x)) and torch.allclose(b.grad, dz)

    by_differences = finite_differences(lambda w: smallest_loss(x, y, w, b), w, step=1e-6)
    print(f"나) 유한 차분:                {rounded(by_differences)}")
    print("    원소를 하나씩 1e-6만큼 늘리고 줄여서, 손실의 차이를 2e-6으로 나눕니다. 도함수의 뜻을 그대로 따라 어림한 값입니다.")
    assert torch.allclose(w.grad, by_differences, atol=1e-8)
    rough = finite_differences(lambda w: smallest_loss(x.float(), y.float(), w, b.float()), w.float(), step=1e-6)
    print(f"    autograd와의 차이: float64 {(w.grad - by_differences).abs().max():.0e}, ", end="")
    print(f"float32 {(w.grad - rough).abs().max():.0e}. 그래서 검산은 float64로 합니다.")

    checked = gradcheck(lambda w, b: smallest_loss(x, y, w, b), (w, b))
    print(f"다) torch.autograd.gradcheck: {checked}. 나)와 같은 검산을 모든 입력과 출력에 대해 해 줍니다.")
    assert checked


def finite_differences(function, tensor, step):
    """원소를 하나씩 step만큼 늘리고 줄여서 function의 변화도를 어림합니다."""
    result = torch.zeros_like(tensor)
    with torch.no_grad():
        for i in range(tensor.numel()):
            nudge = torch.zeros_like(tensor)
            nudge.view(-1)[i] = step
            result.view(-1)[i] = (function(tensor + nudge) - function(tensor - nudge)) / (2 * step)
    return result


def backpropagate_twice(x, y):
    """역전파가 끝나면 그래프에 저장해 둔 중간 값을 버립니다. 메모리를 아끼기 위해서입니다.

    그래서 같은 그래프로 두 번 역전파할 수 없습니다. 꼭 필요하면 앞의 backward에 retain_graph=True를 줍니다.
    더하기처럼 저장할 값이 없는 연산만 있는 그래프는 두 번 해도 오류가 나지 않습니다. 그것에 기대지는 마십시오.
    """
    print("\n== 6. 그래프 하나에 역전파는 한 번입니다 ==")
    w, b = torch.ones(2, 3, requires_grad=True), torch.zeros(2, requires_grad=True)
    loss = smallest_loss(x, y, w, b)
    loss.backward()
    print("역전파가 끝나면 그래프에 저장해 둔 중간 값을 버립니다. 다시 backward()를 부르면 오류입니다.")
    show_autograd_error(RuntimeError, loss.backward)

    w.grad = b.grad = None
    loss = smallest_loss(x, y, w, b)
    loss.backward(retain_graph=True)  # 중간 값을 남겨 둡니다
    first, w.grad = w.grad, None
    loss.backward()
    print("retain_graph=True를 주면 중간 값을 남겨 두므로 한 번 더 할 수 있습니다. 두 번 다 같은 변화도가 나옵니다.")
    print(f"    첫째 {rounded(first)}")
    print(f"    둘째 {rounded(w.grad)}")
    print("보통은 필요 없습니다. 순전파(forward)를 다시 하면 새 그래프가 생깁니다.")
    assert torch.equal(first, w.grad)


def accumulate_and_zero(x, y):
    """backward는 grad를 바꾸어 넣지 않고 더합니다. 그래서 걸음마다 지워야 합니다.

    한 텐서가 여러 곳에 쓰이면 변화도는 그 길들의 합입니다. 더하기로 해 두면 이 합이 저절로 구해집니다.
    """
    print("\n== 7. 변화도는 쌓입니다 ==")
    w, b = torch.ones(2, 3, requires_grad=True), torch.zeros(2, requires_grad=True)
    smallest_loss(x, y, w, b).backward()
    once = b.grad.clone()
    smallest_loss(x, y, w, b).backward()
    print("backward()는 grad에 있던 값에 더합니다. 지우지 않고 두 번 부르면 두 배가 됩니다.")
    print(f"    한 번: b.grad = {rounded(once)}")
    print(f"    두 번: b.grad = {rounded(b.grad)}")
    assert torch.equal(b.grad, 2 * once)

    b.grad.zero_()  # 0으로 채웁니다. grad = None으로 버려도 됩니다
    smallest_loss(x, y, w, b).backward()
    print(f"    0으로 지우고 다시: b.grad = {rounded(b.grad)}")
    assert torch.equal(b.grad, once)
    w.grad = b.grad = None
    smallest_loss(x, y, w, b).backward()
    print("grad = None으로 버려도 결과가 같습니다. 옵티마이저(optimizer)의 zero_grad()가 하는 일이 이것입니다.")
    assert torch.equal(b.grad, once)

    t = torch.tensor(2.0, requires_grad=True)
    (t * t + 3 * t).backward()
    print(f"한 텐서가 여러 곳에 쓰이면 변화도를 더해야 맞습니다: t * t + 3 * t는 t = 2에서 4 + 3 = {t.grad:.0f}")
    assert t.grad == 7


def stop_tracking(x):
    """변화도가 필요 없을 때에는 기록을 멈춥니다. 예측만 할 때, 매개변수를 손으로 고칠 때, 일부를 고정할 때입니다.

    torch.no_grad() 안에서는 아무 계산도 기록하지 않습니다. detach()는 그래프에서 떼어 낸 텐서를 돌려줍니다.
    """
    print("\n== 8. 기록을 멈춥니다 ==")
    w, b = torch.ones(2, 3, requires_grad=True), torch.zeros(2, requires_grad=True)
    z = w @ x + b
    with torch.no_grad():
        quiet = w @ x + b
    print("변화도가 필요 없으면 기록하지 않는 편이 빠르고 메모리도 덜 듭니다. 값은 같습니다.")
    print(f"    그냥 계산                  requires_grad {z.requires_grad}")
    print(f"    with torch.no_grad() 안    requires_grad {quiet.requires_grad}, grad_fn {quiet.grad_fn}")
    assert torch.equal(z, quiet) and not quiet.requires_grad and quiet.grad_fn is None

    apart = z.detach()
    print(f"    z.detach()                 requires_grad {apart.requires_grad}, 메모리는 z와 함께 씁니다")
    assert not apart.requires_grad and apart.data_ptr() == z.data_ptr()
    print("NumPy로 바꾸려면 먼저 떼어 내야 합니다. NumPy에는 연산 그래프가 없기 때문입니다.")
    show_autograd_error(RuntimeError, z.numpy)
    print(f"    z.detach().numpy() = {z.detach().numpy()}")

    w.requires_grad_(False)  # w를 고정합니다(freeze)
    (w @ x + b).sum().backward()
    print(f"w.requires_grad_(False)로 w를 고정하면 b만 변화도를 받습니다: w.grad = {w.grad}, b.grad = {rounded(b.grad)}")
    print("이미 학습한 계층(layer)을 고정한 매개변수(frozen parameter)로 두고, 나머지만 학습할 때 이렇게 합니다.")
    assert w.grad is None and torch.equal(b.grad, torch.ones(2))

    tracked = measure_forward(torch.enable_grad)
    print("같은 순전파에 걸린 시간 (기록할 때를 1로 놓았습니다. 컴퓨터와 크기에 따라 다릅니다):")
    print(f"    no_grad {measure_forward(torch.no_grad) / tracked:.2f}, ", end="")
    print(f"inference_mode {measure_forward(torch.inference_mode) / tracked:.2f}")


def measure_forward(mode):
    """작은 계층 200개를 지나는 시간(초)입니다. 한 번 몸을 푼 다음 아홉 번 재어 가운데 값을 씁니다."""
    w, seconds = torch.full((16, 16), 0.01, requires_grad=True), []
    for _ in range(10):
        started = time.perf_counter()
        with mode():
            h = torch.ones(16)
            for _ in range(200):
                h = torch.tanh(w @ h)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def compare_inference_mode(x):
    """inference_mode는 추론(inference)만 할 때 씁니다. no_grad보다 한 걸음 더 나갑니다.

    no_grad의 결과는 보통 텐서입니다. 나중에 변화도를 구하는 계산에 넣어도 됩니다.
    inference_mode의 결과는 추론 텐서입니다. 제자리에서 바뀐 횟수도 세지 않으므로 가볍지만, 나중에 autograd에 쓸 수 없습니다.
    """
    print("\n== 9. 추론(inference)만 할 때의 inference_mode ==")
    w = torch.ones(2, 3, requires_grad=True)
    with torch.no_grad():
        normal = x * 2
    with torch.inference_mode():
        special = x * 2
    print("둘 다 연산을 기록하지 않습니다. inference_mode는 값이 바뀐 횟수를 세는 일까지 그만두어 더 가볍습니다.")
    print("대신 그 결과는 추론 텐서라는 특별한 텐서입니다.")
    print(f"    no_grad          is_inference() {normal.is_inference()}")
    print(f"    inference_mode   is_inference() {special.is_inference()}")
    assert not normal.is_inference() and special.is_inference() and torch.equal(normal, special)

    (w @ normal).sum().backward()
    print(f"no_grad의 결과는 나중에 변화도를 구하는 계산에 쓸 수 있습니다: w.grad[0] = {rounded(w.grad[0])}")
    assert torch.equal(w.grad, normal.expand(2, 3))
    print("추론 텐서는 쓸 수 없습니다. 역전파를 위해 저장할 수 없기 때문입니다.")
    show_autograd_error(RuntimeError, lambda: w @ special)
    w.grad = None
    (w @ special.clone()).sum().backward()
    print("clone()으로 보통 텐서를 만들면 됩니다. 예측하고 끝이면 inference_mode, 나중에 학습에도 쓰면 no_grad입니다.")
    assert torch.equal(w.grad, normal.expand(2, 3))


def double_until_ten(x):
    """음수이면 부호를 바꾸고, 10이 될 때까지 두 배에 1을 더합니다. 길이가 x에 따라 다릅니다."""
    y = x
    if y < 0:
        y = -y
    while y < 10:
        y = 2 * y + 1
    return y


def use_python_control_flow():
    """그래프는 순전파를 할 때마다 새로 생깁니다. 그래서 보통의 if와 while을 그대로 씁니다.

    autograd는 코드가 아니라 실제로 실행된 연산을 기록합니다. 지나가지 않은 갈래는 그래프에 없습니다.
    """
    print("\n== 10. 그래프는 실행할 때마다 새로 생깁니다 ==")
    print("autograd는 실제로 실행된 연산만 기록합니다. 그래서 파이썬의 if와 while을 그대로 써도 됩니다.")
    print("음수이면 부호를 바꾸고, 10 이상이 될 때까지 2 * y + 1을 되풀이하는 함수입니다.")
    for value in (8.0, 3.0, -1.0):
        x = torch.tensor(value, requires_grad=True)
        y = double_until_ten(x)
        names = [type(node).__name__.replace("Backward0", "") for _, node in walk_graph(y.grad_fn) if node]
        names = names[:-1]  # 마지막은 잎의 자리인 AccumulateGrad입니다
        y.backward()
        print(f"    x = {value:>4}  y = {y.item():>4}  dy/dx = {x.grad.item():>4}  그래프: {' > '.join(names)}")
        assert x.grad == 2 ** names.count("Mul") * (-1) ** names.count("Neg")
    print("그래프는 결과 쪽부터 적었습니다. Mul은 곱하기, Add는 더하기, Neg는 부호 바꾸기입니다.")
    print("되풀이한 횟수만큼 Mul이 있고, Mul 하나마다 변화도가 2배가 됩니다. Neg는 부호를 바꿉니다.")
    print("같은 함수인데 입력에 따라 그래프가 다릅니다. 실행할 때마다 처음부터 다시 만들기 때문입니다.")


def two_outputs(x):
    """입력 셋, 출력 둘인 함수입니다. 야코비안은 [[x[1], x[0], 0], [0, 0, 2 x[2]]]입니다."""
    return torch.stack([x[0] * x[1], x[2] ** 2])


def multiply_vector_and_jacobian():
    """출력이 여럿이면 도함수는 행렬이 됩니다. 야코비안 J[i, j]는 출력 i를 입력 j로 미분한 값입니다.

    autograd는 J를 통째로 만들지 않고, 벡터 v를 주면 야코비안 곱(Jacobian product) v @ J를 구합니다.
    손실은 수 하나이므로 v를 주지 않아도 됩니다. 그때의 v는 1입니다.
    """
    print("\n== 11. 벡터와 야코비안의 곱 ==")
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = two_outputs(x)
    print(f"출력이 둘인 함수 (x[0] * x[1], x[2] ** 2)입니다. x = {rounded(x)}이면 출력은 {rounded(out)}입니다.")
    print("출력이 여럿이면 그냥 backward()를 부를 수 없습니다. 어느 출력의 변화도인지 모르기 때문입니다.")
    show_autograd_error(RuntimeError, out.backward)

    v = torch.tensor([1.0, 0.1])  # 출력마다의 무게
    out.backward(v, retain_graph=True)
    jacobian = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]])  # 종이 위에서 구했습니다
    print("야코비안(Jacobian) J는 출력마다 한 행, 입력마다 한 열로 도함수를 모두 적은 행렬입니다.")
    print("출력마다 무게를 정한 벡터 v를 주면, v와 J를 곱한 야코비안 곱(Jacobian product)이 나옵니다.")
    print(f"    손으로 구한 J = {rounded(jacobian)}")
    print(f"    v = {rounded(v)}")
    print(f"    out.backward(v) 다음의 x.grad = {rounded(x.grad)}")
    print(f"    손으로 구한 v @ J             = {rounded(v @ jacobian)}")
    assert torch.allclose(x.grad, v @ jacobian)

    x.grad = None
    out.sum().backward()
    print(f"out.sum().backward()는 v = [1, 1]과 같습니다: x.grad = {rounded(x.grad)}")
    assert torch.equal(x.grad, jacobian.sum(0))


def use_function_transforms():
    """torch.func는 함수를 받아 새 함수를 돌려줍니다. requires_grad도 backward()도 쓰지 않습니다.

    grad는 변화도를 구하는 함수를, jacrev는 야코비안을 구하는 함수를, vmap은 배치(batch)로 계산하는 함수를 만듭니다.
    """
    print("\n== 12. 함수를 바꾸는 함수 torch.func ==")
    print("torch.func는 함수를 받아 새 함수를 돌려줍니다. grad(f)는 f의 변화도를 구하는 함수입니다.")
    slope = grad(lambda t: t**3)(torch.tensor(2.0))
    print(f"    grad(t ** 3)을 t = 2에서 부르면 3 * 2 ** 2 = {slope:.0f}")
    assert slope == 12

    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = two_outputs(x)
    rows = [torch.autograd.grad(out, x, v, retain_graph=True)[0] for v in torch.eye(2)]  # 한 행에 역전파 한 번
    jacobian = jacrev(two_outputs)(x.detach())
    print("jacrev(f)는 야코비안 전체를 한 번에 구합니다. 행마다 야코비안 곱을 되풀이한 것과 같습니다.")
    print(f"    되풀이: {rounded(torch.stack(rows))}")
    print(f"    jacrev: {rounded(jacobian)}")
    assert torch.allclose(jacobian, torch.stack(rows))

    _, multiply = vjp(two_outputs, x.detach())  # multiply(v)는 야코비안 곱 v @ J 하나입니다
    (at_once,) = vmap(multiply)(torch.eye(2))
    print("vmap(f)는 하나를 계산하는 f를, 배치(batch)를 한꺼번에 계산하는 함수로 바꿉니다. 반복문이 사라집니다.")
    print(f"    vmap:   {rounded(at_once)}")
    assert torch.allclose(at_once, jacobian)

    w, X, y = torch.ones(2), torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), torch.zeros(3)
    each = vmap(grad(lambda w, x, y: (w @ x - y) ** 2), in_dims=(None, 0, 0))(w, X, y)  # w는 나누지 않습니다
    together = grad(lambda w: ((X @ w - y) ** 2).mean())(w)
    print("vmap과 grad를 겹치면 샘플마다의 변화도가 나옵니다. 손실의 평균을 backward()하면 변화도도 평균만 남습니다.")
    print(f"    샘플마다: {rounded(each)}")
    print(f"    이것의 평균 {rounded(each.mean(0))} = 평균 손실의 변화도 {rounded(together)}")
    assert torch.equal(each, 2 * (X @ w - y)[:, None] * X) and torch.allclose(each.mean(0), together)


def differentiate_twice():
    """create_graph=True를 주면 변화도를 구하는 계산도 그래프로 기록합니다. 그래서 한 번 더 미분할 수 있습니다.

    함수는 f(x) = x^3 / 3 - x 입니다. 손으로 미분하면 f'(x) = x^2 - 1, f''(x) = 2x 입니다.
    """
    print("\n== 13. 두 번 미분합니다 ==")
    x = torch.linspace(-2.5, 2.5, 101, dtype=torch.float64, requires_grad=True)
    f = x**3 / 3 - x
    print("도함수는 함수의 기울기이고, 두 번째 도함수는 그 기울기가 바뀌는 빠르기입니다.")
    print("f(x) = x^3 / 3 - x를 두 번 미분합니다. torch.autograd.grad는 변화도를 grad에 더하지 않고 돌려줍니다.")
    print("sum()을 미분하는 까닭: f[i]는 x[i]에만 달려 있으므로, 합의 변화도가 곧 점마다의 도함수입니다.")
    (plain,) = torch.autograd.grad(f.sum(), x, retain_graph=True)
    print("그냥 구한 도함수에는 그래프가 없어서, 한 번 더 미분하려고 하면 오류입니다.")
    show_autograd_error(RuntimeError, lambda: torch.autograd.grad(plain.sum(), x))

    (first,) = torch.autograd.grad(f.sum(), x, create_graph=True)  # 미분하는 계산도 기록합니다
    (second,) = torch.autograd.grad(first.sum(), x)
    print("create_graph=True를 주면 미분하는 계산도 기록하므로 다시 미분할 수 있습니다.")
    for i in (10, 60, 90):
        print(f"    x = {x[i]:>4.1f}:  f = {f[i]:>6.3f}   f' = {first[i]:>6.3f}   f'' = {second[i]:>6.3f}")
    print("손으로 구한 f'(x) = x^2 - 1, f''(x) = 2x와 모든 점에서 같습니다.")
    assert torch.allclose(first, x**2 - 1) and torch.allclose(second, 2 * x)
    return x.detach(), f.detach(), first.detach(), second


def draw_derivatives(x, f, first, second):
    """함수와 두 도함수를 그립니다. 도함수가 0인 곳에서 함수는 평평합니다."""
    figure, axis = plt.subplots(figsize=(9, 5.5), layout="constrained")
    axis.axhline(0, color="#999999", lw=0.8)
    axis.plot(x.numpy(), f.numpy(), "-", color="#0072B2", lw=2.5, label="f(x) = x³/3 - x")
    axis.plot(x.numpy(), first.numpy(), "--", color="#D55E00", lw=2, label="f'(x), first derivative")
    axis.plot(x.numpy(), second.numpy(), "-.", color="#009E73", lw=2, label="f''(x), second derivative")
    flat = first.abs() < 1e-9  # x = -1과 x = 1
    axis.plot(x[flat].numpy(), f[flat].numpy(), "o", color="black", markersize=9, label="f'(x) = 0: f is flat here")
    axis.plot(x[flat].numpy(), first[flat].numpy(), "o", color="black", markersize=9, fillstyle="none")
    axis.set(title="A function and its derivatives, all by autograd (create_graph=True)", xlabel="x", ylabel="value")
    axis.legend(loc="upper left", bbox_to_anchor=(0.13, 1))
    return figure


class Softplus(torch.autograd.Function):
    """log(1 + e^x)를 큰 x에서도 안전하게 계산합니다. 도함수는 sigmoid(x)입니다.

    forward는 값을 계산하고, backward는 뒤에서 온 변화도 grad_output에 자기의 도함수를 곱합니다.
    """

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)  # backward에서 쓸 텐서를 맡겨 둡니다
        return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


class WrongSoftplus(Softplus):
    """일부러 틀리게 만들었습니다. 뒤에서 온 변화도 grad_output을 곱하지 않습니다."""

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return torch.sigmoid(x)


def use_own_function():
    """torch.autograd.Function을 상속하면 미분 규칙을 직접 정할 수 있습니다. 부를 때에는 apply를 씁니다.

    저절로 나온 규칙이 넘침(overflow) 때문에 nan을 낼 때나, PyTorch 밖의 코드로 값을 계산할 때 씁니다.
    """
    print("\n== 14. 나만의 미분 규칙 torch.autograd.Function ==")
    print("log(1 + e^x)를 식 그대로 쓰면 큰 x에서 e^x가 넘쳐서 inf가 되고, 변화도는 nan이 됩니다.")
    x = torch.tensor([0.0, 1.0, 100.0], requires_grad=True)
    y = torch.log(1 + torch.exp(x))
    y.sum().backward()
    print(f"    식 그대로:       값 {rounded(y)}, 변화도 {rounded(x.grad)}")
    assert torch.isnan(x.grad[2])

    x.grad = None
    y = Softplus.apply(x)
    y.sum().backward()
    print("Softplus는 우리가 만든 함수입니다. forward에는 넘치지 않는 식을 적었습니다. backward에는 뒤에서 온")
    print("변화도 grad_output에 도함수 sigmoid(x)를 곱하라고 적었습니다. 부를 때에는 apply를 씁니다.")
    print(f"    Softplus.apply:  값 {rounded(y)}, 변화도 {rounded(x.grad)}")
    assert torch.allclose(y, F.softplus(x)) and torch.allclose(x.grad, torch.sigmoid(x.detach()))

    inputs = torch.linspace(-3, 3, 5, dtype=torch.float64, requires_grad=True)
    checked = gradcheck(Softplus.apply, (inputs,))
    print(f"직접 쓴 규칙은 틀리기 쉽습니다. 꼭 gradcheck로 검산합니다: {checked}")
    assert checked
    print("backward에서 grad_output을 곱하지 않은 WrongSoftplus는 gradcheck에 걸립니다.")
    show_autograd_error(GradcheckError, lambda: gradcheck(WrongSoftplus.apply, (inputs,)))


def avoid_in_place_pitfalls():
    """제자리(in-place) 연산은 값을 덮어씁니다. 역전파에 필요한 값을 덮어쓰면 변화도를 구할 수 없습니다.

    텐서에는 바뀐 횟수를 세는 버전 번호(_version)가 있습니다. autograd는 저장할 때의 번호와 쓸 때의 번호를 견줍니다.
    """
    print("\n== 15. 제자리(in-place) 연산의 함정 ==")
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    print("가) 변화도를 받을 잎은 제자리에서 바꿀 수 없습니다. w += 1도 같은 오류입니다.")
    show_autograd_error(RuntimeError, lambda: w.add_(1))
    with torch.no_grad():
        w += 1  # 매개변수를 고칠 때에는 no_grad 안에서 합니다
    print(f"    no_grad 안에서는 됩니다. 옵티마이저도 이렇게 고칩니다: w = {rounded(w)}")
    assert torch.equal(w, torch.tensor([1.0, 2.0]))

    s = torch.sigmoid(w)
    assert s._version == 0
    s *= 2  # sigmoid의 역전파에는 바뀌기 전의 s가 필요합니다
    print("나) 역전파에 필요한 값을 바꾸면 backward에서 오류입니다. autograd는 값이 바뀐 횟수(_version)를 견줍니다.")
    print(f"    저장할 때의 s._version은 0, 제자리에서 두 배로 만든 뒤에는 {s._version}입니다.")
    show_autograd_error(RuntimeError, lambda: s.sum().backward())
    s = torch.sigmoid(w)
    s = 2 * s  # 새 텐서를 만듭니다
    s.sum().backward()
    print(f"    s = 2 * s처럼 새 텐서를 만들면 됩니다: w.grad = {rounded(w.grad)}")
    values = torch.sigmoid(w.detach())
    assert torch.allclose(w.grad, 2 * values * (1 - values))


def avoid_data_attribute():
    """텐서.data로 값을 바꾸면 버전 번호가 그대로입니다. 그래서 autograd가 모르고 틀린 변화도를 냅니다.

    옛 코드에서 볼 수 있지만 따라 하지 마십시오. detach()는 버전 번호를 함께 쓰므로 바뀐 것이 드러납니다.
    """
    print("\n== 16. .data는 조용히 틀립니다 ==")
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    values = torch.sigmoid(w.detach())
    right = 2 * values * (1 - values)  # 15번에서 나온 변화도입니다
    s = torch.sigmoid(w)
    s.data.mul_(2)  # 일부러 틀립니다
    s.sum().backward()
    print("15번처럼 s = sigmoid(w)를 두 배로 만들되, s.data를 거쳤습니다. 버전 번호가 그대로라서 오류가 나지 않습니다.")
    print(f"    바른 변화도  {rounded(right)}")
    print(f"    나온 변화도  {rounded(w.grad)}  (틀렸습니다)")
    assert s._version == 0 and not torch.allclose(w.grad, right)
    assert torch.allclose(w.grad, 2 * values * (1 - 2 * values))  # 바뀐 s로 s * (1 - s)를 계산했습니다

    s = torch.sigmoid(w)
    s.detach().mul_(2)
    print("s.detach()로 바꾸면 버전 번호가 늘어서, 틀린 값 대신 오류가 나옵니다. 조용히 틀리는 것보다 낫습니다.")
    show_autograd_error(RuntimeError, lambda: s.sum().backward())
    assert s._version == 1


def fit_line(steps, learning_rate):
    """텐서와 autograd만으로 직선 w * x + b를 학습합니다. 경사하강법(gradient descent)입니다.

    걸음마다 하는 일은 넷입니다. 손실을 계산하고, 역전파하고, 변화도의 반대쪽으로 고치고, 변화도를 지웁니다.
    """
    print("\n== 17. autograd만으로 직선을 학습합니다 ==")
    x = torch.linspace(-1, 1, 60)
    y = 2 * x + 1 + 0.3 * torch.randn(60)  # 기울기 2, 절편 1에 잡음을 더했습니다
    w, b = torch.zeros((), requires_grad=True), torch.zeros((), requires_grad=True)
    print("y = 2x + 1에 잡음을 더한 점 60개입니다. w = 0, b = 0에서 시작하여 경사하강법(gradient descent)으로 고칩니다.")
    print("걸음마다 하는 일은 넷입니다. 손실을 계산하고, 역전파하고, 변화도의 반대쪽으로 고치고, 변화도를 지웁니다.")
    print(f"한 걸음의 크기는 학습률(learning rate) {learning_rate}에 변화도를 곱한 것입니다.")
    history = []
    for step in range(steps):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        history.append((w.item(), b.item(), loss.item()))  # 고치기 전의 값입니다
        if step in (0, 1, 2, 5, 10, 20, steps - 1):
            print(f"    걸음 {step:>3}  w {w:>6.3f}  b {b:>6.3f}  손실 {loss:.4f}", flush=True)
        with torch.no_grad():  # 고치는 계산은 기록하지 않습니다
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
        w.grad = b.grad = None

    best = torch.linalg.lstsq(torch.stack([x, torch.ones(60)], dim=1), y[:, None]).solution.flatten()
    print(f"식으로 곧바로 구한 답(최소제곱법): w {best[0]:.3f}, b {best[1]:.3f}. 학습한 답과 같습니다.")
    print("데이터가 직선 위에 있지 않으므로 손실은 0이 되지 않습니다.")
    print("고치고 지우는 일을 옵티마이저에 맡기는 법은 7장(optimization.py)에 있습니다.")
    assert torch.allclose(torch.stack([w, b]), best, atol=1e-2)  # 걸음이 모자라면 아직 멉니다
    assert history[-1][2] < history[0][2]
    return x, y, history


def draw_line_fit(x, y, history):
    """왼쪽은 데이터와 학습하는 직선, 오른쪽은 걸음마다의 손실입니다."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    left.plot(x.numpy(), y.numpy(), "o", color="#999999", markersize=5, label="data")
    styles = [(0, ":", "#E69F00"), (2, "-.", "#CC79A7"), (5, "--", "#009E73"), (len(history) - 1, "-", "#0072B2")]
    for step, style, color in styles:
        w, b, _ = history[step]
        label = f"step {step}: {w:.2f} x + {b:.2f}"
        left.plot(x.numpy(), (w * x + b).numpy(), style, color=color, lw=2.5, label=label)
    left.set(title="Data and the line while it learns", xlabel="x", ylabel="y")
    left.legend()
    right.plot([loss for _, _, loss in history], "o-", color="#D55E00", markersize=4)
    right.set(title=f"Loss per step (last: {history[-1][2]:.3f})", xlabel="step", ylabel="mean squared error")
    right.set_ylim(bottom=0)
    return figure


def rounded(tensor):
    """텐서의 값을 소수점 아래 네 자리까지 적은 리스트입니다."""

    def shorten(value):
        return [shorten(item) for item in value] if isinstance(value, list) else round(value, 4)

    return shorten(tensor.tolist())


def first_sentence(message):
    """긴 메시지의 첫 문장입니다. PyTorch의 메시지에는 해결 방법까지 길게 적혀 있습니다."""
    return str(message).splitlines()[0].split(". ")[0].rstrip(".,")


def show_autograd_error(kind, action):
    """action을 불러 kind 오류가 나는 것을 보여 줍니다. 메시지는 첫 문장만 적습니다."""
    try:
        action()
    except kind as error:
        print(f"    {type(error).__name__}: {first_sentence(error)}")
    else:
        raise AssertionError(f"{kind.__name__}가 나야 합니다")


def parse_args():
    """명령줄 옵션을 읽습니다."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="6장. 자동 미분: 변화도를 PyTorch가 대신 구합니다", add_help=False)
    option = parser.add_argument_group("옵션").add_argument
    option("-h", "--help", action="help", help="이 도움말을 보여 주고 끝냅니다")
    option("--seed", type=number_between(int, 0, 2**32 - 1), default=0, metavar="N", help="난수 씨앗 (기본값: %(default)s)")
    option("--output-dir", type=Path, default=here / "outputs", metavar="DIR", help="결과 폴더 (기본값: %(default)s)")
    option("--show", action="store_true", help="끝에 그림을 창으로 보여 줍니다 (기본값: 보여 주지 않음)")
    return parser.parse_args()


def main():
    """6장을 처음부터 끝까지 실행합니다."""
    started = time.perf_counter()
    use_utf8_output()
    args = parse_args()
    make_folder(args.output_dir)
    prepare_figures(args.show)
    torch.manual_seed(args.seed)
    print(f"6장. 자동 미분  |  PyTorch {torch.__version__}  |  장치(device): cpu")

    x, y, w, b, z, loss = build_smallest_network()
    tensors = {"x": x, "w": w, "b": b, "z": z, "loss": loss}
    follow_the_graph(tensors)
    graph = draw_graph(tensors)
    backpropagate(w, b, loss)
    see_which_tensors_get_grad(x, y)
    check_gradients_three_ways(x, y, w, b)
    backpropagate_twice(x, y)
    accumulate_and_zero(x, y)
    stop_tracking(x)
    compare_inference_mode(x)
    use_python_control_flow()
    multiply_vector_and_jacobian()
    use_function_transforms()
    derivatives = draw_derivatives(*differentiate_twice())
    use_own_function()
    avoid_in_place_pitfalls()
    avoid_data_attribute()
    line = draw_line_fit(*fit_line(steps=40, learning_rate=0.3))

    files = [
        save_figure(graph, args.output_dir / "autograd_graph.png"),
        save_figure(derivatives, args.output_dir / "autograd_derivatives.png"),
        save_figure(line, args.output_dir / "autograd_line_fit.png"),
    ]
    print_closing(files, started, "optimization.py")
    show_figures(args.show)


# 직접 해 보기
#   1. build_smallest_network의 z를 torch.tanh(w @ x + b)로 바꾸어 보십시오.
#      2번의 그래프와 그림에 TanhBackward0이 하나 끼어듭니다. tanh의 도함수를 한 번 더 곱하므로 3번의 변화도는 작아집니다.
#   2. double_until_ten의 while y < 10을 while y < 100으로 바꾸어 보십시오.
#      Mul이 세 개씩 늘어나서 그래프가 길어지고, dy/dx는 8배인 16, 32, -64가 됩니다.
#   3. fit_line의 y를 x**2로 바꾸어 보십시오.
#      w는 0, b는 0.345가 되고 손실은 0.095에서 더 줄지 않습니다. 직선으로는 곡선을 맞출 수 없습니다.


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
