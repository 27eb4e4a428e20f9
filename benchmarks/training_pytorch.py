"""Training as a careful PyTorch user writes it: python -m benchmarks.training_pytorch BATCH STEPS

On a GPU if there is one. In-memory tensors without a DataLoader, augmentation in batches, bfloat16 autocast,
channels-last.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.images import images, images_per_second

batch, steps = map(int, sys.argv[1:])
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_default_device(device)
x, y = (torch.from_numpy(part).to(device) for part in images())
x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def augment(images):
    count = len(images)
    images = images.float()
    corners = torch.randint(0, 9, (count, 2, 1))
    rows, columns = (corners[:, axis] + torch.arange(24) for axis in (0, 1))
    which = torch.arange(count)[:, None, None]
    images = images[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    images = torch.where(torch.rand(count, 1, 1, 1) < 0.5, images.flip(3), images)
    images = images + torch.empty(count, 1, 1, 1).uniform_(-63, 63)
    means = images.mean((2, 3), keepdim=True)
    images = (images - means) * torch.empty(count, 1, 1, 1).uniform_(0.2, 1.8) + means
    spread = images.std((1, 2, 3), correction=0, keepdim=True).clamp(min=images[0].numel() ** -0.5)
    images = (images - images.mean((1, 2, 3), keepdim=True)) / spread
    return images.contiguous(memory_format=torch.channels_last)


model = nn.Sequential(
    *(nn.Conv2d(3, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(64)),
    *(nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(64), nn.MaxPool2d(3, 2, 1), nn.Flatten()),
    *(nn.Linear(2304, 384), nn.ReLU(), nn.Linear(384, 192), nn.ReLU(), nn.Linear(192, 10)),
).to(memory_format=torch.channels_last)
decayed = [model[9].weight, model[11].weight]
others = [weight for weight in model.parameters() if all(weight is not one for one in decayed)]
optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 0.004}, {"params": others}], lr=0.1)
average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9999))
ended = []
order = torch.cat([torch.randperm(len(x)) for _ in range(-(-steps * batch // len(x)))])
for chosen in order[: steps * batch].split(batch):
    inputs = augment(x[chosen])
    with torch.autocast(device, torch.bfloat16):
        loss = functional.cross_entropy(model(inputs), y[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    average.update_parameters(model)
    loss.item()
    ended.append(time.perf_counter())
print(json.dumps({"images_per_s": images_per_second(ended, batch)}))
