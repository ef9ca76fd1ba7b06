import { parseDocument, parse as parseYamlValue } from 'yaml';
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
    try {
      document.setIn(path, parseYamlValue(setting.slice(at + 1)));
    } catch (error) {
      throw new CliError(EXIT.usage, `--set: ${setting}: ${messageOf(error)}`);
    }
  }
  return String(document);
}
