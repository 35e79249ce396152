// Receives the webhooks of Replicate. It needs nothing but Node.js.
//
// Start it:  REPLICATE_WEBHOOK_SIGNING_SECRET=$(rcli webhook secret) node webhook.mjs
// Try it:    rcli webhook trigger completed --forward-to http://localhost:3000
// Check it:  rcli webhook check --forward-to http://localhost:3000

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const port = Number(process.env.PORT ?? 3000);
const secret = process.env.REPLICATE_WEBHOOK_SIGNING_SECRET?.trim();
if (!secret) throw new Error("REPLICATE_WEBHOOK_SIGNING_SECRET is not set: rcli webhook secret prints it");
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const tolerance = 300; // seconds by which a message's time may be off
const largest = 10 * 1024 * 1024; // bytes of a message
const ended = ["succeeded", "failed", "canceled", "aborted"];

// Your part: called for each event once, and not any more after the prediction has ended.
async function handle(prediction) {
  console.log(prediction.id, prediction.status, prediction.output);
}

// Whether Replicate has signed this: https://replicate.com/docs/topics/webhooks/verify-webhook
function isGenuine(headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!id || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > tolerance) return false;
  const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((signature) => {
    const [version, text] = signature.split(",");
    const found = Buffer.from(text ?? "", "base64");
    return version === "v1" && found.length === wanted.length && timingSafeEqual(found, wanted);
  });
}

// What came before: messages may come twice, and out of order. Keep this in your database.
const known = new Set();

function isNews(messageId, prediction) {
  const isNews = !known.has(messageId) && !known.has(prediction.id);
  known.add(messageId);
  if (ended.includes(prediction.status)) known.add(prediction.id);
  for (const oldest of known) {
    if (known.size <= 10_000) break;
    known.delete(oldest);
  }
  return isNews;
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > largest) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const server = createServer({ requestTimeout: 30_000 }, async (request, response) => {
  try {
    const body = await read(request);
    const status = request.method !== "POST" ? 405 : body === null ? 413 : isGenuine(request.headers, body) ? 204 : 401;
    response.writeHead(status).end(); // first: the work may take longer than Replicate waits
    if (status !== 204) return;
    const prediction = JSON.parse(body.toString("utf8"));
    if (isNews(request.headers["webhook-id"], prediction)) await handle(prediction);
  } catch (error) {
    console.error(error);
    response.destroy();
  }
});

server.listen(port, "127.0.0.1", () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});
