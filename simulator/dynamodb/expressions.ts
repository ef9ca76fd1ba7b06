import {
  type Comparator,
  type Condition,
  ExpressionParser,
  type Operand,
  type Path,
  type UpdateClauses,
} from './syntax.ts';
import {
  type AttributeValue,
  areEqual,
  compareScalars,
  type Item,
  lengthOf,
  typeOf,
  validationError,
} from './values.ts';

interface Parsed<T> {
  readonly tree: T;
  readonly usedNames: ReadonlySet<string>;
  readonly usedValues: ReadonlySet<string>;
}

/** Product code sends the same few expressions all the time; parsing them once is most of the speed. */
const cache = new Map<string, Parsed<unknown>>();
const CACHE_SIZE = 2000;

/** All expressions of one request. `finish` refuses placeholders that no expression used, as DynamoDB does. */
export class RequestExpressions {
  readonly #names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
  readonly #usedNames = new Set<string>();
  readonly #usedValues = new Set<string>();
  #any = false;

  constructor(input: {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  }) {
    this.#names = input.ExpressionAttributeNames ?? {};
    this.values = input.ExpressionAttributeValues ?? {};
  }

  condition(expression: string | undefined, label: string): Condition | undefined {
    return this.#parse(expression, label, (parser) => parser.parseCondition());
  }

  projection(expression: string | undefined): Path[] | undefined {
    return this.#parse(expression, 'ProjectionExpression', (parser) => parser.parseProjection());
  }

  update(expression: string | undefined): UpdateClauses | undefined {
    return this.#parse(expression, 'UpdateExpression', (parser) => parser.parseUpdate());
  }

  #parse<T>(expression: string | undefined, label: string, parse: (parser: ExpressionParser) => T): T | undefined {
    if (expression === undefined) return undefined;
    this.#any = true;
    const key = `${label}\n${expression}\n${JSON.stringify(this.#names)}`;
    let parsed = cache.get(key) as Parsed<T> | undefined;
    if (parsed === undefined) {
      const parser = new ExpressionParser(expression, label, this.#names);
      const tree = parse(parser);
      parsed = { tree, usedNames: parser.usedNames, usedValues: parser.usedValues };
      if (cache.size >= CACHE_SIZE) cache.clear();
      cache.set(key, parsed);
    }
    for (const name of parsed.usedNames) this.#usedNames.add(name);
    for (const name of parsed.usedValues) {
      if (this.values[name] === undefined) {
        throw validationError(
          `Invalid ${label}: An expression attribute value used in expression is not defined; attribute value: ${name}`,
        );
      }
      this.#usedValues.add(name);
    }
    return parsed.tree;
  }

  finish(): void {
    const names = Object.keys(this.#names);
    const values = Object.keys(this.values);
    if (!this.#any && (names.length > 0 || values.length > 0)) {
      const which = names.length > 0 ? 'ExpressionAttributeNames' : 'ExpressionAttributeValues';
      throw validationError(`${which} can only be specified when using expressions`);
    }
    const unusedNames = names.filter((name) => !this.#usedNames.has(name));
    if (unusedNames.length > 0) {
      throw validationError(
        `Value provided in ExpressionAttributeNames unused in expressions: keys: {${unusedNames.join(', ')}}`,
      );
    }
    const unusedValues = values.filter((name) => !this.#usedValues.has(name));
    if (unusedValues.length > 0) {
      throw validationError(
        `Value provided in ExpressionAttributeValues unused in expressions: keys: {${unusedValues.join(', ')}}`,
      );
    }
  }
}

export function readPath(item: Item, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = item[path[0] as string];
  for (let index = 1; index < path.length && value !== undefined; index += 1) {
    const step = path[index]!;
    value = typeof step === 'number' ? value.L?.[step] : value.M?.[step];
  }
  return value;
}

export type Values = Readonly<Record<string, AttributeValue>>;

export function readOperand(operand: Operand, item: Item, values: Values): AttributeValue | undefined {
  switch (operand.kind) {
    case 'path':
      return readPath(item, operand.path);
    case 'value':
      return values[operand.name];
    case 'call': {
      const subject = operand.args[0] === undefined ? undefined : readOperand(operand.args[0], item, values);
      const length = subject === undefined ? undefined : lengthOf(subject);
      return length === undefined ? undefined : { N: String(length) };
    }
    case 'sum':
      throw new Error('arithmetic occurs in update expressions only');
  }
}

const SCALARS = new Set(['S', 'N', 'B']);

function compare(operator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  // A comparison with an absent attribute is false, and <> with one is true.
  if (left === undefined || right === undefined) return operator === '<>' && left !== right;
  if (operator === '=') return areEqual(left, right);
  if (operator === '<>') return !areEqual(left, right);
  const type = typeOf(left);
  if (type !== typeOf(right) || !SCALARS.has(type)) return false;
  const order = compareScalars(left, right);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function contains(subject: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (subject === undefined || part === undefined) return false;
  if (subject.S !== undefined) return part.S !== undefined && subject.S.includes(part.S);
  if (subject.SS) return part.S !== undefined && subject.SS.includes(part.S);
  if (subject.NS) return part.N !== undefined && subject.NS.some((number) => compareScalars({ N: number }, part) === 0);
  if (subject.L) return subject.L.some((entry) => areEqual(entry, part));
  return false;
}

function runTest(name: string, args: readonly Operand[], item: Item, values: Values): boolean {
  const subject = readOperand(args[0]!, item, values);
  if (name === 'attribute_exists') return subject !== undefined;
  if (name === 'attribute_not_exists') return subject === undefined;
  const other = readOperand(args[1]!, item, values);
  if (name === 'attribute_type') return subject !== undefined && typeOf(subject) === other?.S;
  if (name === 'contains') return contains(subject, other);
  if (subject?.S !== undefined && other?.S !== undefined) return subject.S.startsWith(other.S);
  if (subject?.B === undefined || other?.B === undefined) return false;
  return Buffer.compare(subject.B.slice(0, other.B.length), other.B) === 0;
}

export function evaluate(condition: Condition, item: Item, values: Values): boolean {
  switch (condition.kind) {
    case 'and':
      return evaluate(condition.left, item, values) && evaluate(condition.right, item, values);
    case 'or':
      return evaluate(condition.left, item, values) || evaluate(condition.right, item, values);
    case 'not':
      return !evaluate(condition.inner, item, values);
    case 'compare': {
      const left = readOperand(condition.left, item, values);
      return compare(condition.operator, left, readOperand(condition.right, item, values));
    }
    case 'between': {
      const subject = readOperand(condition.subject, item, values);
      const low = readOperand(condition.low, item, values);
      return compare('>=', subject, low) && compare('<=', subject, readOperand(condition.high, item, values));
    }
    case 'in': {
      const subject = readOperand(condition.subject, item, values);
      return condition.list.some((entry) => compare('=', subject, readOperand(entry, item, values)));
    }
    case 'test':
      return runTest(condition.name, condition.args, item, values);
  }
}
