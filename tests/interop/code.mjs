// The code flow, and all that can be done with what comes of it.

import { client, discovered, privateKey, refusal, request, run, settings, visit } from "./talk.mjs";

async function addressOf(config, parameters) {
  if (settings.pushed) return client.buildAuthorizationUrlWithPAR(config, parameters);
  if (settings.signed) {
    return client.buildAuthorizationUrlWithJAR(config, parameters, await privateKey());
  }
  return client.buildAuthorizationUrl(config, parameters);
}

await run(async () => {
  const config = await discovered();
  const { parameters, checks } = await request();
  const back = await visit(await addressOf(config, parameters));
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  const { sub } = tokens.claims();
  const found = {
    tokens,
    claims: tokens.claims(),
    userinfo: await client.fetchUserInfo(config, tokens.access_token, sub),
    sign_out: client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: settings.signed_out_uri,
      state: "away",
    }),
  };
  if (settings.secret || settings.key) {
    found.introspected = await client.tokenIntrospection(config, tokens.access_token);
  }
  let last = tokens;
  if (tokens.refresh_token) {
    last = await client.refreshTokenGrant(config, tokens.refresh_token);
    found.refreshed = last;
  }
  await client.tokenRevocation(config, last.refresh_token ?? last.access_token);
  found.after_revocation = await refusal(client.fetchUserInfo(config, last.access_token, sub));
  if (last.refresh_token) {
    found.refresh_after_revocation = await refusal(
      client.refreshTokenGrant(config, last.refresh_token),
    );
  }
  return found;
});
