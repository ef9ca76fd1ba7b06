/** Markup that has been escaped or written by us. */
export interface Html {
  readonly markup: string;
}

type Value = Html | readonly Html[] | string | number;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function toMarkup(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return 'markup' in value ? value.markup : value.map((item) => item.markup).join('');
}

/** Everything interpolated is escaped unless it is markup itself, so that no name, reason or evidence can break out. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const pieces = parts.map((part, index) => (index < values.length ? part + toMarkup(values[index] ?? '') : part));
  return { markup: pieces.join('') };
}

export function trusted(markup: string): Html {
  return { markup };
}

/** JSON that may stand in a script element: no `<` means neither `</script>` nor `<!--` can occur. */
export function embedJson(value: unknown): Html {
  const text = JSON.stringify(value);
  return trusted(
    text
      .replace(/</g, '\\u003c')
      .replace(/>/g, '\\u003e')
      .replace(/&/g, '\\u0026')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  );
}
