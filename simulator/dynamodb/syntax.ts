import { RESERVED_WORDS } from './reserved-words.ts';
import { validationError } from './values.ts';

/** One step of a document path: an attribute name (resolved from `#name`) or a list index. */
export type PathStep = string | number;
export type Path = readonly PathStep[];

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Operand[] }
  | { readonly kind: 'sum'; readonly sign: 1 | -1; readonly left: Operand; readonly right: Operand };

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly inner: Condition }
  | { readonly kind: 'compare'; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly subject: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly subject: Operand; readonly list: readonly Operand[] }
  | { readonly kind: 'test'; readonly name: string; readonly args: readonly Operand[] };

export interface UpdateClauses {
  readonly set: readonly { readonly path: Path; readonly value: Operand }[];
  readonly remove: readonly Path[];
  readonly add: readonly { readonly path: Path; readonly value: Operand }[];
  readonly delete: readonly { readonly path: Path; readonly value: Operand }[];
}

interface Token {
  readonly kind: 'name' | 'placeholder' | 'value' | 'index' | 'symbol' | 'end';
  readonly text: string;
}

const TOKEN = /\s*(?:(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|\[(\d+)\]|([A-Za-z_][A-Za-z0-9_]*)|(<>|<=|>=|[=<>(),.+-]))/y;

function tokenize(expression: string, label: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let position = 0;
  while (position < expression.length) {
    if (expression.slice(position).trim() === '') break;
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(expression);
    if (match === null) {
      const found = expression.slice(position).trim().charAt(0);
      const near = expression.slice(Math.max(0, position - 5), position + 5);
      throw validationError(`Invalid ${label}: Syntax error; token: "${found}", near: "${near}"`);
    }
    position = TOKEN.lastIndex;
    const [, placeholder, value, index, name, symbol] = match;
    if (placeholder !== undefined) tokens.push({ kind: 'placeholder', text: placeholder });
    else if (value !== undefined) tokens.push({ kind: 'value', text: value });
    else if (index !== undefined) tokens.push({ kind: 'index', text: index });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'symbol', text: symbol! });
  }
  tokens.push({ kind: 'end', text: '<EOF>' });
  return tokens;
}

const COMPARATORS = new Set(['=', '<>', '<', '<=', '>', '>=']);
const CONDITION_FUNCTIONS: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
};
const KEYWORDS = new Set(['and', 'or', 'not', 'between', 'in', 'set', 'remove', 'add', 'delete']);

/** Recursive descent over DynamoDB's expression grammar. `names` are the request's ExpressionAttributeNames. */
export class ExpressionParser {
  readonly #tokens: Token[];
  readonly #label: string;
  readonly #names: Readonly<Record<string, string>>;
  #position = 0;
  readonly usedNames = new Set<string>();
  readonly usedValues = new Set<string>();

  constructor(expression: string, label: string, names: Readonly<Record<string, string>>) {
    if (expression.trim() === '') throw validationError(`Invalid ${label}: The expression can not be empty;`);
    this.#tokens = tokenize(expression, label);
    this.#label = label;
    this.#names = names;
  }

