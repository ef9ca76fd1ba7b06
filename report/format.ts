/** Numbers and spans of time as people read them; the same in the page and in Node, whatever the machine's locale. */

export function formatCount(value: number): string {
  const sign = Math.round(value) < 0 ? '−' : '';
  return sign + String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** One decimal below ten, none above: 0.4, 9.5, 112, 1,204. */
export function formatHours(hours: number): string {
  return Math.abs(hours) < 9.95 ? (Math.round(hours * 10) / 10).toFixed(1) : formatCount(hours);
}

/** A share of a whole in percent; small ones keep two digits so that 0.02 % does not read as none. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (percent === 0) return '0 %';
  if (Math.abs(percent) < 0.005) return '< 0.01 %';
  if (Math.abs(percent) < 1) return `${percent.toFixed(2)} %`;
  return Math.abs(percent) < 10 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

export function formatMoney(dollars: number | null): string {
  if (dollars === null) return 'unknown';
  const amount = Math.abs(dollars);
  const sign = dollars < 0 && amount >= 0.005 ? '−' : '';
  return amount < 100 ? `${sign}$${amount.toFixed(2)}` : `${sign}$${formatCount(amount)}`;
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
