// An API over HTTP/2 (Node's own, no package), with the certificate of tests/keys: it prints its origin
// and serves until its stdin ends. Paths say what it does; `/sessions` counts connections. With
// HTTP1=1 it takes HTTP/1.1 too.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';

const read = (name) => readFileSync(new URL(`../keys/${name}`, import.meta.url), 'utf8');

const server = http2.createSecureServer({
  cert: read('loopback.pem'),
  key: read('loopback.key.pem'),
  allowHTTP1: process.env.HTTP1 === '1',
});

let sessions = 0;
server.on('session', () => { sessions += 1; });
server.on('sessionError', () => {});

server.on('request', (request, response) => {
  const json = (value) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
  response.on('error', () => {});
  switch (request.url) {
    case '/sessions': return json({ sessions, version: request.httpVersion });
    case '/reset': return response.stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    case '/reset-body':
      response.write('begun');
      return setImmediate(() => response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
    case '/goaway':
      return response.stream.session.destroy(undefined, http2.constants.NGHTTP2_INADEQUATE_SECURITY);
    case '/big':
      response.setHeader('content-type', 'application/octet-stream');
      return response.end(Buffer.alloc(3_000_000, 'x'));
    default: {
      let length = 0;
      request.on('data', (part) => { length += part.length; });
      request.on('end', () => json({
        path: request.url,
        length,
        authorization: request.headers.authorization,
        version: request.httpVersion,
      }));
    }
  }
});

server.listen(0, '127.0.0.1', () => console.log(`https://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
