// A client on its own: the client credentials grant, introspection and revocation.

import { client, discovered, refusal, run } from "./talk.mjs";

await run(async () => {
  const config = await discovered();
  const tokens = await client.clientCredentialsGrant(config);
  const before = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  const after = await client.tokenIntrospection(config, tokens.access_token);
  const scope = "unknown";
  const unknown = await refusal(client.clientCredentialsGrant(config, { scope }));
  return { tokens, before, after, unknown };
});
