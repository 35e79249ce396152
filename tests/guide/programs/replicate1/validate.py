import json
import sys

import replicate
from replicate.webhook import Webhooks

secret = replicate.webhooks.default.secret()
received = json.load(sys.stdin)
Webhooks.validate(headers=received["headers"], body=received["body"], secret=secret)
print("valid")
