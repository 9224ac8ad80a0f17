"use strict";
/**
 * Lets a request of API Gateway in whose bearer token the issuer of the environment has signed.
 *
 * A REST API knows no issuer but Cognito's user pools by itself. In Node.js, the only function here
 * that is, as AWS's own library for it has no dependency: Node.js brings RSA and ECDSA, for which
 * Python would need a compiled package, built anew for each processor and version of Lambda.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 * https://github.com/awslabs/aws-jwt-verify
 */
const { JwtVerifier } = require("aws-jwt-verify");
const { SimpleJwksCache } = require("aws-jwt-verify/jwk");

// Asymmetric only: with HS256 the public key would be the secret, and "none" has no signature.
const ALGORITHMS = ["RS256", "ES256"];
// A key that the issuer withdraws is accepted for as long, one that is new at once.
const KEEP_MS = 15 * 60 * 1000;
const FETCH_MS = 3000;
const MAX_BYTES = 256 * 1024;

const ISSUER = process.env.ISSUER;
const AUDIENCE = JSON.parse(process.env.AUDIENCE);
const SCOPES = JSON.parse(process.env.SCOPES);

let known; // { verifier: a promise, until: a time }

exports.handle = async (event) => {
  const verifier = await current(); // what it throws is an answer of 500: nobody gets in
  let claims;
  try {
    claims = await verifier.verify(event.authorizationToken.replace(/^Bearer /i, ""));
  } catch (error) {
    // the error's name and no more: its text may quote the token
    console.warn(JSON.stringify({ message: "refused", reason: error.name }));
    throw new Error("Unauthorized"); // the word that API Gateway makes a 401 of
  }
  const [api, stage] = event.methodArn.split("/");
  return {
    principalId: claims.sub ?? claims.client_id ?? claims.azp ?? "unknown",
    policyDocument: {
      Version: "2012-10-17",
      // all of the stage: API Gateway keeps the answer for other routes with the same token
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: `${api}/${stage}/*` }],
    },
  };
};

function current() {
  if (known === undefined || known.until < Date.now()) {
    const verifier = connect();
    const asked = { verifier, until: Date.now() + KEEP_MS };
    known = asked;
    verifier.catch(() => {
      if (known === asked) known = undefined; // ask again at the next request
    });
  }
  return known.verifier;
}

async function connect() {
  const base = ISSUER.replace(/\/$/, "");
  const found = JSON.parse(
    Buffer.from(await fetched(`${base}/.well-known/openid-configuration`)).toString(),
  );
  if (found.issuer !== ISSUER) throw new Error(`${ISSUER} calls itself another issuer`);
  const verifier = JwtVerifier.create(
    { issuer: ISSUER, audience: null, jwksUri: found.jwks_uri, customJwtCheck: check },
    { jwksCache: new SimpleJwksCache({ fetcher: { fetch: fetched } }) },
  );
  await verifier.hydrate();
  return verifier;
}

// The library has verified the signature, iss, exp and nbf before.
function check({ header, payload }) {
  if (!ALGORITHMS.includes(header.alg)) throw named("AlgorithmError");
  if (payload.exp === undefined) throw named("NoExpiryError");
  // Cognito's access tokens have no aud: API Gateway's HTTP APIs look at client_id for the same
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
  const audience = [].concat(payload.aud ?? payload.client_id ?? []);
  if (!audience.some((each) => AUDIENCE.includes(each))) throw named("AudienceError");
  const granted = [].concat(payload.scope ?? payload.scp ?? []).flatMap((each) => each.split(" "));
  if (SCOPES.length > 0 && !granted.some((each) => SCOPES.includes(each))) throw named("ScopeError");
}

function named(name) {
  return Object.assign(new Error(name), { name });
}

async function fetched(uri) {
  const { protocol, hostname } = new URL(uri);
  if (protocol !== "https:" && !(ISSUER.startsWith("http://") && hostname === "127.0.0.1")) {
    throw new Error(`${uri} is not https`);
  }
  const answer = await fetch(uri, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
  if (!answer.ok) throw new Error(`${uri} answers ${answer.status}`);
  const body = await answer.arrayBuffer();
  if (body.byteLength > MAX_BYTES) throw new Error(`${uri} answers ${body.byteLength} bytes`);
  return body;
}
