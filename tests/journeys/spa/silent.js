// The page in the hidden frame: it hands the answer to the page that framed it.

import { manager } from "/manager.js";

await manager.signinSilentCallback();
