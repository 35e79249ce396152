import os
import time

from replicate import Replicate

client = Replicate(bearer_token=os.environ["REPLICATE_API_TOKEN"])
prediction = client.models.predictions.create(
    model_owner="meta", model_name="llama-2-70b-chat", input={"prompt": "Hello there"}
)
print(prediction.status)
while prediction.status not in ("succeeded", "failed", "canceled"):
    time.sleep(0.1)
    prediction = client.predictions.get(prediction_id=prediction.id)
    print(prediction.status)
print("".join(prediction.output))
