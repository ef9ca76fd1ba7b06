/**
 * Whether the tag `<prefix>:protect` keeps an endpoint from being parked or scaled in. Any value but `false` protects:
 * somebody who wrote `True` or `yes` meant it.
 */
export function isProtected(tags: Readonly<Record<string, string>>, tagPrefix: string): boolean {
  const value = tags[`${tagPrefix}:protect`];
  return value !== undefined && value.trim().toLowerCase() !== 'false';
}

/** AWS keeps these keys for itself, in any case, and refuses them from anybody else. */
export function isAwsTag(key: string): boolean {
  return key.toLowerCase().startsWith('aws:');
}
