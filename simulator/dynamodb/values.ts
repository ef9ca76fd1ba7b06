import { ApiError } from '../contract.ts';

/** DynamoDB's attribute values in wire form, blobs as bytes. Stored values are never changed in place. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
  readonly SS?: readonly string[];
  readonly NS?: readonly string[];
  readonly BS?: readonly Uint8Array[];
  readonly M?: Readonly<Record<string, AttributeValue>>;
  readonly L?: readonly AttributeValue[];
  readonly NULL?: boolean;
  readonly BOOL?: boolean;
}

export type AttributeType = 'S' | 'N' | 'B' | 'SS' | 'NS' | 'BS' | 'M' | 'L' | 'NULL' | 'BOOL';
export type Item = Readonly<Record<string, AttributeValue>>;

export function validationError(message: string): ApiError {
  return new ApiError('ValidationException', message);
}

export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function checkNumber(text: string): void {
  if (!NUMBER.test(text.trim())) {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[^\d]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  if (digits.length > 38) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
}

function checkSet(values: readonly unknown[], name: string, keyOf: (value: never) => string): void {
  if (values.length === 0) {
    throw validationError(`One or more parameter values were invalid: An ${name} set  may not be empty`);
  }
  const seen = new Set(values.map((value) => keyOf(value as never)));
  if (seen.size !== values.length) {
    throw validationError('One or more parameter values were invalid: Input collection contains duplicates.');
  }
}

const bytesKey = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Refuses values that the wire model lets through and DynamoDB does not. */
export function checkValue(value: AttributeValue, depth = 0): void {
  const types = Object.keys(value);
  if (types.length === 0) {
    throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  }
  if (types.length > 1) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  }
  if (depth > 32) throw validationError('Nesting Levels have exceeded supported limits');
  if (value.N !== undefined) checkNumber(value.N);
  if (value.NULL === false) {
    throw validationError(
      'One or more parameter values were invalid: Null attribute value types must have the value of true',
    );
  }
  if (value.SS) checkSet(value.SS, 'string', (text: string) => text);
  if (value.NS) {
    for (const text of value.NS) checkNumber(text);
    checkSet(value.NS, 'number', (text: string) => String(Number(text)));
  }
  if (value.BS) checkSet(value.BS, 'binary', bytesKey);
  if (value.M) for (const name in value.M) checkValue(value.M[name]!, depth + 1);
  if (value.L) for (const entry of value.L) checkValue(entry, depth + 1);
}

/** Order of keys and of comparisons: numbers by value, strings by their UTF-8 bytes. Only for equal types S, N, B. */
export function compareScalars(a: AttributeValue, b: AttributeValue): number {
  if (a.N !== undefined && b.N !== undefined) return compareNumbers(a.N, b.N);
  if (a.S !== undefined && b.S !== undefined) return compareStrings(a.S, b.S);
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(a.B, b.B);
  throw new Error('only scalars of the same type have an order');
}

function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  // UTF-16 order differs from UTF-8 order only where surrogates occur.
  if (/[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(a) - Number(b);
}

export function areEqual(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  switch (type) {
    case 'N':
    case 'S':
    case 'B':
      return compareScalars(a, b) === 0;
    case 'BOOL':
      return a.BOOL === b.BOOL;
    case 'NULL':
      return true;
    case 'SS':
      return sameMembers(a.SS!, b.SS!);
    case 'NS':
      return sameMembers(a.NS!.map(Number).map(String), b.NS!.map(Number).map(String));
    case 'BS':
      return sameMembers(a.BS!.map(bytesKey), b.BS!.map(bytesKey));
    case 'L':
      return a.L!.length === b.L!.length && a.L!.every((entry, index) => areEqual(entry, b.L![index]!));
    case 'M': {
      const names = Object.keys(a.M!);
      if (names.length !== Object.keys(b.M!).length) return false;
      return names.every((name) => b.M![name] !== undefined && areEqual(a.M![name]!, b.M![name]!));
    }
  }
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(b);
  return a.length === members.size && a.every((entry) => members.has(entry));
}

export function addNumbers(a: string, b: string, sign: 1 | -1): string {
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) return String(BigInt(a) + BigInt(sign) * BigInt(b));
  // DynamoDB adds decimals exactly; scaling to whole numbers avoids 0.1 + 0.2.
  const scale = Math.max(decimals(a), decimals(b));
  const sum = scaled(a, scale) + BigInt(sign) * scaled(b, scale);
  return unscaled(sum, scale);
}

function expand(text: string): string {
  return /e/i.test(text) ? Number(text).toFixed(20).replace(/0+$/, '').replace(/\.$/, '') : text.replace(/^\+/, '');
}

function decimals(text: string): number {
  const plain = expand(text);
  const dot = plain.indexOf('.');
  return dot < 0 ? 0 : plain.length - dot - 1;
}

function scaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = expand(text).split('.');
  return BigInt(`${whole === '' || whole === '-' ? `${whole}0` : whole}${fraction.padEnd(scale, '0')}`);
}

function unscaled(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const negative = value < 0n;
  const digits = String(negative ? -value : value).padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  const text = digits.slice(0, -scale) + (fraction === '' ? '' : `.${fraction}`);
  return negative ? `-${text}` : text;
}

/** Size as DynamoDB counts it: names and strings in UTF-8, numbers two digits a byte, 3 bytes for each list or map. */
export function sizeOfItem(item: Item): number {
  let size = 0;
  for (const name in item) size += Buffer.byteLength(name) + sizeOfValue(item[name]!);
  return size;
}

function sizeOfNumber(text: string): number {
  return Math.ceil(text.replace(/[^\d]/g, '').replace(/^0+/, '').length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function sizeOfValue(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return sizeOfNumber(value.N);
  if (value.B !== undefined) return value.B.length;
  if (value.SS) return value.SS.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (value.NS) return value.NS.reduce((sum, text) => sum + sizeOfNumber(text), 0);
  if (value.BS) return value.BS.reduce((sum, bytes) => sum + bytes.length, 0);
  if (value.L) return 3 + value.L.reduce((sum, entry) => sum + 1 + sizeOfValue(entry), 0);
  if (value.M) {
    return Object.entries(value.M).reduce(
      (sum, [name, entry]) => sum + 1 + Buffer.byteLength(name) + sizeOfValue(entry),
      3,
    );
  }
  return 1;
}

/** What `size(path)` gives in an expression: length, not storage. */
export function lengthOf(value: AttributeValue): number | undefined {
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return value.B.length;
  const collection = value.SS ?? value.NS ?? value.BS ?? value.L;
  if (collection !== undefined) return collection.length;
  return value.M === undefined ? undefined : Object.keys(value.M).length;
}
