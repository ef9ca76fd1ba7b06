import { ApiError } from '../contract.ts';
import { type ServiceModel, type Shape, shapeOf } from './model.ts';

/** Collects what is wrong with an input, in the words that AWS's validation uses. */
export class Problems {
  readonly list: string[] = [];
  add(value: unknown, path: string, constraint: string): void {
    const shown = value === undefined || value === null ? 'null' : `'${showValue(value)}'`;
    this.list.push(`Value ${shown} at '${path}' failed to satisfy constraint: Member must ${constraint}`);
  }
}

export type Decoder = (value: unknown, path: string, problems: Problems) => unknown;

/** As AWS's Java services print a value: [a, b] for lists, {k=v} for maps. */
function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => `${name}=${showValue(member)}`);
    return `{${members.join(', ')}}`;
  }
  return String(value);
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}

/** The answer to a JSON value of a wrong type: such a request is refused before validation. */
function refuseType(value: unknown, wanted: string): never {
  const found = kindOf(value);
  if (found === 'START_OBJECT') {
    throw new ApiError('SerializationException', 'Start of structure or map found where not expected.');
  }
  if (found === 'START_ARRAY') throw new ApiError('SerializationException', 'Start of list found where not expected');
  throw new ApiError('SerializationException', `${found} can not be converted to ${wanted}`);
}

/** Member names as they appear in AWS's messages: `EndpointName` → `endpointName`, `VPCId` stays apart from its first letter. */
function messageName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** AWS's patterns are Java's and match the whole value. */
function compilePattern(pattern: string): RegExp {
  // `Print` is a POSIX class that JavaScript does not know by that name.
  const whole = `^(?:${pattern.replaceAll('\\p{Print}', '[\\x20-\\x7E]')})$`;
  try {
    return new RegExp(whole, 'u');
  } catch {
    // Java allows escapes (`\-`, `\_`) that JavaScript's unicode mode refuses.
    return new RegExp(whole);
  }
}

function compileString(shape: Shape): Decoder {
  const { min, max, enum: allowed } = shape;
  const pattern = shape.pattern === undefined ? undefined : compilePattern(shape.pattern);
  const values = allowed === undefined ? undefined : new Set(allowed);
  return (value, path, problems) => {
    if (typeof value !== 'string') refuseType(value, 'a String');
    if (pattern !== undefined && !pattern.test(value)) {
      problems.add(value, path, `satisfy regular expression pattern: ${shape.pattern}`);
    }
    if (max !== undefined && value.length > max) {
      problems.add(value, path, `have length less than or equal to ${max}`);
    }
    if (min !== undefined && value.length < min) {
      problems.add(value, path, `have length greater than or equal to ${min}`);
    }
    if (values !== undefined && !values.has(value)) {
      problems.add(value, path, `satisfy enum value set: [${allowed!.join(', ')}]`);
    }
    return value;
  };
}

function compileNumber(shape: Shape): Decoder {
  const { min, max } = shape;
  const whole = shape.type === 'integer' || shape.type === 'long';
  const wanted = { integer: 'an Integer', long: 'a Long', float: 'a Float', double: 'a Double' }[
    shape.type as 'integer'
  ];
  return (value, path, problems) => {
    let number = value;
    // awsJson writes these three as strings, for there is no JSON number for them.
    if (!whole && (value === 'NaN' || value === 'Infinity' || value === '-Infinity')) number = Number(value);
    if (typeof number !== 'number' || (whole && !Number.isInteger(number))) refuseType(value, wanted);
    if (max !== undefined && number > max) problems.add(number, path, `have value less than or equal to ${max}`);
    if (min !== undefined && number < min) problems.add(number, path, `have value greater than or equal to ${min}`);
    return number;
  };
}

function decodeBoolean(value: unknown): unknown {
  if (typeof value !== 'boolean') refuseType(value, 'a Boolean');
  return value;
}

function decodeTimestamp(value: unknown): unknown {
  if (typeof value === 'number') return new Date(Math.round(value * 1000));
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(parsed)) refuseType(value, 'a Timestamp');
  return new Date(parsed);
}

function decodeBlob(value: unknown): unknown {
  if (typeof value !== 'string') refuseType(value, 'Base64 encoded binary');
  return new Uint8Array(Buffer.from(value, 'base64'));
}

