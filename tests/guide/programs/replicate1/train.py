import os
import time

import replicate

with open(os.environ["PICTURES"], "rb") as pictures:
    training = replicate.trainings.create(
        version=f"stability-ai/sdxl:{os.environ['SDXL_VERSION']}",
        input={
            "input_images": pictures,
            "token_string": "TOK",
            "caption_prefix": "a photo of TOK, ",
            "max_train_steps": 1000,
            "use_face_detection_instead": False,
        },
        destination=os.environ["DESTINATION"],
    )
while training.status not in ("succeeded", "failed", "canceled"):
    time.sleep(0.1)
    training.reload()
print(training.status)
print(training.output["version"])
