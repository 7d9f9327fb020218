// The official resend SDK. Reads calls as lines of JSON and answers each with
// one: {"call": "domains.create", "args": [...]} -> {"data": …, "error": …}
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(new URL("../npm/", import.meta.url));
const { Resend } = require("resend");

for await (const line of createInterface({ input: process.stdin })) {
  const { call, args, key } = JSON.parse(line);
  const resend = new Resend(key ?? process.env.RESEND_API_KEY);
  const names = call.split(".");
  const method = names.pop();
  const object = names.reduce((o, name) => o[name], resend);
  const { data, error, headers } = await object[method](...args);
  console.log(JSON.stringify({ data, error, headers }));
}
