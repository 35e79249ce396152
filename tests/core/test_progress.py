"""Lines of logs as programs write them, and how much of the work each says is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.progress import fraction

BARS = [
    ("  45%|████▌     | 9/20 [00:01<00:01,  8.31it/s]", 0.45),
    ("  0%|          | 0/50 [00:00<?, ?it/s]", 0.0),
    ("100%|##########| 50/50 [00:02<00:00, 24.51it/s]", 1.0),
    ("Epoch 3/10:  30%|███       | 150/500 [00:12<00:28, 12.2it/s, loss=0.213, acc=91.2%]", 0.3),
    ("Loading pipeline components...:  57%|█████▋    | 4/7 [00:01<00:01,  2.93it/s]", 0.57),
    ("model.safetensors:  12%|█▏        | 404M/3.44G [00:10<01:15, 40.3MB/s]", 0.12),
    ("Loading checkpoint shards:  67%|██████▋   | 2/3 [00:04<00:02,  2.06s/it]", 0.67),
    ("Map (num_proc=4):  25%|██▌       | 2500/10000 [00:01<00:03, 2031.50 examples/s]", 0.25),
    ("9/20 [00:01<00:01,  8.31it/s]", 0.45),
    ("[ 120/600 00:10 < 00:40, 12.00 it/s, Epoch 0.2/1]", 0.2),
    ("  7/20 [=========>....................] - ETA: 3s - loss: 0.1043 - accuracy: 0.9712", 0.35),
    ("1875/1875 ━━━━━━━━━━━━━━━━━━━━ 2s 1ms/step - accuracy: 0.9812 - loss: 0.0571", 1.0),
    ("Working... ━━━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━  40% 0:00:12", 0.4),
    ("   ━━━━━━━━━━━━━━━━━━━━ 1.5/3.0 MB 5.6 MB/s eta 0:00:01", 0.5),
    ("weights.bin          45%[========>           ] 512.00M  11.2MB/s    eta 52s", 0.45),
    ("Receiving objects:  45% (450/1000), 1.21 MiB | 2.40 MiB/s", 0.45),
    ("Downloading 512.0MiB / 1.0GiB", 0.5),
    ("  |=========>          | 9/20 - 1.52s/it", 0.45),
    ("sampling [####------] 40%", 0.4),
]
COUNTERS = [
    ("37/50", 0.74),
    ("step 120/600", 0.2),
    ("Step: 1,200/10,000 loss: 0.1", 0.12),
    ("denoising: step 9/20", 0.45),
    ("Epoch 2/10", 0.2),
    ("Epoch [2/10], Step [100/400], Loss: 0.3127", 0.25),
    ("Step [100/400] of Epoch [2/10]", 0.25),
    ("Processing image 3 of 12", 0.25),
    ("iter 100/ 5000: train loss 2.31, val loss 2.40", 0.02),
    ("[3/12] Compiling kernels", 0.25),
    ("Generating 5/8", 0.625),
    ("15/60 frames", 0.25),
    ("tile (2/16)", 0.125),
    ("Batch 8/32 | GPU memory 71%", 0.25),
]
PERCENTAGES = [
    ("45%", 0.45),
    ("Downloading: 100%", 1.0),
    ("12.5 % done", 0.125),
    ("12,5% complete", 0.125),
    ("[ 45%] Building CUDA object", 0.45),
    ("Progress: 45 %", 0.45),
    ("Transcribing... 33%", 0.33),
    ("INFO:root:upscaled 80%", 0.8),
    ("prompt processing, n_tokens = 512, progress = 0.25", 0.25),
]
NOTHING = [
    "",
    "loss=0.13",
    "2026/11/23 starting",
    "11/23/2026 10:00:00 loading",
    "150%",
    "3/0",
    "21/20",
    "-5%",
    "http://host/1/2/3",
    "https://host/files?x=1%202",
    "/data/1/2",
    "epoch=3",
    "37it [00:01, 30.21it/s]",
    "accuracy: 93.5%",
    "val_acc 87%",
    "GPU memory 45% used",
    "using 50% of the memory",
    "split 80%/20%",
    "NSFW probability: 3%",
    "50% of the samples were filtered",
    "dropout 10%",
    "rank 0/8 is ready",
    "worker 1/4: started",
    "aspect ratio 9/16",
    "Python 3/4",
    "fp16/32",
    '127.0.0.1 - "GET / HTTP/1.1" 200',
    "[00:00.000 --> 00:05.000]  and so it goes",
    "{'loss': 0.5231, 'learning_rate': 5e-05, 'epoch': 1.2}",
    "3 of the best",
    "%|/%|/ of %/",
    "v1/2/3%4",
    "the picture is read",
]


@pytest.mark.parametrize(("line", "share"), [*BARS, *COUNTERS, *PERCENTAGES])
def test_a_line_tells_how_much_is_done(line: str, share: float) -> None:
    assert fraction(line) == pytest.approx(share)


@pytest.mark.parametrize("line", NOTHING)
def test_what_is_no_progress_is_not_taken_for_it(line: str) -> None:
    assert fraction(line) is None


@given(st.text(st.sampled_from("0123456789 %/|[].,:of stepEpoch█━=>-"), max_size=80))
def test_a_share_is_never_outside_its_bounds(line: str) -> None:
    share = fraction(line)

    assert share is None or 0 <= share <= 1


@pytest.mark.parametrize("part", ["1", "1/", "step ", "9,9 ", "5% ", "=" * 9, "ing 1/2"])
def test_a_line_without_end_is_read_as_far_as_anybody_would(part: str) -> None:
    line = part * 30_000

    assert fraction(line + " 45%|████ | 9/20") == fraction(line[:500])
