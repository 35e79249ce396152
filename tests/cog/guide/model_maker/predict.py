"""Makes a GPT-2 of random weights with two layers, and a tokenizer that knows single bytes."""

from importlib.metadata import version

import torch
from cog import BaseModel, BasePredictor, Path
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

END = "<end>"


class Made(BaseModel):
    versions: dict[str, str]
    files: list[Path]


def byte_tokenizer() -> PreTrainedTokenizerFast:
    letters = [*sorted(pre_tokenizers.ByteLevel.alphabet()), END]
    tokenizer = Tokenizer(
        models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END)


class Predictor(BasePredictor):
    def predict(self) -> Made:
        torch.manual_seed(0)
        tokenizer = byte_tokenizer()
        end = tokenizer.eos_token_id
        config = GPT2Config(
            vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, bos_token_id=end, eos_token_id=end
        )
        GPT2LMHeadModel(config).save_pretrained("made")
        tokenizer.save_pretrained("made")
        versions = {name: version(name) for name in ("torch", "transformers", "numpy")}
        return Made(versions=versions, files=[Path(file) for file in sorted(Path("made").iterdir())])
