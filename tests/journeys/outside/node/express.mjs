// An application as express-openid-connect's own documentation builds one, with back-channel logout.
import express from "express";
import oidc from "express-openid-connect";

const [issuer, client, secret, port] = process.argv.slice(2);
const kept = new Map();
const store = {
  get: (id, done) => done(null, kept.get(id)),
  set: (id, value, done) => { kept.set(id, value); done?.(null); },
  destroy: (id, done) => { kept.delete(id); done?.(null); },
};
const app = express();
app.use(oidc.auth({
  issuerBaseURL: issuer,
  baseURL: `http://127.0.0.1:${port}`,
  clientID: client,
  clientSecret: secret,
  secret: "a secret of this test, long enough to sign cookies with",
  authRequired: false,
  idpLogout: true,
  authorizationParams: { response_type: "code", scope: "openid profile email" },
  session: { store, name: "express-rota", },
  transactionCookie: { name: "express-rota-way" },
  backchannelLogout: { store },
}));
app.get("/healthy", (_request, response) => response.send("ok"));
app.get("/", oidc.requiresAuth(), async (request, response) => {
  const user = (request["express-rota"].user ??= await request.oidc.fetchUserInfo());
  response.send(`<!DOCTYPE html><html lang="en"><head><title>Rota</title><link rel="icon" href="data:,"></head>
    <body><main><h1>The rota of the week</h1><p>${user.email}</p></main></body></html>`);
});
app.listen(Number(port), "127.0.0.1");
