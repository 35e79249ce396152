// A handler with the validator of the official Node.js client. It prints its address, then what it took.

import { createServer } from "node:http";
import { validateWebhook } from "replicate";

const secret = process.env.REPLICATE_WEBHOOK_SIGNING_SECRET;

async function isGenuine(headers, body) {
  try {
    return await validateWebhook({ headers, body }, secret);
  } catch {
    return false; // a header is missing
  }
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString("utf8");
  const status = (await isGenuine(request.headers, body)) ? 200 : 401;
  console.log(status, request.headers["webhook-id"]);
  response.writeHead(status).end();
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
