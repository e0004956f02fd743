// Starts a certified OpenID provider on loopback, fetches tokens from it as a backend client would
// (private_key_jwt, RFC 8707 resource indicator), and prints one line of JSON:
//   {"issuer": "...", "tokens": {"gp": "...", "provider": "...", "otherAudience": "...", "noScope": "..."}}
// It then serves discovery and keys until its standard input closes.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const AUDIENCE = process.argv[2] ?? 'https://causeway.test/fhir/R4';
const SCOPES = 'system/*.rs';

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const signing = await generateKeyPair('ES256', { extractable: true });
const clientKeys = await generateKeyPair('RS512', { extractable: true });
const clientJwk = { ...(await exportJWK(clientKeys.publicKey)), kid: 'client-key', alg: 'RS512', use: 'sig' };

const client = (client_id) => ({
  client_id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'private_key_jwt',
  id_token_signed_response_alg: 'ES256',
  token_endpoint_auth_signing_alg: 'RS512',
  jwks: { keys: [clientJwk] },
});

const provider = new Provider(issuer, {
  clients: [client('gp-system'), client('care-home')],
  jwks: { keys: [{ ...(await exportJWK(signing.privateKey)), kid: 'provider-key', alg: 'ES256', use: 'sig' }] },
  ttl: { ClientCredentials: 600 },
  enabledJWA: { clientAuthSigningAlgValues: ['RS512'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, resource) => ({
        audience: resource,
        scope: SCOPES,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
server.on('request', provider.callback());

async function token(clientId, resource, scope) {
  const endpoint = `${issuer}/token`;
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'RS512', kid: 'client-key', typ: 'JWT' })
    .setIssuer(clientId).setSubject(clientId).setAudience(issuer)
    .setJti(randomUUID()).setIssuedAt().setExpirationTime('2m')
    .sign(clientKeys.privateKey);
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    resource,
  };
  if (scope) form.scope = scope;
  const answer = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
  if (!answer.ok) throw new Error(`token endpoint: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access_token;
}

const tokens = {
  gp: await token('gp-system', AUDIENCE, SCOPES),
  provider: await token('care-home', AUDIENCE, SCOPES),
  otherAudience: await token('gp-system', 'https://somewhere-else.test/', SCOPES),
  noScope: await token('gp-system', AUDIENCE, undefined),
};
console.log(JSON.stringify({ issuer, tokens }));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
