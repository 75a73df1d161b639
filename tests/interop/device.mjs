// The device grant: one device that is let in and one that is turned away, both waiting meanwhile.

import { client, discovered, refusal, run, settings, visit } from "./talk.mjs";

await run(async () => {
  const config = await discovered();
  const start = () => client.initiateDeviceAuthorization(config, { scope: settings.scope });
  const wait = (device) => client.pollDeviceAuthorizationGrant(config, device);
  const [welcome, unwelcome] = [await start(), await start()];
  const granted = wait(welcome);
  const denied = refusal(wait(unwelcome));
  await visit(welcome.verification_uri_complete);
  await visit(unwelcome.verification_uri_complete);
  return { tokens: await granted, denied: await denied };
});
