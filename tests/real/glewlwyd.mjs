// Glewlwyd, a second implementation of OpenID Connect with manners of its own (an issuer with a path,
// a wrong secret answered by an empty 403, endpoints with `//`): `node glewlwyd.mjs` starts one on a
// free port of 127.0.0.1, with a database and an RSA key of its own, and prints a line: its issuer, and
// the ports that its client may be redirected to. It ends when stdin does.
//
// Environment: PAR=required makes it demand pushed authorization requests (RFC 9126), DPOP_NONCE=1 a
// nonce in each DPoP proof (RFC 9449, section 8).
//
// It needs Debian's packages `glewlwyd` and `sqlite3`.
import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

const SCHEMAS = [
  '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3',
  '/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz',
];

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function schema() {
  const path = SCHEMAS.find((path) => existsSync(path));
  if (!path) throw new Error(`glewlwyd's database schema is in none of ${SCHEMAS.join(', ')}`);
  const bytes = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

// Debian's configuration, with a port, a log and a database of its own.
function configuration(home, port) {
  const own = {
    port: port,
    bind_address: '"127.0.0.1"',
    external_url: `"http://127.0.0.1:${port}/"`,
    log_file: `"${home}/glewlwyd.log"`,
  };
  const debian = readFileSync('/etc/glewlwyd/glewlwyd.conf', 'utf8').split('\n');
  const kept = debian.filter((line) => !/^@include/.test(line) && !Object.keys(own).some((name) => line.startsWith(`${name}=`)));
  const added = Object.entries(own).map(([name, value]) => `${name}=${value}`);
  return [...added, ...kept, `database = { type = "sqlite3"; path = "${home}/glewlwyd.db"; };`].join('\n');
}

const home = mkdtempSync(join(tmpdir(), 'hallpass-glewlwyd-'));
let server;
function end(code) {
  server?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
  process.exit(code);
}
process.stdin.resume().on('close', () => end(0));
process.on('SIGTERM', () => end(143));

async function start() {
  const port = await freePort();
  const made = spawnSync('sqlite3', [join(home, 'glewlwyd.db')], { input: schema(), encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`sqlite3: ${made.error ?? made.stderr}`);
  writeFileSync(join(home, 'glewlwyd.conf'), configuration(home, port));
  server = spawn('glewlwyd', [`--config-file=${join(home, 'glewlwyd.conf')}`], { stdio: 'ignore' });
  server.on('exit', () => {
    const log = join(home, 'glewlwyd.log');
    if (existsSync(log)) process.stderr.write(readFileSync(log));
    end(1);
  });
  return port;
}

// Waits until it answers: it says nowhere that it is up.
async function up(base) {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      await fetch(`${base}/config`);
      return;
    } catch {
      await pause(50);
    }
  }
  throw new Error('glewlwyd does not come up');
}

async function api(base, path, body, cookie) {
  const answer = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(cookie && { Cookie: cookie }) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
}

const publicHalf = (name) =>
  createPublicKey(readFileSync(new URL(`../keys/${name}`, import.meta.url))).export({ format: 'jwk' });

function plugin(issuer) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    module: 'oidc',
    name: 'oidc',
    display_name: 'OpenID Connect',
    parameters: {
      iss: issuer,
      'jwt-type': 'rsa',
      'jwt-key-size': '256',
      key: privateKey,
      cert: publicKey,
      'access-token-duration': 3600,
      'refresh-token-duration': 86400,
      'code-duration': 600,
      'refresh-token-rolling': true,
      'refresh-token-one-use': 'always',
      'allow-non-oidc': true,
      'auth-type-code-enabled': true,
      'auth-type-client-enabled': true,
      'auth-type-refresh-enabled': true,
      'auth-type-device-enabled': true,
      'device-authorization-expiration': 600,
      'device-authorization-interval': 1,
      'pkce-allowed': true,
      'pkce-required': true,
      'introspection-revocation-allowed': true,
      'introspection-revocation-allow-target-client': true,
      'jwks-show': true,
      'client-jwks-parameter': 'jwks',
      'request-parameter-allow': true,
      'oauth-par-allowed': true,
      'oauth-par-required': process.env.PAR === 'required',
      'oauth-par-duration': 90,
      'oauth-par-request_uri-prefix': 'urn:ietf:params:oauth:request_uri:',
      'oauth-dpop-allowed': true,
      'oauth-dpop-iat-duration': 60,
      'oauth-dpop-nonce-mandatory': process.env.DPOP_NONCE === '1',
      'oauth-dpop-nonce-counter': 10,
    },
  };
}

try {
  const base = `http://127.0.0.1:${await start()}/api`;
  await up(base);
  const cookie = await api(base, '/auth/', { username: 'admin', password: 'password' });
  const scope = { name: 'api', display_name: 'api', password_required: false, scheme: {} };
  await api(base, '/scope', scope, cookie);
  await api(base, '/mod/plugin/', plugin(`${base}/oidc`), cookie);
  const user = { username: 'alice', password: 'not-a-real-password', name: 'Alice', enabled: true, scope: ['api', 'openid'] };
  await api(base, '/user/', user, cookie);
  // Free now; whoever takes one meanwhile leaves the others.
  const ports = [await freePort(), await freePort(), await freePort()];
  const client = {
    client_id: 'hallpass-test',
    name: 'hallpass',
    enabled: true,
    confidential: true,
    password: 'not-a-real-secret',
    redirect_uri: ports.map((port) => `http://127.0.0.1:${port}/callback`),
    authorization_type: ['code', 'client_credentials', 'refresh_token', 'device_authorization'],
    scope: ['api'],
    token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post'],
  };
  await api(base, '/client/', client, cookie);
  // It takes no key without a name.
  const byKey = { ...client, client_id: 'hallpass-key', password: undefined, token_endpoint_auth_method: ['private_key_jwt'] };
  byKey.jwks = { keys: [{ ...publicHalf('signing.p256.pkcs8.pub.pem'), kid: 'p256', alg: 'ES256', use: 'sig' }] };
  await api(base, '/client/', byKey, cookie);
  process.stdout.write(`${base}/oidc ${ports}\n`);
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  end(1);
}
