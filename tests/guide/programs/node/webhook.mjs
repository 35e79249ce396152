import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

const prediction = await replicate.predictions.create({
  version: process.env.SDXL_VERSION,
  input: { prompt: "a cat" },
  webhook: process.env.WEBHOOK_URL,
  webhook_events_filter: ["completed"],
});
console.log(prediction.id);
