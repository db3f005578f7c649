// A headless Chromium for a scripted person, spoken to over its debugging pipe (the Chrome DevTools
// Protocol), so that no package is needed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Starts one with this directory as its own. No name but the loopback's leads anywhere.
async function start(profile) {
  const options = [
    '--headless=new',
    '--no-sandbox', // as root, and in most containers, its own sandbox does not start
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--no-proxy-server',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
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
  return { send, listen: (listener) => listeners.push(listener) };
}

// Runs in the page: whether a person could see this.
const seen = `(element) => element.getClientRects().length > 0`;

// The one page there is, as a person has it: to read, to click in and to type into.
async function page({ send, listen }) {
  const { targetInfos } = await send('Target.getTargets');
  const { targetId } = targetInfos.find((target) => target.type === 'page');
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const tell = (method, params) => send(method, params, sessionId);
  await Promise.all([tell('Page.enable'), tell('Log.enable')]);
  const evaluate = async (script) => {
    const { result, exceptionDetails } = await tell('Runtime.evaluate', { expression: script, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  // Whether a page has come that waits for the person: whole, not the one that was left, and none that
  // sends itself on (a form without anything to press, or the sandbox's, which is named `answer`).
  const here = () => evaluate(`location.href !== 'about:blank' && document.readyState === 'complete' && !window.left
    && !document.getElementById('answer') && ![...document.forms].some((form) => ![...form.elements].some(${seen}))`);
  const arrive = async () => {
    while (!(await here().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const click = async (selector) => {
    const place = await evaluate(`(() => {
      window.left = true;
      const element = [...document.querySelectorAll(${JSON.stringify(selector)})].find(${seen});
      element.scrollIntoView({ block: 'center' });
      const box = element.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    })()`);
    for (const type of ['mousePressed', 'mouseReleased']) {
      await tell('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
    }
    await arrive();
  };
  return {
    tell,
    evaluate,
    click,
    listen,
    open: async (url) => {
      await tell('Page.navigate', { url });
      await arrive();
    },
    has: (selector) => evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].some(${seen})`),
    type: async (selector, text) => {
      await evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].find(${seen}).focus()`);
      await tell('Input.insertText', { text });
    },
    picture: async (path) => {
      const { data } = await tell('Page.captureScreenshot');
      writeFileSync(path, Buffer.from(data, 'base64'));
    },
  };
}

// Lets a person use a Chromium for at most thirty seconds, and ends it in any case. Returns what the
// person returned, or `{ error }`.
export async function withChromium(person) {
  const profile = mkdtempSync(join(tmpdir(), 'hallpass-chromium-'));
  const browser = await start(profile);
  const gone = once(browser, 'exit');
  // Killed, it closes the pipe, and whatever is still waited for fails.
  const patience = setTimeout(() => browser.kill('SIGKILL'), 30_000);
  const wire = speak(browser);
  const report = await page(wire).then(person).catch((error) => ({ error: error.stack }));
  wire.send('Browser.close').catch(() => browser.kill('SIGKILL'));
  await gone;
  clearTimeout(patience);
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  return report;
}
