// The hybrid flow with an id token that vouches for code and state (c_hash and s_hash).

import { client, discovered, request, run, visit } from "./talk.mjs";

await run(async () => {
  const config = await discovered(
    client.useCodeIdTokenResponseType,
    client.enableDetachedSignatureResponseChecks,
  );
  const { parameters, checks } = await request();
  const address = client.buildAuthorizationUrl(config, parameters);
  const back = await visit(address);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  return { response_type: address.searchParams.get("response_type"), tokens };
});