  #peek(): Token {
    return this.#tokens[this.#position]!;
  }

  #take(): Token {
    return this.#tokens[this.#position++]!;
  }

  #fail(token: Token): never {
    const near = this.#tokens
      .slice(Math.max(0, this.#position - 2), this.#position + 2)
      .map((part) => part.text)
      .join(' ');
    throw validationError(`Invalid ${this.#label}: Syntax error; token: "${token.text}", near: "${near}"`);
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === text;
  }

  #isKeyword(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'name' && token.text.toLowerCase() === text;
  }

  #expectSymbol(text: string): void {
    const token = this.#take();
    if (token.kind !== 'symbol' || token.text !== text) this.#fail(token);
  }

  #expectEnd(): void {
    const token = this.#peek();
    if (token.kind !== 'end') this.#fail(token);
  }

  parseCondition(): Condition {
    const condition = this.#or();
    this.#expectEnd();
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#isKeyword('or')) {
      this.#take();
      left = { kind: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#isKeyword('and')) {
      this.#take();
      left = { kind: 'and', left, right: this.#not() };
    }
    return left;
  }

  #not(): Condition {
    if (this.#isKeyword('not')) {
      this.#take();
      return { kind: 'not', inner: this.#not() };
    }
    if (this.#isSymbol('(')) {
      this.#take();
      const inner = this.#or();
      this.#expectSymbol(')');
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const start = this.#peek();
    const subject = this.#operand();
    if (subject.kind === 'call' && subject.name !== 'size') return this.#test(subject.name, subject.args);
    const token = this.#peek();
    if (token.kind === 'symbol' && COMPARATORS.has(token.text)) {
      this.#take();
      return { kind: 'compare', operator: token.text as Comparator, left: subject, right: this.#operand() };
    }
    if (this.#isKeyword('between')) {
      this.#take();
      const low = this.#operand();
      if (!this.#isKeyword('and')) this.#fail(this.#peek());
      this.#take();
      return { kind: 'between', subject, low, high: this.#operand() };
    }
    if (this.#isKeyword('in')) {
      this.#take();
      this.#expectSymbol('(');
      return { kind: 'in', subject, list: this.#operandList() };
    }
    return this.#fail(token.kind === 'end' ? token : start);
  }

  #test(name: string, args: readonly Operand[]): Condition {
    const wanted = CONDITION_FUNCTIONS[name];
    if (wanted === undefined) throw validationError(`Invalid ${this.#label}: Invalid function name; function: ${name}`);
    if (args.length !== wanted) {
      throw validationError(
        `Invalid ${this.#label}: Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
      );
    }
    return { kind: 'test', name, args };
  }

  #operandList(): Operand[] {
    const list = [this.#operand()];
    while (this.#isSymbol(',')) {
      this.#take();
      list.push(this.#operand());
    }
    this.#expectSymbol(')');
    return list;
  }

  #operand(): Operand {
    const token = this.#peek();
    if (token.kind === 'value') {
      this.#take();
      this.usedValues.add(token.text);
      return { kind: 'value', name: token.text };
    }
    const next = this.#tokens[this.#position + 1];
    if (token.kind === 'name' && next?.kind === 'symbol' && next.text === '(') {
      this.#take();
      this.#take();
      return { kind: 'call', name: token.text, args: this.#operandList() };
    }
    return { kind: 'path', path: this.parsePath() };
  }

  parsePath(): Path {
    const steps: PathStep[] = [this.#pathName()];
    for (;;) {
      if (this.#isSymbol('.')) {
        this.#take();
        steps.push(this.#pathName());
      } else if (this.#peek().kind === 'index') {
        steps.push(Number(this.#take().text));
      } else {
        return steps;
      }
    }
  }

  #pathName(): string {
    const token = this.#take();
    if (token.kind === 'placeholder') {
      const name = this.#names[token.text];
      if (name === undefined) {
        throw validationError(
          `Invalid ${this.#label}: An expression attribute name used in the document path is not defined; attribute name: ${token.text}`,
        );
      }
      this.usedNames.add(token.text);
      return name;
    }
    const word = token.text.toLowerCase();
    if (token.kind !== 'name' || KEYWORDS.has(word)) this.#fail(token);
    if (RESERVED_WORDS.has(word)) {
      throw validationError(
        `Invalid ${this.#label}: Attribute name is a reserved keyword; reserved keyword: ${token.text}`,
      );
    }
    return token.text;
  }

  parseProjection(): Path[] {
    const paths = [this.parsePath()];
    while (this.#isSymbol(',')) {
      this.#take();
      paths.push(this.parsePath());
    }
    this.#expectEnd();
    return paths;
  }

  parseUpdate(): UpdateClauses {
    const clauses = {
      set: [] as { path: Path; value: Operand }[],
      remove: [] as Path[],
      add: [] as { path: Path; value: Operand }[],
      delete: [] as { path: Path; value: Operand }[],
    };
    const seen = new Set<string>();
    while (this.#peek().kind !== 'end') {
      const token = this.#take();
      const word = token.text.toLowerCase();
      if (token.kind !== 'name' || !(word in clauses)) this.#fail(token);
      if (seen.has(word)) {
        throw validationError(
          `Invalid UpdateExpression: The "${word.toUpperCase()}" section can only be used once in an update expression;`,
        );
      }
      seen.add(word);
      this.#clause(word as keyof UpdateClauses, clauses);
    }
    refuseOverlaps(
      [...clauses.set, ...clauses.add, ...clauses.delete].map((entry) => entry.path).concat(clauses.remove),
    );
    return clauses;
  }

  #clause(
    word: keyof UpdateClauses,
    clauses: {
      set: { path: Path; value: Operand }[];
      remove: Path[];
      add: { path: Path; value: Operand }[];
      delete: { path: Path; value: Operand }[];
    },
  ): void {
    for (;;) {
      const path = this.parsePath();
      if (word === 'remove') {
        clauses.remove.push(path);
      } else {
        if (word === 'set') this.#expectSymbol('=');
        clauses[word].push({ path, value: word === 'set' ? this.#sum() : this.#operand() });
      }
      if (!this.#isSymbol(',')) return;
      this.#take();
    }
  }

  #sum(): Operand {
    const left = this.#operand();
    for (const [symbol, sign] of [
      ['+', 1],
      ['-', -1],
    ] as const) {
      if (!this.#isSymbol(symbol)) continue;
      this.#take();
      return { kind: 'sum', sign, left, right: this.#operand() };
    }
    return left;
  }
}

function refuseOverlaps(paths: readonly Path[]): void {
  for (const [index, one] of paths.entries()) {
    for (const other of paths.slice(index + 1)) {
      const shorter = Math.min(one.length, other.length);
      if (one.slice(0, shorter).every((step, at) => step === other[at])) {
        const show = (path: Path): string => `[${path.join(', ')}]`;
        throw validationError(
          `Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${show(one)}, path two: ${show(other)}`,
        );
      }
    }
  }
}
