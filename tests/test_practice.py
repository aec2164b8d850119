"""연습 문제의 모범 답안과 흔한 오답: 처음의 ✓가 모범 답안이고, ✗는 오답입니다.

답안마다 함수의 본문만 적었습니다. 풀어 본 뒤에 읽으세요.
"""

import inspect
import re
import textwrap

import pytest
from tools import CHAPTERS, load_chapter

ANSWERS = {
    "quick_start": {
        "top2_accuracy": """
✓ chosen = logits.topk(2, dim=1).indices
  return (chosen == y[:, None]).any(dim=1).float().mean()
✓ right = 0
  for row, answer in zip(logits, y):
      if answer in row.argsort(descending=True)[:2]:
          right += 1
  return right / len(y)
✗ return (logits.argmax(dim=1) == y).float().mean()
✗ return (logits.topk(2, dim=1).indices == y[:, None]).float().mean()
✗ return (logits.topk(2, dim=1).indices == y[:, None]).any(dim=1)
""",
        "accuracy_of_class": """
✓ chosen = predictions[y == k]
  return (chosen == k).float().mean() if len(chosen) else 0.0
✓ return ((predictions == k) & (y == k)).sum() / max((y == k).sum(), 1)
✗ return (predictions[y == k] == k).float().mean()
✗ return (y[predictions == k] == k).float().mean().nan_to_num()
✗ return (predictions[y == 1] == 1).float().mean() if (y == k).any() else 0
✗ return (predictions == y).float().mean()
""",
        "most_confident_mistake": """
✓ confidence, prediction = probabilities.max(dim=1)
  confidence[prediction == y] = 0
  return confidence.argmax() if confidence.any() else -1
✗ return probabilities.max(dim=1).values.argmax()
✗ confidence, prediction = probabilities.max(dim=1)
  confidence[prediction == y] = 0
  return confidence.argmax()
✗ if (probabilities.argmax(dim=1) == y).all():
      return -1
  probabilities[range(len(y)), y] = 0
  return probabilities.max(dim=1).values.argmax()
✗ confidence, prediction = probabilities.max(dim=1)
  confidence[prediction == y] = 0
  if confidence.any():
      return confidence.argmax()
""",
        "train_one_step": """
✓ optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
  optimizer.zero_grad()
  loss = nn.CrossEntropyLoss()(model(X), y)
  loss.backward()
  optimizer.step()
  return model.weight
✗ optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
  nn.CrossEntropyLoss()(model(X), y).backward()
  return model.weight
✗ optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
  nn.CrossEntropyLoss()(model(X).softmax(dim=1), y).backward()
  optimizer.step()
  return model.weight
✗ optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
  nn.CrossEntropyLoss()(model(X), y).backward()
  optimizer.step()
  return model.weight
✗ optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
  nn.CrossEntropyLoss(reduction="sum")(model(X), y).backward()
  optimizer.step()
  return model.weight
✗ return model
""",
    },
    "tensor": {
        "outer_product": """
✓ return a[:, None] * b
✓ return a.unsqueeze(1) * b.unsqueeze(0)
✓ return torch.outer(a, b)
✓ return torch.einsum('i,j->ij', a, b)
✓ return torch.stack([x * b for x in a])
✓ return a.reshape(-1, 1) @ b.reshape(1, -1)
✓ return [[(x * y).item() for y in b] for x in a]
✗ return b[:, None] * a
✗ return a * b
✗ return a @ b
✗ return a[:, None] + b
✗ return a[:, None] * a
✗ a[:, None] * b
✗ print(a[:, None] * b)
✗ return [x * b for x in a]
""",
        "one_hot": """
✓ return labels[:, None] == torch.arange(num_classes)
✓ return (labels[:, None] == torch.arange(num_classes)).float()
✓ return nn.functional.one_hot(labels, num_classes)
✓ return torch.eye(num_classes)[labels]
✓ return torch.zeros(len(labels), num_classes).scatter_(1, labels[:, None], 1.0)
✓ return torch.stack([torch.eye(num_classes)[k] for k in labels])
✓ return [[1 if k == c else 0 for c in range(num_classes)] for k in labels]
✓ result = torch.zeros(len(labels), num_classes)
  result[torch.arange(len(labels)), labels] = 1
  return result
✗ return nn.functional.one_hot(labels)
✗ return torch.arange(num_classes)[:, None] == labels
✗ return labels == torch.arange(num_classes)
✗ return labels[:, None] != torch.arange(num_classes)
✗ return labels[:, None] >= torch.arange(num_classes)
✗ return torch.eye(3)[labels]
✗ result = torch.zeros(len(labels), num_classes)
  result[:, labels] = 1
  return result
✗ torch.eye(num_classes)[labels]
""",
        "cumulative_sum": """
✓ return torch.ones(len(x), len(x)).tril() @ x
✓ return x @ torch.ones(len(x), len(x)).triu()
✓ return torch.cumsum(x, dim=0)
✓ return x.cumsum(0)
✓ return [x[: i + 1].sum() for i in range(len(x))]
✓ return torch.stack([x[: i + 1].sum() for i in range(len(x))])
✓ for i in range(1, len(x)):
      x[i] += x[i - 1]
  return x
✗ return torch.ones(len(x), len(x)).triu() @ x
✗ return x @ torch.ones(len(x), len(x)).tril()
✗ return torch.ones(3, 3).tril() @ x
✗ return torch.ones(len(x), len(x)).tril(-1) @ x
✗ return torch.ones(len(x), len(x)) @ x
✗ return torch.ones(len(x), len(x)).tril() * x
✗ return x.sum()
✗ return x.cummax(0).values
""",
        "pairwise_distances": """
✓ return ((a[:, None, :] - b) ** 2).sum(dim=2).sqrt()
✓ return (a[:, None] - b[None]).norm(dim=-1)
✓ return torch.cdist(a, b)
✓ return torch.linalg.vector_norm(a[:, None] - b, dim=2)
✓ return torch.stack([((point - b) ** 2).sum(dim=1).sqrt() for point in a])
✗ return ((a[:, None, :] - b) ** 2).sum(dim=2)
✗ return (a[:, None, :] - b).abs().sum(dim=2)
✗ return ((a[:, None, :2] - b[:, :2]) ** 2).sum(dim=2).sqrt()
✗ difference = a[:, None, :] - b
  return (difference[..., 0] ** 2 + difference[..., 1] ** 2).sqrt()
✗ return ((b[:, None, :] - a) ** 2).sum(dim=2).sqrt()
✗ return ((a - b) ** 2).sum(dim=1).sqrt()
✗ return ((a[:, None, :] - b) ** 2).sum(dim=1).sqrt()
✗ return ((a[:, None, :] - b) ** 2).mean(dim=2).sqrt()
✗ return (a[:, None, :] - b).sum(dim=2).abs()
""",
    },
    "data_tutorial": {
        "balanced_weights": """
✓ weights = 1 / labels.bincount()[labels]
  return weights / weights.sum()
✓ classes = labels.unique()
  weights = torch.zeros(len(labels))
  for k in classes:
      same = labels == k
      weights[same] = 1 / (len(classes) * same.sum())
  return weights
✗ return 1 / labels.bincount()[labels]
✗ return torch.ones(len(labels)) / len(labels)
✗ return 1 / labels.bincount()
✗ return 1 / labels.bincount()[labels] / len(labels.bincount())
✗ weights = 1 / labels.bincount()[labels]
  weights / weights.sum()
""",
        "pair_dataset": """
✓ class Pairs(Dataset):
      def __init__(self, a, b):
          self.a = a
          self.b = b
      def __len__(self):
          return min(len(self.a), len(self.b))
      def __getitem__(self, i):
          return self.a[i], self.b[i]
  return Pairs(a, b)
✓ pairs = list(zip(a, b))
  return Subset(pairs, range(len(pairs)))
✗ class Pairs(Dataset):
      def __len__(self):
          return len(a)
      def __getitem__(self, i):
          return a[i], b[i]
  return Pairs()
✗ class Pairs(Dataset):
      def __len__(self):
          return len(b)
      def __getitem__(self, i):
          return a[i], b[i]
  return Pairs()
✗ class Pairs(Dataset):
      def __len__(self):
          return max(len(a), len(b))
      def __getitem__(self, i):
          return a[i], b[i]
  return Pairs()
✗ class Pairs(Dataset):
      def __len__(self):
          return min(len(a), len(b))
      def __getitem__(self, i):
          return [a[i], b[i]]
  return Pairs()
✗ class Pairs(Dataset):
      def __len__(self):
          return min(len(a), len(b))
      def __getitem__(self, i):
          return torch.tensor([a[i], b[i]])
  return Pairs()
✗ class Pairs(Dataset):
      def __len__(self):
          return min(len(a), len(b))
      def __getitem__(self, i):
          return a[i], b[i]
  return Pairs
✗ return list(zip(a, b))
✗ return TensorDataset(a, b)
""",
        "pad_left": """
✓ longest = max(len(x) for x in samples)
  return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
✓ return pad_sequence(samples, batch_first=True, padding_side="left")
✓ flipped = [x.flip(0) for x in samples]
  return pad_sequence(flipped, batch_first=True).flip(1)
✗ longest = len(samples[-1])
  return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
✗ longest = len(samples[0])
  return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
✗ return pad_sequence(samples, batch_first=True)
✗ return torch.stack(samples)
✗ longest = max(len(x) for x in samples)
  return [[0] * (longest - len(x)) + x.tolist() for x in samples]
✗ longest = 3
  return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
""",
        "validation_indices": """
✓ chosen = [(labels == k).nonzero()[:n, 0] for k in labels.unique()]
  return torch.cat(chosen).sort().values
✓ chosen = []
  counts = {}
  for i, k in enumerate(labels.tolist()):
      counts[k] = counts.get(k, 0) + 1
      if counts[k] <= n:
          chosen.append(i)
  return chosen
✗ chosen = [(labels == k).nonzero()[:n, 0] for k in labels.unique()]
  return torch.cat(chosen)
✗ chosen = [(labels == k).nonzero()[-n:, 0] for k in labels.unique()]
  return torch.cat(chosen).sort().values
✗ chosen = [(labels == k).nonzero()[:n, 0] for k in range(10)]
  return torch.cat(chosen).sort().values
✗ chosen = [(labels == k).nonzero()[:n, 0] for k in range(len(labels.unique()))]
  return torch.cat(chosen).sort().values
✗ chosen = [(labels == k).nonzero()[:1, 0] for k in labels.unique()]
  return torch.cat(chosen).sort().values
✗ return torch.arange(min(len(labels), n * len(labels.unique())))
✗ return [0, 1, 4]
""",
    },
    "transform": {
        "scatter_one_hot": """
✓ return torch.zeros(len(y), num_classes).scatter_(1, y[:, None], value=1)
✓ result = torch.zeros(len(y), num_classes)
  result.scatter_(1, y.unsqueeze(1), 1.0)
  return result
✓ return torch.stack([torch.zeros(num_classes).scatter_(0, k, value=1) for k in y])
✗ return torch.zeros(len(y), num_classes).scatter_(1, y[None, :], value=1)
✗ return torch.zeros(len(y), int(y.max()) + 1).scatter_(1, y[:, None], value=1)
✗ return torch.zeros(num_classes, len(y)).scatter_(0, y[None, :], value=1)
✗ return torch.zeros(num_classes).scatter_(0, y, value=1)
✗ return torch.ones(len(y), num_classes).scatter_(1, y[:, None], value=0)
✗ torch.zeros(len(y), num_classes).scatter_(1, y[:, None], value=1)
""",
        "normalize_channels": """
✓ mean = x.mean(dim=(0, 2, 3), keepdim=True)
  std = x.std(dim=(0, 2, 3), keepdim=True)
  return (x - mean) / std
✓ mean = x.mean(dim=(0, 2, 3), keepdim=True)
  std = x.std(dim=(0, 2, 3), keepdim=True)
  return (x - mean) / (std + 1e-5)
✓ channels = [(c - c.mean()) / c.std() for c in x.unbind(1)]
  return torch.stack(channels, dim=1)
✓ mean = x.mean(dim=(0, 2, 3))
  std = x.std(dim=(0, 2, 3))
  return v2.Normalize(mean.tolist(), std.tolist())(x)
✗ return (x - x.mean()) / x.std()
✗ mean = x.mean(dim=(2, 3), keepdim=True)
  std = x.std(dim=(2, 3), keepdim=True)
  return (x - mean) / std
✗ mean = x.mean(dim=(0, 2, 3), keepdim=True)
  std = x.std(dim=(0, 2, 3), keepdim=True, correction=0)
  return (x - mean) / std
✗ mean = x.mean(dim=(0, 2, 3), keepdim=True)
  return (x - mean) / x.var(dim=(0, 2, 3), keepdim=True)
✗ mean = x.mean(dim=(0, 2, 3), keepdim=True)
  return x - mean / x.std(dim=(0, 2, 3), keepdim=True)
✗ return x - x.mean(dim=(0, 2, 3), keepdim=True)
""",
        "shift_images": """
✓ moved = [F.pad(image, (s, -s)) for image, s in zip(x, shifts.tolist())]
  return torch.stack(moved)
✓ result = torch.zeros_like(x)
  width = x.shape[3]
  for n, s in enumerate(shifts.tolist()):
      if s >= 0:
          result[n, :, :, s:] = x[n, :, :, : width - s]
      else:
          result[n, :, :, :s] = x[n, :, :, -s:]
  return result
✗ moved = [image.roll(s, dims=2) for image, s in zip(x, shifts.tolist())]
  return torch.stack(moved)
✗ moved = [F.pad(image, (-s, s)) for image, s in zip(x, shifts.tolist())]
  return torch.stack(moved)
✗ s = int(shifts[0])
  return F.pad(x, (s, -s))
✗ moved = [F.pad(image, (0, 0, s, -s)) for image, s in zip(x, shifts.tolist())]
  return torch.stack(moved)
✗ moved = [F.pad(image[:1], (s, -s)) for image, s in zip(x, shifts.tolist())]
  return torch.stack(moved)
✗ result = torch.zeros_like(x)
  for n, s in enumerate(shifts.tolist()):
      if s > 0:
          result[n, :, :, s:] = x[n, :, :, :-s]
      if s < 0:
          result[n, :, :, :s] = x[n, :, :, -s:]
  return result
""",
        "make_center_eraser": """
✓ def erase(image):
      image = image.clone()
      top = (image.shape[-2] - size) // 2
      left = (image.shape[-1] - size) // 2
      image[..., top : top + size, left : left + size] = 0
      return image

  return erase
✓ class CenterEraser:
      def __call__(self, image):
          result = image.clone()
          height, width = image.shape[-2:]
          rows = slice((height - size) // 2, (height + size) // 2)
          columns = slice((width - size) // 2, (width + size) // 2)
          result[..., rows, columns] = 0
          return result

  return CenterEraser()
✗ def erase(image):
      start = (6 - size) // 2
      image = image.clone()
      image[..., start : start + size, start : start + size] = 0
      return image

  return erase
✗ def erase(image):
      start = (image.shape[-2] - size) // 2
      image = image.clone()
      image[..., start : start + size, start : start + size] = 0
      return image

  return erase
✗ def erase(image):
      top = (image.shape[-2] - size) // 2
      left = (image.shape[-1] - size) // 2
      image[..., top : top + size, left : left + size] = 0
      return image

  return erase
✗ def erase(image):
      image = image.clone()
      top = (image.shape[1] - size) // 2
      left = (image.shape[2] - size) // 2
      image[:, top : top + size, left : left + size] = 0
      return image

  return erase
✗ def erase(image):
      image = image.clone()
      top = (image.shape[-2] - size) // 2
      left = (image.shape[-1] - size) // 2
      image[..., top:-top, left:-left] = 0

  return erase
✗ def erase(image):
      image = torch.ones_like(image)
      top = (image.shape[-2] - size) // 2
      left = (image.shape[-1] - size) // 2
      image[..., top : top + size, left : left + size] = 0
      return image

  return erase
✗ def erase(image):
      image = image.clone()
      image[..., 1:3, 2:4] = 0
      return image

  return erase
✗ image = torch.ones(1, 28, 28)
  start = (28 - size) // 2
  image[..., start : start + size, start : start + size] = 0
  return image
""",
    },
    "model": {
        "count_trainable": """
✓ return sum(p.numel() for p in model.parameters() if p.requires_grad)
✓ count = 0
  for name, parameter in model.named_parameters():
      if parameter.requires_grad:
          count += parameter.numel()
  return count
✗ return sum(p.numel() for p in model.parameters())
✗ return sum(p.requires_grad for p in model.parameters())
✗ return len([p for p in model.parameters() if p.requires_grad])
✗ return sum(len(p) for p in model.parameters() if p.requires_grad)
✗ if not next(model.parameters()).requires_grad:
      return 0
  return sum(p.numel() for p in model.parameters())
✗ if not all(p.requires_grad for p in model.parameters()):
      return 0
  return sum(p.numel() for p in model.parameters())
✗ if not any(p.requires_grad for p in model.parameters()):
      return 0
  return sum(p.numel() for p in model.parameters())
✗ count = 0
  for module in model.modules():
      if isinstance(module, nn.Linear) and module.weight.requires_grad:
          count += (module.in_features + 1) * module.out_features
  return count
✗ print(sum(p.numel() for p in model.parameters() if p.requires_grad))
""",
        "conv_output_size": """
✓ return (size + 2 * padding - kernel_size) // stride + 1
✓ return int((size + 2 * padding - kernel_size) / stride) + 1
✓ conv = nn.Conv2d(1, 1, kernel_size, stride=stride, padding=padding)
  return conv(torch.zeros(1, 1, size, size)).shape[2]
✓ return len(range(0, size + 2 * padding - kernel_size + 1, stride))
✗ return (size + 2 * padding - kernel_size + 1) // stride
✗ return int((size + 2 * padding - kernel_size + 1) / stride)
✗ return (size + 2 * padding - kernel_size) / stride + 1
✗ return -(-(size + 2 * padding - kernel_size) // stride) + 1
✗ return (size + padding - kernel_size) // stride + 1
✗ return (size - kernel_size) // stride + 1
✗ return (size + 2 * padding - kernel_size) // stride
✗ return size + 2 * padding - kernel_size + 1
✗ return round((size + 2 * padding - kernel_size) / stride) + 1
✗ return size
""",
        "freeze_all_but_last": """
✓ model.requires_grad_(False)
  model[-1].requires_grad_(True)
  return model
✓ for module in model[:-1]:
      module.requires_grad_(False)
  for parameter in model[-1].parameters():
      parameter.requires_grad = True
  return model
✗ return model.requires_grad_(False)
✗ return model
✗ model[0].requires_grad_(False)
  return model
✗ model[0].requires_grad_(False)
  model[-1].requires_grad_(True)
  return model
✗ for module in model[:-1]:
      module.requires_grad_(False)
  return model
✗ model.requires_grad_(False)
  for parameter in list(model.parameters())[-2:]:
      parameter.requires_grad_(True)
  return model
✗ model.requires_grad_(False)
  list(model.parameters())[-1].requires_grad_(True)
  return model
✗ names = [name for name, parameter in model.named_parameters()]
  return [name.startswith(f"{len(model) - 1}.") for name in names]
✗ model.requires_grad_(False)
  model[-1].requires_grad_(True)
✗ model.requires_grad_(False)
  return model[-1].requires_grad_(True)
""",
        "residual_block": """
✓ class Block(nn.Module):
      def __init__(self, layer):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return torch.relu(x + self.layer(x))

  return Block(layer)
✓ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layers = nn.ModuleList([layer])
          self.relu = nn.ReLU()

      def forward(self, x):
          return self.relu(self.layers[0](x) + x)

  return Block()
✗ return lambda x: torch.relu(x + layer(x))
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return torch.relu(x + self.layer(x))

  return Block
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layers = [layer]

      def forward(self, x):
          return torch.relu(x + self.layers[0](x))

  return Block()
✗ class Block(nn.Module):
      def forward(self, x):
          return torch.relu(x + layer(x))

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          x += self.layer(x)
          return torch.relu(x)

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return x + torch.relu(self.layer(x))

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return torch.relu(x) + self.layer(x)

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return x + self.layer(x)

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          super().__init__()
          self.layer = layer

      def forward(self, x):
          return torch.relu(self.layer(x))

  return Block()
✗ class Block(nn.Module):
      def __init__(self):
          self.layer = layer

      def forward(self, x):
          return torch.relu(x + self.layer(x))

  return Block()
✗ return nn.Sequential(layer, nn.ReLU())
""",
    },
    "autograd": {
        "numerical_derivative": """
✓ h = 1e-5
  return (f(x + h) - f(x - h)) / (2 * h)
✓ h = 1e-6
  return (f(x + h) - f(x)) / h
✓ slopes = torch.zeros_like(x)
  for i in range(x.numel()):
      change = torch.zeros_like(x)
      change.view(-1)[i] = 1e-4
      difference = f(x + change) - f(x - change)
      slopes.view(-1)[i] = difference.view(-1)[i] / 2e-4
  return slopes
✗ return (f(x + 0.1) - f(x)) / 0.1
✗ return torch.cos(x)
✗ return 3 * x**2
✗ return (f(x + 1e-5) - f(x - 1e-5)) / 1e-5
✗ return f(x + 1e-5) - f(x - 1e-5)
✗ return (f(x + 1e-20) - f(x - 1e-20)) / 2e-20
✗ return (f(x + 1e-5 * x) - f(x - 1e-5 * x)) / (2e-5 * x)
✗ return ((f(x + 1e-5) - f(x - 1e-5)) / 2e-5).sum()
✗ return torch.func.vmap(torch.func.grad(f))(x)
✗ x.requires_grad_()
  return torch.autograd.grad(f(x).sum(), x)[0]
""",
        "fresh_gradient": """
✓ return torch.autograd.grad(f(w), w)[0]
✓ w.grad = None
  f(w).backward()
  return w.grad
✓ if w.grad is not None:
      w.grad.zero_()
  f(w).backward()
  return w.grad
✓ return torch.func.grad(f)(w.detach())
✓ old = torch.zeros_like(w) if w.grad is None else w.grad.clone()
  f(w).backward()
  return w.grad - old
✗ f(w).backward()
  return w.grad
✗ return torch.autograd.grad(f(w), w)
✗ w.grad.zero_()
  f(w).backward()
  return w.grad
✗ f(w).backward()
  w.grad = None
  return w.grad
✗ return 2 * w
✗ return [value.item() for value in torch.autograd.grad(f(w), w)[0]]
""",
        "cross_entropy_gradient": """
✓ return (logits.softmax(dim=1) - F.one_hot(y, logits.shape[1])) / len(y)
✓ gradient = logits.softmax(dim=1)
  gradient[range(len(y)), y] -= 1
  return gradient / len(y)
✓ powers = torch.exp(logits)
  probabilities = powers / powers.sum(dim=1, keepdim=True)
  for i, answer in enumerate(y):
      probabilities[i, answer] -= 1
  return probabilities / len(y)
✗ return logits.softmax(dim=1) - F.one_hot(y, logits.shape[1])
✗ return logits.softmax(dim=0) / len(y)
✗ return (logits.softmax(dim=0) - F.one_hot(y, logits.shape[1])) / len(y)
✗ return (logits.softmax(dim=1) - F.one_hot(y, 2)) / len(y)
✗ return (logits.softmax(dim=1) - F.one_hot(y, 3)) / len(y)
✗ return (logits.softmax(dim=1) - F.one_hot(y, logits.shape[1])) / logits.shape[1]
✗ return (torch.sigmoid(logits) - F.one_hot(y, logits.shape[1])) / len(y)
✗ return (F.one_hot(y, logits.shape[1]) - logits.softmax(dim=1)) / len(y)
✗ return (logits - F.one_hot(y, logits.shape[1])) / len(y)
""",
        "make_leaky_relu": """
✓ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, grad_output, slope * grad_output)

  return LeakyReLU
✓ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(x):
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def setup_context(ctx, inputs, output):
          ctx.positive = inputs[0] > 0

      @staticmethod
      def backward(ctx, grad_output):
          return grad_output * torch.where(ctx.positive, 1.0, slope)

  return LeakyReLU
✗ return F.leaky_relu
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, grad_output, slope * grad_output)

  return LeakyReLU.apply
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, grad_output, slope * grad_output)

  return LeakyReLU()
✗ return nn.LeakyReLU(slope)
✗ class LeakyReLU:
      @staticmethod
      def apply(x):
          return torch.where(x > 0, x, slope * x)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x >= 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return grad_output * torch.where(x >= 0, 1.0, slope)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, 1.0, slope)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return 10 * torch.where(x > 0, 1.0, slope)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, 0.1 * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return grad_output * torch.where(x > 0, 1.0, 0.1)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.maximum(x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, grad_output, slope * grad_output)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          return torch.where(x > 0, x, slope * x)

  return LeakyReLU
✗ class LeakyReLU(torch.autograd.Function):
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return torch.where(x > 0, x, slope * x)

      @staticmethod
      def backward(ctx, grad_output):
          (x,) = ctx.saved_tensors
          return torch.where(x > 0, grad_output, slope * grad_output)
""",
    },
    "optimization": {
        "momentum_step": """
✓ v = momentum * v + g
  return w - learning_rate * v
✓ return w.sub(g.add(v, alpha=momentum), alpha=learning_rate)
✗ return w - learning_rate * g
✗ v = momentum * v + (1 - momentum) * g
  return w - learning_rate * v
✗ v = momentum * v + g
  return w + learning_rate * v
✗ return momentum * v + g
✗ return w - learning_rate * (v + momentum * g)
✗ return w - learning_rate * (momentum * (momentum * v + g) + g)
✗ v = momentum * v + g
""",
        "cosine_rate": """
✓ return learning_rate * (1 + math.cos(math.pi * step / steps)) / 2
✓ return learning_rate * math.cos(math.pi * step / steps / 2) ** 2
✗ return learning_rate * (1 - step / steps)
✗ return learning_rate * math.cos(math.pi * step / steps)
✗ return learning_rate * math.cos(math.pi * step / steps / 2)
✗ return (1 + math.cos(math.pi * step / steps)) / 2
✗ return learning_rate * (1 + math.cos(math.pi * (step // steps))) / 2
✗ return learning_rate * (1 - math.cos(math.pi * step / steps)) / 2
""",
        "clip_by_norm": """
✓ if g.norm() > max_norm:
      return g / g.norm() * max_norm
  return g
✓ return torch.renorm(g[None], 2, 0, max_norm)[0]
✗ return g / g.norm() if g.norm() > max_norm else g
✗ return g / g.norm() * max_norm
✗ return g.clamp(-max_norm, max_norm)
✗ return g.clamp(max=max_norm)
✗ return g * max_norm
✗ return g / g.norm() * max_norm if g.norm() > max_norm else None
✗ return g / g.abs().max() * max_norm if g.abs().max() > max_norm else g
✗ return g / g.abs().sum() * max_norm if g.abs().sum() > max_norm else g
✗ return g.abs() / g.norm() * max_norm if g.norm() > max_norm else g
""",
        "last_epoch": """
✓ best_loss = math.inf
  best_epoch = 0
  for epoch, loss in enumerate(losses, start=1):
      if loss < best_loss:
          best_loss = loss
          best_epoch = epoch
      if epoch - best_epoch == patience:
          return epoch
  return len(losses)
✓ for epoch in range(patience + 1, len(losses) + 1):
      if min(losses[:epoch]) == min(losses[: epoch - patience]):
          return epoch
  return len(losses)
✗ waited = 0
  for epoch in range(2, len(losses) + 1):
      waited = 0 if losses[epoch - 1] < losses[epoch - 2] else waited + 1
      if waited == patience:
          return epoch
  return len(losses)
✗ best_loss, best_epoch = math.inf, 0
  for epoch, loss in enumerate(losses, start=1):
      if loss <= best_loss:
          best_loss, best_epoch = loss, epoch
      if epoch - best_epoch == patience:
          return epoch
  return len(losses)
✗ best_loss, waited = math.inf, 0
  for epoch, loss in enumerate(losses, start=1):
      if loss < best_loss:
          best_loss = loss
      else:
          waited += 1
      if waited == patience:
          return epoch
  return len(losses)
✗ return losses.index(min(losses)) + 1
✗ return min(losses.index(min(losses)) + 1 + patience, len(losses))
✗ best_loss, best_epoch = math.inf, -1
  for epoch, loss in enumerate(losses):
      if loss < best_loss:
          best_loss, best_epoch = loss, epoch
      if epoch - best_epoch == patience:
          return epoch
  return len(losses)
✗ best_loss, best_epoch = math.inf, 0
  for epoch, loss in enumerate(losses, start=1):
      if loss < best_loss:
          best_loss, best_epoch = loss, epoch
      if epoch - best_epoch > patience:
          return epoch
  return len(losses)
✗ best_loss, best_epoch = math.inf, 0
  for epoch, loss in enumerate(losses, start=1):
      if loss < best_loss:
          best_loss, best_epoch = loss, epoch
      if epoch - best_epoch == patience:
          return epoch
""",
    },
}


