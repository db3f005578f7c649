// The scripted person at a real provider: `node browse.mjs URL` opens the URL as a browser would
// (cookies, redirects, forms), signs in and consents by sending each form it is shown, and ends when
// a page without a form has come. Loopback only; it gives up after ten seconds.
//
// Environment: LOGIN, who signs in (`alice` when not given); USER_CODE, what a device shows, typed where
// it is asked for; DECISION=abort presses Cancel instead.
const who = process.env.LOGIN || 'alice';
const patience = AbortSignal.timeout(10_000);
const jar = []; // { name, value, host, path }

function keep(url, headers) {
  for (const line of headers.getSetCookie()) {
    const [pair, ...attributes] = line.split(/;\s*/);
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const attribute = (key) => attributes.find((a) => a.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    const path = attribute('path') ?? '/';
    const old = jar.findIndex((c) => c.name === name && c.host === url.host && c.path === path);
    if (old >= 0) jar.splice(old, 1);
    const ended = attribute('expires') && new Date(attribute('expires')) <= new Date();
    if (!ended && attribute('max-age') !== '0') jar.push({ name, value, host: url.host, path });
  }
}

function cookies(url) {
  const below = (path) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
  return jar
    .filter((c) => c.host === url.host && below(c.path))
    .map((c) => `${c.name}=${c.value}`)
    .join('; ');
}

async function visit(url, form) {
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)) throw new Error(`${url.origin} is not on loopback`);
  const headers = { Accept: 'text/html', Cookie: cookies(url) };
  const response = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form,
    headers,
    redirect: 'manual',
    signal: patience,
  });
  keep(url, response.headers);
  return response;
}

const plain = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found && plain(found[1]);
};

// The first form that posts, filled in; nothing when the page has none.
function filled(page) {
  const form = page.match(/<form[^>]*method="post"[^>]*>.*?<\/form>/s)?.[0];
  if (!form) return undefined;
  const fields = new URLSearchParams();
  for (const [input] of form.matchAll(/<input[^>]*>/gs)) {
    const name = attribute(input, 'name');
    const typed = { login: who, password: 'not-a-real-password', user_code: process.env.USER_CODE }[name];
    if (name) fields.set(name, typed ?? attribute(input, 'value') ?? '');
  }
  return { action: attribute(form, 'action'), fields };
}

let url = new URL(process.argv.at(-1));
let form;
let cancelled = false; // what comes then may be a form to begin anew
for (let step = 0; step < 20; step += 1) {
  const response = await visit(url, form);
  form = undefined;
  const location = response.headers.get('location');
  if (response.status >= 300 && response.status < 400 && location) {
    url = new URL(location, url);
    continue;
  }
  const page = await response.text();
  if (!response.ok) throw new Error(`${url.origin}${url.pathname} answered ${response.status}`);
  const next = filled(page);
  if (!next || cancelled) process.exit(0);
  const cancel = page.match(/href="([^"]*\/abort)"/)?.[1];
  if (process.env.DECISION === 'abort' && cancel) {
    url = new URL(plain(cancel), url);
    cancelled = true;
  } else {
    form = next.fields;
    url = new URL(next.action, url);
  }
}
throw new Error('too many pages');
