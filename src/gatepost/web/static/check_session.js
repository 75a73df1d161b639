// The frame of the OpenID provider (OpenID Connect Session Management 1.0, section 3.3). It learns
// whether the session that an application knows is still that of this browser.

const MESSAGE = /^([^ ]+) ([A-Za-z0-9_-]+)\.([^ .]+)$/;

// FIPS 180-4, section 4.2.2
const K = Uint32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
// Section 5.3.3
const H = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

const turn = (word, by) => (word >>> by) | (word << (32 - by));

function padded(message) {
  const blocks = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 4, message.length * 8);
  return view;
}

function schedule(view, start) {
  const w = new Uint32Array(64);
  for (let t = 0; t < 16; t += 1) w[t] = view.getUint32(start + 4 * t);
  for (let t = 16; t < 64; t += 1) {
    const early = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ (w[t - 15] >>> 3);
    const late = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ (w[t - 2] >>> 10);
    w[t] = w[t - 16] + early + w[t - 7] + late;
  }
  return w;
}

// A browser has crypto.subtle only where the page and all that frame it came over a safe line.
function sha256(message) {
  const view = padded(message);
  const hash = H.slice();
  for (let start = 0; start < view.byteLength; start += 64) {
    const w = schedule(view, start);
    let [a, b, c, d, e, f, g, h] = hash;
    for (let t = 0; t < 64; t += 1) {
      const sum = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + sum + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => {
      hash[index] += word;
    });
  }
  const digest = new DataView(new ArrayBuffer(32));
  hash.forEach((word, index) => digest.setUint32(4 * index, word));
  return digest.buffer;
}

async function hashOf(text) {
  const message = new TextEncoder().encode(text);
  const subtle = globalThis.crypto?.subtle;
  const digest = subtle ? await subtle.digest("SHA-256", message) : sha256(message);
  const binary = String.fromCharCode(...new Uint8Array(digest));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function browserState() {
  const start = `${document.body.dataset.cookie}=`;
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(start));
  return found ? found.slice(start.length) : "";
}

async function answerTo(message, origin) {
  const parts = typeof message === "string" && MESSAGE.exec(message);
  if (!parts) return "error";
  const [, clientId, hash, salt] = parts;
  const now = await hashOf(`${clientId} ${origin} ${browserState()} ${salt}`);
  return now === hash ? "unchanged" : "changed";
}

addEventListener("message", async ({ data, origin, source }) => {
  // Nobody can be answered at the origin "null". An answer to itself would be answered for ever.
  if (!source || source === window || origin === "null") return;
  const answer = await answerTo(data, origin).catch(() => "error");
  source.postMessage(answer, origin);
});
