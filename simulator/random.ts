/** FNV-1a over UTF-16 units, then a final avalanche: near-equal names must give unrelated streams. */
function hashText(text: string, seed: number): number {
  let hash = (2166136261 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** sfc32: small, fast, passes PractRand; integer arithmetic only, so the same on every machine. */
function createGenerator(name: string, seed: number): () => number {
  let a = hashText(name, seed);
  let b = hashText(name, seed ^ 0x9e3779b9);
  let c = hashText(name, Math.floor(seed / 2 ** 32) ^ 0x85ebca6b);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next();
  return next;
}

const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** By table: every call and every event has an id, and `toString(16)` of what is above 31 bits is slow. */
function hex(value: number): string {
  return `${OCTETS[value >>> 24]}${OCTETS[(value >>> 16) & 255]}${OCTETS[(value >>> 8) & 255]}${OCTETS[value & 255]}`;
}

export interface RandomStreams {
  /** The same name gives the same stream object: drawing from one never shifts another. Values in [0, 1). */
  random(stream: string): () => number;
  /** Version-4 shaped uuid, drawn from a stream of its own. */
  uuid(stream: string): string;
}

export function createRandomStreams(seed: number): RandomStreams {
  const streams = new Map<string, () => number>();
  const generators = new Map<string, () => number>();
  const generator = (name: string): (() => number) => {
    let found = generators.get(name);
    if (found === undefined) {
      found = createGenerator(name, seed);
      generators.set(name, found);
    }
    return found;
  };
  return {
    random(stream) {
      let found = streams.get(stream);
      if (found === undefined) {
        const next = generator(`random:${stream}`);
        found = () => next() / 2 ** 32;
        streams.set(stream, found);
      }
      return found;
    },
    uuid(stream) {
      const next = generator(`uuid:${stream}`);
      const text = hex(next()) + hex(next()) + hex(next()) + hex(next());
      const variant = '89ab'[Number.parseInt(text[16]!, 16) & 3];
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
    },
  };
}
