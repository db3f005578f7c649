// A person with a real browser at `hallpass sandbox`: `node chromium.mjs URL` opens the URL in a
// headless Chromium, clicks Allow with the mouse, and looks at the page hallpass answers with: by day,
// by night and on a phone. Chromium is spoken to over its debugging pipe, so no package is needed. It
// gives up after thirty seconds, and ends Chromium in any case.
//
// Environment: OUT, the directory that gets a picture of each look and at last `report.json`;
// DECISION=deny clicks Deny instead.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const out = process.env.OUT;
const decision = process.env.DECISION || 'allow';
const LOOKS = [
  { name: 'day', scheme: 'light', width: 1280, height: 800, mobile: false },
  { name: 'night', scheme: 'dark', width: 1280, height: 800, mobile: false },
  { name: 'phone', scheme: 'light', width: 360, height: 740, mobile: true },
];

async function start(profile) {
  const options = [
    '--headless=new',
    '--no-sandbox', // as root, and in most containers, its own sandbox does not start
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--no-proxy-server',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    'about:blank',
  ];
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const browser = spawn(name, options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    try {
      await once(browser, 'spawn');
      return browser;
    } catch {
      // the next name
    }
  }
  throw new Error('no Chromium is installed');
}

// The Chrome DevTools Protocol over the pipe: messages are JSON, each ended by a zero byte.
function speak(browser) {
  const waiting = new Map();
  const listeners = [];
  let last = 0;
  let rest = '';
  browser.stdio[4].setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const message of messages.map((m) => JSON.parse(m))) {
      if (message.id) {
        const { resolve, reject } = waiting.get(message.id);
        if (message.error) reject(new Error(message.error.message));
        else resolve(message.result);
      } else listeners.forEach((listener) => listener(message));
    }
  });
  const closed = once(browser, 'exit').then(() => Promise.reject(new Error('Chromium has ended')));
  closed.catch(() => {});
  const orClosed = (promise) => Promise.race([promise, closed]);
  const send = (method, params = {}, sessionId = undefined) =>
    orClosed(
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        browser.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
      }),
    );
  const next = (method) =>
    orClosed(new Promise((resolve) => listeners.push((message) => message.method === method && resolve(message.params))));
  return { send, next, listen: (listener) => listeners.push(listener) };
}

// Runs in the page: what a person with eyes would notice.
function look() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const spoken = [...document.querySelectorAll('body *')].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const contrasts = spoken.map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
  return {
    title: document.title,
    text: document.body.innerText,
    background: light(behind(document.body)),
    contrast: Math.min(...contrasts), // WCAG 2.2, section 1.4.3: at least 4.5
    pictures: [...document.images].map((image) => image.complete && image.naturalWidth > 0),
    overflows: document.documentElement.scrollWidth > innerWidth,
    requests: performance.getEntriesByType('resource').map((entry) => entry.name),
  };
}

async function visit({ send, next, listen }, url) {
  const { targetInfos } = await send('Target.getTargets');
  const { targetId } = targetInfos.find((target) => target.type === 'page');
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const tell = (method, params) => send(method, params, sessionId);
  const evaluate = async (script) => {
    const { result, exceptionDetails } = await tell('Runtime.evaluate', { expression: script, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const complaints = []; // a refused style, a blocked request, an error in a page
  listen(({ method, params }) => {
    const entry = method === 'Log.entryAdded' ? params.entry : undefined;
    if (entry && !entry.url?.endsWith('/favicon.ico')) complaints.push(entry.text);
  });
  await Promise.all([tell('Page.enable'), tell('Log.enable')]);

  const asked = next('Page.loadEventFired');
  await tell('Page.navigate', { url });
  await asked;
  const place = await evaluate(`(() => {
    const box = document.querySelector('button[value=${decision}]').getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  })()`);
  const answered = next('Page.loadEventFired');
  for (const type of ['mousePressed', 'mouseReleased']) {
    await tell('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
  }
  await answered;
  // An answer that comes as a form has a page of its own on the way, which leaves by itself.
  const here = () => evaluate('document.readyState === "complete" && !document.getElementById("answer")');
  while (!(await here().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20));

  const looks = {};
  for (const { name, scheme, ...size } of LOOKS) {
    await tell('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1 });
    await tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    looks[name] = await evaluate(`(${look})()`);
    const { data } = await tell('Page.captureScreenshot');
    writeFileSync(join(out, `${name}.png`), Buffer.from(data, 'base64'));
  }
  return { looks, complaints };
}

const profile = mkdtempSync(join(tmpdir(), 'hallpass-chromium-'));
const browser = await start(profile);
const gone = once(browser, 'exit');
// Killed, it closes the pipe, and whatever is still waited for fails.
const patience = setTimeout(() => browser.kill('SIGKILL'), 30_000);
const wire = speak(browser);
const report = await visit(wire, process.argv.at(-1)).catch((error) => ({ error: error.stack }));
wire.send('Browser.close').catch(() => browser.kill('SIGKILL'));
await gone;
clearTimeout(patience);
rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
// Last, and whole or not at all: a test waits for this file.
writeFileSync(join(out, 'report.part'), JSON.stringify(report));
renameSync(join(out, 'report.part'), join(out, 'report.json'));
