import os

from replicate import Replicate

client = Replicate(bearer_token=os.environ["REPLICATE_API_TOKEN"])
prediction = client.predictions.create(
    version=os.environ["SDXL_VERSION"],
    input={"prompt": "a cat"},
    webhook=os.environ["WEBHOOK_URL"],
    webhook_events_filter=["completed"],
)
print(prediction.id)
