import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

let prediction = await replicate.predictions.create({
  model: "meta/llama-2-70b-chat",
  input: { prompt: "Hello there" },
});
console.log(prediction.status);
while (!["succeeded", "failed", "canceled"].includes(prediction.status)) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  prediction = await replicate.predictions.get(prediction.id);
  console.log(prediction.status);
}
console.log(prediction.output.join(""));
