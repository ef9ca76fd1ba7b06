/**
 * The subset of CloudWatch metric math that scaling uses: arithmetic, comparisons, AND/OR, and a few functions. Anything
 * else is an error that names it. Operands are scalars or series on one common grid, NaN where there is no datapoint.
 */
export type MathValue = number | Float64Array;

export class MetricMathError extends Error {}

export interface CompiledExpression {
  /** Ids of queries the expression reads. */
  readonly ids: readonly string[];
  evaluate(values: ReadonlyMap<string, MathValue>, length: number): MathValue;
}

type Evaluate = (values: ReadonlyMap<string, MathValue>, length: number) => MathValue;

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(&&|\|\||[<>!=]=|[-+*/^(),<>[\]]))/y;

type Token = { readonly kind: 'number' | 'name' | 'symbol'; readonly text: string };

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (expression.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(expression);
    if (!match) throw new MetricMathError(`unexpected '${expression.slice(at).trim()[0]}'`);
    at = TOKEN.lastIndex;
    if (match[1] !== undefined) tokens.push({ kind: 'number', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'name', text: match[2] });
    else tokens.push({ kind: 'symbol', text: match[3]! });
  }
  return tokens;
}

/** A series' value at an index; a missing point makes any result that needs it missing. */
function at(value: MathValue, index: number): number {
  return typeof value === 'number' ? value : value[index]!;
}

function combine(a: MathValue, b: MathValue, length: number, apply: (x: number, y: number) => number): MathValue {
  if (typeof a === 'number' && typeof b === 'number') return apply(a, b);
  const result = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [at(a, i), at(b, i)];
    result[i] = Number.isNaN(x) || Number.isNaN(y) ? NaN : apply(x, y);
  }
  return result;
}

const truth = (value: boolean): number => (value ? 1 : 0);

const OPERATORS: readonly Readonly<Record<string, (x: number, y: number) => number>>[] = [
  { '||': (x, y) => truth(x !== 0 || y !== 0), OR: (x, y) => truth(x !== 0 || y !== 0) },
  { '&&': (x, y) => truth(x !== 0 && y !== 0), AND: (x, y) => truth(x !== 0 && y !== 0) },
  {
    '<': (x, y) => truth(x < y),
    '>': (x, y) => truth(x > y),
    '<=': (x, y) => truth(x <= y),
    '>=': (x, y) => truth(x >= y),
    '==': (x, y) => truth(x === y),
    '!=': (x, y) => truth(x !== y),
  },
  { '+': (x, y) => x + y, '-': (x, y) => x - y },
  // A division by zero has no datapoint.
  { '*': (x, y) => x * y, '/': (x, y) => (y === 0 ? NaN : x / y) },
  { '^': (x, y) => x ** y },
];

type Reducer = (numbers: readonly number[]) => number;

const REDUCERS: Readonly<Record<string, Reducer>> = {
  SUM: (numbers) => numbers.reduce((a, b) => a + b, 0),
  AVG: (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length,
  MIN: (numbers) => Math.min(...numbers),
  MAX: (numbers) => Math.max(...numbers),
};

const MAPPERS: Readonly<Record<string, (x: number) => number>> = { ABS: Math.abs, CEIL: Math.ceil, FLOOR: Math.floor };

/** Of an array of series: across them, point by point, missing ones left out. Of one series: over its points, a scalar. */
function reduce(args: readonly MathValue[], length: number, isArray: boolean, reducer: Reducer): MathValue {
  const [only] = args;
  if (!isArray && only !== undefined) {
    const numbers = typeof only === 'number' ? [only] : [...only].filter((x) => !Number.isNaN(x));
    return numbers.length === 0 ? NaN : reducer(numbers);
  }
  const result = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const numbers = args.map((arg) => at(arg, i)).filter((x) => !Number.isNaN(x));
    result[i] = numbers.length === 0 ? NaN : reducer(numbers);
  }
  return result;
}

function fill(series: MathValue, filler: MathValue | 'REPEAT' | 'LINEAR', length: number): MathValue {
  if (typeof series === 'number') return series;
  const result = Float64Array.from(series);
  let last = -1;
  for (let i = 0; i < length; i++) {
    if (!Number.isNaN(series[i]!)) {
      if (filler === 'LINEAR' && last >= 0) {
        for (let j = last + 1; j < i; j++) {
          result[j] = series[last]! + ((series[i]! - series[last]!) * (j - last)) / (i - last);
        }
      }
      last = i;
    } else if (filler === 'REPEAT') result[i] = last >= 0 ? series[last]! : NaN;
    else if (filler !== 'LINEAR') result[i] = at(filler, i);
  }
  return result;
}

