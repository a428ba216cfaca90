// The smallest caller, in Node.js: it passes the first check.
//
//     make check-client N=2 CMD="node exercises/any-language/first_client.mjs"
import { createInterface } from "node:readline";

for await (const id of createInterface({ input: process.stdin })) {
  try {
    const list = await (await fetch(`${process.env.CONSUL_HTTP_ADDR}/v1/health/service/user-service?passing`)).json();
    const { Address, Port } = list[0].Service;
    const user = await (await fetch(`http://${Address}:${Port}/users/${id}`)).json();
    console.log(JSON.stringify(user));
  } catch (error) {
    console.log(`error: ${error}`);
  }
}
