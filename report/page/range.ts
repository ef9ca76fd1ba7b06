import type { PageData } from '../page-data.ts';

/** The stretch of time that all charts show; epoch milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** Index of the one day shown; null: the whole run. */
  readonly day: number | null;
}

function toRange(data: PageData, day: number | null): Range {
  const chosen = day === null ? undefined : data.days[day];
  return chosen === undefined ? { from: data.from, to: data.to, day: null } : { from: chosen.from, to: chosen.to, day };
}

/** Day buttons stand beside every group of charts; all of them show and change the same range. */
export function connectRange(data: PageData, onChange: (range: Range) => void): () => Range {
  let range = toRange(data, null);
  const bars = [...document.querySelectorAll<HTMLElement>('[data-days]')];
  const choose = (day: number | null): void => {
    range = toRange(data, day);
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-day]')) {
      button.setAttribute('aria-pressed', String(button.dataset['day'] === String(day ?? 'all')));
    }
    onChange(range);
  };
  for (const bar of bars) {
    bar.hidden = false;
    bar.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>('[data-day]') : null;
      if (button === null) return;
      const { day } = button.dataset;
      choose(day === undefined || day === 'all' ? null : Number(day));
    });
  }
  choose(null);
  return () => range;
}
