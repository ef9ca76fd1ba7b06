const NAMES = ['light', 'dark'] as const;
type Theme = (typeof NAMES)[number];

function isTheme(value: string | null | undefined): value is Theme {
  return NAMES.some((name) => name === value);
}

/** `#dark` and `#light` in the address choose for links and screenshots; else the reader's system does. */
function readTheme(): Theme {
  const asked = window.location.hash.slice(1);
  if (isTheme(asked)) return asked;
  const dark = typeof window.matchMedia === 'function' && window.matchMedia('(prefers-color-scheme: dark)').matches;
  return dark ? 'dark' : 'light';
}

export function connectTheme(): void {
  const button = document.getElementById('theme');
  const show = (theme: Theme): void => {
    document.documentElement.dataset['theme'] = theme;
    const other = theme === 'dark' ? 'light' : 'dark';
    if (button !== null) button.textContent = `Switch to ${other}`;
  };
  show(readTheme());
  if (button !== null) button.hidden = false;
  button?.addEventListener('click', () =>
    show(document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark'),
  );
  window.addEventListener('hashchange', () => show(readTheme()));
}
