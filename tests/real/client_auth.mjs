// What op.mjs needs for clients that show who they are in every way: by a secret, by a key of every
// kind, by a certificate. Keys and certificates are those of tests/keys, which protect nothing.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const read = (name) => readFileSync(new URL(`../keys/${name}`, import.meta.url), 'utf8');

// The public half of a private key, as PEM (after the parameters that OpenSSL writes first) or as JWK.
function publicHalf(name) {
  const text = read(name);
  const key = text.startsWith('{')
    ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
    : createPrivateKey(text.slice(text.search(/-----BEGIN (\w+ )?PRIVATE KEY/)));
  return createPublicKey(key).export({ format: 'jwk' });
}

const service = (client_id, more) => ({
  client_id,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
  ...more,
});

const byKey = (client_id, alg, key) => service(client_id, {
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: alg,
  jwks: { keys: [publicHalf(key)] },
});

const secret = 'not-a-real-secret-of-32-bytes-or-more';
const certificate = new X509Certificate(read('client.pem'));

export const clients = [
  service('by-basic', { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }),
  service('by-body', { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' }),
  service('by-hmac', { client_secret: secret, token_endpoint_auth_method: 'client_secret_jwt' }),
  byKey('by-rs256', 'RS256', 'signing.rsa.pkcs1.pem'),
  byKey('by-rs256-jwk', 'RS256', 'rfc7515-a2.jwk.json'),
  byKey('by-rs384', 'RS384', 'signing.rsa.pkcs8.pem'),
  byKey('by-ps256', 'PS256', 'signing.rsa.pkcs8.pem'),
  byKey('by-ps512', 'PS512', 'rfc7515-a2.jwk.json'),
  byKey('by-es256', 'ES256', 'signing.p256.sec1.pem'),
  byKey('by-es384', 'ES384', 'signing.p384.sec1.pem'),
  byKey('by-eddsa', 'EdDSA', 'signing.ed25519.pem'),
  service('by-authority', {
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: certificate.subject,
    tls_client_certificate_bound_access_tokens: true,
  }),
  service('by-certificate', {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [{ ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] }] },
  }),
];

export const methods = [
  'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt',
  'tls_client_auth', 'self_signed_tls_client_auth',
];

export const algorithms = ['HS256', 'RS256', 'RS384', 'PS256', 'PS512', 'ES256', 'ES384', 'EdDSA'];

// Over https every client is asked for a certificate; what it is worth is the provider's to say.
export const listener = () => https.createServer({
  cert: read('loopback.pem'),
  key: read('loopback.key.pem'),
  ca: read('client-ca.pem'),
  requestCert: true,
  rejectUnauthorized: false,
});

const shown = (ctx) => {
  const own = ctx.req.socket.getPeerX509Certificate?.();
  return own && new X509Certificate(own.raw);
};

export const mTLS = {
  enabled: true,
  certificateBoundAccessTokens: true,
  selfSignedTlsClientAuth: true,
  tlsClientAuth: true,
  getCertificate: shown,
  certificateAuthorized: (ctx) => ctx.req.socket.authorized,
  certificateSubjectMatches: (ctx, property, expected) =>
    property === 'tls_client_auth_subject_dn' && shown(ctx).subject === expected,
};
