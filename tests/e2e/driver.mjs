// Drives Chromium by commands from standard input, a JSON object a line: { id, do, ...arguments }.
// Answers each with { id, result } or { id, error }, a line each, on standard output.
// browser.py is the other end, and says how long to wait for anything, in ms.

import readline from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-certificate-errors",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const LIMIT_MS = Number(process.argv[3]);
const POLL_MS = 20;
const WATCH_MS = 4;

const browser = await chromium.launch({
  executablePath: process.argv[2],
  headless: true,
  timeout: LIMIT_MS,
  args: FLAGS,
});
const errors = [];
const requests = new Set();
let page = await newPage();

async function newPage() {
  const made = await browser.newPage();
  made.setDefaultTimeout(LIMIT_MS);
  made.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  made.on("pageerror", (error) => errors.push(String(error)));
  made.on("request", (request) => requests.add(request.url()));
  made.on("websocket", (socket) => requests.add(socket.url()));
  return made;
}

const commands = {
  goto: ({ url }) => page.goto(url).then(() => {}),
  // A page without the scripts, the errors and the requests of the one before.
  newPage: async () => {
    await page.close();
    errors.length = 0;
    requests.clear();
    page = await newPage();
  },
  addScript: ({ script }) => page.addInitScript({ content: script }),
  addScriptFile: ({ path }) => page.addInitScript({ path }),
  resize: ({ width, height }) => page.setViewportSize({ width, height }),
  keyDown: ({ key }) => page.keyboard.down(key),
  keyUp: ({ key }) => page.keyboard.up(key),
  press: ({ key }) => page.keyboard.press(key),
  // Let go from within the page: a keyUp from here comes later the busier the machine is.
  holdUntil: async ({ key, expression }) => {
    await page.keyboard.down(key);
    const reached = await page.evaluate(`new Promise((resolve) => {
      const end = performance.now() + ${LIMIT_MS};
      const timer = setInterval(() => {
        const reached = ${expression};
        if (!reached && performance.now() < end) return;
        clearInterval(timer);
        dispatchEvent(new KeyboardEvent("keyup", { code: ${JSON.stringify(key)} }));
        resolve(reached);
      }, ${WATCH_MS});
    })`);
    await page.keyboard.up(key);
    if (!reached) throw new Error(`not true within ${LIMIT_MS} ms: ${expression}`);
  },
  click: ({ selector }) => page.click(selector),
  wheel: async ({ x, y, pixels }) => {
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, pixels);
  },
  drag: async ({ from, to, button }) => {
    await page.mouse.move(...from);
    await page.mouse.down({ button });
    await page.mouse.move(...to, { steps: 10 });
    await page.mouse.up({ button });
  },
  clickAt: ({ x, y }) => page.mouse.click(x, y),
  evaluate: ({ expression }) => page.evaluate(expression),
  // Not page.waitForFunction, which needs eval, and the page's security policy forbids that.
  waitFor: async ({ expression }) => {
    const end = Date.now() + LIMIT_MS;
    while (!(await page.evaluate(expression))) {
      if (Date.now() > end) {
        const seen = await page.evaluate("JSON.stringify(window.panodora)");
        throw new Error(`not true within ${LIMIT_MS} ms: ${expression}; the page has ${seen}`);
      }
      await new Promise((resume) => setTimeout(resume, POLL_MS));
    }
  },
  screenshot: async () => (await page.screenshot()).toString("base64"),
  collectGarbage: async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    await session.detach();
  },
  errors: () => errors.splice(0),
  requests: () => [...requests],
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, do: name, ...values } = JSON.parse(line);
  let answer;
  try {
    if (!(name in commands)) throw new Error(`no command ${name}`);
    answer = { id, result: (await commands[name](values)) ?? null };
  } catch (error) {
    answer = { id, error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
