// An application with openid-client that keeps tokens and asks about its access token at every request.
import { randomBytes } from "node:crypto";
import express from "express";
import * as oidc from "openid-client";

const [issuer, client, secret, port] = process.argv.slice(2);
const here = `http://127.0.0.1:${port}`;
const provider = await oidc.discovery(new URL(issuer), client, undefined, oidc.ClientSecretBasic(secret), {
  execute: [oidc.allowInsecureRequests],
});
const sessions = new Map();
const app = express();
const cookie = (request) => /openid-client-rota=(\w+)/.exec(request.headers.cookie ?? "")?.[1];

app.get("/healthy", (_request, response) => response.send("ok"));
app.get("/", async (request, response) => {
  const session = sessions.get(cookie(request));
  if (session?.tokens) {
    const asked = await oidc.tokenIntrospection(provider, session.tokens.access_token);
    if (asked.active) {
      const user = await oidc.fetchUserInfo(provider, session.tokens.access_token, session.tokens.claims().sub);
      return response.send(`<!DOCTYPE html><html lang="en"><head><title>Rota</title><link rel="icon" href="data:,"></head>
        <body><main><h1>The rota of the week</h1><p>${user.email}</p></main></body></html>`);
    }
    try {
      session.tokens = await oidc.refreshTokenGrant(provider, session.tokens.refresh_token);
      return response.redirect("/");
    } catch (refused) {
      if (refused.error !== "invalid_grant") throw refused;
    }
  }
  const verifier = oidc.randomPKCECodeVerifier();
  const way = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
  const id = randomBytes(16).toString("hex");
  sessions.set(id, { way });
  response.setHeader("Set-Cookie", `openid-client-rota=${id}; Path=/; HttpOnly; SameSite=Lax`);
  response.redirect(oidc.buildAuthorizationUrl(provider, {
    redirect_uri: `${here}/callback`,
    scope: "openid profile email",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: way.state,
    nonce: way.nonce,
  }).href);
});
app.get("/callback", async (request, response) => {
  const session = sessions.get(cookie(request));
  try {
    session.tokens = await oidc.authorizationCodeGrant(provider, new URL(request.originalUrl, here), {
      pkceCodeVerifier: session.way.verifier,
      expectedState: session.way.state,
      expectedNonce: session.way.nonce,
      idTokenExpected: true,
    });
  } catch (refused) {
    return response.status(400).send(refused.code ?? "refused");
  }
  response.redirect("/");
});
app.listen(Number(port), "127.0.0.1");
