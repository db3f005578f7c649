// The scripted person at glewlwyd: `node glewlwyd-person.mjs URL` signs in as `alice`, allows the
// client the scope `api`, opens the URL with the session's cookie, and follows where it leads while that
// is on loopback. Its own pages are a program of their own in the browser, so that the calls they would
// make are made here. It gives up after ten seconds.
//
// Environment: CLIENT, who is allowed (`hallpass-test` when not given); USER_CODE, what a device shows;
// its page is then the URL.
const patience = AbortSignal.timeout(10_000);
const start = new URL(process.argv.at(-1));
const base = start.href.replace(/\/+api\/.*/, '/api');
const client = process.env.CLIENT || 'hallpass-test';

async function call(method, path, body, cookie) {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(cookie && { Cookie: cookie }) },
    body: JSON.stringify(body),
    signal: patience,
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
}

const cookie = await call('POST', '/auth/', { username: 'alice', password: 'not-a-real-password' });
await call('PUT', `/auth/grant/${client}`, { scope: 'api' }, cookie);
let url = start;
if (process.env.USER_CODE) url.searchParams.set('code', process.env.USER_CODE);
for (let step = 0; step < 10; step += 1) {
  if (url.hostname !== '127.0.0.1') throw new Error(`${url.origin} is not on loopback`);
  const ours = url.origin === start.origin;
  if (ours) {
    url.searchParams.set('g_continue', ''); // "Continue", on its page
  }
  const answer = await fetch(url, { headers: ours ? { Cookie: cookie } : {}, redirect: 'manual', signal: patience });
  const location = answer.headers.get('location');
  if (process.env.SHOW) console.error(answer.status, url.href);
  // A device's page ends at its program, which would tell what came of it.
  const end = location && new URL(location, url).searchParams.get('prompt');
  if (end === 'deviceComplete') process.exit(0);
  if (end?.startsWith('device')) throw new Error(`the device's page says ${end}`);
  if (!location) process.exit(answer.ok ? 0 : 1);
  url = new URL(location, url);
}
throw new Error('too many redirects');
