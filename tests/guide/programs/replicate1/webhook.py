import os

import replicate

prediction = replicate.predictions.create(
    version=os.environ["SDXL_VERSION"],
    input={"prompt": "a cat"},
    webhook=os.environ["WEBHOOK_URL"],
    webhook_events_filter=["completed"],
)
print(prediction.id)
