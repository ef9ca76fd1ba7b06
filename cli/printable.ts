/**
 * What a terminal would obey or reorder: control characters (ESC and the one-byte CSI among them), line separators and
 * marks that turn the direction of the text.
 */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const LONGEST = 400;

/** Names, reasons and tags are other people's words: what a terminal would obey is shown instead, on one line. */
export function printable(text: string): string {
  const shown = text.replace(OBEYED, escapeOf);
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1)}…` : shown;
}

/** JSON says the same as before, and nothing in it moves a cursor. */
export function printableJson(json: string): string {
  return json.replace(OBEYED, (character) => (character === '\n' ? character : escapeOf(character)));
}

const ESCAPE = String.fromCharCode(27);
/** The colours that the command itself paints with. */
const OWN_COLOURS = new RegExp(`(${ESCAPE}\\[(?:0|31|32)m)`);

/**
 * What goes to a terminal, whoever wrote it: lines stay lines, and nothing else in them is obeyed but our own colours,
 * where there are any. The last door, for what nobody thought of as somebody else's words: a file's name, a value of a document.
 */
export function printableLines(text: string, painted: boolean): string {
  if (!painted) return printableJson(text);
  return text
    .split(OWN_COLOURS)
    .map((part, index) => (index % 2 === 1 ? part : printableJson(part)))
    .join('');
}

/** `1 endpoint`, `2 endpoints` */
/** What a scalable target counts, in words. */
export function countOf(count: number, unit: 'instances' | 'copies'): string {
  return `${count} ${count === 1 ? { instances: 'instance', copies: 'copy' }[unit] : unit}`;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
