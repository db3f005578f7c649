// A person with a real browser: `node chromium.mjs URL` opens the URL in a headless Chromium, fills in
// each form it is shown with keys and mouse, and looks at the page where there is nothing left to press:
// by day, by night and on a phone. It knows the pages of `hallpass sandbox` and of `oidc-provider`.
//
// Environment: OUT, the directory that gets a picture of each page and look and at last `report.json`;
// USER_CODE, what a device shows, typed where it is asked for; DECISION=deny clicks Deny or Cancel.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withChromium } from './devtools.mjs';

const out = process.env.OUT;
const denies = process.env.DECISION === 'deny';
const LOOKS = [
  { name: 'day', scheme: 'light', width: 1280, height: 800, mobile: false },
  { name: 'night', scheme: 'dark', width: 1280, height: 800, mobile: false },
  { name: 'phone', scheme: 'light', width: 360, height: 740, mobile: true },
];
const TYPED = { login: 'alice', password: 'not-a-real-password', user_code: process.env.USER_CODE };
const DENY = 'button[value=deny], button[name=abort], a[href$="/abort"]';
const GO_ON = 'button[value=allow], button[type=submit]:not([name=abort])';

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

async function visit(page) {
  const start = process.argv.at(-1);
  let complaints = []; // a refused style, a blocked request, an error, in the page that comes last
  page.listen(({ method, params }) => {
    const entry = method === 'Log.entryAdded' ? params.entry : undefined;
    if (!entry || entry.url?.endsWith('/favicon.ico')) return;
    // A provider may hand an error back from a page of its own that is a 400.
    const onTheWay = entry.source === 'network' && entry.url?.startsWith(new URL(start).origin);
    if (!onTheWay) complaints.push(entry.text);
  });
  await page.open(start);
  const pressed = [];
  let denied = false; // a page that offers to begin anew is then the last
  while (!denied && (await page.has(GO_ON))) {
    if (pressed.length === 10) throw new Error(`too many pages: ${pressed}`);
    for (const [name, text] of Object.entries(TYPED)) {
      if (await page.has(`input[name=${name}]`)) await page.type(`input[name=${name}]`, text);
    }
    denied = denies && (await page.has(DENY));
    const button = denied ? DENY : GO_ON;
    await page.picture(join(out, `page-${pressed.length}.png`));
    pressed.push(await page.evaluate(`document.querySelector('${button}').innerText.trim()`));
    complaints = [];
    await page.click(button);
  }

  const looks = {};
  for (const { name, scheme, ...size } of LOOKS) {
    await page.tell('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1 });
    await page.tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    looks[name] = await page.evaluate(`(${look})()`);
    await page.picture(join(out, `${name}.png`));
  }
  return { pressed, left: await page.evaluate('location.href'), looks, complaints };
}

const report = await withChromium(visit);
// Last, and whole or not at all: a test waits for this file.
writeFileSync(join(out, 'report.part'), JSON.stringify(report));
renameSync(join(out, 'report.part'), join(out, 'report.json'));
