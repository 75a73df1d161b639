// oidc-provider as two processes: PORT, CLIENT_ID, CLIENT_SECRET and ALGORITHM in the environment.
// It gives tokens by client credentials, JWTs for one resource by default.
//
// Set up for speed, as its documentation allows: production mode, keys made once and kept as key
// objects by the library, its own in-memory adapter, static client, no logging, no proxy. Node is of
// a version that it supports, which is also the faster one. Node's cluster hands connections round,
// which with kept connections comes to two listeners. One, two or four threads for its signatures
// made no difference.

import cluster from 'node:cluster';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

const PROCESSES = 2;
const RESOURCE = 'urn:bench:api';
const { PORT, CLIENT_ID, CLIENT_SECRET, ALGORITHM } = process.env;

if (cluster.isPrimary) {
  const KEY = JSON.stringify(madeKey());
  for (let number = 0; number < PROCESSES; number += 1) cluster.fork({ KEY });
  let ready = 0;
  cluster.on('listening', () => {
    ready += 1;
    if (ready === PROCESSES) console.log('ready');
  });
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit(0);
  });
} else {
  const { Provider } = await import('oidc-provider');
  const provider = new Provider(`http://127.0.0.1:${PORT}`, configuration());
  createServer(provider.callback()).listen(Number(PORT), '127.0.0.1');
}

function madeKey() {
  const { privateKey } = ALGORITHM === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: ALGORITHM, use: 'sig' };
}

function configuration() {
  return {
    jwks: { keys: [JSON.parse(process.env.KEY)] },
    clientDefaults: { id_token_signed_response_alg: ALGORITHM },
    clients: [{
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => ({
          audience: RESOURCE,
          scope: 'read write',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
  };
}
