"""A small U-Net in PyTorch, trained from scratch, for comparison in docs/benchmarks/quality.py."""

import time

import numpy as np
import torch
from skimage.transform import downscale_local_mean, resize
from torch import nn

from nncolor._images.color import lightness_chroma
from nncolor._images.files import read_image

# Chroma is coarse: the network gets images at half their size, which makes an epoch four times as cheap.
_SHRINK = 2
_BATCH, _RATE = 8, 2e-3


def block(n_in, n_out):
    layers = []
    for n in (n_in, n_out):
        layers += [
            nn.Conv2d(n, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Four levels, skip connections, about 1.2 million weights; from lightness to u*, v*."""

    def __init__(self, widths=(25, 50, 100, 200)):
        super().__init__()
        self.down = nn.ModuleList(block(a, b) for a, b in zip((1, *widths[:-1]), widths, strict=True))
        self.up = nn.ModuleList(block(a + b, a) for a, b in zip(widths[-2::-1], widths[:0:-1], strict=True))
        self.out = nn.Conv2d(widths[0], 2, 1)

    def forward(self, x):
        seen = []
        for level in self.down:
            x = level(x if not seen else nn.functional.max_pool2d(x, 2))
            seen.append(x)
        for level, skipped in zip(self.up, seen[-2::-1], strict=True):
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
            x = level(torch.cat([skipped, x], dim=1))
        return self.out(x)


def read(paths):
    """Lightness (n, 1, h, w) in [-1, 1] and chroma (n, 2, h, w) / 50, of images of one size."""
    pairs = [lightness_chroma(read_image(path)) for path in paths]
    lightness = np.stack([downscale_local_mean(l_, (_SHRINK,) * 2)[None] for l_, _ in pairs]) / 50 - 1
    chroma = np.stack([downscale_local_mean(c, (_SHRINK, _SHRINK, 1)).transpose(2, 0, 1) for _, c in pairs])
    return torch.from_numpy(lightness.astype(np.float32)), torch.from_numpy(chroma.astype(np.float32) / 50)


def train(paths, seconds, seed=0):
    """Train for some CPU seconds; the network of the epoch that is best on a held-out tenth of the images.

    The loss is the absolute error, which keeps more chroma than the squared one; images are mirrored
    and their contrast is changed at random.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    n_held = len(paths) // 10
    held, learned = read(paths[:n_held]), read(paths[n_held:])
    network = UNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-2)
    best, kept, epochs, start = np.inf, None, 0, time.process_time()
    while (elapsed := (time.process_time() - start) / seconds) < 1:
        network.train()
        for group in optimizer.param_groups:
            group["lr"] = _RATE * 0.5 * (1 + np.cos(np.pi * elapsed))
        for batch in torch.randperm(len(learned[0])).split(_BATCH):
            x, y = (part[batch] for part in learned)
            if torch.rand(()) < 0.5:
                x, y = x.flip(-1), y.flip(-1)
            gamma = torch.exp(0.2 * torch.randn(len(batch), 1, 1, 1))
            x = 2 * ((x + 1) / 2).clamp(0, 1) ** gamma - 1
            optimizer.zero_grad()
            loss = (network(x.contiguous(memory_format=torch.channels_last)) - y).abs().mean()
            loss.backward()
            optimizer.step()
        epochs += 1
        network.eval()
        with torch.inference_mode():
            error = float((network(held[0]) - held[1]).norm(dim=1).mean())
        if error < best:
            best, kept = error, {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(kept)
    network.eval()
    n_weights = sum(parameter.numel() for parameter in network.parameters())
    return network, {"epochs": epochs, "weights": n_weights, "cpu": time.process_time() - start}


def predict_chroma(network, paths):
    """Chroma (H, W, 2) of each image, at its full size."""
    with torch.inference_mode():
        for path in paths:
            lightness, _ = read([path])
            chroma = network(lightness)[0].permute(1, 2, 0).numpy() * 50
            yield resize(chroma, [_SHRINK * size for size in chroma.shape[:2]], order=1).astype(np.float32)
