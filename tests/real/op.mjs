// A certified OpenID provider (npm `oidc-provider`) for hallpass's tests to meet. Loopback only, all
// in memory. The first line on stdout is its issuer; it ends when its stdin closes, so that it never
// outlives the test that started it.
//
// Environment: ACCESS_TTL, the life in seconds of the first access token of a grant and of client
// credentials; REFRESHED_TTL, of those that a refresh brings; DEVICE_TTL, of device codes. Each is 600
// when not given. TLS=1: over https, with the certificate of tests/keys, asking clients for theirs.
// DPOP_NONCE=1 lets every DPoP proof need a nonce (RFC 9449, section 8). PAR=required makes it demand
// pushed authorization requests (RFC 9126), whose references then live PAR_TTL seconds.
//
// GET /test/events lists what happened to tokens: opaque tokens are their own `jti`, so a test can
// look for the very strings; and what was asked at /me and at /request, with the body's announced length in
// bytes. Nothing here is worth protecting.
import http from 'node:http';
import { once } from 'node:events';

import * as clientAuth from './client_auth.mjs';

// Notices of the library are not part of our output, whose first line is the issuer.
console.info = console.warn = (...text) => process.stderr.write(`${text.join(' ')}\n`);
const { Provider } = await import('oidc-provider');

process.stdin.resume();
process.stdin.once('close', () => process.exit(0));

const seconds = (name) => Number(process.env[name] || 600);
const server = process.env.TLS ? clientAuth.listener() : http.createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `${process.env.TLS ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'hallpass-test',
      application_type: 'native', // any port on loopback is then accepted (RFC 8252, section 7.3)
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: 'hallpass-dpop',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      dpop_bound_access_tokens: true, // refuses every token request without a proof (RFC 9449, section 5.2)
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: 'hallpass-service',
      client_secret: 'not-a-real-secret',
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
    ...clientAuth.clients,
    {
      client_id: 'hallpass-web',
      client_secret: 'not-a-real-secret',
      application_type: 'native',
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: 'hallpass-device',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: [],
      response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    },
  ],
  clientAuthMethods: clientAuth.methods,
  enabledJWA: { clientAuthSigningAlgValues: clientAuth.algorithms },
  cookies: { keys: ['not-a-real-key'] },
  scopes: ['openid', 'offline_access', 'email'],
  claims: { openid: ['sub'], email: ['email'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.test` }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true, // a refresh token used twice ends its whole grant
  ttl: {
    AccessToken: (ctx) => seconds(ctx.oidc.params.grant_type === 'refresh_token' ? 'REFRESHED_TTL' : 'ACCESS_TTL'),
    ClientCredentials: seconds('ACCESS_TTL'),
    AuthorizationCode: 60,
    DeviceCode: seconds('DEVICE_TTL'),
    IdToken: 600,
    RefreshToken: 86400,
    Grant: 86400,
    Interaction: 600,
    Session: 600,
    PushedAuthorizationRequest: seconds('PAR_TTL'),
  },
  features: {
    devInteractions: { enabled: true }, // takes any login, asks for consent
    clientCredentials: { enabled: true },
    mTLS: clientAuth.mTLS,
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: process.env.PAR === 'required',
    },
    revocation: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => process.env.DPOP_NONCE === '1' },
    // RFC 8707: a token for an API is a JWT with that API as its audience.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined, // who names none gets a token for the provider itself
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: 'api:read api:write',
        audience: resource,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

const events = [];
for (const kind of ['access_token', 'client_credentials', 'refresh_token']) {
  for (const what of ['saved', 'consumed', 'destroyed']) {
    provider.on(`${kind}.${what}`, (token) => events.push({ kind, what, token: token.jti }));
  }
}
provider.on('grant.revoked', () => events.push({ kind: 'grant', what: 'revoked' }));
provider.on('server_error', (_, error) => console.warn('server_error', error));

const answer = provider.callback();
server.on('request', (request, response) => {
  if (request.url !== '/test/events') {
    const { method, url, headers } = request;
    if (['/me', '/request'].includes(url)) {
      response.on('finish', () => events.push({ kind: 'asked', what: `${method} ${url} ${headers['content-length'] ?? 0} ${response.statusCode}` }));
    }
    return answer(request, response);
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(events));
});
process.stdout.write(`${issuer}\n`);