class Parser {
  readonly ids = new Set<string>();
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(expression: string) {
    this.#tokens = tokenize(expression);
  }

  parse(): Evaluate {
    const result = this.#binary(0);
    if (this.#next < this.#tokens.length) throw new MetricMathError(`unexpected '${this.#peek()}'`);
    return result;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #accept(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text))
      throw new MetricMathError(`expected '${text}', found '${this.#peek() ?? 'end of expression'}'`);
  }

  #binary(level: number): Evaluate {
    const operators = OPERATORS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (let name = this.#peek(); name !== undefined && Object.hasOwn(operators, name); name = this.#peek()) {
      const apply = operators[name]!;
      this.#next++;
      const right = this.#binary(level + 1);
      const first = left;
      left = (values, length) => combine(first(values, length), right(values, length), length, apply);
    }
    return left;
  }

  #unary(): Evaluate {
    if (!this.#accept('-')) return this.#primary();
    const operand = this.#unary();
    return (values, length) => combine(0, operand(values, length), length, (x, y) => x - y);
  }

  #primary(): Evaluate {
    if (this.#accept('(')) {
      const inner = this.#binary(0);
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw new MetricMathError('unexpected end of expression');
    if (token.kind === 'number') {
      const number = Number(token.text);
      return () => number;
    }
    if (token.kind === 'symbol') throw new MetricMathError(`unexpected '${token.text}'`);
    return this.#accept('(') ? this.#call(token.text) : this.#reference(token.text);
  }

  #reference(id: string): Evaluate {
    // Names of functions and keywords are upper case, ids begin with a lower-case letter.
    if (!/^[a-z]/.test(id)) throw new MetricMathError(`'${id}' is not supported here`);
    this.ids.add(id);
    return (values) => {
      const value = values.get(id);
      if (value === undefined) throw new MetricMathError(`'${id}' does not exist`);
      return value;
    };
  }

  #call(name: string): Evaluate {
    if (name === 'FILL') return this.#fill();
    if (name === 'IF') return this.#if();
    const isArray = this.#accept('[');
    const args = [this.#binary(0)];
    while (this.#accept(',')) args.push(this.#binary(0));
    if (isArray) this.#expect(']');
    this.#expect(')');
    const reducer = Object.hasOwn(REDUCERS, name) ? REDUCERS[name] : undefined;
    const mapper = Object.hasOwn(MAPPERS, name) ? MAPPERS[name] : undefined;
    if (reducer) {
      return (values, length) =>
        reduce(
          args.map((arg) => arg(values, length)),
          length,
          isArray || args.length > 1,
          reducer,
        );
    }
    if (mapper && args.length === 1) {
      return (values, length) => combine(args[0]!(values, length), 0, length, (x) => mapper(x));
    }
    throw new MetricMathError(`function '${name}' is not supported`);
  }

  #fill(): Evaluate {
    const series = this.#binary(0);
    this.#expect(',');
    const keyword = (['REPEAT', 'LINEAR'] as const).find((word) => this.#accept(word));
    const filler = keyword === undefined ? this.#binary(0) : undefined;
    this.#expect(')');
    return (values, length) => fill(series(values, length), keyword ?? filler!(values, length), length);
  }

  #if(): Evaluate {
    const condition = this.#binary(0);
    this.#expect(',');
    const then = this.#binary(0);
    const otherwise = this.#accept(',') ? this.#binary(0) : () => NaN;
    this.#expect(')');
    return (values, length) => {
      const [test, yes, no] = [condition(values, length), then(values, length), otherwise(values, length)];
      if (typeof test === 'number') return test !== 0 ? yes : no;
      return test.map((x, i) => (Number.isNaN(x) ? NaN : x !== 0 ? at(yes, i) : at(no, i)));
    };
  }
}

export function compileExpression(expression: string): CompiledExpression {
  const parser = new Parser(expression);
  const evaluate = parser.parse();
  return { ids: [...parser.ids], evaluate };
}
