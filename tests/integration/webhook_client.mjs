// What webhook users run: the official resend SDK and the official svix
// verifier. Reads commands as lines of JSON, answers each with one.
//   {"call": "webhooks.create", "args": [...]}
//   {"verify": "svix" | "resend", "secret": ..., "headers": {...}, "body": ...}
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(new URL("../npm/", import.meta.url));
const { Webhook } = await import(require.resolve("svix")); // an ES module
const { Resend } = require("resend");
const resend = new Resend(process.env.RESEND_API_KEY);

function verify({ verify: by, secret, headers, body }) {
  try {
    if (by === "svix") {
      new Webhook(secret).verify(body, headers); // throws
      return { payload: JSON.parse(body) };
    }
    return {
      payload: resend.webhooks.verify({
        payload: body,
        webhookSecret: secret,
        headers: {
          id: headers["svix-id"],
          timestamp: headers["svix-timestamp"],
          signature: headers["svix-signature"],
        },
      }),
    };
  } catch (error) {
    return { error: error.message };
  }
}

async function call({ call: path, args }) {
  const names = path.split(".");
  const method = names.pop();
  const object = names.reduce((o, name) => o[name], resend);
  const { data, error } = await object[method](...args);
  return { data, error };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const answer = command.verify ? verify(command) : await call(command);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
