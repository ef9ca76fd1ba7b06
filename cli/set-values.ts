import { type Document, isMap, parseDocument, parse as parseYamlValue } from 'yaml';
import { nearest } from '../shared/documents/problem.ts';
import { CliError, EXIT, messageOf } from './output.ts';

/** Of an option that may be given more than once. */
export function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

/** The document with some values replaced; what stands elsewhere keeps its line. */
export function override(text: string, settings: readonly string[]): string {
  if (settings.length === 0) return text;
  const document = parseDocument(text);
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at < 1) throw new CliError(EXIT.usage, `--set: ${setting}: must be field=value, as endpoints.chat.startsIn=4m`);
    const path = setting
      .slice(0, at)
      .split('.')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    refuseUnknownEndpoint(document, path, setting);
    try {
      document.setIn(path, parseYamlValue(setting.slice(at + 1)));
    } catch (error) {
      throw new CliError(EXIT.usage, `--set: ${setting}: ${messageOf(error)}`);
    }
  }
  return String(document);
}

/** A field of an endpoint that is not there would begin one without the rest of its fields. */
function refuseUnknownEndpoint(document: Document, [field, name, ...more]: readonly unknown[], setting: string): void {
  const endpoints = document.get('endpoints');
  if (field !== 'endpoints' || more.length === 0 || !isMap(endpoints) || endpoints.has(name)) return;
  const names = endpoints.items.map(({ key }) => String(key));
  const meant = nearest(String(name), names);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new CliError(EXIT.usage, `--set: ${setting}: an endpoint of the document: ${names.join(', ')}${hint}`);
}
