import os
import time
from pathlib import Path

from replicate import Replicate

client = Replicate(bearer_token=os.environ["REPLICATE_API_TOKEN"])
pictures = client.files.create(content=Path(os.environ["PICTURES"]))
training = client.trainings.create(
    model_owner="stability-ai",
    model_name="sdxl",
    version_id=os.environ["SDXL_VERSION"],
    input={
        "input_images": pictures.urls.get,
        "token_string": "TOK",
        "caption_prefix": "a photo of TOK, ",
        "max_train_steps": 1000,
        "use_face_detection_instead": False,
    },
    destination=os.environ["DESTINATION"],
)
while training.status not in ("succeeded", "failed", "canceled"):
    time.sleep(0.1)
    training = client.trainings.get(training_id=training.id)
print(training.status)
print(training.output.version)
