import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';

/** `Ref: AWS::NoValue`: the property is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

export interface References {
  /** What `Ref` gives for a resource's logical id; undefined when there is no such resource. */
  ref(logicalId: string): string | undefined;
  /** What `Fn::GetAtt` gives. */
  attribute(logicalId: string, name: string, path: string): string;
}

export interface EvaluatorInput {
  readonly template: JsonObject;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly pseudo: Readonly<Record<string, string>>;
  readonly references: References;
}

type Value = Json | typeof NO_VALUE;

function sectionOf(template: JsonObject, name: string): JsonObject {
  const section = template[name];
  if (section === undefined || section === null) return {};
  if (!isJsonObject(section)) throw new TemplateError(name, 'must be a mapping');
  return section;
}

/** Evaluates CloudFormation's intrinsic functions and conditions. */
export class Evaluator {
  readonly #input: EvaluatorInput;
  readonly #conditions: JsonObject;
  readonly #mappings: JsonObject;
  readonly #known = new Map<string, boolean>();

  constructor(input: EvaluatorInput) {
    this.#input = input;
    this.#conditions = sectionOf(input.template, 'Conditions');
    this.#mappings = sectionOf(input.template, 'Mappings');
  }

  condition(name: string, path: string): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const expression = this.#conditions[name];
    if (expression === undefined) throw new TemplateError(path, `condition ${name} is not defined`);
    const result = this.#truth(expression, `Conditions.${name}`);
    this.#known.set(name, result);
    return result;
  }

  /** Whether a condition function holds, outside of `Conditions`. */
  holds(expression: Json, path: string): boolean {
    return this.#truth(expression, path);
  }

  #truth(expression: Json, path: string): boolean {
    if (!isJsonObject(expression)) throw new TemplateError(path, 'must be a condition function');
    const [name, argument] = Object.entries(expression)[0] ?? ['', null];
    const list = Array.isArray(argument) ? (argument as readonly Json[]) : [];
    switch (name) {
      case 'Condition':
        return this.condition(String(argument), path);
      case 'Fn::Equals':
        return String(this.value(list[0] ?? null, path)) === String(this.value(list[1] ?? null, path));
      case 'Fn::Not':
        return !this.#truth(list[0] ?? null, path);
      case 'Fn::And':
        return list.every((entry) => this.#truth(entry, path));
      case 'Fn::Or':
        return list.some((entry) => this.#truth(entry, path));
      case 'Fn::EachMemberEquals': {
        const [members, wanted] = list.map((entry) => this.value(entry, path));
        return Array.isArray(members) && members.every((member) => String(member) === String(wanted));
      }
      default:
        throw new TemplateError(
          path,
          `${name}: must be Fn::Equals, Fn::Not, Fn::And, Fn::Or, Fn::EachMemberEquals or Condition`,
        );
    }
  }

  /** The value with all functions replaced; members whose value is AWS::NoValue are left out. */
  value(input: Json, path: string): Json {
    const result = this.#evaluate(input, path);
    return result === NO_VALUE ? null : result;
  }

  #evaluate(input: Json, path: string): Value {
    if (Array.isArray(input)) {
      return (input as readonly Json[])
        .map((entry, index) => this.#evaluate(entry, `${path}[${index}]`))
        .filter((entry): entry is Json => entry !== NO_VALUE);
    }
    if (!isJsonObject(input)) return input;
    const names = Object.keys(input);
    const name = names[0];
    if (names.length === 1 && (name === 'Ref' || name?.startsWith('Fn::') === true)) {
      return this.#call(name, input[name]!, path);
    }
    const result: Record<string, Json> = {};
    for (const member of names) {
      const value = this.#evaluate(input[member]!, `${path}.${member}`);
      if (value !== NO_VALUE) result[member] = value;
    }
    return result;
  }

  #call(name: string, argument: Json, path: string): Value {
    switch (name) {
      case 'Ref':
        return this.#ref(String(argument), path);
      case 'Fn::GetAtt':
        return this.#getAtt(argument, path);
      case 'Fn::Sub':
        return this.#sub(argument, path);
      case 'Fn::If': {
        const [condition, yes, no] = argument as readonly Json[];
        return this.#evaluate((this.condition(String(condition), path) ? yes : no) ?? null, path);
      }
      case 'Fn::Join': {
        const [separator, list] = argument as readonly Json[];
        const entries = this.value(list ?? null, path);
        if (!Array.isArray(entries)) throw new TemplateError(path, 'Fn::Join needs a list');
        return entries.map(String).join(String(separator));
      }
      case 'Fn::Select': {
        const [index, list] = (argument as readonly Json[]).map((entry) => this.value(entry, path));
        const chosen = Array.isArray(list) ? (list as readonly Json[])[Number(index)] : undefined;
        if (chosen === undefined) throw new TemplateError(path, `Fn::Select: no entry ${String(index)}`);
        return chosen;
      }
      case 'Fn::Split': {
        const [separator, text] = (argument as readonly Json[]).map((entry) => this.value(entry, path));
        return String(text).split(String(separator));
      }
      case 'Fn::FindInMap':
        return this.#findInMap(argument, path);
      default:
        throw new TemplateError(path, `${name}: this function is not simulated`);
    }
  }

  #ref(name: string, path: string): Value {
    if (name === 'AWS::NoValue') return NO_VALUE;
    const value = this.#input.pseudo[name] ?? this.#input.parameters[name] ?? this.#input.references.ref(name);
    if (value === undefined) throw new TemplateError(path, `Ref ${name}: no such parameter or resource`);
    return value;
  }

  #getAtt(argument: Json, path: string): string {
    const text = Array.isArray(argument)
      ? argument.map((part) => String(this.value(part, path))).join('.')
      : String(argument);
    const dot = text.indexOf('.');
    return this.#input.references.attribute(text.slice(0, dot), text.slice(dot + 1), path);
  }

  #sub(argument: Json, path: string): string {
    const [text, own] = Array.isArray(argument) ? (argument as readonly Json[]) : [argument, {}];
    const variables = isJsonObject(own ?? null) ? (own as JsonObject) : {};
    return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_whole, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      const key = name.trim();
      if (variables[key] !== undefined) return String(this.value(variables[key], path));
      return String(key.includes('.') ? this.#getAtt(key, path) : this.#ref(key, path));
    });
  }

  #findInMap(argument: Json, path: string): Json {
    const [map, first, second] = (argument as readonly Json[]).map((entry) => String(this.value(entry, path)));
    const level = this.#mappings[map!];
    const row = isJsonObject(level) ? level[first!] : undefined;
    const found = isJsonObject(row) ? row[second!] : undefined;
    if (found === undefined)
      throw new TemplateError(path, `Fn::FindInMap: Mappings.${map}.${first}.${second} is not there`);
    return found;
  }
}
