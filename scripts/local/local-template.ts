import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

type Fields = Record<string, unknown>;

export interface LocalTemplate {
  /** JSON, which is YAML without its doubts about `on` and 60; with absolute paths, so that it can lie anywhere. */
  readonly text: string;
  /** One sentence for each resource and output that is missing from it. */
  readonly leftOut: readonly string[];
}

const SERVERLESS = 'AWS::Serverless::';

/** A copy of a template that `sam build` made, without what ministack cannot take: types it does not know, alarms on metric math. */
export function localTemplate(builtTemplate: string, knownTypes: ReadonlySet<string>): LocalTemplate {
  const template = parse(readFileSync(builtTemplate, 'utf8')) as Fields;
  const resources = fieldsOf(template['Resources']);
  const outputs = fieldsOf(template['Outputs']);
  const reasons = new Map<string, string>();
  for (const [id, resource] of Object.entries(resources)) {
    const problem = problemOf(fieldsOf(resource), knownTypes);
    if (problem === undefined) continue;
    reasons.set(id, `${id} (${String(fieldsOf(resource)['Type'])}): ${problem}`);
    delete resources[id];
  }
  const gone = new Set(reasons.keys());
  const leftOut = [...reasons.values()];
  for (const [name, output] of Object.entries(outputs)) {
    const missing = referencesOf(output).find((id) => gone.has(id));
    if (missing === undefined) continue;
    leftOut.push(`output ${name}: it refers to ${missing}`);
    delete outputs[name];
  }
  for (const [id, resource] of Object.entries(resources)) adopt(id, fieldsOf(resource), gone, dirname(builtTemplate));
  if (template['Mappings'] !== undefined) template['Mappings'] = withTexts(template['Mappings']);
  return { text: JSON.stringify(template, undefined, 2), leftOut };
}

/** CloudFormation hands a number of a mapping on as text, where text is what a property takes; ministack does not. */
function withTexts(mapping: unknown): unknown {
  if (typeof mapping === 'number') return String(mapping);
  if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) return mapping;
  return Object.fromEntries(Object.entries(mapping).map(([key, inner]) => [key, withTexts(inner)]));
}

function problemOf(resource: Fields, knownTypes: ReadonlySet<string>): string | undefined {
  const type = String(resource['Type']);
  if (!type.startsWith(SERVERLESS) && !knownTypes.has(type)) return 'ministack does not know the type';
  const onMath = type === 'AWS::CloudWatch::Alarm' && fieldsOf(resource['Properties'])['Metrics'] !== undefined;
  return onMath ? 'ministack has no alarms on metric math' : undefined;
}

/** What stays must not need what is gone, and finds its code from anywhere. */
function adopt(id: string, resource: Fields, gone: ReadonlySet<string>, folder: string): void {
  const dependsOn = [resource['DependsOn'] ?? []].flat().filter((other) => !gone.has(String(other)));
  if (dependsOn.length === 0) delete resource['DependsOn'];
  else resource['DependsOn'] = dependsOn;
  const missing = referencesOf(resource).find((other) => gone.has(other));
  if (missing !== undefined) throw new Error(`${id} refers to ${missing}, which ministack cannot take`);
  const properties = fieldsOf(resource['Properties']);
  if (typeof properties['CodeUri'] === 'string') properties['CodeUri'] = resolve(folder, properties['CodeUri']);
}

/** Logical ids that a value refers to, and parameters: `sam build` writes every intrinsic function in its long form. */
function referencesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String([inner].flat()[0]).split('.')[0] ?? ''];
    const text = key === 'Fn::Sub' ? [inner].flat()[0] : undefined;
    const named = typeof text === 'string' ? [...text.matchAll(/\$\{([A-Za-z0-9]+)/g)].map(([, id]) => id ?? '') : [];
    return [...named, ...referencesOf(inner)];
  });
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