function compileSize(shape: Shape): (size: number, value: unknown, path: string, problems: Problems) => void {
  const { min, max } = shape;
  return (size, value, path, problems) => {
    if (max !== undefined && size > max) problems.add(value, path, `have length less than or equal to ${max}`);
    if (min !== undefined && size < min) problems.add(value, path, `have length greater than or equal to ${min}`);
  };
}

/** Compiles decoders of one service; shapes may be recursive (DynamoDB's AttributeValue), so they refer to each other late. */
export class DecoderCompiler {
  readonly #model: ServiceModel;
  readonly #compiled = new Map<string, Decoder>();

  constructor(model: ServiceModel) {
    this.#model = model;
  }

  get(name: string): Decoder {
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    let actual: Decoder | undefined;
    this.#compiled.set(name, (value, path, problems) => actual!(value, path, problems));
    actual = this.#compile(shapeOf(this.#model, name));
    this.#compiled.set(name, actual);
    return actual;
  }

  #compile(shape: Shape): Decoder {
    switch (shape.type) {
      case 'string':
        return compileString(shape);
      case 'integer':
      case 'long':
      case 'float':
      case 'double':
        return compileNumber(shape);
      case 'boolean':
        return decodeBoolean;
      case 'timestamp':
        return decodeTimestamp;
      case 'blob':
        return decodeBlob;
      case 'list':
        return this.#compileList(shape);
      case 'map':
        return this.#compileMap(shape);
      case 'structure':
        return this.#compileStructure(shape);
    }
  }

  #compileList(shape: Shape): Decoder {
    const item = this.get(shape.member!);
    const checkSize = compileSize(shape);
    return (value, path, problems) => {
      if (!Array.isArray(value)) refuseList(value);
      const decoded = new Array<unknown>(value.length);
      for (let index = 0; index < value.length; index += 1) {
        const at = `${path}.${index + 1}.member`;
        const entry = value[index];
        if (entry === null) problems.add(entry, at, 'not be null');
        else decoded[index] = item(entry, at, problems);
      }
      checkSize(decoded.length, decoded, path, problems);
      return decoded;
    };
  }

  #compileMap(shape: Shape): Decoder {
    const keyDecoder = this.get(shape.key!);
    const valueDecoder = this.get(shape.value!);
    const checkSize = compileSize(shape);
    return (value, path, problems) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseStructure(value);
      const decoded: Record<string, unknown> = {};
      let size = 0;
      for (const [key, entry] of Object.entries(value)) {
        if (entry === null) continue;
        size += 1;
        keyDecoder(key, `${path}.key`, problems);
        // defineProperty semantics are not needed but `__proto__` as a key must stay data.
        if (key === '__proto__')
          Object.defineProperty(decoded, key, { value: valueDecoder(entry, path, problems), enumerable: true });
        else decoded[key] = valueDecoder(entry, `${path}.${key}.member`, problems);
      }
      checkSize(size, decoded, path, problems);
      return decoded;
    };
  }

  #compileStructure(shape: Shape): Decoder {
    const members = Object.entries(shape.members ?? {}).map(([name, target]) => ({
      name,
      at: messageName(name),
      decode: this.get(target),
    }));
    const byName = new Map(members.map((member) => [member.name, member]));
    const required = shape.required ?? [];
    return (value, path, problems) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseStructure(value);
      const decoded: Record<string, unknown> = {};
      const prefix = path === '' ? '' : `${path}.`;
      const source = value as Record<string, unknown>;
      for (const name in source) {
        const member = byName.get(name);
        const entry = source[name];
        // Members that the model does not know are ignored, as every AWS JSON service does; null is absent.
        if (member === undefined || entry === null || entry === undefined) continue;
        decoded[name] = member.decode(entry, prefix + member.at, problems);
      }
      for (const name of required) {
        if (decoded[name] === undefined) problems.add(undefined, prefix + messageName(name), 'not be null');
      }
      return decoded;
    };
  }
}

function refuseList(value: unknown): never {
  if (typeof value === 'object') refuseType(value, 'a List');
  throw new ApiError('SerializationException', 'Expected list or null');
}

function refuseStructure(value: unknown): never {
  if (Array.isArray(value)) refuseType(value, 'a Structure');
  throw new ApiError('SerializationException', 'Expected start of structure or null');
}
