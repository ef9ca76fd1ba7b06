/** How many arguments a function takes, what it gives, and what may stand among them beside values. */
interface MathFunction {
  readonly least: number;
  readonly most: number;
  /** `same`: several series of several, as for operators. */
  readonly gives: 'one' | 'several' | 'same';
  readonly words: readonly string[];
  readonly takesText: boolean;
}

const of = (
  names: string,
  gives: MathFunction['gives'],
  [least, most]: readonly [number, number] = [1, 1],
  more: Partial<Pick<MathFunction, 'words' | 'takesText'>> = {},
) => names.split(' ').map((name) => [name, { least, most, gives, words: [], takesText: false, ...more }] as const);

const ANY = Number.POSITIVE_INFINITY;

/**
 * The functions of CloudWatch's metric math. Where its page leaves open whether the answer is one series, it counts as one.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
const FUNCTIONS: ReadonlyMap<string, MathFunction> = new Map([
  ...of('ABS CEIL DATE DAY DIFF DIFF_TIME EPOCH FLOOR HOUR LOG LOG10 MINUTE MONTH PERIOD RATE', 'same'),
  ...of('RUNNING_SUM SERVICE_QUOTA TIME_SERIES YEAR', 'same'),
  ...of('AVG MAX MIN STDDEV SUM', 'one', [1, ANY]),
  ...of('DATAPOINT_COUNT FIRST LAST METRIC_COUNT', 'one'),
  ...of('ANOMALY_DETECTION_BAND', 'several', [1, 2]),
  ...of('DB_PERF_INSIGHTS INSIGHT_RULE_METRIC LAMBDA', 'one', [1, ANY], { takesText: true }),
  ...of('FILL', 'same', [2, 2], { words: ['REPEAT', 'LINEAR'] }),
  ...of('IF', 'same', [2, 3]),
  ...of('METRICS', 'several', [0, 1], { takesText: true }),
  ...of('REMOVE_EMPTY', 'several'),
  ...of('SLICE', 'one', [2, 3]),
  ...of('SORT', 'several', [2, 4], { words: ['AVG', 'MAX', 'MIN', 'SUM', 'ASC', 'DESC'] }),
]);

export const MATH_FUNCTIONS: readonly string[] = [...FUNCTIONS.keys()].sort();

const TOKEN =
  /(?<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)|(?<name>[a-z_]\w*)|(?<text>"[^"]*"|'[^']*')|[<>=!]=|&&|\|\||[-+*/^<>()[\],]/iy;
const OPERATORS: readonly string[] = [
  '+',
  '-',
  '*',
  '/',
  '^',
  '<',
  '>',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  'AND',
  'OR',
];
const NOT_FOR_SCALING =
  'an expression without SEARCH: a scaling policy reads only what `metrics` names, and needs one time series';
const ONE_SERIES = 'an expression that gives one time series: join several by SUM, AVG, MIN or MAX';

/** What an author has to be told; caught where the reading began. */
class MathRefusal extends Error {}

type Token = { readonly kind: 'number' | 'name' | 'text' | 'sign' | 'end'; readonly text: string; readonly at: number };

function tokens(math: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(math.charAt(at))) at += 1;
    if (at >= math.length) return [...found, { kind: 'end', text: '', at }];
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(math);
    if (match === null) throw unexpected({ kind: 'sign', text: math.charAt(at), at });
    const { number, name, text } = match.groups ?? {};
    const kind =
      number === undefined ? (name === undefined ? (text === undefined ? 'sign' : 'text') : 'name') : 'number';
    found.push({ kind, text: match[0], at });
    at = TOKEN.lastIndex;
  }
}

function unexpected({ kind, text, at }: Token, wanted?: string): MathRefusal {
  const where = kind === 'end' ? 'at its end' : `at character ${at + 1}, where ${text} stands`;
  const what = wanted === undefined ? 'a sign that it does not know' : `${wanted} is missing`;
  return new MathRefusal(`metric math that can be read: ${what} ${where}`);
}

/** Reads without a value in mind: which operator binds closer changes nothing about what is allowed. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #ids: readonly string[];
  #next = 0;

  constructor(math: string, ids: readonly string[]) {
    this.#tokens = tokens(math);
    this.#ids = ids;
  }

  /** Whether it gives several series. */
  whole(): boolean {
    const several = this.#expression();
    if (this.#peek().kind !== 'end') throw unexpected(this.#peek(), 'an operator');
    return several;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }

  #accept(text: string): boolean {
    const { kind, text: found } = this.#peek();
    if (kind === 'text' || found !== text) return false;
    this.#next += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw unexpected(this.#peek(), text);
  }

  #expression(): boolean {
    let several = this.#value();
    while (OPERATORS.some((operator) => this.#accept(operator))) several = this.#value() || several;
    return several;
  }

  #value(): boolean {
    while (this.#accept('-'));
    if (this.#accept('(')) {
      const several = this.#expression();
      this.#expect(')');
      return several;
    }
    if (this.#accept('[')) {
      do this.#expression();
      while (this.#accept(','));
      this.#expect(']');
      return true;
    }
    const token = this.#peek();
    if (token.kind !== 'number' && token.kind !== 'name') throw unexpected(token, 'a value');
    this.#next += 1;
    if (token.kind === 'number') return false;
    if (this.#accept('(')) return this.#call(token.text);
    if (!this.#ids.includes(token.text)) throw new MathRefusal(undeclared(token.text, this.#ids));
    return false;
  }

  #call(name: string): boolean {
    if (name === 'SEARCH') throw new MathRefusal(NOT_FOR_SCALING);
    const known = FUNCTIONS.get(name);
    if (known === undefined)
      throw new MathRefusal(`functions of metric math, ${MATH_FUNCTIONS.join(', ')}; ${name} is none`);
    const given = this.#arguments(known);
    const { least, most, gives } = known;
    if (given.length < least || given.length > most) {
      throw new MathRefusal(`${countOf(known)} of ${name}, not ${given.length}`);
    }
    return gives === 'several' || (gives === 'same' && given.includes(true));
  }

  #arguments({ words, takesText }: MathFunction): readonly boolean[] {
    const given: boolean[] = [];
    if (this.#accept(')')) return given;
    do {
      const isWord = words.some((word) => this.#accept(word));
      if (isWord || (takesText && this.#peek().kind === 'text' && ++this.#next > 0)) given.push(false);
      else given.push(this.#expression());
    } while (this.#accept(','));
    this.#expect(')');
    return given;
  }
}

function countOf({ least, most }: MathFunction): string {
  if (most === ANY) return 'an argument or more';
  if (least !== most) return `${least} to ${most} arguments`;
  return least === 1 ? 'one argument' : `${least} arguments`;
}

function undeclared(name: string, ids: readonly string[]): string {
  return `names that \`metrics\` gives, ${ids.join(', ')}; ${name} is none`;
}

/**
 * What is allowed instead of this expression over these ids; undefined: CloudWatch can read it, and it gives one time
 * series, which is what Application Auto Scaling asks for.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
 */
export function mathAllowed(math: string, ids: readonly string[]): string | undefined {
  try {
    return new Reader(math, ids).whole() ? ONE_SERIES : undefined;
  } catch (error) {
    if (error instanceof MathRefusal) return error.message;
    throw error;
  }
}
