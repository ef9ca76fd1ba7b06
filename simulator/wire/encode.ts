import { type ServiceModel, type Shape, shapeOf } from './model.ts';

export type Encoder = (value: unknown, path: string) => unknown;

function misfit(path: string, value: unknown, wanted: string): never {
  throw new Error(`${path}: ${JSON.stringify(value)}: an answer must hold ${wanted} here`);
}

function encodeTimestamp(value: unknown, path: string): unknown {
  if (!(value instanceof Date)) misfit(path, value, 'a Date');
  return value.getTime() / 1000;
}

function encodeBlob(value: unknown, path: string): unknown {
  if (!(value instanceof Uint8Array)) misfit(path, value, 'a Uint8Array');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}

function encodeNumber(value: unknown, path: string): unknown {
  if (typeof value !== 'number') misfit(path, value, 'a number');
  return Number.isFinite(value) ? value : String(value);
}

function encodeBoolean(value: unknown, path: string): unknown {
  return typeof value === 'boolean' ? value : misfit(path, value, 'a boolean');
}

function encodeString(value: unknown, path: string): unknown {
  return typeof value === 'string' ? value : misfit(path, value, 'a string');
}

/**
 * Compiles encoders of one service. What does not fit the model is an error, not dropped: a misspelt member of an
 * answer would otherwise look to the client like a fact about AWS.
 */
export class EncoderCompiler {
  readonly #model: ServiceModel;
  readonly #compiled = new Map<string, Encoder>();

  constructor(model: ServiceModel) {
    this.#model = model;
  }

  get(name: string): Encoder {
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    let actual: Encoder | undefined;
    this.#compiled.set(name, (value, path) => actual!(value, path));
    actual = this.#compile(name, shapeOf(this.#model, name));
    this.#compiled.set(name, actual);
    return actual;
  }

  #compile(name: string, shape: Shape): Encoder {
    switch (shape.type) {
      case 'timestamp':
        return encodeTimestamp;
      case 'blob':
        return encodeBlob;
      case 'integer':
      case 'long':
      case 'float':
      case 'double':
        return encodeNumber;
      case 'boolean':
        return encodeBoolean;
      case 'string':
        return encodeString;
      case 'list': {
        const item = this.get(shape.member!);
        return (value, path) => {
          if (!Array.isArray(value)) misfit(path, value, 'a list');
          return value.map((entry) => item(entry, path));
        };
      }
      case 'map': {
        const item = this.get(shape.value!);
        return (value, path) => {
          const encoded: Record<string, unknown> = {};
          for (const [key, entry] of Object.entries(value as Record<string, unknown>)) {
            if (entry !== undefined && entry !== null) encoded[key] = item(entry, path);
          }
          return encoded;
        };
      }
      case 'structure':
        return this.#compileStructure(name, shape);
    }
  }

  #compileStructure(name: string, shape: Shape): Encoder {
    const members = new Map<string, Encoder>();
    for (const [member, target] of Object.entries(shape.members ?? {})) members.set(member, this.get(target));
    return (value, path) => {
      if (typeof value !== 'object' || value === null) misfit(path, value, `a ${name}`);
      const encoded: Record<string, unknown> = {};
      const source = value as Record<string, unknown>;
      for (const member in source) {
        const entry = source[member];
        if (entry === undefined || entry === null) continue;
        const encode = members.get(member);
        if (encode === undefined) throw new Error(`${path}: ${name} has no member ${member}`);
        encoded[member] = encode(entry, path);
      }
      return encoded;
    };
  }
}
