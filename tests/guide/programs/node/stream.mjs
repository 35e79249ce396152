import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

const input = {
  prompt: "Tell me a story about a llama",
  system_prompt: "You are a poet.",
  max_new_tokens: 40,
  temperature: 0.7,
};
for await (const event of replicate.stream("meta/llama-2-70b-chat", { input })) {
  process.stdout.write(`${event}`);
}