def read_answers(text):
    """[(✓나 ✗, 본문), ...]을 반환합니다."""
    parts = re.split("^([✓✗])", text.strip(), flags=re.MULTILINE)[1:]
    bodies = [textwrap.dedent(f" {body}") for body in parts[1::2]]
    return list(zip(parts[::2], bodies))


def solve(chapter, name, body):
    """연습 문제에 본문을 채워 확인하고, 맞았으면 True를 반환합니다."""
    stub = getattr(chapter, name)
    space = dict(vars(chapter))
    exec(f"def {name}{inspect.signature(stub)}:\n{textwrap.indent(body, '    ')}", space)
    space[name].__doc__ = stub.__doc__
    setattr(chapter, name, space[name])
    chapter.check_practice()
    setattr(chapter, name, stub)
    return chapter.EXERCISES[name]


CASES = [(chapter, name) for chapter, exercises in ANSWERS.items() for name in exercises]


@pytest.mark.parametrize(("chapter_name", "name"), CASES)
def test_answers_get_their_marks(chapter_name, name, capsys):
    chapter = load_chapter(chapter_name)
    answers = read_answers(ANSWERS[chapter_name][name])
    assert {mark for mark, _ in answers} == {"✓", "✗"}
    for mark, body in answers:
        solve(chapter, name, body)
        out = capsys.readouterr().out
        assert out.count("□") == 3 and out.count("✓") + out.count("✗") == out.count(mark) == 1, body


def test_four_exercises_a_chapter():
    assert {name: len(exercises) for name, exercises in ANSWERS.items()} == dict.fromkeys(
        CHAPTERS, 4
    )
