import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, parseDocument } from 'yaml';

/** What is wrong with a template, and where: `Resources.Tick.Properties.State: …`. */
export class TemplateError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options);
    this.name = 'TemplateError';
  }
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `!Ref x` → `{ Ref: x }`, `!Sub x` → `{ 'Fn::Sub': x }`. */
function expandTag(tag: string, value: Json): Json {
  const name = tag.slice(1);
  return { [name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`]: value };
}

function toJson(node: unknown, document: Document): Json {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return toJson(node.resolve(document), document);
  const value = isScalar(node) ? (node.value as Json) : collectionToJson(node, document);
  const tag = (node as Node).tag;
  return tag?.startsWith('!') === true && tag !== '!' ? expandTag(tag, value) : value;
}

function collectionToJson(node: unknown, document: Document): Json {
  if (isSeq(node)) return node.items.map((item) => toJson(item, document));
  if (!isMap(node)) return null;
  const result: Record<string, Json> = {};
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const value = toJson(pair.value, document);
    if (key === '<<') {
      for (const merged of Array.isArray(value) ? value : [value]) {
        for (const [name, entry] of Object.entries(merged as JsonObject)) result[name] ??= entry;
      }
    } else {
      result[key] = value;
    }
  }
  return result;
}

/** Reads YAML (or JSON) with CloudFormation's short forms. Throws TemplateError with the line. */
export function readTemplate(text: string): JsonObject {
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? 1;
    throw new TemplateError(`line ${line}`, problem.message.split('\n')[0]!);
  }
  const template = toJson(document.contents, document);
  if (!isJsonObject(template)) throw new TemplateError('template', 'must be a mapping');
  return template;
}
